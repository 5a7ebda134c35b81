"""The dashboard on the cloud service: real requests to the real handler, and storage as moto plays it."""

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboard.backends import CloudError
from dashboard.cloud.api import CloudApi
from dashboard.cloud.service import open_cloud_services
from dashboard.review.reviews import load_review
from dashboard.services import CLOUD, LOCAL, Services, day_of
from shared.adapters.aws import AwsStore
from shared.adapters.aws_values import to_item
from shared.adapters.local import open_local_store
from shared.adapters.settings import Settings, read_settings
from shared.errors import InvalidParameterError, StorageError
from shared.ports import Job, JobStatus
from tests.dashboard.recordings import known_trace
from tests.lambda_fn.conftest import Cloud
from tests.lambda_fn.functions import run_message
from tests.lambda_fn.gateway import API_KEY, gateway
from tests.shared.adapters.test_aws import LEGACY_ROW

NOW = 1_790_000_000.0
ORIGINAL_COLUMNS = (
    *("frame_idx", "time_sec", "L_iris_cx", "L_iris_cy", "L_eye_open", "L_v_offset"),
    *("R_iris_cx", "R_iris_cy", "R_eye_open", "R_v_offset", "eye_open", "v_offset"),
)


@pytest.fixture
def api_url(cloud: Cloud) -> Iterator[str]:
    """The starter behind a gateway."""
    cloud.as_starter()
    with gateway() as url:
        yield url


@pytest.fixture
def services(cloud: Cloud, api_url: str, tmp_path: Path) -> Services:
    return open_services(cloud, api_url, tmp_path)


def open_services(place: Cloud, url: str, folder: Path, key: str = API_KEY) -> Services:
    settings = place.place.settings(data_folder=folder, api_url=url, api_key=key)
    return open_cloud_services(settings)


def submit(services: Services, content: bytes, **more: Any) -> Job:
    request: dict[str, Any] = {"code": "P-1", "file_name": "visit 2.mp4", "day": date(2026, 9, 1)}
    request |= {"parameters": {"vpp_thresh": 0.07}, "label": " after medication "}
    return services.submit(stream=io.BytesIO(content), now=NOW, **{**request, **more})


def work(place: Cloud, *jobs: Job) -> None:
    """What the worker does with the queue's messages."""
    place.as_worker()
    assert place.work(*(run_message(job.analysis_id) for job in jobs)) == []
    place.as_starter()


def test_a_film_is_analysed_in_the_cloud_and_its_result_comes_back(
    services: Services,
    cloud: Cloud,
    film: Path,
) -> None:
    told: list[int] = []
    job = submit(services, film.read_bytes(), progress=told.append)
    assert told[-1] == film.stat().st_size
    assert (job.status, job.source, job.label) == (JobStatus.QUEUED, "lambda", "after medication")
    assert (day_of(job.recorded_at), job.parameters["vpp_thresh"]) == (date(2026, 9, 1), 0.07)
    assert cloud.queued() == [run_message(job.analysis_id)]
    work(cloud, job)
    (listed,) = services.history("P-1")
    assert (listed.status, listed.analysis_id) == (JobStatus.COMPLETED, job.analysis_id)
    review = load_review(services.store, listed)
    assert review.summary["frames_processed"] == 12
    assert review.film is not None
    assert review.film.read_bytes() == film.read_bytes()
    (row,) = services.patients()
    assert (row.patient.user_id, row.recordings) == ("P-1", 1)


def test_a_cloud_job_is_cancelled_and_tried_again(services: Services, cloud: Cloud, film: Path) -> None:
    job = submit(services, film.read_bytes())
    services.cancel(job.analysis_id, now=NOW)
    failed = services.job(job.analysis_id)
    assert failed.error is not None
    assert failed.error.code == "CANCELLED"
    cloud.queued()
    services.retry(job.analysis_id, now=NOW)
    assert services.job(job.analysis_id).status is JobStatus.QUEUED
    assert cloud.queued() == [run_message(job.analysis_id)]
    services.retry(job.analysis_id, now=NOW)
    work(cloud, job)
    assert services.job(job.analysis_id).status is JobStatus.COMPLETED


def test_a_finished_recording_is_analysed_anew_beside_the_old_result(
    services: Services,
    cloud: Cloud,
    film: Path,
) -> None:
    job = submit(services, film.read_bytes())
    work(cloud, job)
    again = services.reanalyse(services.job(job.analysis_id), now=NOW)
    work(cloud, again)
    assert {entry.analysis_id for entry in services.history("P-1")} == {job.analysis_id, again.analysis_id}


def test_a_film_that_an_app_uploaded_is_picked_and_analysed(services: Services, cloud: Cloud, film: Path) -> None:
    cloud.upload(film)
    (waiting,) = services.uploads("P-1")
    assert (waiting.size_bytes, waiting.uploaded_at > 0) == (film.stat().st_size, True)
    asked: dict[str, Any] = {"code": "P-1", "day": date(2026, 9, 1), "label": "", "now": NOW}
    with pytest.raises(InvalidParameterError):
        services.analyse_upload(waiting, parameters={"step": 0}, **asked)
    job = services.analyse_upload(waiting, parameters={"step": 1}, **asked)
    work(cloud, job)
    assert services.job(job.analysis_id).status is JobStatus.COMPLETED
    assert services.uploads("P-2") == services.uploads("..") == []


def test_nothing_is_sent_for_a_request_that_is_wrong(services: Services, cloud: Cloud) -> None:
    with pytest.raises(InvalidParameterError):
        submit(services, b"film", parameters={"vpp_thresh": 9})
    assert cloud.nothing_written()


def unreachable(place: Cloud, folder: Path) -> Services:
    return open_services(place, "http://127.0.0.1:9/dev", folder)


def test_a_service_that_cannot_be_reached_is_said_and_the_film_is_not_left_behind(
    cloud: Cloud,
    tmp_path: Path,
) -> None:
    with pytest.raises(CloudError, match=r"127\.0\.0\.1:9 could not be reached") as caught:
        submit(unreachable(cloud, tmp_path), b"film")
    assert caught.value.retryable
    assert cloud.place.keys() == []
    assert cloud.store.jobs.history("P-1") == []


def test_a_wrong_key_is_said_without_the_key(cloud: Cloud, api_url: str, tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="status 403: the API key is missing or not valid") as caught:
        submit(open_services(cloud, api_url, tmp_path, key="wrong-key"), b"film")
    assert "wrong-key" not in caught.value.user_message
    assert cloud.place.keys() == []


def test_a_refusal_carries_the_services_own_sentence(services: Services) -> None:
    with pytest.raises(CloudError, match=r"refused \(422, EMPTY_FILE\)") as caught:
        services._backend._api.ask(  # type: ignore[attr-defined]
            "process_s3_file", user_id="P-1", s3_key=empty_object(services)
        )
    assert caught.value.code == "EMPTY_FILE"


def empty_object(services: Services) -> str:
    assert isinstance(services.store, AwsStore)
    key = "uploads/P-1/a1/source"
    services.store.bucket.write(key, b"", content_type="video/mp4")
    return key


@pytest.mark.parametrize(
    ("status", "settled", "says"),
    [(429, True, "quota"), (502, False, "broke down"), (504, False, "longer than the gateway waits")],
)
def test_what_the_gateway_itself_says_is_put_into_words(status: int, settled: bool, says: str) -> None:
    with gateway(lambda _: {"statusCode": status, "body": json.dumps({"message": "x"})}) as url:
        with pytest.raises(CloudError, match=says) as caught:
            CloudApi(url, API_KEY).ask("get_status")
        assert caught.value.is_settled is settled


def test_a_film_that_the_service_may_have_taken_is_kept(cloud: Cloud, tmp_path: Path) -> None:
    with gateway(lambda _: {"statusCode": 504, "body": "{}"}) as url, pytest.raises(CloudError):
        submit(open_services(cloud, url, tmp_path), b"film")
    assert len(cloud.place.keys()) == 1


def test_a_health_check_needs_no_key(api_url: str) -> None:
    CloudApi(api_url, None).health()
    with pytest.raises(CloudError):
        CloudApi("http://127.0.0.1:9/", None).health()


def test_storage_that_fails_is_said_and_this_machine_goes_on(cloud: Cloud, api_url: str, tmp_path: Path) -> None:
    settings = cloud.place.settings(data_folder=tmp_path, api_url=api_url, aws_endpoint_url="http://127.0.0.1:9")
    with pytest.raises(StorageError, match="could not be reached"):
        open_cloud_services(settings).history("P-1")
    here = Services(open_local_store(tmp_path))
    assert (here.place, submit(here, b"film").status) == (LOCAL, JobStatus.QUEUED)


def test_a_recording_of_the_original_is_listed_and_opens(services: Services, cloud: Cloud) -> None:
    cloud.place.client("dynamodb").put_item(TableName=cloud.place.table, Item=to_item(LEGACY_ROW))
    trace = known_trace()
    lines = [
        "frame_idx,time_sec,L_iris_cx,L_iris_cy,L_eye_open,L_v_offset,R_iris_cx,R_iris_cy,R_eye_open,R_v_offset,eye_open,v_offset"
    ]
    for row in range(len(trace)):
        eye = f"1.0,1.0,{trace.left.eye_open[row]:.4f},{trace.left.v_offset[row]:.4f}"
        lines.append(f"{row},{trace.time_s[row]:.4f},{eye},{eye},{eye.split(',', 2)[2]}")
    csv = "\n".join(lines).encode()
    cloud.place.client("s3").put_object(
        Bucket=cloud.place.bucket, Key="users/P-1/eye/legacy-1/analysis_results.csv", Body=csv
    )
    (job,) = services.history("P-1")
    review = load_review(services.store, job)
    assert len(review.trace) == len(trace)
    assert review.film is None
    assert review.summary["psp_status"] == "inconclusive"


def test_the_cloud_is_used_only_where_all_of_it_is_configured(tmp_path: Path) -> None:
    given = {"S3_BUCKET": "b", "DYNAMODB_TABLE": "t", "EYE_REVIEW_DATA": str(tmp_path)}
    assert not read_settings(given).is_cloud
    assert read_settings({**given, "API_URL": "https://x.example/dev"}).is_cloud
    assert not Settings(tmp_path, api_url="https://x.example/dev").is_cloud


def test_a_service_knows_its_place(services: Services) -> None:
    assert services.place == CLOUD
