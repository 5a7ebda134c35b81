"""Asking routes over ASGI, through the layer that Streamlit puts before every route."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import Message, Scope
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


def ask(
    routes: Sequence[Route],
    method: str,
    path: str,
    *,
    body: Sequence[bytes] = (b"",),
    breaks_off: bool = False,
    **headers: str,
) -> Answer:
    """One request whose body comes in parts; with ``breaks_off`` the line is cut after the last of them."""
    app = Starlette(
        routes=list(routes),
        middleware=[Middleware(SelectiveGZipMiddleware, minimum_size=500, compresslevel=5)],
    )
    path, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "server": ("localhost", 80),
        "client": ("localhost", 1),
    }
    waiting = list(body)
    sent: list[Message] = []

    async def receive() -> Message:
        if waiting:
            part = waiting.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(waiting) or breaks_off}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    assert start["type"] == "http.response.start", "Streamlit's compression layer lost the head of the answer"
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, b"".join(message.get("body", b"") for message in sent[1:]))
