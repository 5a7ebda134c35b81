"""Demo cases: queued once, kept while current."""

from pathlib import Path

import pytest

from dashboard.demo_cases import DEMO_CASES, DEMO_FOLDER, add_demo_cases, case_text
from dashboard.services import Services
from shared.errors import NotFoundError
from shared.ports import JobError, JobStatus
from shared.synthetic import cases
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


def test_without_films_the_way_to_make_them_is_told(services: Services, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="make demo-videos"):
        add_demo_cases(services, now=NOW, folder=tmp_path)
