"""The film's route: only for the one who was given the token, in byte ranges, through Streamlit's own layers."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import Message, Scope
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware

from dashboard.routes.films import Film, film_routes, progress_routes
from dashboard.services import Services
from dashboard.tokens import TokenRegistry
from shared.errors import NotFoundError
from shared.ports import Job
from tests.dashboard.recordings import NOW, add_finished, add_queued, known_trace

FILM = bytes(range(256)) * 1200


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def get(films: TokenRegistry[Film], path: str, **headers: str) -> Answer:
    """One GET of the film routes."""
    return ask(film_routes(films), path, **headers)


def ask(routes: list[Route], path: str, *, body: bytes | None = None, **headers: str) -> Answer:
    """One GET, or POST of ``body``, through the layer that Streamlit puts before every route."""
    app = Starlette(
        routes=routes,
        middleware=[Middleware(SelectiveGZipMiddleware, minimum_size=500, compresslevel=5)],
    )
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET" if body is None else "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "server": ("localhost", 80),
        "client": ("localhost", 1),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    assert start["type"] == "http.response.start", "Streamlit's compression layer lost the head of the answer"
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "raw_video.mp4"
    path.write_bytes(FILM)
    return path


def test_a_range_is_answered_with_that_range(film: Path) -> None:
    registry = TokenRegistry[Film]()
    answer = get(registry, f"/api/video/{registry.mint(Film(film))}", range="bytes=1000-1999", accept_encoding="gzip")
    assert answer.status == 206
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(FILM)}"
    assert answer.body == FILM[1000:2000]


def test_the_whole_film_comes_uncompressed_and_is_not_kept_by_the_browser(film: Path) -> None:
    registry = TokenRegistry[Film]()
    answer = get(registry, f"/api/video/{registry.mint(Film(film))}", accept_encoding="gzip")
    assert (answer.status, answer.body) == (200, FILM)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers


def test_the_name_of_the_file_never_leaves(film: Path) -> None:
    registry = TokenRegistry[Film]()
    answer = get(registry, f"/api/video/{registry.mint(Film(film))}")
    assert "raw_video" not in json.dumps(answer.headers)


@pytest.mark.parametrize("token", ["", "x", "..", "..%2f..%2fetc%2fpasswd", "a" * 5000])
def test_an_unknown_token_opens_nothing(film: Path, token: str) -> None:
    registry = TokenRegistry[Film]()
    registry.mint(Film(film))
    assert get(registry, f"/api/video/{token}").status in {403, 404}


def test_a_token_dies_an_hour_after_its_last_use(film: Path) -> None:
    clock = Clock()
    registry = TokenRegistry[Film](clock=clock)
    token = registry.mint(Film(film))
    clock.now += 3000
    assert get(registry, f"/api/video/{token}").status == 200
    clock.now += 3000
    assert get(registry, f"/api/video/{token}").status == 200
    clock.now += 3601
    assert get(registry, f"/api/video/{token}").status == 403


def test_another_sites_page_is_refused(film: Path) -> None:
    registry = TokenRegistry[Film]()
    path = f"/api/video/{registry.mint(Film(film))}"
    assert get(registry, path, host="localhost:8501", origin="http://localhost:8501").status == 200
    assert get(registry, path, host="localhost:8501", origin="http://evil.example").status == 403
    assert get(registry, path, sec_fetch_site="cross-site").status == 403


def test_a_deleted_film_is_told_without_its_place(film: Path) -> None:
    registry = TokenRegistry[Film]()
    token = registry.mint(Film(film))
    film.unlink()
    answer = get(registry, f"/api/video/{token}")
    assert answer.status == 404
    assert str(film.parent).encode() not in answer.body


def test_tokens_cannot_be_guessed_from_one_another(film: Path) -> None:
    registry = TokenRegistry[Film]()
    tokens = {registry.mint(Film(film)) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 40


def test_progress_is_told_in_words_and_ends_with_the_job(services: Services) -> None:
    jobs = TokenRegistry[str]()
    routes = progress_routes(services.job, jobs, clock=lambda: NOW + 20)
    waiting, finished = add_queued(services, code="P-1"), add_finished(services, known_trace(), code="P-2")
    told = json.loads(ask(routes, f"/api/progress/{jobs.mint(waiting.analysis_id)}").body)
    assert told["open"] is True
    assert told["stage"] == "Waiting for the analysis to begin"
    assert told["facts"] == "20 s so far · no news for 20 s"
    assert json.loads(ask(routes, f"/api/progress/{jobs.mint(finished.analysis_id)}").body)["open"] is False


def test_progress_needs_its_token(services: Services) -> None:
    job = add_queued(services)
    routes = progress_routes(services.job, TokenRegistry[str]())
    assert ask(routes, f"/api/progress/{job.analysis_id}").status == 403


def test_progress_of_a_deleted_job_is_gone() -> None:
    def read(_: str) -> Job:
        raise NotFoundError

    jobs = TokenRegistry[str]()
    assert ask(progress_routes(read, jobs), f"/api/progress/{jobs.mint('a')}").status == 404
