"""A real server with the demo cases, on a data folder of its own, and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from shared.adapters.local import LocalStore, open_local_store
from shared.model import FloatArray
from tests.conftest import REPOSITORY
from tests.e2e.barcodes import add_films
from tests.e2e.watching import DESK, watched
from tests.waiting import wait_until

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str, server: subprocess.Popen[str]) -> bool:
    if server.poll() is not None:
        raise AssertionError("the dashboard ended before it answered")
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback server
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def dashboard_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of the dashboard under test, for tests that put recordings there or look what was kept."""
    return tmp_path_factory.mktemp("dashboard") / "store"


@contextmanager
def running_dashboard(
    data: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """A freshly started ``python -m dashboard`` on the data folder: its address and process id.

    Args:
        data: where it keeps films and results.
        options: of the program; ``--demo`` unless others are given.
        environment: variables on top of the present ones.
    """
    port = _free_port()
    log = data.with_name("server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboard", *(options or ["--demo"]), "--port", str(port), "--data", str(data)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{url}/_stcore/health", server), timeout_s=120)
        yield url, server.pid
    finally:
        server.terminate()
        stopper = threading.Timer(20, server.kill)
        stopper.start()
        server.wait()
        stopper.cancel()
        log.close()


@pytest.fixture(scope="session")
def dashboard_server(dashboard_data: Path) -> Iterator[tuple[str, int]]:
    """Address and process of a running dashboard."""
    with running_dashboard(dashboard_data) as server:
        yield server


@pytest.fixture(scope="session")
def dashboard_url(dashboard_server: tuple[str, int]) -> str:
    """Its address."""
    return dashboard_server[0]


@pytest.fixture(scope="session")
def store(dashboard_url: str, dashboard_data: Path) -> LocalStore:
    """The store of the dashboard under test, once it runs."""
    assert dashboard_url
    return open_local_store(dashboard_data)


@pytest.fixture(scope="session")
def films(store: LocalStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FloatArray]:
    """Frame times, s from the first frame, of the films of ``FILMS`` in the store, by name."""
    return add_films(store, tmp_path_factory.mktemp("bars"))


def chromium_path() -> str:
    """Chromium as the system has it: Playwright's own download lacks H.264."""
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        pytest.fail("Chromium is needed for the browser tests: apt-get install chromium")
    return executable


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser for all tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser profile, watched."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    with watched(context) as visit:
        yield visit
