"""Trace to events: blinks, saccades, square-wave jerks."""
