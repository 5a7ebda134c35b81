"""The dashboard: upload a film, see what the eyes did, keep the history."""
