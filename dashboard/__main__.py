"""``python -m dashboard``: open the dashboard on this machine.

    python -m dashboard [--demo] [--address 127.0.0.1] [--port 8501] [--data DIR]

Starts the worker that analyses queued films, and the web server; Ctrl+C ends both. Nothing leaves the machine.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_POLL_S: Final = 0.5
_NEEDS_SIGN_IN: Final = (
    "Anyone who can reach this machine could see the recordings. Configure sign-in (OIDC_... in the README, "
    '"Hosting") to listen on the network, or use the address 127.0.0.1.'
)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Open the eye movement review.")
    parser.add_argument("--demo", action="store_true", help="add four demo cases and analyse them")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (default: 8501)")
    parser.add_argument("--data", type=Path, help="folder for films and results (default: data/)")
    return parser.parse_args(given)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def port_is_free(address: str, port: int) -> bool:
    """Whether a server can listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError):
            return False
        return True


def _tell_demo_progress(data_folder: Path) -> None:
    """Print each demo case as its analysis ends; returns when none is open."""
    from dashboard.services import Services, is_open  # noqa: PLC0415 - keeps the start of the server quick
    from shared.adapters.local import open_local_store  # noqa: PLC0415

    services = Services(open_local_store(data_folder))
    told: set[str] = set()
    while True:
        cases = services.demo_cases()
        for job in cases:
            if not is_open(job) and job.analysis_id not in told:
                told.add(job.analysis_id)
                _say(f"Demo cases analysed: {len(told)} of {len(cases)}")
        if all(not is_open(job) for job in cases):
            return
        time.sleep(_POLL_S)


def _add_demo_cases(data_folder: Path) -> None:
    from dashboard.demo.cases import add_demo_cases  # noqa: PLC0415
    from dashboard.services import Services  # noqa: PLC0415
    from shared.adapters.local import open_local_store  # noqa: PLC0415
    from shared.errors import EyeReviewError  # noqa: PLC0415

    try:
        queued = add_demo_cases(Services(open_local_store(data_folder)), now=time.time())
    except EyeReviewError as error:
        _say(error.user_message)
        return
    if queued:
        _say(f"{queued} demo cases are being analysed; the page shows how far they are.")
        threading.Thread(target=_tell_demo_progress, args=(data_folder,), daemon=True, name="demo-progress").start()


def main(given: Sequence[str] | None = None) -> int:
    """Set up, say where the page is, serve until stopped. Returns the exit status."""
    options = _arguments(given)
    if not port_is_free(options.address, options.port):
        _say(f"Port {options.port} on {options.address} is in use. Choose another one: python -m dashboard --port 8502")
        return 2
    if options.data is not None:
        os.environ["EYE_REVIEW_DATA"] = str(options.data.expanduser().absolute())
    from shared.adapters.settings import read_settings  # noqa: PLC0415 - after the arguments are known to be good
    from shared.errors import EyeReviewError  # noqa: PLC0415

    try:
        settings = read_settings()
    except EyeReviewError as error:
        _say(error.user_message)
        return 2
    if settings.sign_in is None and not is_loopback(options.address):
        _say(_NEEDS_SIGN_IN)
        return 2
    data_folder = settings.data_folder
    data_folder.mkdir(parents=True, exist_ok=True)
    if options.demo:
        _add_demo_cases(data_folder)
    shown = "localhost" if is_loopback(options.address) else options.address
    _say(f"Eye movement review: http://{shown}:{options.port}  (Ctrl+C ends it)")
    from dashboard.server import create_app  # noqa: PLC0415

    create_app(data_folder).run(
        config={"server.address": options.address, "server.port": options.port, "server.headless": True}
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
