"""The pages, one a file; Streamlit runs them as scripts."""
