import csv
import io
import json
import zipfile

from dashboard.report.gather import bids_zip, export_files, report_data
from dashboard.services import Services
from shared.ports import Decision, Job
from shared.review import Action, event_id
from tests.dashboard.recordings import NOW, add_finished, known_trace
from tests.dashboard.test_pages import open_page, words


def reject_first_blink(services: Services, job: Job) -> None:
    blink = services.store.results.document(job.user_id, job.analysis_id)["events"]["blinks"][0]
    payload = {"event_id": event_id("blinks", blink), "kind": "blinks", "reason": "lids", "note": ""}
    services.store.decisions.append(Decision(job.analysis_id, "KJ", Action.REJECT.value, payload, NOW))


def test_without_decisions_there_is_nothing_reviewed_and_no_signature(services: Services) -> None:
    data = report_data(services.store, add_finished(services, known_trace()))
    assert data.reviewed is None
    assert data.signature is None


def test_a_rejected_blink_lowers_the_reviewed_rate_and_leaves_the_measured_one(services: Services) -> None:
    job = add_finished(services, known_trace())
    before = report_data(services.store, job)
    reject_first_blink(services, job)
    data = report_data(services.store, job)
    assert data.reviewed is not None
    rate = "blink_rate_per_min"
    assert data.reviewed["summary"]["metrics"][rate]["value"] < data.summary["metrics"][rate]["value"]
    assert data.document == before.document


def test_a_signature_is_shown(services: Services) -> None:
    job = add_finished(services, known_trace())
    services.store.decisions.append(Decision(job.analysis_id, "KJ", Action.SIGN.value, {}, NOW))
    signature = report_data(services.store, job).signature
    assert signature is not None
    assert (signature.reviewer, signature.signed_at) == ("KJ", NOW)


def test_exports_mark_the_rejected_event(services: Services) -> None:
    job = add_finished(services, known_trace())
    reject_first_blink(services, job)
    files = export_files(report_data(services.store, job), b"trace", b"pdf")
    table = next(content for name, content in files.items() if name.endswith("_events.csv"))
    statuses = [row["status"] for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig")))]
    assert statuses.count("rejected") == 1
    reviewed = next(content for name, content in files.items() if name.endswith("_reviewed.json"))
    assert sum(blink.get("status") == "rejected" for blink in json.loads(reviewed)["events"]["blinks"]) == 1


def test_the_dataset_of_a_patient_has_a_session_for_each_recording(services: Services) -> None:
    jobs = [add_finished(services, known_trace(), film=film) for film in (b"one", b"two")]
    with zipfile.ZipFile(io.BytesIO(bids_zip([report_data(services.store, job) for job in jobs]))) as opened:
        sessions = {name.split("/")[1] for name in opened.namelist() if name.startswith("sub-")}
    assert sessions == {"ses-01", "ses-02"}


def test_the_page_says_that_an_unsigned_report_is_a_draft(services: Services) -> None:
    job = add_finished(services, known_trace())
    app = open_page("report", analysis=job.analysis_id)
    assert "DRAFT" in app.warning[0].value
    labels = [button.label for button in app.get("download_button")]
    assert "Report (PDF)" in labels
    assert "All of these (zip)" in labels


def test_an_empty_store_says_what_to_do(services: Services) -> None:
    assert "No finished recording yet" in words(open_page("report"))
