"""The demo cases, their films and results."""
