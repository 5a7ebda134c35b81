"""Lambda's part: takes an invocation, finds the function's settings, gives it an environment and its role's rights."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from lambda_fn.local.emulator import ROOT_CREDENTIALS, Emulator
from lambda_fn.local.execution import (
    LARGEST_PAYLOAD_BYTES,
    Answer,
    ExecutionEnvironment,
    FunctionSettings,
    error_answer,
)

_ROLE_SESSION_S: Final = 3600
_RENEW_BEFORE_S: Final = 1000.0
"""Credentials must outlive the longest invocation (900 s) that begins with them."""


@dataclass(frozen=True)
class FunctionCode:
    """What a function runs: an interpreter with its packages, and the folder with its modules."""

    python: Path
    code: Path
    at_once: int


@dataclass
class _Idle:
    """An environment between two invocations, with the end of its credentials (epoch seconds)."""

    environment: ExecutionEnvironment
    valid_until: float


class FunctionHost:
    """Answers ``POST /invoke/NAME`` with what the function of that name answers.

    The settings come from the deployed function at each invocation, so a change of the template or of the
    configuration takes effect at once and in new environments, as on AWS.
    """

    def __init__(self, port: int, codes: dict[str, FunctionCode], logs: Path) -> None:
        self.codes = codes
        self._logs = logs
        self._emulator: Emulator | None = None
        self._idle: dict[str, list[_Idle]] = {name: [] for name in codes}
        self._busy: dict[str, list[ExecutionEnvironment]] = {name: [] for name in codes}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Request, self)

    def url(self, name: str) -> str:
        """Where the function's invocations are answered."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/invoke/{name}"

    def serve(self, emulator: Emulator) -> None:
        """Begin to answer, with functions that live in ``emulator``."""
        self._emulator = emulator
        threading.Thread(target=self._server.serve_forever, daemon=True, name="functions").start()

    def close(self) -> None:
        """End all environments, also those at work."""
        with self._lock:
            environments = [idle.environment for each in self._idle.values() for idle in each]
            environments += [environment for each in self._busy.values() for environment in each]
            self._idle = {name: [] for name in self.codes}
        for environment in environments:
            environment.close()
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, name: str, request_id: str, event: bytes) -> tuple[int, Answer]:
        """HTTP status and answer of one invocation."""
        if name not in self.codes:
            return 404, error_answer("ResourceNotFoundException", f"Function not found: {name}")
        if len(event) > LARGEST_PAYLOAD_BYTES:
            return 413, error_answer(
                "RequestEntityTooLargeException",
                f"Request must be smaller than {LARGEST_PAYLOAD_BYTES} bytes for the InvokeFunction operation",
            )
        with self._environment(name) as environment:
            if environment is None:
                return 429, error_answer("TooManyRequestsException", "Rate Exceeded.")
            answer = environment.invoke(request_id, event)
        return (500 if answer.failed else 200), answer

    @contextlib.contextmanager
    def _environment(self, name: str) -> Iterator[ExecutionEnvironment | None]:
        """A warm environment with the present settings, or a new one; None where all are busy."""
        settings = self._settings(name)
        with self._lock:
            taken = self._take_warm(name, settings)
            if taken is None and len(self._busy[name]) >= self.codes[name].at_once:
                yield None
                return
            if taken is None:
                taken = self._start(settings)
            self._busy[name].append(taken.environment)
        try:
            yield taken.environment
        finally:
            with self._lock:
                self._busy[name].remove(taken.environment)
                if taken.environment.alive:
                    self._idle[name].append(taken)

    def _take_warm(self, name: str, settings: FunctionSettings) -> _Idle | None:
        while self._idle[name]:
            idle = self._idle[name].pop()
            lasts = idle.valid_until - time.time() > _RENEW_BEFORE_S
            if idle.environment.alive and idle.environment.settings == settings and lasts:
                return idle
            idle.environment.close()
        return None

    def _start(self, settings: FunctionSettings) -> _Idle:
        assert self._emulator is not None, "serve() comes before the first invocation"  # noqa: S101
        code = self.codes[settings.name]
        role = self._client("sts").assume_role(
            RoleArn=settings.role_arn, RoleSessionName=settings.name, DurationSeconds=_ROLE_SESSION_S
        )["Credentials"]
        environment = ExecutionEnvironment(
            settings,
            python=code.python,
            code=code.code,
            environment={
                **self._emulator.client_environment(),
                "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
                "AWS_SESSION_TOKEN": role["SessionToken"],
            },
            log=self._logs / f"{settings.name}.log",
        )
        return _Idle(environment, role["Expiration"].timestamp())

    def _settings(self, name: str) -> FunctionSettings:
        deployed = self._client("lambda").get_function_configuration(FunctionName=name)
        image = deployed.get("ImageConfigResponse", {}).get("ImageConfig", {})
        return FunctionSettings(
            name=name,
            arn=deployed["FunctionArn"],
            handler=deployed.get("Handler") or image["Command"][0],
            memory_mb=deployed["MemorySize"],
            timeout_s=deployed["Timeout"],
            disk_mb=deployed["EphemeralStorage"]["Size"],
            role_arn=deployed["Role"],
            environment=deployed.get("Environment", {}).get("Variables", {}),
        )

    def _client(self, service: str) -> Any:
        assert self._emulator is not None, "serve() comes before the first invocation"  # noqa: S101
        return emulator_client(self._emulator, service)


def emulator_client(emulator: Emulator, service: str) -> Any:
    """A boto3 client with the emulated account's own rights."""
    return boto3.client(
        service,
        endpoint_url=emulator.url,
        region_name=emulator.region,
        verify=str(emulator.certificate),
        aws_access_key_id=ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[_Request], host: FunctionHost) -> None:
        self.host = host
        super().__init__(address, handler)


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the function's own log is what matters."""

    def do_POST(self) -> None:
        event = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request_id = self.headers.get("X-Amzn-Lambda-Request-Id") or str(uuid.uuid4())
        status, answer = self.server.host.invoke(self.path.rpartition("/")[2], request_id, event)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(answer.body)
