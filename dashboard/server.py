"""The web server: Streamlit with the dashboard's own routes, quiet and without telemetry."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from dashboard.routes import create_routes
from dashboard.texts import t
from shared.errors import EyeReviewError

_LOGGER = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("app.py")


def show_script_error(error: Exception) -> bool:
    """Show a sentence instead of a stack trace; the trace goes to the server's log alone."""
    if isinstance(error, EyeReviewError):
        st.error(error.user_message)
        return True
    _LOGGER.error("A page failed with %s.", type(error).__name__, exc_info=error)
    st.error(t("Something went wrong on this page. Nothing stored is lost; reload it, and report it if it recurs."))
    return True


def create_app() -> st.App:
    """The application, ready to run."""
    return st.App(_SCRIPT, routes=create_routes(), on_script_error=show_script_error)
