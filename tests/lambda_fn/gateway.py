"""A gateway on a loopback port: real HTTP in front of the real handler, with an API key as the stage asks for it."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lambda_fn.handler import lambda_handler
from tests.lambda_fn.functions import Context, http_event

API_KEY = "key-of-the-test"

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def _handled(event: dict[str, Any]) -> dict[str, Any]:
    return lambda_handler(event, Context(remaining_s=29.0))


@contextmanager
def gateway(answer: Answer = _handled) -> Iterator[str]:
    """The address of a running gateway that answers with ``answer``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(answer(http_event(method="GET")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.headers.get("x-api-key") != API_KEY:
                self.reply({"statusCode": 403, "body": json.dumps({"message": "Forbidden"})})
                return
            self.reply(answer(http_event(body, headers=dict(self.headers))))

        def reply(self, answer: dict[str, Any]) -> None:
            data = answer["body"].encode()
            self.send_response(answer["statusCode"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/dev"
    finally:
        server.shutdown()
        server.server_close()
