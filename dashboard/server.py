"""The web server: Streamlit with the dashboard's own routes, quiet and without telemetry."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard.housekeeping import keep_house
from dashboard.jobs.runner import ensure_runner
from dashboard.language.core_texts import core
from dashboard.language.reader import LanguageOfPage
from dashboard.language.texts import t
from dashboard.routes.batches import batch_routes
from dashboard.routes.films import film_routes, progress_routes
from dashboard.routes.review import review_routes
from dashboard.routes.station import station_routes
from dashboard.routes.uploads import upload_routes
from dashboard.sign_in import SignedInOnly, secrets_of
from shared.adapters.local import open_local_store
from shared.adapters.settings import read_settings
from shared.errors import EyeReviewError, NotFoundError
from shared.ports import Job

_LOGGER = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("app.py")
_SLOW_MODULES = (
    "pandas",
    "dashboard.page",
    "dashboard.charts.history",
    "dashboard.panels.workbench",
    "dashboard.panels.movements",
)
"""Imported by the pages; begun here so that the first page does not wait for them."""


def show_script_error(error: Exception) -> bool:
    """Show a sentence instead of a stack trace; the trace goes to the server's log alone."""
    if isinstance(error, EyeReviewError):
        st.error(core(error.user_message))
        return True
    _LOGGER.error("A page failed with %s.", type(error).__name__, exc_info=error)
    st.error(t("Something went wrong on this page. Nothing stored is lost; reload it, and report it if it recurs."))
    return True


def _warm_up(data_folder: Path) -> None:
    """What the first page and the first film need, begun once the server answers."""
    ensure_runner(data_folder)
    for module in _SLOW_MODULES:
        importlib.import_module(module)
    # Streamlit collects garbage after each run of a page, and all pages stand still meanwhile: a third of a second
    # with everything imported in view, which stays for good. Out of view it costs a few milliseconds.
    gc.collect()
    gc.freeze()


def _job_reader(data_folder: Path) -> Callable[[str], Job]:
    """Reads a job wherever it is: on this machine, else in the cloud where one is configured."""
    local = open_local_store(data_folder).jobs
    settings = read_settings()
    if not settings.is_cloud:
        return local.get
    from dashboard.cloud.service import open_cloud_services  # noqa: PLC0415 - slow, and not needed on this machine alone

    cloud = open_cloud_services(settings)

    def read(analysis_id: str) -> Job:
        try:
            return local.get(analysis_id)
        except NotFoundError:
            return cloud.job(analysis_id)

    return read


def create_app(data_folder: Path) -> st.App:
    """The application, ready to run; with it runs the worker that analyses the films of ``data_folder``."""

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        stop = threading.Event()
        threading.Thread(target=_warm_up, args=(data_folder,), daemon=True, name="warm-up").start()
        threading.Thread(target=keep_house, args=(data_folder, stop), daemon=True, name="housekeeping").start()
        yield
        stop.set()

    sign_in = read_settings().sign_in
    routes = [
        *film_routes(),
        *review_routes(),
        *progress_routes(_job_reader(data_folder)),
        *upload_routes(),
        *batch_routes(),
        *station_routes(),
    ]
    guard = [] if sign_in is None else [Middleware(SignedInOnly, sign_in=sign_in, routes=routes)]
    return st.App(
        _SCRIPT,
        secrets=secrets_of(sign_in),
        routes=routes,
        middleware=[Middleware(LanguageOfPage), *guard],
        on_script_error=show_script_error,
        lifespan=lifespan,
    )
