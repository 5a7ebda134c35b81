"""Known truth: gaze traces, landmark streams and puppet videos with what they hold."""
