"""Analysing films in processes of their own, and saying how far they are."""
