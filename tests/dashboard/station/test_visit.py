"""A visit to the screening station through its routes and its real process; what ends, ends without a trace."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from dashboard.demo.cases import DEMO_FOLDER
from dashboard.routes.station import station_routes
from dashboard.services import Services
from dashboard.station.visit import Visit, keep, suggested_code, sweep_visits
from dashboard.tokens import TokenRegistry
from shared.model import Task
from shared.ports import JobStatus
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.dashboard.asgi import Answer, ask
from tests.dashboard.recordings import NOW
from tests.waiting import wait_until

FRAMES = 45


@dataclass
class Station:
    """One visit and its routes."""

    visits: TokenRegistry[Visit]
    visit: Visit
    token: str

    def ask(self, method: str, path: str = "", body: bytes = b"", **headers: str) -> Answer:
        address = f"/api/visit/{self.token}{path}"
        return ask(station_routes(self.visits), method, address, body=(body,), **headers)

    def film(self, path: Path) -> None:
        """Send a recording in three pieces, as a browser does while it records."""
        content = path.read_bytes()
        third = len(content) // 3 + 1
        for number in range(3):
            with self.visit.upload.piece(number) as write:
                write(content[number * third : (number + 1) * third])
        self.visit.upload.complete(len(content))

    def wait(self, *stages: str) -> None:
        wait_until(lambda: self.visit.state.stage in stages, timeout_s=120)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    visits: TokenRegistry[Visit] = TokenRegistry()
    visit = Visit(tmp_path / "visits")
    yield Station(visits, visit, visits.mint(visit))
    visit.end()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first one and a half seconds of a demo film, its index in front, so that it can be read as it comes."""
    frames = list(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=FRAMES))
    target = tmp_path_factory.mktemp("recording") / "recording.mp4"
    times_s = [frame.time_s for frame in frames]
    return write_video(target, [frame.image_bgr for frame in frames], np.array(times_s))


def log(**changed: Any) -> dict[str, Any]:
    """What the browser notes of a film that began at 10 s on its clock."""
    return {
        "ordered_ms": 9990,
        "ended_ms": 11_400,
        "captured_ms": [10_000 + 1000 * frame / 30 for frame in range(FRAMES)],
        "steps": [{"at_ms": 10_100, "x_deg": 0, "y_deg": 0}, {"at_ms": 10_700.4, "x_deg": 0, "y_deg": -12.5}],
        "screen_distance_cm": 50,
        **changed,
    }


def test_a_visit_goes_from_check_to_result_and_leaves_nothing(
    station: Station, recording: Path, services: Services
) -> None:
    picture = cv2.imencode(".jpg", next(iter(read_frames(recording))).image_bgr)[1].tobytes()
    checked = station.ask("POST", "/check?time_s=1&scale=1&frame_rate_hz=30", picture)
    assert checked.status == 200
    assert [item["item"] for item in checked.content["items"] if not item["is_good"]] == []
    assert station.ask("GET").content["stage"] == "ready"
    station.film(recording)
    assert station.ask("POST", "/finish", json.dumps(log()).encode()).status == 200
    station.wait("done", "failed")
    assert station.ask("GET").content == {"stage": "done", "frames_done": FRAMES, "message": ""}
    document = station.visit.document
    assert document["summary"]["frames_processed"] == FRAMES
    assert document["summary"]["parameters"]["task"] == Task.VERTICAL_HORIZONTAL.value
    target = document["summary"]["parameters"]["target_log"]
    assert [step["time_s"] for step in target["steps"]] == pytest.approx([0.1, 0.7004], abs=0.002)
    assert target["screen_distance_cm"] == 50
    assert len(document["events"]["target_responses"]) == 1
    job = keep(services, station.visit, code="S-1", label="screening", now=NOW)
    kept = services.job(job.analysis_id)
    assert kept.status is JobStatus.COMPLETED
    assert kept.source == "screening"
    assert services.store.results.document("S-1", job.analysis_id) == document
    assert len(list(read_frames(services.store.videos.local_path(kept.video)))) == FRAMES
    folder = station.visit.folder
    station.visit.end()
    assert not folder.exists()


def test_a_recording_that_is_not_whole_is_not_judged(station: Station) -> None:
    assert station.ask("POST", "/finish", json.dumps(log()).encode()).status == 409


@pytest.mark.parametrize("changed", [{"steps": "all"}, {"captured_ms": [None], "ordered_ms": "soon"}])
def test_a_damaged_log_is_told_in_words(station: Station, recording: Path, changed: dict[str, Any]) -> None:
    station.film(recording)
    station.ask("POST", "/finish", json.dumps(log(**changed)).encode())
    station.wait("done", "failed")
    assert "damaged" in station.visit.state.message


def test_what_is_no_film_is_told_in_words(station: Station, tmp_path: Path) -> None:
    letter = tmp_path / "letter.webm"
    letter.write_text("Dear colleague, " * 50)
    station.film(letter)
    station.ask("POST", "/finish", json.dumps(log()).encode())
    station.wait("done", "failed")
    assert station.visit.state.stage == "failed"
    assert "Traceback" not in station.visit.state.message
    assert str(tmp_path) not in station.visit.state.message


@pytest.mark.parametrize("content", [b"", b"{"])
def test_what_is_no_log_is_refused(station: Station, recording: Path, content: bytes) -> None:
    station.film(recording)
    assert station.ask("POST", "/finish", content).status == 400


def test_a_process_that_dies_is_told_in_words(station: Station) -> None:
    station.visit._end.peek()[2][2].kill()  # type: ignore[index]
    station.wait("failed")
    assert "ended unexpectedly" in station.visit.state.message
    assert station.ask("POST", "/check?time_s=1", b"picture").status == 503


def test_only_the_visit_s_own_page_may_ask(station: Station) -> None:
    unknown = ask(station_routes(station.visits), "GET", "/api/visit/nobody")
    assert unknown.status == 403
    assert station.ask("GET", origin="http://elsewhere", host="localhost").status == 403
    assert station.ask("POST", "/finish", b"{}", sec_fetch_site="cross-site").status == 403


def test_a_picture_over_the_limit_is_refused(station: Station) -> None:
    assert station.ask("POST", "/check?time_s=1", b"x" * (1024 * 1024 + 1)).status == 413


def test_visits_of_a_dead_server_are_swept_and_living_ones_stay(station: Station) -> None:
    living = station.visit.folder
    dead = living.with_name("dead")
    shutil.copytree(living, dead)
    (dead / "film.webm").write_bytes(b"a face")
    assert sweep_visits(living.parent) == 1
    assert living.exists()
    assert not dead.exists()


def test_a_suggested_code_tells_the_day_and_nothing_else() -> None:
    assert suggested_code(NOW).startswith("S-20")
    assert suggested_code(NOW) != suggested_code(NOW)
