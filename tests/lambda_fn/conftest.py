"""The functions on a bucket, a table and a queue of their own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_fn import dead_letters, handler
from lambda_fn.runtime import runtime
from shared.adapters.aws import AwsStore
from shared.pipeline import analyze_video
from shared.synthetic.video_writer import write_video
from shared.tables import trace_csv
from tests.aws_server import REGION, AwsPlace, create_place, moto_server, set_credentials
from tests.lambda_fn.functions import Context, http_event, queue_event

UPLOAD_ID = "0f3a6c1e-5b7d-4e2a-9c80-1d2e3f405162"


@dataclass(frozen=True)
class Cloud:
    """What the functions work on, and how they are called."""

    place: AwsPlace
    queue_url: str
    patch: pytest.MonkeyPatch

    @property
    def store(self) -> AwsStore:
        return runtime().store

    @property
    def environment(self) -> dict[str, str]:
        return {
            "S3_BUCKET": self.place.bucket,
            "DYNAMODB_TABLE": self.place.table,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.place.endpoint_url,
        }

    def call(self, event: dict[str, Any], **context: Any) -> dict[str, Any]:
        """A bare event, a batch or a notification."""
        return handler.lambda_handler(event, Context(**context))

    def post(self, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """A request through the gateway: status and body."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.call(http_event(body, headers=given))
        return answer["statusCode"], json.loads(answer["body"])

    def work(self, *bodies: Any, **context: Any) -> list[str]:
        """Messages to the worker; which must come again."""
        answer = self.call(queue_event(*bodies), **context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def bury(self, *bodies: Any) -> list[str]:
        """Messages to the consumer of dead letters; which must come again."""
        answer = dead_letters.lambda_handler(queue_event(*bodies), Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def queued(self) -> list[dict[str, Any]]:
        """Messages in the queue, taken out."""
        client = self.place.client("sqs")
        received = client.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def upload(self, film: Path, key: str = f"uploads/P-1/{UPLOAD_ID}/source") -> str:
        """Put a film where an upload puts it."""
        self.place.client("s3").put_object(
            Bucket=self.place.bucket, Key=key, Body=film.read_bytes(), ContentType="video/mp4"
        )
        return key

    def as_starter(self) -> None:
        """From now on the function queues instead of working."""
        self.patch.setenv("QUEUE_URL", self.queue_url)

    def as_worker(self) -> None:
        """From now on the function works itself."""
        self.patch.delenv("QUEUE_URL", raising=False)

    def nothing_written(self) -> bool:
        """Whether bucket, table and queue are empty."""
        return not self.place.keys() and not self.place.rows() and not self.queued()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shortest film that is measured at all: 12 frames of a pattern without a face."""
    rng = np.random.default_rng(0)
    pattern = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    frames = (np.roll(pattern, shift, axis=1) for shift in range(12))
    return write_video(tmp_path_factory.mktemp("films") / "film.mp4", frames, np.arange(12) / 30)


@pytest.fixture(scope="session")
def local_csv(film: Path) -> bytes:
    """The trace that the local analysis of the film writes."""
    analysis = analyze_video(film)
    return trace_csv(analysis.trace, analysis.result)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def cloud(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    set_credentials(monkeypatch)
    place = create_place(moto_url)
    queue_url = place.client("sqs").create_queue(QueueName=place.bucket)["QueueUrl"]
    found = Cloud(place, queue_url, monkeypatch)
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("QUEUE_URL", "WORKER_FUNCTION_NAME", "KMS_KEY_ID", "S3_BUCKET_OWNER", "FAULT_POINT", "CORS_ORIGIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "EyeTracking")
    return found
