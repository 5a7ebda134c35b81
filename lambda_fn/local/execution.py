"""One execution environment of a function: a process under AWS's own runtime interface client, and its limits.

The client (``awslambdaric``, the part of every Lambda image that calls the handler) asks a *Runtime API* for work and
posts the answer there. This module is that Runtime API, and kills what takes too long or too much memory, as Lambda
does. What it cannot know: the share of a processor, and the room in ``/tmp`` (single files are limited, their sum is
not).
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import queue
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024
LARGEST_PAYLOAD_BYTES: Final = 6 * MIB
"""Lambda's limit on request and response of a synchronous call."""
_LOOK_S: Final = 0.05
_PAGE_BYTES: Final = resource.getpagesize()


@dataclass(frozen=True)
class FunctionSettings:
    """A function as the template configured it."""

    name: str
    arn: str
    handler: str
    memory_mb: int
    timeout_s: float
    disk_mb: int
    role_arn: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What an invocation ended with; ``failed`` is what Lambda calls an unhandled error."""

    body: bytes
    failed: bool = False


def error_answer(kind: str, message: str) -> Answer:
    """A failure in the words that Lambda uses."""
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


class _RuntimeApi(http.server.ThreadingHTTPServer):
    """Hands one process its invocations and takes its answers."""

    daemon_threads = True

    def __init__(self, arn: str) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeRequest)
        self.arn = arn
        self.waiting: queue.Queue[tuple[str, bytes, int]] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True, name="runtime-api").start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _RuntimeRequest(http.server.BaseHTTPRequestHandler):
    """``GET .../invocation/next``, ``POST .../invocation/ID/response``, ``.../ID/error``, ``.../init/error``."""

    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the function's own log is what matters."""

    def _reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    def do_GET(self) -> None:
        request_id, event, deadline_ms = self.server.waiting.get()
        self._reply(
            200,
            event,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": self.server.arn,
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.path.rpartition("/")[2]
        if kind == "response" and len(body) > LARGEST_PAYLOAD_BYTES:
            self.server.answers.put(
                error_answer(
                    "Function.ResponseSizeTooLarge",
                    "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                )
            )
            self._reply(413, b"{}")
            return
        self.server.answers.put(Answer(body, failed=kind == "error"))
        self._reply(202, b"{}")


class ExecutionEnvironment:
    """A process of a function, reused by one invocation after another until it dies or its settings change."""

    def __init__(
        self, settings: FunctionSettings, *, python: Path, code: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.settings = settings
        self._api = _RuntimeApi(settings.arn)
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{settings.name}-"))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(python), "-m", "awslambdaric", settings.handler],
                cwd=code,
                env={
                    **_of_this_processor(os.environ),
                    "PATH": os.environ.get("PATH", ""),
                    "HOME": str(self._scratch),
                    "TMPDIR": str(self._scratch),
                    "TZ": ":UTC",
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": str(code),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONUNBUFFERED": "1",
                    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
                    "AWS_LAMBDA_RUNTIME_API": self._api.address,
                    "AWS_LAMBDA_FUNCTION_NAME": settings.name,
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
                    "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{settings.name}",
                    "AWS_LAMBDA_LOG_STREAM_NAME": "local",
                    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                    "LAMBDA_TASK_ROOT": str(code),
                    "LAMBDA_RUNTIME_DIR": str(code),
                    "_HANDLER": settings.handler,
                    **settings.environment,
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if hasattr(resource, "prlimit"):
            limit = settings.disk_mb * MIB
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (limit, limit))

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        return self._process.poll() is None

    def invoke(self, request_id: str, event: bytes) -> Answer:
        """Let the function answer one event; afterwards the environment may be dead (:attr:`alive`)."""
        deadline = time.time() + self.settings.timeout_s
        self._api.waiting.put((request_id, event, int(deadline * 1000)))
        while True:
            with contextlib.suppress(queue.Empty):
                return self._api.answers.get(timeout=_LOOK_S)
            if time.time() > deadline:
                self.close()
                return error_answer(
                    "Sandbox.Timedout",
                    f"RequestId: {request_id} Error: Task timed out after {self.settings.timeout_s:.2f} seconds",
                )
            if resident_bytes(self._process.pid) > self.settings.memory_mb * MIB:
                self.close()
                return error_answer(
                    "Runtime.OutOfMemory",
                    f"RequestId: {request_id} Error: Runtime exited with error: signal: killed",
                )
            if not self.alive:
                status = self._process.returncode
                self.close()
                return error_answer(
                    "Runtime.ExitError",
                    f"RequestId: {request_id} Error: Runtime exited with error: exit status {status}",
                )

    def close(self) -> None:
        """End the process and everything that it started, and remove what it left in its temporary folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        self._api.shutdown()
        self._api.server_close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _of_this_processor(environment: Mapping[str, str]) -> dict[str, str]:
    """Which code the numerical library uses on this machine: another one rounds the last digit otherwise."""
    return {name: value for name, value in environment.items() if name.startswith("OPENBLAS_")}


def resident_bytes(pid: int) -> int:
    """Memory that a process and its descendants hold, in bytes; 0 where the system has no ``/proc``."""
    total, open_pids = 0, [pid]
    while open_pids:
        process = Path("/proc") / str(open_pids.pop())
        try:
            total += int((process / "statm").read_text().split()[1]) * _PAGE_BYTES
            for task in (process / "task").iterdir():
                open_pids += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, IndexError, ValueError):
            continue
    return total
