"""Every page launches, with nothing in store and with each kind of recording, and says what matters in words."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.review.desk import ReviewDesk
from dashboard.review.reviews import load_review
from dashboard.services import Services
from dashboard.uploading.uploads import UPLOADS
from shared.model import Task
from shared.ports import Decision, Job, JobError
from shared.review import event_id
from tests.dashboard.recordings import NOW, add_failed, add_finished, add_queued, known_trace
from tests.shared.traces import recording

SCRIPT = Path(dashboard.__file__).with_name("app.py")


def open_page(name: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=30).run()
    app.switch_page(f"views/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def source(app: AppTest) -> str:
    """All that the page says outside of tables, as Markdown."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.text, app.error, app.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def words(app: AppTest) -> str:
    """The same as a person reads it."""
    return source(app).replace("\\", "")


def test_an_empty_install_offers_a_demo_case(services: Services) -> None:
    app = open_page("patients")
    assert "Open a demo case" in [button.label for button in app.button]


def test_patients_are_listed_with_their_latest_result_in_words(services: Services) -> None:
    add_finished(services, known_trace(), code="P-12")
    (table,) = open_page("patients").dataframe
    assert table.value["patient"].tolist() == ["P-12"]
    assert table.value["latest"].tolist() == ["◆ PSP suspected"]


def test_search_narrows_the_list(services: Services) -> None:
    services.add_patient("P-1", "clinic A", now=NOW)
    services.add_patient("P-2", "clinic B", now=NOW)
    app = open_page("patients")
    app.text_input(key="patients-search").set_value("clinic b").run()
    assert app.dataframe[0].value["patient"].tolist() == ["P-2"]


def test_a_suspected_result_stands_in_words_with_reason_and_disclaimer(services: Services) -> None:
    job = add_finished(services, known_trace())
    app = open_page("review", analysis=job.analysis_id)
    assert app.title[0].value == "◆ PSP suspected"
    assert "0.06 open lid gaps" in words(app)
    assert "landmark instrument" in words(app)
    assert words(app).count("not a diagnosis") >= 2
    assert not app.error


def test_an_inconclusive_result_says_why_before_the_rule(services: Services) -> None:
    job = add_finished(services, known_trace(iris_px=11.0))
    app = open_page("review", analysis=job.analysis_id)
    assert app.title[0].value == "▢ Inconclusive"
    text = words(app)
    assert text.index("iris is only") < text.index("range of vertical gaze")


def test_a_recording_without_any_face_is_reviewed_without_error(services: Services) -> None:
    job = add_finished(services, known_trace(lost_s=(-1.0, 99.0)))
    app = open_page("review", analysis=job.analysis_id)
    assert app.title[0].value == "▢ Inconclusive"
    assert not app.error


def test_a_fixation_film_is_reviewed_and_not_called_normal(services: Services) -> None:
    job = add_finished(services, known_trace(vertical=0.3), task=Task.FIXATION)
    assert open_page("review", analysis=job.analysis_id).title[0].value == "▢ Inconclusive"


def reviewed_by(services: Services, job: Job, *requests: dict[str, Any]) -> None:
    """Decisions as the browser would have sent them."""
    desk = ReviewDesk(load_review(services.store, job), services.store.decisions, clock=lambda: NOW)
    for request in requests:
        desk.decide({"reviewer": "KJ", **request})


def first_blink(services: Services, job: Job) -> str:
    blink = load_review(services.store, job).events["blinks"][0]
    return event_id("blinks", blink)


def test_the_film_with_its_traces_is_on_the_review(services: Services) -> None:
    job = add_finished(services, known_trace())
    assert open_page("review", analysis=job.analysis_id).get("bidi_component")


def test_reviewed_numbers_stand_beside_the_measured_ones(services: Services) -> None:
    job = add_finished(services, known_trace())
    assert "Reviewed" not in open_page("review", analysis=job.analysis_id).table[0].value.columns
    reviewed_by(services, job, {"action": "reject", "event_id": first_blink(services, job), "reason": "lids"})
    app = open_page("review", analysis=job.analysis_id)
    table = app.table[0].value.set_index("Quantity")
    assert table.loc["Blink rate, lids", "Measured"] == "12 /min"
    assert table.loc["Blink rate, lids", "Reviewed"] == "**9 /min**"
    assert "1 event excluded, 0 added: the result stays the same" in words(app)


def test_a_review_that_changes_the_result_says_both_results(services: Services) -> None:
    job = add_finished(services, known_trace())
    acts = [{"action": "add", "start_s": start_s, "end_s": start_s + 2.8} for start_s in (0.1, 3.6, 7.8, 13.0)]
    reviewed_by(services, job, *acts)
    app = open_page("review", analysis=job.analysis_id)
    assert app.title[0].value == "◆ PSP suspected"
    assert "with these corrections the result is ▢ Inconclusive" in words(app)


def test_a_signed_review_says_by_whom_and_of_which_result(services: Services) -> None:
    job = add_finished(services, known_trace())
    reviewed_by(services, job, {"action": "sign"})
    assert "Review signed by KJ on 2026-09-21" in words(open_page("review", analysis=job.analysis_id))
    signed_before = Decision(job.analysis_id, "MS", "sign", {"analysis_version": "2020.1"}, NOW + 2)
    for act in (Decision(job.analysis_id, "KJ", "reopen", {"reason": "older"}, NOW + 1), signed_before):
        services.store.decisions.append(act)
    app = open_page("review", analysis=job.analysis_id)
    assert "for a result of analysis version 2020" in app.warning[0].value.replace("\\", "")


def test_decisions_on_an_older_result_are_told(services: Services) -> None:
    job = add_finished(services, known_trace())
    gone = {"event_id": "blinks@1.000-1.100", "kind": "blinks", "reason": "lids"}
    services.store.decisions.append(Decision(job.analysis_id, "KJ", "reject", gone, NOW))
    app = open_page("review", analysis=job.analysis_id)
    assert "1 decision is about an event that this result does not have" in app.warning[0].value


def test_an_inconclusive_result_says_what_to_do_next_time(services: Services) -> None:
    job = add_finished(services, known_trace(iris_px=11.0))
    text = words(open_page("review", analysis=job.analysis_id))
    assert "At the next recording" in text
    assert "Film closer, with the face filling the picture" in text


def test_show_me_sends_the_film_to_the_finding(services: Services) -> None:
    job = add_finished(services, recording(), code="P-9")
    app = open_page("review", analysis=job.analysis_id)
    shown = [button for button in app.button if button.label.startswith("Show me")]
    for button in shown:
        button.click().run()
        assert not app.exception
    assert len(app.get("plotly_chart")) == 2


def test_markup_typed_by_people_is_shown_as_typed(services: Services) -> None:
    job = add_finished(services, known_trace(), label="![x](http://host/x.png) <b>bold</b>")
    text = source(open_page("review", analysis=job.analysis_id))
    assert "![x](" not in text
    assert "\\!\\[x\\]" in text


def test_a_failed_job_shows_its_sentence_and_can_be_tried_again(services: Services) -> None:
    job = add_failed(services, error=JobError("NOT_A_VIDEO", "This file holds no video. Upload the film itself."))
    app = open_page("review", analysis=job.analysis_id)
    assert "This file holds no video" in words(app)
    app.button(key="retry").click().run()
    assert services.job(job.analysis_id).status == "queued"


def test_a_job_under_way_shows_its_stage_and_can_be_cancelled(services: Services) -> None:
    job = add_queued(services)
    app = open_page("review", analysis=job.analysis_id)
    assert "This film is being analysed" in words(app)
    app.button(key=f"cancel-{job.analysis_id}").click().run()
    assert "cancelled" in words(app).lower()
    error = services.job(job.analysis_id).error
    assert error is not None
    assert error.code == "CANCELLED"


@pytest.mark.parametrize("analysis_id", ["nobody", "../../etc", "x" * 300])
def test_an_unknown_analysis_is_a_sentence(services: Services, analysis_id: str) -> None:
    app = open_page("review", analysis=analysis_id)
    assert "no such record" in app.error[0].value


def test_history_lists_newest_first_with_a_chart(services: Services) -> None:
    add_finished(services, known_trace(vertical=0.3), day=datetime.date(2026, 1, 5), label="first")
    add_finished(services, known_trace(), day=datetime.date(2026, 6, 5), label="second")
    add_failed(services, error=JobError("TOO_SHORT", "Too short."))
    app = open_page("history", patient="P-1")
    table = app.dataframe[0].value
    assert table["label"].tolist() == ["", "second", "first"]
    assert table["result"].tolist() == ["! Not analysed", "◆ PSP suspected", "● PSP not suspected"]
    assert app.get("plotly_chart")


def test_a_new_recording_asks_for_all_it_needs(services: Services) -> None:
    app = open_page("new_recording")
    assert app.button(key="new-send").disabled
    assert "the patient, the film, the task" in words(app)


def arrive(app: AppTest, content: bytes) -> None:
    """A film that the page's uploader has sent: its browser part is tested in a browser."""
    token = app.session_state["new-upload"]
    upload = UPLOADS.open(token)
    assert upload is not None
    with upload.piece(0) as write:
        write(content)
    upload.complete(len(content))
    app.session_state["new-film"] = {"token": token, "name": "film.mp4", "size": len(content)}


def test_a_submitted_film_leads_to_its_review(services: Services) -> None:
    services.add_patient("P-3", "", now=NOW)
    app = open_page("new_recording", patient="P-3")
    arrive(app, b"abc")
    app.radio(key="new-task").set_value("vertical")
    app.run()
    app.button(key="new-send").click().run()
    (job,) = services.history("P-3")
    assert job.video.file_name == "film.mp4"
    assert job.parameters["task"] == "vertical"
    assert job.parameters["blink_method"] == "adaptive"


def test_a_film_that_was_swept_away_meanwhile_is_asked_for_again(services: Services) -> None:
    services.add_patient("P-3", "", now=NOW)
    app = open_page("new_recording", patient="P-3")
    arrive(app, b"abc")
    app.radio(key="new-task").set_value("vertical")
    UPLOADS.forget(app.session_state["new-upload"])
    app.run()
    assert app.button(key="new-send").disabled
    assert "the film" in words(app)


def test_every_parameter_can_be_set_with_its_bounds(services: Services) -> None:
    app = open_page("new_recording")
    field = app.number_input(key="new-vpp_thresh")
    assert (field.value, field.min, field.max) == (0.06, 0.0, 2.0)
    assert "open lid gaps" in field.label


def test_about_tells_what_this_is_not(services: Services) -> None:
    assert "not a medical device" in words(open_page("settings"))
