"""HTTP beside Streamlit's pages: films, progress, uploads, decisions of a review, the screening station."""
