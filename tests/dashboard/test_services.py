"""What pages ask of the store."""

import dataclasses
import io
import tomllib
from datetime import date
from pathlib import Path

import pytest

import dashboard
from dashboard.review.reviews import load_review
from dashboard.services import (
    Services,
    day_of,
    is_comparable,
    metric_value,
    progress_view,
    recorded_at,
    status_of,
)
from shared.errors import ConflictError, EmptyFileError, InvalidParameterError, InvalidRequestError, NotFoundError
from shared.ports import JobError, JobStatus, Progress
from tests.dashboard.recordings import NOW, add_failed, add_finished, add_queued, known_trace


def test_no_usage_statistics_are_gathered() -> None:
    folder = Path(dashboard.__file__).parent
    assert tomllib.loads((folder / ".streamlit" / "config.toml").read_text())["browser"]["gatherUsageStats"] is False


def test_a_submitted_film_is_kept_and_queued_for_a_new_patient(services: Services) -> None:
    job = add_queued(services, code="P-7", film=b"12345")
    assert job.status is JobStatus.QUEUED
    assert services.store.videos.local_path(job.video).read_bytes() == b"12345"
    assert services.patient_codes() == ["P-7"]
    assert job.parameters["task"] == "vertical_horizontal"


def test_nothing_is_stored_when_a_parameter_is_wrong(services: Services) -> None:
    with pytest.raises(InvalidParameterError):
        services.submit(
            code="P-1",
            file_name="f.mp4",
            stream=io.BytesIO(b"1"),
            day=date(2026, 9, 1),
            parameters={"vpp_thresh": 9},
            label="",
            now=NOW,
        )
    assert services.patient_codes() == []


def test_an_empty_film_is_refused(services: Services) -> None:
    with pytest.raises(EmptyFileError):
        add_queued(services, film=b"")


def test_a_code_that_is_no_code_is_refused(services: Services) -> None:
    with pytest.raises(InvalidRequestError):
        services.add_patient("Jane Doe", "", now=NOW)


def test_a_second_patient_with_the_same_code_is_refused_in_words(services: Services) -> None:
    services.add_patient("P-1", "", now=NOW)
    with pytest.raises(ConflictError, match="already a patient"):
        services.add_patient("P-1", "", now=NOW)


def test_patients_come_with_their_newest_recording(services: Services) -> None:
    add_finished(services, known_trace(), day=date(2026, 3, 1))
    newest = add_finished(services, known_trace(vertical=0.3), day=date(2026, 8, 1))
    (row,) = services.patients()
    assert row.recordings == 2
    assert row.latest is not None
    assert row.latest.analysis_id == newest.analysis_id


def test_the_date_of_recording_is_read_back_as_given() -> None:
    assert day_of(recorded_at(date(2026, 2, 28))) == date(2026, 2, 28)


def test_a_review_holds_what_was_stored(services: Services) -> None:
    job = add_finished(services, known_trace())
    review = load_review(services.store, job)
    assert status_of(job) == review.summary["psp_status"] == "suspected"
    assert len(review.trace) == 600
    assert review.film is not None
    assert metric_value(review.summary, "vertical_range_lid_gaps") == pytest.approx(0.03, abs=0.005)
    assert is_comparable(job)


def test_a_review_outlives_its_film(services: Services) -> None:
    job = add_finished(services, known_trace())
    services.store.videos.delete(job.video)
    assert load_review(services.store, job).film is None


def test_a_job_without_a_result_has_no_review(services: Services) -> None:
    with pytest.raises(NotFoundError):
        load_review(services.store, add_queued(services))


def test_progress_counts_frames_and_names_silence(services: Services) -> None:
    job = dataclasses.replace(
        add_queued(services),
        status=JobStatus.RUNNING,
        progress=Progress("tracking", 300, 1200),
        updated_at=NOW + 10,
    )
    fresh, silent = progress_view(job, NOW + 12), progress_view(job, NOW + 60)
    assert (fresh.fraction, fresh.silent_s, fresh.elapsed_s) == (0.25, None, 12)
    assert silent.silent_s == 50


def test_a_waiting_job_claims_no_progress(services: Services) -> None:
    view = progress_view(add_queued(services), NOW)
    assert (view.stage, view.fraction) == ("queued", None)


def test_a_failed_job_can_be_queued_again_twice_without_harm(services: Services) -> None:
    job = add_failed(services, error=JobError("NOT_A_VIDEO", "No video."))
    services.retry(job.analysis_id, now=NOW)
    services.retry(job.analysis_id, now=NOW)
    assert services.job(job.analysis_id).status is JobStatus.QUEUED


def test_a_cancelled_waiting_job_fails_as_cancelled(services: Services) -> None:
    job = add_queued(services)
    services.cancel(job.analysis_id, now=NOW)
    error = services.job(job.analysis_id).error
    assert error is not None
    assert error.code == "CANCELLED"
