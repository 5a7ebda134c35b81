"""A film's way through the cloud, and what is left of it when the worker dies on the way."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from dashboard.demo_cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.emulated_cloud import EmulatedCloud
from tests.waiting import wait_until

pytestmark = pytest.mark.cloud

MINUTE_FRAMES = 1800
DONE_S = 900.0


def film(target: Path, frame_count: int) -> Path:
    """A puppet film of so many frames at 30 a second: a demo film, over and over."""
    frames = [frame.image_bgr for frame in read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=frame_count)]
    return write_video(target, [frames[i % len(frames)] for i in range(frame_count)], np.arange(frame_count) / 30.0)


@pytest.fixture(scope="module")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds."""
    return film(tmp_path_factory.mktemp("film") / "short.mp4", 60)


def upload_request(user_id: str, *, size_bytes: int) -> dict[str, Any]:
    name = {"action": "create_upload", "user_id": user_id, "file_name": "film.mp4"}
    return {**name, "content_type": "video/mp4", "size_bytes": size_bytes}


def upload(cloud: EmulatedCloud, path: Path, user_id: str) -> str:
    """Bring a film into the bucket as any client does; its key."""
    content = path.read_bytes()
    asked = cloud.post(upload_request(user_id, size_bytes=len(content))).json()
    form = asked["upload"]
    sent = requests.post(
        form["url"], data=form["fields"], files={"file": content}, timeout=60, verify=cloud.certificate
    )
    assert sent.status_code in {200, 201, 204}, sent.text
    return str(asked["s3_key"])


def request_for(key: str, user_id: str) -> dict[str, Any]:
    return {"action": "process_s3_file", "user_id": user_id, "s3_key": key, "file_name": "film.mp4"}


def start(cloud: EmulatedCloud, path: Path, user_id: str) -> str:
    """Upload a film and start its analysis; the job's id."""
    started = cloud.post(request_for(upload(cloud, path, user_id), user_id))
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    return str(started.json()["analysis_id"])


def wait_for(cloud: EmulatedCloud, analysis_id: str, *statuses: str) -> dict[str, Any]:
    """The row, as soon as it has one of the statuses."""
    wait_until(lambda: cloud.status(analysis_id) in statuses, timeout_s=DONE_S)
    return cloud.row(analysis_id)


def reconcile(cloud: EmulatedCloud) -> dict[str, Any]:
    """Run the deployed reconciler."""
    answer = cloud.client("lambda").invoke(
        FunctionName=cloud.outputs["ReconcilerName"], Payload=json.dumps({"patience_s": 0}).encode()
    )
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    assert body["status"] == "success", body
    return body


def result_names(cloud: EmulatedCloud, user_id: str, analysis_id: str) -> set[str]:
    return {key.rpartition("/")[2] for key in cloud.keys(f"users/{user_id}/eye/{analysis_id}/")}


WHOLE = {"raw_video.mp4", "analysis_results.csv", "summary.json", "manifest.json"}


def assert_one_whole_result(cloud: EmulatedCloud, user_id: str, analysis_id: str) -> None:
    """One completed row, one set of files, and files that are what the manifest says."""
    assert cloud.status(analysis_id) == "completed"
    assert result_names(cloud, user_id, analysis_id) == WHOLE
    listed = cloud.client("dynamodb").query(
        TableName=cloud.outputs["Table"],
        IndexName="userId-timestamp-index",
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user_id}},
    )["Items"]
    assert [row["analysisId"]["S"] for row in listed if row["testType"]["S"] == "eye-tracking"] == [analysis_id]
    assert cloud.row(analysis_id)["results"]["M"]["csv_path"]["S"].endswith(f"{analysis_id}/analysis_results.csv")


def test_a_minute_of_film_comes_back_as_the_same_bytes_that_this_machine_computes(
    cloud: EmulatedCloud, tmp_path: Path
) -> None:
    path = film(tmp_path / "minute.mp4", MINUTE_FRAMES)
    analysis_id = start(cloud, path, "P-minute")
    # In a process of its own beside the worker, as a person at this machine would.
    here = subprocess.Popen(
        [sys.executable, "-m", "shared", "analyze", str(path), "--out", str(tmp_path)], cwd=cloud.folder / "code"
    )
    seen: set[int] = set()

    def looked_and_done() -> bool:
        status = cloud.post({"action": "get_status", "user_id": "P-minute", "analysis_id": analysis_id}).json()
        seen.add(status["progress"]["frames_done"])
        return status["status"] in {"completed", "failed"}

    wait_until(looked_and_done, timeout_s=DONE_S)
    assert here.wait() == 0
    assert_one_whole_result(cloud, "P-minute", analysis_id)
    assert len(seen) > 2, "the progress moved"
    status = cloud.post({"action": "get_status", "user_id": "P-minute", "analysis_id": analysis_id}).json()
    assert status["summary"]["frames_processed"] == MINUTE_FRAMES
    csv = requests.get(status["csv_url"], timeout=60, verify=cloud.certificate)
    assert csv.content == (tmp_path / "minute.csv").read_bytes()
    stored_film = requests.get(status["video_url"], timeout=60, verify=cloud.certificate)
    assert stored_film.content == path.read_bytes()


def test_a_link_to_a_result_dies_when_it_is_changed(cloud: EmulatedCloud, short_film: Path) -> None:
    analysis_id = start(cloud, short_film, "P-link")
    wait_for(cloud, analysis_id, "completed")
    link = cloud.post({"action": "get_status", "user_id": "P-link", "analysis_id": analysis_id}).json()["csv_url"]
    assert requests.get(link, timeout=30, verify=cloud.certificate).status_code == 200
    for other in (link.replace("analysis_results.csv", "summary.json", 1), link.partition("?")[0]):
        assert requests.get(other, timeout=30, verify=cloud.certificate).status_code == 403


def test_an_upload_of_another_size_or_under_another_name_is_refused(cloud: EmulatedCloud) -> None:
    asked = cloud.post(upload_request("P-form", size_bytes=3)).json()["upload"]
    for fields, content in (
        (asked["fields"], b"four"),
        ({**asked["fields"], "key": "uploads/P-other/a/source"}, b"abc"),
    ):
        sent = requests.post(asked["url"], data=fields, files={"file": content}, timeout=30, verify=cloud.certificate)
        assert 400 <= sent.status_code < 500
    assert cloud.keys("uploads/P-form/") == cloud.keys("uploads/P-other/") == []


def test_the_same_request_sent_twice_makes_one_job(cloud: EmulatedCloud, short_film: Path) -> None:
    request = request_for(upload(cloud, short_film, "P-twice"), "P-twice")
    with ThreadPoolExecutor(2) as both:
        answers = [answer.json() for answer in both.map(cloud.post, [request, request])]
    assert answers[0]["analysis_id"] == answers[1]["analysis_id"]
    analysis_id = answers[0]["analysis_id"]
    row = wait_for(cloud, analysis_id, "completed")
    assert row["attempt"]["N"] == "1"
    late = cloud.post(request)
    assert (late.status_code, late.json()["analysis_id"]) == (200, analysis_id)
    assert_one_whole_result(cloud, "P-twice", analysis_id)


def soon_again(cloud: EmulatedCloud) -> AbstractContextManager[None]:
    """Let a message come again soon, as often as it takes until the dead worker's lease is over."""
    return cloud.queues(again_after_s=3, deliveries=1000)


@pytest.mark.parametrize("point", ["after_s3_write", "before_manifest", "before_completed"])
def test_a_worker_killed_on_the_way_leaves_a_job_that_the_next_delivery_finishes(
    cloud: EmulatedCloud, short_film: Path, point: str
) -> None:
    user_id = f"P-{point.replace('_', '-')}"
    with soon_again(cloud), cloud.worker(FAULT_POINT=f"{point}@1", LEASE_SECONDS="3"):
        analysis_id = start(cloud, short_film, user_id)
        row = wait_for(cloud, analysis_id, "completed", "failed")
    assert row["attempt"]["N"] == "2"
    assert_one_whole_result(cloud, user_id, analysis_id)


def test_a_worker_that_runs_out_of_time_is_followed_by_another(cloud: EmulatedCloud, short_film: Path) -> None:
    with soon_again(cloud), cloud.worker(timeout_s=40, FAULT_POINT="stand_still@1", LEASE_SECONDS="3"):
        analysis_id = start(cloud, short_film, "P-time")
        row = wait_for(cloud, analysis_id, "completed", "failed")
    assert row["attempt"]["N"] == "2"
    assert_one_whole_result(cloud, "P-time", analysis_id)


def test_what_no_delivery_finishes_the_reconciler_does(cloud: EmulatedCloud, short_film: Path) -> None:
    """The result is whole and only the row does not say so; the message is gone."""
    with cloud.worker(FAULT_POINT="before_completed", LEASE_SECONDS="3"):
        analysis_id = start(cloud, short_film, "P-reconcile")
        wait_until(lambda: "manifest.json" in result_names(cloud, "P-reconcile", analysis_id), timeout_s=DONE_S)
        assert cloud.status(analysis_id) == "running"
        wait_until(lambda: reconcile(cloud)["completed"] == 1, timeout_s=60)
    assert_one_whole_result(cloud, "P-reconcile", analysis_id)
    assert cloud.row(analysis_id)["attempt"]["N"] == "1"
    cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs["QueueUrl"])


def messages(cloud: EmulatedCloud, queue: str) -> Mapping[str, str]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts: Mapping[str, str] = cloud.client("sqs").get_queue_attributes(
        QueueUrl=cloud.outputs[queue], AttributeNames=names
    )["Attributes"]
    return counts


def test_a_job_that_kills_every_worker_ends_in_the_dead_letters_and_as_failed(
    cloud: EmulatedCloud, short_film: Path
) -> None:
    with (
        cloud.queues(again_after_s=3, deliveries=2),
        cloud.worker(FAULT_POINT="before_manifest", LEASE_SECONDS="3"),
    ):
        analysis_id = start(cloud, short_film, "P-poison")
        row = wait_for(cloud, analysis_id, "completed", "failed")
    assert row["status"]["S"] == "failed"
    told = cloud.post({"action": "get_status", "user_id": "P-poison", "analysis_id": analysis_id}).json()
    assert told["error"]["message"].endswith(".")
    assert "manifest.json" not in result_names(cloud, "P-poison", analysis_id)
    wait_until(lambda: set(messages(cloud, "QueueUrl").values()) == {"0"}, timeout_s=60)
    log = (cloud.folder / "logs" / "parkinson-eye-tracking-dead-letters.log").read_text()
    assert analysis_id in log
