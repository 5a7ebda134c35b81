"""History: repeatability, two recordings side by side, films analysed anew."""

from dataclasses import replace
from datetime import date
from typing import Any

from dashboard.charts.history import HistoryPoint, history_figure
from dashboard.charts.repeatability import add_bands
from dashboard.comparing.visits import outdated, side_by_side
from dashboard.services import Services
from shared.ports import Job, JobStatus
from shared.version import ANALYSIS_VERSION
from tests.dashboard.recordings import NOW, add_finished, add_queued, known_trace
from tests.dashboard.test_pages import open_page, words


def two_visits(services: Services) -> tuple[Job, Job]:
    first = add_finished(services, known_trace(vertical=0.4), day=date(2026, 3, 1))
    return first, add_finished(services, known_trace(vertical=0.03), day=date(2026, 9, 1), film=b"another film")


def lines(first: Job, second: Job) -> dict[str, Any]:
    return {line.name: line for line in side_by_side(first, second)}


def test_a_range_that_shrinks_is_called_a_change(services: Services) -> None:
    line = lines(*two_visits(services))["vertical_range_lid_gaps"]
    assert line.change.difference < 0
    assert line.change.is_change


def test_the_same_twice_is_no_change(services: Services) -> None:
    first, _ = two_visits(services)
    assert not any(line.change.is_change for line in lines(first, first).values() if line.change)


def test_versions_that_need_not_compare_make_no_change(services: Services) -> None:
    first, second = two_visits(services)
    line = lines(replace(first, analysis_version="2025.1.1"), second)["vertical_range_lid_gaps"]
    assert line.change is None


def test_the_page_shows_both_recordings_and_what_is_a_change(services: Services) -> None:
    two_visits(services)
    app = open_page("history", patient="P-1")
    assert "Two recordings side by side" in [item.value for item in app.subheader]
    table = next(frame.value for frame in app.dataframe if "change" in frame.value.columns)
    assert "change" in table["change"].tolist()
    assert "repeatability not known" in table["change"].tolist()


def test_one_recording_has_nothing_beside_it(services: Services) -> None:
    add_finished(services, known_trace())
    assert "side by side" not in words(open_page("history", patient="P-1"))


def test_only_points_with_known_repeatability_get_a_bar() -> None:
    points = [HistoryPoint("a", "2026-01-01", "suspected", "PSP suspected", 1.0, True)]
    figure = history_figure(points, label="x", unit="")
    before = len(figure.data)
    add_bands(figure, points, [None])
    assert len(figure.data) == before
    add_bands(figure, points, [0.5])
    assert figure.data[-1].error_y.array == (0.5,)


def test_an_old_result_is_outdated_until_its_film_was_analysed_anew(services: Services) -> None:
    job = add_finished(services, known_trace())
    old = replace(job, analysis_version="2025.1.1")
    assert outdated([old], ANALYSIS_VERSION) == [old]
    assert outdated([old, job], ANALYSIS_VERSION) == []


def test_analysing_anew_queues_the_same_film_and_keeps_the_old_result(services: Services) -> None:
    job = add_finished(services, known_trace())
    again = services.reanalyse(job, now=NOW + 10)
    assert again.status is JobStatus.QUEUED
    assert again.analysis_id != job.analysis_id
    assert (again.video.sha256, again.parameters, again.recorded_at) == (
        job.video.sha256,
        job.parameters,
        job.recorded_at,
    )
    assert services.job(job.analysis_id) == job


def test_recordings_that_wait_are_not_outdated(services: Services) -> None:
    assert outdated([add_queued(services)], ANALYSIS_VERSION) == []
