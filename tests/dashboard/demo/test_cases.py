"""Demo cases: there at once with the results that ship, queued where those do not fit, kept while current."""

import json
import shutil
from pathlib import Path

import pytest

from dashboard.demo.cases import DEMO_CASES, DEMO_FOLDER, DemoCase, add_demo_cases, case_text, note_text
from dashboard.services import Services
from shared.analysis import analyse
from shared.documents import read_document, summary
from shared.errors import NotFoundError
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.ports import JobError, JobStatus
from shared.synthetic import cases
from shared.tables import read_trace
from tests.dashboard.recordings import NOW


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    for case in DEMO_CASES:
        (folder / f"{case.name}.mp4").write_bytes(case.name.encode())
    return folder


def test_the_cases_are_those_that_are_drawn() -> None:
    presented = [(case.name, case.title, case.task) for case in DEMO_CASES]
    assert presented == [(case.name, case.title, case.task) for case in cases.DEMO_CASES]


def test_every_case_has_its_film() -> None:
    assert [case.name for case in DEMO_CASES if not (DEMO_FOLDER / f"{case.name}.mp4").is_file()] == []


def test_all_cases_are_queued_in_their_order(services: Services, films: Path) -> None:
    assert add_demo_cases(services, now=NOW, folder=films) == len(DEMO_CASES)
    cases = services.demo_cases()
    assert [case_text(job)[0] for job in cases] == [case.title for case in DEMO_CASES]
    assert [job.parameters["task"] for job in cases] == [case.task.value for case in DEMO_CASES]


def test_the_note_on_a_demo_patient_is_in_the_readers_language_whatever_was_stored(
    services: Services, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_demo_cases(services, now=NOW, folder=films)
    patient = services.store.patients.get("demo-psp_like")
    typed = services.add_patient("P-7", "Demo: typed by a person", now=NOW)
    monkeypatch.setattr("dashboard.language.texts.session_language", lambda: "ko")
    assert "작고 느린 수직 범위" in note_text(patient)
    assert note_text(typed) == "Demo: typed by a person"


def test_a_second_start_adds_nothing(services: Services, films: Path) -> None:
    add_demo_cases(services, now=NOW, folder=films)
    assert add_demo_cases(services, now=NOW + 1, folder=films) == 0


def test_a_failed_case_is_queued_anew(services: Services, films: Path) -> None:
    add_demo_cases(services, now=NOW, folder=films)
    job = services.demo_cases()[0]
    services.store.jobs.claim("test", now=NOW, lease_s=9, analysis_id=job.analysis_id)
    services.store.jobs.fail(job.analysis_id, "test", JobError("INTERNAL_ERROR", "Broken."), now=NOW)
    assert add_demo_cases(services, now=NOW + 1, folder=films) == 1
    assert services.job(job.analysis_id).status is JobStatus.QUEUED


def test_the_cases_that_ship_are_complete_at_once(services: Services) -> None:
    assert add_demo_cases(services, now=NOW) == 0
    statuses = [job.summary["psp_status"] for job in services.demo_cases() if job.summary]
    assert statuses == [case.expected_status for case in cases.DEMO_CASES]


@pytest.mark.parametrize("change", ["film", "version", "parameters", "json", "absent"])
def test_a_result_that_is_not_of_this_film_and_version_is_not_used(
    services: Services, tmp_path: Path, change: str
) -> None:
    name = DEMO_CASES[0].name
    for ending in (".mp4", ".csv", ".json"):
        shutil.copy(DEMO_FOLDER / f"{name}{ending}", tmp_path)
    result = tmp_path / f"{name}.json"
    document = json.loads(result.read_text(encoding="utf-8"))
    match change:
        case "film":
            with (tmp_path / f"{name}.mp4").open("ab") as film:
                film.write(b"x")
        case "version":
            document["summary"]["analysis_version"] = "1999.1"
        case "parameters":
            document["summary"]["parameters"]["vpp_thresh"] = 0.07
        case "absent":
            (tmp_path / f"{name}.csv").unlink()
    result.write_text("{" if change == "json" else json.dumps(document), encoding="utf-8")
    assert add_demo_cases(services, now=NOW, folder=tmp_path) == 1
    assert [job.status for job in services.demo_cases()] == [JobStatus.QUEUED]


@pytest.mark.parametrize("case", DEMO_CASES, ids=lambda case: case.name)
def test_the_results_that_ship_are_what_their_tables_give(case: DemoCase) -> None:
    document = read_document(DEMO_FOLDER / f"{case.name}.json")
    again = summary(analyse(read_trace(DEMO_FOLDER / f"{case.name}.csv"), Parameters(task=case.task)))
    from_the_film = {"video_meta", "tracker"}
    assert {k: v for k, v in again.items() if k not in from_the_film} == {
        k: v for k, v in document["summary"].items() if k not in from_the_film
    }


@pytest.mark.parametrize("case", cases.DEMO_CASES, ids=lambda case: case.name)
def test_analysing_a_demo_film_again_gives_what_its_description_promises_and_what_ships(case: cases.DemoCase) -> None:
    shipped = read_document(DEMO_FOLDER / f"{case.name}.json")["summary"]
    fresh = summary(analyze_video(DEMO_FOLDER / f"{case.name}.mp4", Parameters(task=case.task)).result)
    assert fresh["psp_status"] == shipped["psp_status"] == case.expected_status
    codes = [reason["code"] for reason in fresh["reasons"]]
    assert codes == [reason["code"] for reason in shipped["reasons"]]
    assert case.expected_code in codes
    assert fresh["blink_count"] == shipped["blink_count"]
    # Another processor rounds differently in the face model.
    assert fresh["vertical_peak_to_peak"] == pytest.approx(shipped["vertical_peak_to_peak"], abs=0.005)
    range_deg, shipped_deg = (s["metrics"]["vertical_range_deg"]["value"] for s in (fresh, shipped))
    assert (range_deg is None) == (shipped_deg is None)
    assert range_deg is None or range_deg == pytest.approx(shipped_deg, abs=1.0)


def test_without_films_the_way_to_make_them_is_told(services: Services, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="make demo-videos"):
        add_demo_cases(services, now=NOW, folder=tmp_path)
