"""The dashboard's own addresses, asked by a browser's own ``fetch`` over real HTTP (ux check 6).

Served by the same server program on a port of its own, with a clock and a cap that the test decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.routes.films import Film, film_routes
from dashboard.routes.uploads import upload_routes
from dashboard.tokens import TokenRegistry
from dashboard.uploading.uploads import Upload
from tests.e2e.serving import serving
from tests.e2e.watching import watched

pytestmark = pytest.mark.browser

BYTES = bytes(range(256)) * 40
CAP_BYTES = 3 * len(BYTES)
LIFETIME_S = 60.0
ASK = """async ([path, method, headers, body]) => {
    const bytes = body && Uint8Array.from(body);
    const answer = await fetch(path, {method, headers, body: bytes});
    const content = new Uint8Array(await answer.arrayBuffer());
    return {status: answer.status, range: answer.headers.get("content-range"), content: Array.from(content)};
}"""


@dataclass
class Answer:
    status: int
    range: str | None
    content: bytes


class Site:
    """Routes of films and uploads at an address, and the clock of their tokens."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.folder = folder
        self.films: TokenRegistry[Film] = TokenRegistry(lifetime_s=LIFETIME_S, clock=lambda: self.now)
        self.uploads: TokenRegistry[Upload] = TokenRegistry(lifetime_s=LIFETIME_S, clock=lambda: self.now)
        self.url = ""
        self.answers: dict[str, int] = {}
        """Status of the last answer, by path."""

    def app(self) -> ASGIApp:
        """The site, which notes how it answered: a browser keeps that from other sites."""

        def empty(_: Request) -> HTMLResponse:
            return HTMLResponse("<!doctype html><link rel=icon href='data:,'><title>page</title>")

        routes = Starlette(routes=[Route("/", empty), *film_routes(self.films), *upload_routes(self.uploads)])

        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.answers[scope["path"]] = message["status"]
                await send(message)

            await routes(scope, receive, note)

        return noting

    def film(self) -> str:
        path = self.folder / "film.mp4"
        path.write_bytes(BYTES)
        return self.films.mint(Film(path))

    def upload(self) -> str:
        return self.uploads.mint(Upload(self.folder / "uploads", max_bytes=CAP_BYTES))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("routes"))
    with serving(site.app()) as site.url:
        yield site


@pytest.fixture(scope="module")
def visit(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of that site. The browser reports each refusal to its console."""
    with watched(browser.new_context(), expected="/api/|/etc/") as page:
        page.goto(site.url)
        yield page


def ask(
    page: Page, path: str, method: str = "GET", *, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    told: dict[str, Any] = page.evaluate(ASK, [path, method, headers or {}, None if body is None else list(body)])
    return Answer(told["status"], told["range"], bytes(told["content"]))


def test_a_browser_gets_the_range_that_it_asks_for(visit: Page, site: Site) -> None:
    answer = ask(visit, f"/api/video/{site.film()}", headers={"Range": "bytes=1000-1999"})
    assert (answer.status, answer.range) == (206, f"bytes 1000-1999/{len(BYTES)}")
    assert answer.content == BYTES[1000:2000]


def test_without_a_token_of_its_own_nothing_opens(visit: Page, site: Site) -> None:
    film, upload = site.film(), site.upload()
    assert ask(visit, "/api/video/").status == 404
    for path in (f"/api/video/{upload}", "/api/video/guessed", f"/api/upload/{film}", "/api/upload/guessed"):
        assert ask(visit, path).status == 403, path
    assert ask(visit, f"/api/upload/{film}/0", "PUT", body=b"x").status == 403
    site.now += LIFETIME_S + 1
    assert ask(visit, f"/api/video/{film}").status == 403
    assert ask(visit, f"/api/upload/{upload}/0", "PUT", body=b"x").status == 403


def test_a_page_of_another_site_gets_nothing_even_with_the_token(browser: Browser, site: Site) -> None:
    path = f"/api/video/{site.film()}"
    with watched(browser.new_context(), expected="/api/|^$") as stranger:
        stranger.evaluate("path => fetch(path, {mode: 'no-cors'}).catch(() => null)", site.url + path)
    assert site.answers[path] == 403


def test_a_piece_out_of_turn_is_refused_and_going_on_in_turn_gives_the_same_bytes(visit: Page, site: Site) -> None:
    address = f"/api/upload/{site.upload()}"
    assert ask(visit, f"{address}/0", "PUT", body=BYTES[:4000]).status == 200
    wrong = ask(visit, f"{address}/2", "PUT", body=BYTES[8000:])
    assert wrong.status == 409
    assert b'"next":1' in wrong.content
    for number, piece in ((1, BYTES[4000:8000]), (2, BYTES[8000:])):
        assert ask(visit, f"{address}/{number}", "PUT", body=piece).status == 200
    end = ask(visit, f"{address}?size={len(BYTES)}", "POST")
    assert end.status == 200
    assert hashlib.sha256(BYTES).hexdigest().encode() in end.content


def test_more_than_the_cap_is_refused(visit: Page, site: Site) -> None:
    address = f"/api/upload/{site.upload()}"
    assert ask(visit, f"{address}/0", "PUT", body=BYTES).status == 200
    assert ask(visit, f"{address}/1", "PUT", body=BYTES * 3).status == 413
    assert b'"next":1' in ask(visit, address).content


@pytest.mark.parametrize("kind", ["video", "upload"])
@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%2e%2e%2fetc", "x/../../../etc/passwd"])
def test_dots_lead_nowhere(visit: Page, kind: str, name: str) -> None:
    assert ask(visit, f"/api/{kind}/{name}").status in {403, 404}


@pytest.mark.parametrize("name", ["..%2f0", "..", "%2e%2e%2f%2e%2e", "0%2f.."])
def test_dots_are_no_piece(visit: Page, site: Site, name: str) -> None:
    assert ask(visit, f"/api/upload/{site.upload()}/x%2f{name}", "PUT", body=b"x").status == 404
