"""Recordings side by side: many at other thresholds, two of one patient. Free of Streamlit."""
