"""Names of what a screening leaves in its folder: written by its process, read by the server."""

from typing import Final

FILM_STEM: Final = "film"
"""The film with its index; the ending follows its format."""
TRACE_NAME: Final = "trace.csv"
DOCUMENT_NAME: Final = "result.json"
