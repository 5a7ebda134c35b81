"""Many films at once: each is taken once, under its own patient, and what goes wrong with one stays with that one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dashboard.routes.batches import batch_routes
from dashboard.services import Services, day_of
from dashboard.tokens import TokenRegistry
from dashboard.uploading.batches import Batch
from dashboard.uploading.uploads import Upload
from shared.ports import Job, JobError
from tests.dashboard.asgi import Answer, ask
from tests.dashboard.recordings import NOW, add_finished, known_trace

SETTINGS = {"task": "vertical_horizontal"}


class Desk:
    """A batch with its routes, and films sent to it as the browser would."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.uploads: TokenRegistry[Upload] = TokenRegistry()
        self.batch = Batch(services, folder, max_bytes=1000, uploads=self.uploads, clock=lambda: NOW)
        registry: TokenRegistry[Batch] = TokenRegistry()
        self.token = registry.mint(self.batch)
        self.routes = batch_routes(registry)

    def ask(self, method: str, rest: str = "", content: Any = None, **headers: str) -> Answer:
        headers.setdefault("content_type", "application/json")
        body = [json.dumps(content).encode()]
        return ask(self.routes, method, f"/api/batch/{self.token}{rest}", body=body, breaks_off=False, **headers)

    def arrive(self, film: bytes) -> str:
        token = str(self.ask("POST", "/upload", {}).content["token"])
        upload = self.uploads.open(token)
        assert upload is not None
        with upload.piece(0) as write:
            write(film)
        upload.complete(len(film))
        return token

    def send(self, name: str, film: bytes, **values: Any) -> Answer:
        content = {
            "key": f"{name}|{len(film)}|1",
            "upload": self.arrive(film),
            "name": name,
            "code": "P-1",
            "day": "2026-03-01",
            "label": "",
            "parameters": SETTINGS,
        }
        return self.ask("POST", "/film", {**content, **values})

    def rows(self) -> Sequence[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask("GET").content["rows"]
        return rows


@pytest.fixture
def desk(services: Services, tmp_path: Path) -> Desk:
    return Desk(services, tmp_path / "uploads")


def test_each_film_is_queued_under_its_own_patient_and_day(desk: Desk) -> None:
    desk.send("a.mp4", b"one", code="P-1", day="2024-02-29")
    desk.send("b.mov", b"two", code="P-2", label="visit 1")
    (first,), (second,) = (desk.services.history(code) for code in ("P-1", "P-2"))
    assert (first.video.file_name, day_of(first.recorded_at).isoformat()) == ("a.mp4", "2024-02-29")
    assert (second.video.file_name, second.label) == ("b.mov", "visit 1")
    assert first.parameters["task"] == "vertical_horizontal"
    assert [(row["code"], row["status"], row["open"]) for row in desk.rows()] == [
        ("P-1", "queued", True),
        ("P-2", "queued", True),
    ]


def test_nothing_of_an_upload_is_left_once_its_film_is_kept(desk: Desk, tmp_path: Path) -> None:
    desk.send("a.mp4", b"one")
    assert list((tmp_path / "uploads").glob("*")) == []


def test_a_film_asked_for_twice_is_taken_once(desk: Desk) -> None:
    first = desk.send("a.mp4", b"one").content
    again = desk.send("a.mp4", b"one").content
    assert again["analysis"] == first["analysis"]
    assert len(desk.services.history("P-1")) == 1


def test_the_same_film_with_the_same_parameters_is_not_analysed_twice(desk: Desk) -> None:
    job = add_finished(desk.services, known_trace(), code="P-1", film=b"one")
    row = desk.send("other-name.mp4", b"one", day="2020-01-01").content
    assert (row["analysis"], row["repeated"], row["status"]) == (job.analysis_id, True, "suspected")
    assert row["day"] == "2026-09-01", "the row says how the recording is filed"
    assert len(desk.services.history("P-1")) == 1


def test_the_same_film_with_other_parameters_is_analysed(desk: Desk) -> None:
    add_finished(desk.services, known_trace(), code="P-1", film=b"one")
    row = desk.send("a.mp4", b"one", parameters={**SETTINGS, "vpp_thresh": 0.05}).content
    assert (row["repeated"], row["status"]) == (False, "queued")


def test_a_film_whose_analysis_failed_gets_another_try(desk: Desk) -> None:
    first = desk.send("a.mp4", b"one").content["analysis"]
    jobs = desk.services.store.jobs
    jobs.claim("test", now=NOW, lease_s=60, analysis_id=first)
    jobs.fail(first, "test", JobError("STALLED", "It stood still."), now=NOW)
    assert desk.rows()[0]["message"] == "It stood still."
    assert desk.send("copy.mp4", b"one").content["repeated"] is False


def test_a_copy_in_another_patients_folder_is_refused(desk: Desk) -> None:
    desk.send("a.mp4", b"one", code="P-1")
    answer = desk.send("b.mp4", b"one", code="P-2")
    assert answer.status == 409
    assert "sent for patient P-1 just before" in answer.content["message"]
    assert desk.services.patient_codes() == ["P-1"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "Kim, J."}, "A patient code has"),
        ({"code": ""}, "Choose a patient"),
        ({"day": "2026-13-01"}, "not a day up to today"),
        ({"day": "2030-01-01"}, "not a day up to today"),
        ({"parameters": {"vpp_thresh": 9}}, "must lie between"),
        ({"parameters": [1]}, "could not be taken"),
        ({"label": None}, "could not be taken"),
        ({"upload": "gone"}, "no longer here"),
    ],
)
def test_a_film_that_cannot_be_filed_is_refused_in_words_and_the_next_is_taken(
    desk: Desk, values: dict[str, Any], sentence: str
) -> None:
    answer = desk.send("a.mp4", b"one", **values)
    assert answer.status in {400, 409}
    assert sentence in answer.content["message"]
    assert desk.rows() == []
    assert desk.send("b.mp4", b"two").status == 200


def test_a_refused_film_may_be_filed_again_without_sending_it_again(desk: Desk) -> None:
    token = desk.arrive(b"one")
    assert desk.send("a.mp4", b"-", upload=token, code="?").status == 400
    assert desk.send("a.mp4", b"-", upload=token).content["size_bytes"] == 3


def test_only_what_is_not_finished_is_cancelled(desk: Desk) -> None:
    add_finished(desk.services, known_trace(), code="P-1", film=b"one")
    desk.send("a.mp4", b"one")
    desk.send("b.mp4", b"two")
    rows = desk.ask("POST", "/cancel", {}).content["rows"]
    assert [row["status"] for row in rows] == ["suspected", "failed"]
    assert "cancelled" in rows[1]["message"].lower()


def test_a_list_that_was_cleared_leaves_the_analyses_alone(desk: Desk) -> None:
    desk.send("a.mp4", b"one")
    assert desk.ask("POST", "/clear", {}).content == {"rows": []}
    assert [job.status for job in desk.services.history("P-1")] == ["queued"]


def test_the_state_of_hundreds_of_analyses_is_asked_for_in_turns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        desk.send(f"{number}.mp4", f"film {number}".encode())
    asked: list[str] = []
    read = desk.services.job

    def noted(analysis_id: str) -> Job:
        asked.append(analysis_id)
        return read(analysis_id)

    monkeypatch.setattr(desk.services, "job", noted)
    clock = iter(range(1, 1000))
    monkeypatch.setattr(desk.batch, "_clock", lambda: NOW + next(clock))
    assert len(desk.rows()) == len(desk.rows()) == 30
    assert len(asked) == 40
    assert len(set(asked)) == 30


@pytest.mark.parametrize("headers", [{"origin": "http://elsewhere"}, {"sec_fetch_site": "cross-site"}])
def test_another_site_cannot_ask(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.ask("GET", host="localhost", **headers).status == 403
    assert desk.ask("POST", "/cancel", {}, host="localhost", **headers).status == 403


def test_without_a_known_token_or_as_a_form_nothing_is_answered(desk: Desk) -> None:
    assert ask(desk.routes, "GET", "/api/batch/nobody").status == 403
    assert desk.ask("POST", "/upload", {}, content_type="text/plain").status == 400
