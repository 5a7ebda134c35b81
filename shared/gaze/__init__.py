"""From gaze, frame by frame, to how far, how steadily and how often it moved."""
