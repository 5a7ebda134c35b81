"""The web server: Streamlit with the dashboard's own routes, quiet and without telemetry."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from dashboard.review_routes import review_routes
from dashboard.routes import film_routes, progress_routes
from dashboard.runner import ensure_runner
from dashboard.texts import t
from dashboard.upload_routes import upload_routes
from dashboard.uploads import FOLDER_NAME, keep_swept
from shared.adapters.local import open_local_store
from shared.errors import EyeReviewError

_LOGGER = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("app.py")
_SLOW_MODULES = (
    "pandas",
    "dashboard.page",
    "dashboard.charts",
    "dashboard.panels.workbench",
    "dashboard.panels.movements",
)
"""Imported by the pages; begun here so that the first page does not wait for them."""


def show_script_error(error: Exception) -> bool:
    """Show a sentence instead of a stack trace; the trace goes to the server's log alone."""
    if isinstance(error, EyeReviewError):
        st.error(error.user_message)
        return True
    _LOGGER.error("A page failed with %s.", type(error).__name__, exc_info=error)
    st.error(t("Something went wrong on this page. Nothing stored is lost; reload it, and report it if it recurs."))
    return True


def _warm_up(data_folder: Path) -> None:
    """What the first page and the first film need, begun once the server answers."""
    ensure_runner(data_folder)
    for module in _SLOW_MODULES:
        importlib.import_module(module)


def create_app(data_folder: Path) -> st.App:
    """The application, ready to run; with it runs the worker that analyses the films of ``data_folder``."""

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        stop = threading.Event()
        sweeping = (data_folder / FOLDER_NAME, stop)
        threading.Thread(target=_warm_up, args=(data_folder,), daemon=True, name="warm-up").start()
        threading.Thread(target=keep_swept, args=sweeping, daemon=True, name="uploads").start()
        yield
        stop.set()

    store = open_local_store(data_folder)
    return st.App(
        _SCRIPT,
        routes=[*film_routes(), *review_routes(), *progress_routes(store.jobs.get), *upload_routes()],
        on_script_error=show_script_error,
        lifespan=lifespan,
    )
