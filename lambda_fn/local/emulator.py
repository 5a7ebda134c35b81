"""The emulator itself: ministack in a process of its own, with permissions enforced, over TLS, on loopback only."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from lambda_fn.local.certificate import make_certificate

ROOT_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulated account's own credentials, fixed by the emulator; they open nothing else."""
ACCOUNT_ID: Final = "000000000000"
_READY_S: Final = 120.0


class EmulatorError(RuntimeError):
    """The emulator did not start, or refused what it was asked."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its address, the certificate to trust, its region."""

    url: str
    certificate: Path
    region: str

    def client_environment(self) -> dict[str, str]:
        """Variables by which boto3, requests and the AWS command line find and trust the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CA_BUNDLE": str(self.certificate),
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment less everything that could lead to a real account."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


@contextlib.contextmanager
def running_emulator(folder: Path, *, port: int, region: str, function_urls: Mapping[str, str]) -> Iterator[Emulator]:
    """Run the emulator until the context ends.

    Args:
        folder: for its state and log; must exist.
        port: to listen on.
        region: the only one that exists.
        function_urls: function name -> where its invocations are answered.

    Raises:
        EmulatorError: it ended or gave no sign of life.
    """
    certificate = make_certificate(folder)
    emulator = Emulator(f"https://127.0.0.1:{port}", certificate.certificate, region)
    environment = {
        **without_aws(os.environ),
        **ROOT_CREDENTIALS,
        **emulator.client_environment(),
        **{f"MINISTACK_LAMBDA_PROXY_{name}": url for name, url in function_urls.items()},
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": region,
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.certificate),
        "MINISTACK_SSL_KEY": str(certificate.key),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "0",
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder),
    }
    # Its own command would also listen on 443; the server underneath listens on what it is told to.
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    # Without workers it is one process, and nothing is left when that is killed.
    command += ["--workers", "0"]
    command += ["--certfile", str(certificate.certificate), "--keyfile", str(certificate.key), "--keep-alive", "75"]
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(emulator, process, folder / "emulator.log")
            yield emulator
        finally:
            process.kill()  # at once: nothing in it is to be kept
            process.wait()


def _wait_until_ready(emulator: Emulator, process: subprocess.Popen[bytes], log: Path) -> None:
    trust = ssl.create_default_context(cafile=str(emulator.certificate))
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(f"{emulator.url}/_ministack/health", trust):
            return
        time.sleep(0.05)
    raise EmulatorError(f"The emulator did not start. Its last words:\n{log.read_text()[-2000:]}")


def _answers(url: str, trust: ssl.SSLContext) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=trust) as answer:  # noqa: S310 - our own loopback server
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
