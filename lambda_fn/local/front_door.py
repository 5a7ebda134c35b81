"""What stands before the emulated API and does what the emulator's does not: the limits of API Gateway.

A request body over 10 MB, a function that refuses its 6 MB, an answer that takes more than 29 seconds and a function
that fails are answered as API Gateway answers them, in the words of the template's gateway responses.
"""

from __future__ import annotations

import contextlib
import http.server
import threading
import uuid
from collections.abc import Iterator
from typing import Final

import requests

from lambda_fn.local.emulator import Emulator
from lambda_fn.local.functions import emulator_client

LARGEST_BODY_BYTES: Final = 10 * 1024 * 1024
LONGEST_ANSWER_S: Final = 29.0
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "server", "date"}
)
_REFUSED_BY_LAMBDA: Final = b"RequestEntityTooLargeException"


class FrontDoor(http.server.ThreadingHTTPServer):
    """Serves the deployed stage at ``http://127.0.0.1:PORT/STAGE/``."""

    daemon_threads = True

    def __init__(self, port: int, emulator: Emulator, api_id: str, stage: str) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.emulator = emulator
        self.stage = stage
        self.upstream = f"{emulator.url}/restapis/{api_id}/{stage}/_user_request_"
        apigateway = emulator_client(emulator, "apigateway")
        self._responses = {
            response["responseType"]: response
            for response in apigateway.get_gateway_responses(restApiId=api_id, limit=500)["items"]
        }

    @property
    def url(self) -> str:
        """The API's address, as the template's output ``ApiUrl`` would be on AWS."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.stage}/"

    def error(self, kind: str, message: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a gateway response."""
        response = self._responses[kind]
        body = response["responseTemplates"]["application/json"]
        for variable, value in (
            ("$context.error.responseType", kind),
            ("$context.error.messageString", f'"{message}"'),
            ("$context.requestId", str(uuid.uuid4())),
        ):
            body = body.replace(variable, value)
        headers = {
            name.removeprefix("gatewayresponse.header."): value.strip("'")
            for name, value in response["responseParameters"].items()
        }
        return int(response.get("statusCode") or 500), {"Content-Type": "application/json", **headers}, body.encode()


class _Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FrontDoor

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: bodies and keys do not belong into a log."""

    def do_GET(self) -> None:
        self._forward()

    do_POST = do_OPTIONS = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815

    def _forward(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST_BODY_BYTES:
            self._drain(size)
            self._answer(*self.server.error("REQUEST_TOO_LARGE", "Request Too Long"))
            return
        self._answer(*self._ask(self.rfile.read(size)))

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        path = self.path.removeprefix(f"/{self.server.stage}") or "/"
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            answer = requests.request(
                self.command,
                self.server.upstream + path,
                data=body,
                headers=headers,
                timeout=LONGEST_ANSWER_S,
                verify=str(self.server.emulator.certificate),
                allow_redirects=False,
            )
        except requests.Timeout:
            return self.server.error("INTEGRATION_TIMEOUT", "Endpoint request timed out")
        if answer.status_code == requests.codes.bad_gateway:
            # The emulator shows the function's own words; AWS never does.
            if _REFUSED_BY_LAMBDA in answer.content:
                return self.server.error("REQUEST_TOO_LARGE", "Request Too Long")
            _status, shown, said = self.server.error("DEFAULT_5XX", "Internal server error")
            return requests.codes.bad_gateway, shown, said
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        kept.pop("Content-Encoding", None)
        return answer.status_code, kept, answer.content

    def _drain(self, size: int) -> None:
        while size > 0 and (chunk := self.rfile.read(min(size, 1024 * 1024))):
            size -= len(chunk)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self.command != "HEAD":
                self.wfile.write(body)


@contextlib.contextmanager
def open_front_door(port: int, emulator: Emulator, api_id: str, stage: str) -> Iterator[str]:
    """Serve the API until the context ends; yields its address."""
    door = FrontDoor(port, emulator, api_id, stage)
    threading.Thread(target=door.serve_forever, daemon=True, name="front-door").start()
    try:
        yield door.url
    finally:
        door.shutdown()
        door.server_close()
