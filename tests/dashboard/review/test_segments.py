"""Stretches of the task marked after the fact: a new result of the stored trace, beside the old one."""

from pathlib import Path

import pytest

from dashboard.review.reviews import Review, load_review
from dashboard.review.segments import ACTION, checked_segment, judged_with, keep_result, origin_of, with_segment
from dashboard.services import Services
from shared.deletion import delete_analysis
from shared.errors import InvalidRequestError
from shared.model import Segment, Task
from shared.ports import JobStatus
from tests.dashboard.recordings import NOW, add_finished, known_trace
from tests.dashboard.test_pages import open_page, reviewed_by, words

UP = Segment(0.0, 7.0, "up", 20.0)
DOWN = Segment(7.0, 14.9, "down", 20.0)


@pytest.fixture
def review(services: Services) -> Review:
    """A small vertical range in a film of which nobody knows what was asked for."""
    return load_review(services.store, add_finished(services, known_trace(duration_s=30.0), task=Task.UNKNOWN))


def test_targets_on_record_prove_the_effort(review: Review) -> None:
    assert review.summary["psp_status"] == "inconclusive"
    assert judged_with(review, [UP, DOWN]).psp_status == "suspected"
    too_short = judged_with(review, [UP])
    assert {reason.code for reason in too_short.reasons} == {"RANGE_BELOW_THRESHOLD", "TASK_TOO_SHORT"}


def test_a_new_result_stands_beside_the_old_one(services: Services, review: Review) -> None:
    before = services.store.results.document("P-1", review.job.analysis_id)
    job = keep_result(services, review, [UP, DOWN], reviewer=" KJ ", now=NOW)
    assert job.status is JobStatus.COMPLETED
    assert (job.summary or {})["psp_status"] == "suspected"
    assert [segment["label"] for segment in job.parameters["segments"]] == ["up", "down"]
    assert (job.recorded_at, job.label, job.video.sha256) == (
        review.job.recorded_at,
        review.job.label,
        review.job.video.sha256,
    )
    assert services.store.results.document("P-1", review.job.analysis_id) == before
    assert len(services.history("P-1")) == 2
    again = load_review(services.store, job)
    assert judged_with(again, []).metrics == judged_with(review, []).metrics, "the kept trace is the same trace"


def test_who_marked_what_and_when_is_written_down(services: Services, review: Review) -> None:
    job = keep_result(services, review, [UP], reviewer="KJ", now=NOW)
    (decision,) = services.store.decisions.of(job.analysis_id)
    assert (decision.action, decision.reviewer, decision.decided_at) == (ACTION, "KJ", NOW)
    assert decision.payload["segments_before"] == []
    assert decision.payload["segments"] == [{"start_s": 0.0, "end_s": 7.0, "label": "up", "target_deg": 20.0}]
    origin = origin_of(services, job.analysis_id)
    assert origin is not None
    assert (origin.from_analysis, origin.status_before) == (review.job.analysis_id, "inconclusive")
    assert origin_of(services, review.job.analysis_id) is None


def test_the_record_does_not_disturb_the_review_of_events(services: Services, review: Review) -> None:
    job = keep_result(services, review, [UP, DOWN], reviewer="KJ", now=NOW)
    reviewed_by(services, job, {"action": "sign"})
    assert "Review signed by KJ" in words(open_page("review", analysis=job.analysis_id))


def test_the_film_takes_no_second_place_and_outlives_either_result(services: Services, review: Review) -> None:
    job = keep_result(services, review, [UP], reviewer="KJ", now=NOW)
    videos = services.store.videos
    old, new = videos.local_path(review.job.video), videos.local_path(job.video)
    assert old != new
    assert old.stat().st_ino == new.stat().st_ino
    delete_analysis(services.store, review.job.analysis_id, now=NOW)
    assert videos.local_path(job.video).read_bytes() == b"not really a film"


def test_a_recording_whose_film_is_gone_can_be_marked_too(services: Services, review: Review) -> None:
    services.store.videos.delete(review.job.video)
    job = keep_result(services, review, [UP, DOWN], reviewer="KJ", now=NOW)
    assert load_review(services.store, job).film is None


def test_where_films_cannot_be_shared_they_are_copied(
    services: Services, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.local_files.FileArea.share", lambda *_: False)
    job = keep_result(services, review, [UP], reviewer="KJ", now=NOW)
    copy: Path = services.store.videos.local_path(job.video)
    assert copy.read_bytes() == b"not really a film"
    assert copy.stat().st_nlink == 1
    assert job.video.file_name == review.job.video.file_name


@pytest.mark.parametrize("name", ["", "  ", "x" * 40, "<b>"])
def test_nothing_is_kept_without_initials(services: Services, review: Review, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        keep_result(services, review, [UP], reviewer=name, now=NOW)
    assert len(services.history("P-1")) == 1


@pytest.mark.parametrize(
    ("start_s", "end_s", "kind"),
    [(None, 2.0, "up"), (1.0, None, "up"), (1.0, 2.0, None), (1.0, 2.0, "nod"), (2.0, 2.0, "up"), (30.5, 31.0, "up")],
)
def test_a_stretch_that_makes_no_sense_is_refused(
    review: Review, start_s: float | None, end_s: float | None, kind: str | None
) -> None:
    with pytest.raises(InvalidRequestError):
        checked_segment(review.trace, start_s, end_s, kind, None)


def test_stretches_stay_in_order_and_apart(review: Review) -> None:
    assert with_segment([DOWN], UP) == (UP, DOWN)
    with pytest.raises(InvalidRequestError, match="overlaps"):
        with_segment([UP, DOWN], Segment(3.0, 5.0, "fixation"))
    assert checked_segment(review.trace, 18.0, 30.2, "fixation", 0.0) == Segment(18.0, 29.967, "fixation", None)


def test_on_the_page_a_stretch_is_added_judged_and_kept(services: Services, review: Review) -> None:
    app = open_page("review", analysis=review.job.analysis_id)
    assert "No stretch is marked" in words(app)
    for segment in (UP, DOWN):
        app.number_input(key="segments-start").set_value(segment.start_s)
        app.number_input(key="segments-end").set_value(segment.end_s)
        app.selectbox(key="segments-kind").set_value(segment.label)
        app.number_input(key="segments-target").set_value(segment.target_deg)
        app.button(key="segments-add").click().run()
        assert not app.exception
    text = words(app)
    assert "Without the change: **▢ Inconclusive**. With it: **◆ PSP suspected**" in text
    assert "No longer a reason:" in text
    assert len(services.history("P-1")) == 1, "nothing is kept before it is asked for"
    app.text_input(key="segments-reviewer").set_value("KJ").run()
    app.button(key="segments-keep").click().run()
    assert not app.exception
    (new,) = [job for job in services.history("P-1") if job.analysis_id != review.job.analysis_id]
    assert [segment["target_deg"] for segment in new.parameters["segments"]] == [20.0, 20.0]
    kept = open_page("review", analysis=new.analysis_id)
    assert "Marked by KJ" in words(kept)
    assert kept.title[0].value == "◆ PSP suspected"


def test_on_the_page_a_stretch_is_deleted_and_the_change_dropped(services: Services, review: Review) -> None:
    job = keep_result(services, review, [UP, DOWN], reviewer="KJ", now=NOW)
    app = open_page("review", analysis=job.analysis_id)
    app.button(key="segments-delete-0").click().run()
    assert "With it: **▢ Inconclusive**" in words(app)
    app.button(key="segments-drop").click().run()
    assert "With it" not in words(app)
    assert "2 stretches marked" in open_page("history", patient="P-1").dataframe[0].value["task"].tolist()[0]


def test_a_stretch_that_overlaps_is_told_and_not_added(services: Services, review: Review) -> None:
    job = keep_result(services, review, [UP], reviewer="KJ", now=NOW)
    app = open_page("review", analysis=job.analysis_id)
    app.number_input(key="segments-start").set_value(1.0)
    app.number_input(key="segments-end").set_value(2.0)
    app.selectbox(key="segments-kind").set_value("down")
    app.button(key="segments-add").click().run()
    assert "overlaps another stretch" in app.error[0].value
