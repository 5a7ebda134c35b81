"""Jobs: asked for twice, interrupted at any point, held, cancelled, deleted, out of time."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lambda_fn.actions import wanted_file
from lambda_fn.deadline import Deadline
from lambda_fn.faults import FAULT_EXIT_STATUS
from lambda_fn.jobs import submit
from lambda_fn.reconcile import main as reconcile_command
from lambda_fn.reconcile import reconcile
from lambda_fn.requests import ProcessFile
from lambda_fn.runtime import runtime
from shared.adapters.job_rules import MAX_ATTEMPTS
from shared.deletion import delete_analysis
from shared.errors import NotFoundError
from shared.parameters import Parameters
from shared.ports import JobStatus
from tests.lambda_fn.conftest import UPLOAD_ID, Cloud
from tests.lambda_fn.functions import call_in_process, queue_event, run_message

KEY = f"uploads/P-1/{UPLOAD_ID}/source"
REQUEST: dict[str, Any] = {"action": "process_s3_file", "user_id": "P-1", "s3_key": KEY, "file_name": "film.mp4"}


@pytest.fixture
def queued(cloud: Cloud, film: Path) -> Cloud:
    """One job in the queue; the function is the worker."""
    cloud.as_starter()
    cloud.upload(film)
    assert cloud.post(REQUEST)[0] == 202
    assert cloud.queued() == [run_message(UPLOAD_ID)]
    cloud.as_worker()
    return cloud


def expire_lease(cloud: Cloud) -> None:
    """As if the time for which the dead worker holds its job were over."""
    row = {"analysisId": {"S": UPLOAD_ID}, "testType": {"S": "eye-tracking"}}
    cloud.place.client("dynamodb").update_item(
        TableName=cloud.place.table,
        Key=row,
        UpdateExpression="SET leaseUntil = :zero",
        ExpressionAttributeValues={":zero": {"N": "0"}},
    )


def history(cloud: Cloud) -> list[str]:
    return [job.analysis_id for job in cloud.store.jobs.history("P-1")]


def test_the_row_says_what_the_guides_rows_say_and_more(queued: Cloud, film: Path) -> None:
    assert queued.work(run_message(UPLOAD_ID)) == []
    row = queued.store.table.get(UPLOAD_ID, "eye-tracking")
    prefix = f"s3://{queued.place.bucket}/users/P-1/eye/{UPLOAD_ID}"
    assert (row["userId"], row["status"], row["attempt"]) == ("P-1", "completed", 1)
    assert isinstance(row["timestamp"], int | float)
    assert {name: row["results"][name] for name in ("type", "video_path", "csv_path")} == {
        "type": "video",
        "video_path": f"{prefix}/raw_video.mp4",
        "csv_path": f"{prefix}/analysis_results.csv",
    }
    assert row["results"]["summary"]["frames_processed"] == 12
    assert {"paramsHash", "analysisVersion", "updatedAt", "source", "progress"} <= set(row)
    assert not {"leaseOwner", "leaseUntil", "openState"} & set(row)


def test_the_same_request_twice_is_one_job_and_two_messages_do_it_once(queued: Cloud) -> None:
    queued.as_starter()
    assert queued.post(REQUEST)[1] == {"analysis_id": UPLOAD_ID, "status": "queued"}
    queued.as_worker()
    assert queued.work(run_message(UPLOAD_ID), run_message(UPLOAD_ID)) == []
    assert history(queued) == [UPLOAD_ID]
    assert queued.store.jobs.get(UPLOAD_ID).attempt == 1


def test_other_parameters_are_another_job_with_a_film_of_its_own(queued: Cloud) -> None:
    queued.work(run_message(UPLOAD_ID))
    other = {**REQUEST, "parameters": {"vpp_thresh": 0.1}, "label": "visit 2", "recorded_at": 1000.5}
    status, body = queued.post(other)
    assert (status, body["status"]) == (200, "success")
    assert queued.post(other)[1]["analysis_id"] == body["analysis_id"]
    assert history(queued) == [UPLOAD_ID, body["analysis_id"]]
    job = queued.store.jobs.get(body["analysis_id"])
    assert (job.label, job.recorded_at) == ("visit 2", 1000.5)
    delete_analysis(queued.store, body["analysis_id"], now=2000.0)
    assert queued.store.videos.local_path(queued.store.jobs.get(UPLOAD_ID).video).is_file()


def test_an_idempotency_key_stands_for_one_request(queued: Cloud) -> None:
    queued.as_starter()
    first = queued.post(REQUEST, Idempotency_Key="visit-7")[1]["analysis_id"]
    assert queued.post({**REQUEST, "idempotency_key": "visit-7"})[1]["analysis_id"] == first
    status, body = queued.post({**REQUEST, "parameters": {"step": 2}}, Idempotency_Key="visit-7")
    assert (status, body["error"]["code"], body["error"]["field"]) == (409, "CONFLICT", "idempotency_key")
    assert len(history(queued)) == 2


def test_the_film_that_was_asked_for_is_analysed_though_another_took_its_place(queued: Cloud, local_csv: bytes) -> None:
    queued.place.client("s3").put_object(Bucket=queued.place.bucket, Key=KEY, Body=b"something else")
    assert queued.work(run_message(UPLOAD_ID)) == []
    assert queued.store.results.trace_csv("P-1", UPLOAD_ID) == local_csv


def test_a_file_that_is_no_film_fails_with_its_reason_and_is_not_tried_again(cloud: Cloud) -> None:
    cloud.place.client("s3").put_object(Bucket=cloud.place.bucket, Key=KEY, Body=b"This is no film.")
    cloud.as_starter()
    cloud.post(REQUEST)
    cloud.as_worker()
    assert cloud.work(*cloud.queued()) == []
    body = cloud.post({"action": "get_status", "user_id": "P-1", "analysis_id": UPLOAD_ID})[1]
    assert (body["status"], body["error"]["code"]) == ("failed", "NOT_A_VIDEO")
    assert cloud.post(REQUEST)[0] == 415, "asked again, tried again"


def test_a_film_that_is_gone_fails_with_its_reason(queued: Cloud) -> None:
    client = queued.place.client("s3")
    for version in client.list_object_versions(Bucket=queued.place.bucket)["Versions"]:
        client.delete_object(Bucket=queued.place.bucket, Key=version["Key"], VersionId=version["VersionId"])
    assert queued.work(run_message(UPLOAD_ID)) == []
    job = queued.store.jobs.get(UPLOAD_ID)
    assert job.error is not None
    assert (job.status, job.error.code) == (JobStatus.FAILED, "NOT_FOUND")


def test_time_running_out_stops_the_work_and_says_how_far_it_came(queued: Cloud, local_csv: bytes) -> None:
    assert queued.work(run_message(UPLOAD_ID), remaining_s=0.0) == []
    job = queued.store.jobs.get(UPLOAD_ID)
    assert job.error is not None
    assert (job.status, job.error.code) == (JobStatus.FAILED, "TIME_LIMIT")
    assert "step = 2" in job.error.message
    queued.as_starter()
    assert queued.post(REQUEST)[1]["status"] == "queued", "asked again, with the film still there"
    queued.as_worker()
    assert queued.work(*queued.queued()) == []
    assert queued.store.results.trace_csv("P-1", UPLOAD_ID) == local_csv


def test_what_was_measured_until_then_is_kept_as_a_part(
    queued: Cloud, local_csv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter(range(1000))
    monkeypatch.setattr(Deadline, "is_near", lambda _: next(asked) >= 11)
    assert queued.work(run_message(UPLOAD_ID)) == []
    job = queued.store.jobs.get(UPLOAD_ID)
    assert job.error is not None
    assert job.error.code == "TIME_LIMIT"
    assert "11 frames were done" in job.error.message
    assert job.progress.frames_done == 11
    part = queued.store.bucket.read(f"users/P-1/eye/{UPLOAD_ID}/partial_results.csv")
    assert part.splitlines()[0] == local_csv.splitlines()[0]
    assert len(part.splitlines()) == 12
    with pytest.raises(NotFoundError):
        queued.store.results.document("P-1", UPLOAD_ID)


def test_the_margin_grows_with_the_time_and_never_takes_all_of_it() -> None:
    left = {"s": 900.0}
    deadline = Deadline(lambda: left["s"])
    for seconds, near in ((46.0, False), (45.0, True)):
        left["s"] = seconds
        assert deadline.is_near() is near
    assert not Deadline(lambda: 3.0).is_near()


def test_a_job_that_another_worker_holds_comes_again(queued: Cloud) -> None:
    queued.store.jobs.claim("other", now=time.time(), lease_s=60, analysis_id=UPLOAD_ID)
    assert queued.work(run_message(UPLOAD_ID)) == ["m0"]
    assert queued.post(REQUEST) == (202, {"analysis_id": UPLOAD_ID, "status": "running"})
    assert queued.store.jobs.get(UPLOAD_ID).lease_owner == "other"


def test_a_job_that_another_took_over_comes_again_and_is_then_only_completed(queued: Cloud) -> None:
    """A worker too slow for its own lease: its result is whole, but the row is another's when it comes to write it."""
    jobs = queued.store.jobs
    late = time.time() + 10_000

    def taken_over(point: str) -> None:
        if point == "before_completed":
            assert jobs.claim("other", now=late, lease_s=0, analysis_id=UPLOAD_ID) is not None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime().faults, "reach", taken_over)
        assert queued.work(run_message(UPLOAD_ID)) == ["m0"]
    expire_lease(queued)
    assert queued.work(run_message(UPLOAD_ID)) == []
    job = jobs.get(UPLOAD_ID)
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 3)


def test_a_cancelled_job_ends_without_a_result(queued: Cloud) -> None:
    queued.store.jobs.request_cancel(UPLOAD_ID, now=time.time())
    assert queued.work(run_message(UPLOAD_ID)) == []
    assert queued.store.jobs.get(UPLOAD_ID).error.code == "CANCELLED"  # type: ignore[union-attr]
    assert queued.place.keys() == [KEY]


def test_a_job_deleted_before_its_turn_leaves_nothing(queued: Cloud) -> None:
    delete_analysis(queued.store, UPLOAD_ID, now=time.time())
    assert queued.work(run_message(UPLOAD_ID)) == []
    assert history(queued) == []
    assert queued.place.keys() == [KEY]


@pytest.mark.parametrize("point", ["after_s3_write", "before_manifest", "before_completed"])
def test_a_worker_that_dies_is_followed_by_one_that_finishes(queued: Cloud, point: str, local_csv: bytes) -> None:
    died = call_in_process(queue_event(run_message(UPLOAD_ID)), {**queued.environment, "FAULT_POINT": f"{point}@1"})
    assert died.returncode == FAULT_EXIT_STATUS
    assert queued.store.jobs.get(UPLOAD_ID).status is JobStatus.RUNNING
    assert queued.work(run_message(UPLOAD_ID)) == ["m0"], "the dead worker's lease still holds"
    expire_lease(queued)
    assert queued.work(run_message(UPLOAD_ID)) == []
    job = queued.store.jobs.get(UPLOAD_ID)
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 2)
    assert queued.store.results.trace_csv("P-1", UPLOAD_ID) == local_csv
    assert history(queued) == [UPLOAD_ID]


def test_a_whole_result_is_completed_without_another_analysis(
    queued: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left when the worker dies between manifest and row; the reconciler finds it by itself."""
    call_in_process(queue_event(run_message(UPLOAD_ID)), {**queued.environment, "FAULT_POINT": "before_completed"})
    written = queued.store.bucket.look_at(f"users/P-1/eye/{UPLOAD_ID}/manifest.json")
    assert reconcile(runtime(), now=time.time()).completed == 0, "its lease still holds"
    expire_lease(queued)
    assert reconcile_command() == 0
    assert "'completed': 1" in capsys.readouterr().out
    assert queued.store.jobs.get(UPLOAD_ID).status is JobStatus.COMPLETED
    assert queued.store.bucket.look_at(f"users/P-1/eye/{UPLOAD_ID}/manifest.json") == written


def test_the_reconciler_queues_an_abandoned_job_again_and_gives_up_in_the_end(queued: Cloud) -> None:
    for attempt in range(MAX_ATTEMPTS):
        queued.store.jobs.claim(f"dead-{attempt}", now=1000.0 + attempt, lease_s=0, analysis_id=UPLOAD_ID)
        if attempt == 0:
            queued.as_starter()
            assert reconcile(runtime(), now=time.time()).queued_again == 1
            assert queued.queued() == [run_message(UPLOAD_ID)]
    assert reconcile(runtime(), now=time.time()).failed == 1
    assert queued.store.jobs.get(UPLOAD_ID).error.code == "WORKER_LOST"  # type: ignore[union-attr]


def test_the_reconciler_leaves_new_jobs_alone_and_finishes_deletions(queued: Cloud) -> None:
    queued.as_starter()
    assert reconcile(runtime(), now=time.time()).queued_again == 0
    assert reconcile(runtime(), now=time.time() + 1000).queued_again == 1
    queued.store.jobs.begin_delete(UPLOAD_ID, now=time.time())
    assert reconcile(runtime(), now=time.time()).deleted == 1
    assert history(queued) == []


def test_a_poisoned_job_ends_as_failed(queued: Cloud) -> None:
    for _ in range(MAX_ATTEMPTS):
        died = queued.store.jobs.claim("dead", now=1000.0, lease_s=0, analysis_id=UPLOAD_ID)
        assert died is not None
    assert queued.bury("no JSON", run_message(UPLOAD_ID), run_message("unknown")) == []
    body = queued.post({"action": "get_status", "user_id": "P-1", "analysis_id": UPLOAD_ID})[1]
    assert (body["status"], body["error"]["code"]) == ("failed", "WORKER_LOST")
    assert queued.bury(run_message(UPLOAD_ID)) == [], "told twice"


def test_a_dead_letter_of_a_job_under_way_comes_again(queued: Cloud) -> None:
    queued.store.jobs.claim("alive", now=time.time(), lease_s=60, analysis_id=UPLOAD_ID)
    assert queued.bury(run_message(UPLOAD_ID)) == ["m0"]
    assert queued.store.jobs.get(UPLOAD_ID).status is JobStatus.RUNNING


def test_the_same_request_at_the_same_moment_is_one_job(cloud: Cloud, film: Path) -> None:
    version = cloud.store.videos.look_at(cloud.upload(film))
    here, wanted = runtime(), wanted_file(ProcessFile("P-1", KEY, "film.mp4", Parameters()), version)
    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(lambda _: submit(here, wanted), range(4)))
    assert {(job.analysis_id, job.status) for job in jobs} == {(UPLOAD_ID, JobStatus.QUEUED)}
    assert history(cloud) == [UPLOAD_ID]
