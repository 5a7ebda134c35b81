"""The quality checks, one function for each code."""
