"""A film's way through the cloud, and what becomes of a job that no worker finishes."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cloud.films import (
    DONE_S,
    LEASE_S,
    assert_one_whole_result,
    request_for,
    result_names,
    start,
    upload,
    upload_request,
    wait_for,
)
from tests.emulated_cloud import EmulatedCloud
from tests.waiting import wait_until

pytestmark = pytest.mark.cloud


def reconcile(cloud: EmulatedCloud) -> dict[str, Any]:
    """Run the deployed reconciler."""
    answer = cloud.client("lambda").invoke(
        FunctionName=cloud.outputs["ReconcilerName"], Payload=json.dumps({"patience_s": 0}).encode()
    )
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    assert body["status"] == "success", body
    return body


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


def test_what_no_delivery_finishes_the_reconciler_does(cloud: EmulatedCloud, short_film: Path) -> None:
    """The result is whole and only the row does not say so; the message is gone."""
    with cloud.worker(FAULT_POINT="before_completed", LEASE_SECONDS=LEASE_S):
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
        cloud.worker(FAULT_POINT="before_manifest", LEASE_SECONDS=LEASE_S),
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
