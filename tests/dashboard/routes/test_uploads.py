"""Uploads in pieces: in order, within the cap, resumable, only with the token, and gone when abandoned."""

import gc
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.routing import Route

from dashboard.routes.uploads import upload_routes
from dashboard.tokens import TokenRegistry
from dashboard.uploading.uploads import Upload, WrongPieceError, sweep_abandoned
from shared.errors import ConflictError
from tests.dashboard.asgi import Answer, ask

FILM = bytes(range(256)) * 40
PIECES = (FILM[:4000], FILM[4000:8000], FILM[8000:])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Line:
    """One upload as a browser sends it."""

    def __init__(self, folder: Path, *, max_bytes: int = 20_000) -> None:
        self.clock = Clock()
        self.uploads: TokenRegistry[Upload] = TokenRegistry(lifetime_s=60.0, clock=self.clock)
        self.growth: list[int] = []
        self.token = self.uploads.mint(Upload(folder, max_bytes=max_bytes, on_growth=self.growth.append))
        self.routes: Sequence[Route] = upload_routes(self.uploads)

    @property
    def upload(self) -> Upload:
        upload = self.uploads.open(self.token)
        assert upload is not None
        return upload

    def put(self, number: object, *body: bytes, breaks_off: bool = False, **headers: str) -> Answer:
        path = f"/api/upload/{self.token}/{number}"
        return ask(self.routes, "PUT", path, body=body, breaks_off=breaks_off, **headers)

    def send(self, method: str, query: str = "", **headers: str) -> Answer:
        return ask(self.routes, method, f"/api/upload/{self.token}{query}", **headers)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "uploads")


def test_pieces_in_order_make_the_same_film(line: Line) -> None:
    for number, piece in enumerate(PIECES):
        answer = line.put(number, piece[:1000], piece[1000:])
        assert (answer.status, answer.content["next"]) == (200, number + 1)
    end = line.send("POST", f"?size={len(FILM)}")
    assert end.content == {"size_bytes": len(FILM), "sha256": hashlib.sha256(FILM).hexdigest()}
    with line.upload.stream() as stream:
        assert stream.read() == FILM
    assert line.growth == [4000, 8000, len(FILM)]


def test_a_piece_out_of_order_is_refused_and_the_upload_goes_on_where_it_should(line: Line) -> None:
    assert line.put(0, PIECES[0]).status == 200
    wrong = line.put(2, PIECES[2])
    assert (wrong.status, wrong.content["next"]) == (409, 1)
    assert line.put(0, PIECES[0]).content["next"] == 1
    assert line.send("GET").content == {"next": 1, "size_bytes": 4000, "complete": False}
    for number in (1, 2):
        assert line.put(number, PIECES[number]).status == 200
    assert line.send("POST", f"?size={len(FILM)}").content["sha256"] == hashlib.sha256(FILM).hexdigest()


def test_a_piece_whose_line_broke_leaves_no_trace(line: Line) -> None:
    line.put(0, PIECES[0])
    assert line.put(1, PIECES[1][:100], breaks_off=True).status == 400
    assert line.upload.path.read_bytes() == PIECES[0]
    for number in (1, 2):
        assert line.put(number, PIECES[number]).status == 200
    assert line.send("POST", f"?size={len(FILM)}").content["sha256"] == hashlib.sha256(FILM).hexdigest()


@pytest.mark.parametrize("headers", [{}, {"content_length": "6000"}], ids=["unannounced", "announced"])
def test_over_the_cap_is_refused_in_words_and_not_kept(tmp_path: Path, headers: dict[str, str]) -> None:
    line = Line(tmp_path, max_bytes=9000)
    line.put(0, PIECES[0])
    answer = line.put(1, FILM[:6000], **headers)
    assert answer.status == 413
    assert "larger than" in answer.content["message"]
    assert line.upload.path.stat().st_size == 4000


def test_an_unfinished_film_cannot_be_completed_or_read(line: Line) -> None:
    line.put(0, PIECES[0])
    assert line.send("POST", f"?size={len(FILM)}").status == 409
    with pytest.raises(ConflictError):
        line.upload.stream()


@pytest.mark.parametrize("query", ["", "?size=0", "?size=-1", "?size=x"])
def test_an_empty_film_is_refused_in_words(line: Line, query: str) -> None:
    answer = line.send("POST", query)
    assert answer.status == 422
    assert "empty (0 bytes)" in answer.content["message"]


def test_a_complete_film_takes_no_more_pieces(line: Line) -> None:
    line.put(0, FILM)
    line.send("POST", f"?size={len(FILM)}")
    assert line.put(1, b"more").status == 409
    assert line.upload.path.read_bytes() == FILM


@pytest.mark.parametrize("token", ["nobody", "..", "%2e%2e"])
def test_without_a_known_token_nothing_opens(line: Line, token: str) -> None:
    assert ask(line.routes, "PUT", f"/api/upload/{token}/0", body=(b"x",)).status == 403
    assert ask(line.routes, "GET", f"/api/upload/{token}").status == 403


@pytest.mark.parametrize("number", ["..", "-1", "x", "0/..", "%2e%2e"])
def test_what_is_no_piece_number_is_not_found(line: Line, number: str) -> None:
    assert line.put(number, b"x").status == 404


def test_an_expired_token_opens_nothing_and_its_file_is_gone(line: Line) -> None:
    line.put(0, PIECES[0])
    path = line.upload.path
    line.clock.now += 61.0
    assert line.put(1, PIECES[1]).status == 403
    line.uploads.sweep()
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize("headers", [{"origin": "http://elsewhere"}, {"sec_fetch_site": "cross-site"}])
def test_another_site_cannot_send(line: Line, headers: dict[str, str]) -> None:
    assert line.put(0, b"x", host="localhost", **headers).status == 403
    assert line.send("DELETE", host="localhost", **headers).status == 403


def test_a_cancelled_upload_keeps_nothing_and_may_begin_anew(line: Line) -> None:
    line.put(0, PIECES[0])
    assert line.send("DELETE").content["next"] == 0
    assert line.upload.path.stat().st_size == 0
    line.put(0, FILM)
    assert line.send("POST", f"?size={len(FILM)}").content["sha256"] == hashlib.sha256(FILM).hexdigest()


def test_a_piece_that_is_just_coming_does_not_survive_a_cancel(line: Line) -> None:
    line.put(0, PIECES[0])
    with pytest.raises(WrongPieceError), line.upload.piece(1) as write:
        write(PIECES[1])
        assert line.put(1, PIECES[1]).status == 409, "two pieces at once"
        assert line.send("POST", "?size=4000").status == 409, "completed in the middle of a piece"
        assert line.send("DELETE").content["next"] == 0
    assert line.upload.path.read_bytes() == b""
    assert line.put(0, FILM).status == 200


def test_what_a_dead_server_left_is_swept_and_what_a_living_one_writes_stays(line: Line) -> None:
    line.put(0, PIECES[0])
    living = line.upload.path
    dead = living.with_name("0123.part")
    dead.write_bytes(b"left behind")
    assert sweep_abandoned(living.parent) == 1
    assert living.exists()
    assert not dead.exists()


def test_unfinished_uploads_are_readable_by_their_owner_only(line: Line) -> None:
    line.put(0, PIECES[0])
    assert line.upload.path.stat().st_mode & 0o077 == 0
    assert line.upload.path.parent.stat().st_mode & 0o077 == 0
