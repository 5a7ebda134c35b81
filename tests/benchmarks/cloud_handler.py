"""What the cloud handler itself costs: ``python -m tests.benchmarks.cloud_handler``.

Cold: importing it in a fresh process, as a function does once. Warm: a call without any analysis, against storage on
this machine (moto behind HTTP), whose own time is part of the wall time and not of the CPU time, because it runs in a
process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.aws_server import REGION, create_place, moto_server, set_credentials
from tests.conftest import REPOSITORY
from tests.lambda_fn.functions import Context, http_event

_CALLS = 100
_COLD_RUNS = 5
_COLD = """
import time, pathlib
cpu, wall = time.process_time(), time.perf_counter()
import {module}
print(1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall),
      int(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024)
"""


def cold(module: str) -> list[float]:
    """Medians of CPU ms, wall ms and peak MB of importing ``module`` in a fresh process."""
    runs = []
    for _ in range(_COLD_RUNS):
        done = subprocess.run(
            [sys.executable, "-c", _COLD.format(module=module)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append([float(value) for value in done.stdout.split()])
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def warm(call: Callable[[], Any]) -> tuple[float, float]:
    """Median CPU ms and wall ms of a call, after ten that do not count."""
    taken = []
    for number in range(_CALLS + 10):
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        if number >= 10:
            taken.append((1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)))
    columns = list(zip(*taken, strict=True))
    return statistics.median(columns[0]), statistics.median(columns[1])


def _serve(pipe: Connection) -> None:
    with moto_server() as url:
        pipe.send(url)
        pipe.recv()


def main() -> None:
    """Print the table."""
    print("| Cold import | CPU ms | wall ms | peak MB |\n|---|---|---|---|")
    for name, module in (
        ("starter: `lambda_fn.handler`", "lambda_fn.handler"),
        ("worker: and the face tracker", "lambda_fn.handler, shared.pipeline, shared.documents, shared.tables"),
    ):
        cpu_ms, wall_ms, peak_mb = cold(module)
        print(f"| {name} | {cpu_ms:.0f} | {wall_ms:.0f} | {peak_mb:.0f} |")
    patch = pytest.MonkeyPatch()
    set_credentials(patch)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    place = create_place(here.recv())
    environment = {
        "S3_BUCKET": place.bucket,
        "DYNAMODB_TABLE": place.table,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": place.endpoint_url,
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }
    for name, value in environment.items():
        patch.setenv(name, value)
    queue_url = place.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    patch.setenv("QUEUE_URL", queue_url.replace("https://sqs.us-west-1.amazonaws.com", place.endpoint_url))
    print("\n| Warm call without analysis | CPU ms | wall ms |\n|---|---|---|")
    for name, call in _calls(place):
        with contextlib.redirect_stdout(io.StringIO()):  # metrics
            cpu_ms, wall_ms = warm(call)
        print(f"| {name} | {cpu_ms:.1f} | {wall_ms:.1f} |")
    here.send("end")
    server.join()
    patch.undo()


def _calls(place: Any) -> list[tuple[str, Callable[[], Any]]]:
    from lambda_fn.handler import lambda_handler

    key = "uploads/P-1/a1/source"
    place.client("s3").put_object(Bucket=place.bucket, Key=key, Body=b"a film", ContentType="video/mp4")

    def post(body: dict[str, Any], expected: int) -> Callable[[], Any]:
        event = http_event(body)

        def call() -> None:
            answer = lambda_handler(event, Context())
            assert answer["statusCode"] == expected, json.loads(answer["body"])

        return call

    request = {"action": "process_s3_file", "user_id": "P-1", "s3_key": key}
    upload = {"action": "create_upload", "user_id": "P-1", "file_name": "f.mp4", "size_bytes": 9}
    return [
        ("health (GET)", lambda: lambda_handler(http_event(method="GET"), Context())),
        ("`create_upload` (signs, asks nobody)", post({**upload, "content_type": "video/mp4"}, 200)),
        ("`process_s3_file` (S3 head, row, queue)", post(request, 202)),
        ("`get_status` (one row)", post({"action": "get_status", "user_id": "P-1", "analysis_id": "a1"}, 200)),
    ]


if __name__ == "__main__":
    main()
