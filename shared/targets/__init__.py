"""Targets that the recorder showed: their log, and how the eyes answered."""
