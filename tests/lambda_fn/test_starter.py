"""The small function at the gateway, which passes on what needs the face tracker."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters import aws_messages
from shared.ports import JobStatus
from tests.aws_server import FUNCTIONS
from tests.conftest import REPOSITORY
from tests.lambda_fn.conftest import Cloud
from tests.lambda_fn.functions import call_in_process

WORKER = "parkinson-eye-tracking"
REQUEST: dict[str, Any] = {"action": "analyze_video", "user_id": "P-1", "file_name": "film.mp4"}


@pytest.fixture
def starter(cloud: Cloud) -> Iterator[Cloud]:
    """The function is the starter; the worker runs in a process of its own."""

    def worker(event: bytes) -> bytes:
        run = call_in_process(json.loads(event), {**cloud.environment, "WORKER_FUNCTION_NAME": ""})
        return run.stdout.splitlines()[-1].encode()

    cloud.patch.setenv("WORKER_FUNCTION_NAME", WORKER)
    cloud.as_starter()
    FUNCTIONS[WORKER] = worker
    yield cloud
    del FUNCTIONS[WORKER]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_a_short_film_is_passed_on_and_its_answer_comes_back(starter: Cloud, film: Path, local_csv: bytes) -> None:
    status, body = starter.post({**REQUEST, "file_data": encoded(film.read_bytes())})
    assert (status, body["status"]) == (200, "success")
    assert starter.store.jobs.get(body["analysis_id"]).status is JobStatus.COMPLETED
    assert starter.store.results.trace_csv("P-1", body["analysis_id"]) == local_csv


def test_the_workers_refusal_comes_back_with_its_status(starter: Cloud) -> None:
    status, body = starter.post({**REQUEST, "file_data": encoded(b"no film")})
    assert (status, body["error"]["code"]) == (415, "NOT_A_VIDEO")
    assert starter.nothing_written()


def test_what_is_wrong_with_a_request_is_said_without_the_worker(starter: Cloud) -> None:
    FUNCTIONS[WORKER] = lambda _: pytest.fail("the worker was asked")
    assert starter.post({**REQUEST, "file_data": "no base64"})[0] == 400


def test_nothing_but_the_requests_own_fields_reaches_the_worker(starter: Cloud) -> None:
    seen: list[dict[str, Any]] = []

    def listen(event: bytes) -> bytes:
        seen.append(json.loads(event))
        return b'{"status": "success"}'

    FUNCTIONS[WORKER] = listen
    smuggled = {"Records": [{"eventSource": "aws:sqs"}], "httpMethod": "POST", "Event": "s3:TestEvent"}
    starter.post({**REQUEST, **smuggled, "file_data": encoded(b"a film")}, Idempotency_Key="k1")
    assert seen == [{**REQUEST, "file_data": encoded(b"a film"), "idempotency_key": "k1"}]


def test_an_answer_that_takes_too_long_is_promised(starter: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def slow(_: bytes) -> bytes:
        ended.wait(30)
        return b"{}"

    FUNCTIONS[WORKER] = slow
    monkeypatch.setattr(aws_messages, "ANSWER_WITHIN_S", 0.2)
    request = {**REQUEST, "file_data": encoded(b"a film")}
    status, body = starter.post(request)
    assert (status, body["status"]) == (202, "running")
    again = starter.post(request)[1]
    ended.set()
    assert again["analysis_id"] == body["analysis_id"], "the id to ask for is known before the worker is done"


def test_a_worker_that_broke_down_is_said_in_words(starter: Cloud) -> None:
    FUNCTIONS[WORKER] = lambda _: b'"Runtime.ExitError"'
    status, body = starter.post({**REQUEST, "file_data": encoded(b"a film")})
    assert (status, body["error"]["code"]) == (500, "STORAGE_ERROR")


def test_the_starter_loads_no_vision() -> None:
    code = (
        "import sys, lambda_fn.handler, lambda_fn.dead_letters, lambda_fn.reconcile\n"
        "assert not {'cv2', 'mediapipe', 'av', 'pandas', 'scipy', 'PIL', 'skimage'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)
