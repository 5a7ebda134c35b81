"""Several films at once, and segments marked after the fact, on the cloud service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.review.reviews import load_review
from dashboard.review.segments import keep_result, origin_of
from dashboard.services import Services
from dashboard.tokens import TokenRegistry
from dashboard.uploading.batches import Batch
from dashboard.uploading.uploads import Upload
from shared.model import Segment
from shared.ports import JobStatus
from tests.dashboard.cloud.test_service import NOW, open_services, work
from tests.lambda_fn.conftest import Cloud
from tests.lambda_fn.gateway import gateway


@pytest.fixture
def services(cloud: Cloud, tmp_path: Path) -> Iterator[Services]:
    """The dashboard's services behind a gateway."""
    cloud.as_starter()
    with gateway() as url:
        yield open_services(cloud, url, tmp_path)


class Sender:
    """Sends films to a batch as the browser would."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.uploads: TokenRegistry[Upload] = TokenRegistry()
        self.batch = Batch(services, folder, max_bytes=10**9, uploads=self.uploads, clock=lambda: NOW)

    def send(self, name: str, content: bytes) -> dict[str, Any]:
        token = self.batch.new_upload()
        upload = self.uploads.open(token)
        assert upload is not None
        with upload.piece(0) as write:
            write(content)
        upload.complete(len(content))
        wish = {"key": name, "upload": token, "name": name, "code": "P-1", "day": "2026-03-01", "label": ""}
        return self.batch.take({**wish, "parameters": {"task": "vertical"}})


def test_a_film_of_a_batch_is_analysed_by_the_service_and_not_twice(
    services: Services, cloud: Cloud, film: Path, tmp_path: Path
) -> None:
    sender = Sender(services, tmp_path / "uploads")
    row = sender.send("a.mp4", film.read_bytes())
    assert (row["status"], row["repeated"]) == ("queued", False)
    assert sender.send("twin.mp4", film.read_bytes())["repeated"], "known from the batch before there is a result"
    (job,) = services.history("P-1")
    assert (job.source, job.parameters["task"]) == ("lambda", "vertical")
    work(cloud, job)
    assert not any(row["open"] for row in sender.batch.rows())
    sender.batch.forget()
    assert sender.send("copy.mp4", film.read_bytes())["repeated"], "known from the stored result"
    assert len(services.history("P-1")) == 1


def test_segments_marked_on_a_result_of_the_cloud_make_a_new_one_there(
    services: Services, cloud: Cloud, film: Path, tmp_path: Path
) -> None:
    Sender(services, tmp_path / "uploads").send("a.mp4", film.read_bytes())
    (old,) = services.history("P-1")
    work(cloud, old)
    review = load_review(services.store, services.job(old.analysis_id))
    new = keep_result(services, review, [Segment(0.0, 0.5, "up", 20.0)], reviewer="KJ", now=NOW)
    assert new.analysis_id != old.analysis_id
    assert new.status is JobStatus.QUEUED
    assert [segment["label"] for segment in new.parameters["segments"]] == ["up"]
    origin = origin_of(services, new.analysis_id)
    assert origin is not None
    assert (origin.reviewer, origin.from_analysis) == ("KJ", old.analysis_id)
    work(cloud, new)
    assert services.job(new.analysis_id).status is JobStatus.COMPLETED
    assert services.job(old.analysis_id).parameters["segments"] == []
