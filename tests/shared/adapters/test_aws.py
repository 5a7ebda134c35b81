"""What is particular to the cloud store; what it shares with the local one is in tests/contract."""

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters import aws_files
from shared.adapters.aws import AwsStore, open_aws_store
from shared.adapters.aws_files import PART_BYTES
from shared.adapters.aws_job_rows import params_hash
from shared.adapters.aws_values import from_item, to_item
from shared.adapters.settings import Settings
from shared.deletion import delete_analysis
from shared.errors import InvalidRequestError, NotFoundError, StorageError
from shared.parameters import Parameters
from shared.ports import Decision, JobStatus, Patient, Progress
from tests.aws_server import AwsPlace, create_place, moto_server, set_credentials
from tests.contract.conftest import make_job

LEGACY_ROW: dict[str, Any] = {
    "analysisId": "legacy-1",
    "testType": "eye-tracking",
    "userId": "P-1",
    "timestamp": 1_700_000_000,
    "status": "completed",
    "results": {
        "type": "eye-tracking",
        "summary": {
            "frames_processed": 1500,
            "psp_suspected": False,
            "blink_count": 45,
            "vertical_peak_to_peak": 0.12,
            "fps": 30.0,
            "psp_rule_reason": "vertical_peak_to_peak 0.12 >= 0.06",
        },
        "video_path": "s3://some-bucket/users/P-1/eye/legacy-1/raw_video.mp4",
        "csv_path": "s3://some-bucket/users/P-1/eye/legacy-1/analysis_results.csv",
    },
    "device": "an attribute of someone else",
}


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def place(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> AwsPlace:
    set_credentials(monkeypatch)
    return create_place(moto_url)


@pytest.fixture
def store(place: AwsPlace, tmp_path: Path) -> AwsStore:
    return open_aws_store(place.settings(), cache_folder=tmp_path)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e120, max_value=1e120))
def test_every_finite_float_comes_back_as_it_was(value: float) -> None:
    expected = value if abs(value) >= 1e-125 else 0.0
    assert from_item(to_item({"x": value})) == {"x": expected}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_item({"summary": {"metrics": [value]}})


def test_numbers_are_stored_as_decimals_and_truth_as_truth() -> None:
    item = to_item({"a": 0.1, "b": True, "c": None, "d": [1, "1"]})
    assert item["a"] == {"N": "0.1"}
    assert Decimal(item["a"]["N"]) == Decimal("0.1")
    assert (item["b"], item["c"], item["d"]) == ({"BOOL": True}, {"NULL": True}, {"L": [{"N": "1"}, {"S": "1"}]})


def test_too_much_for_one_row_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        to_item({"note": "x" * 300_000})


def test_equal_parameters_have_one_hash_also_after_the_table_had_them() -> None:
    parameters = Parameters(vpp_thresh=0.07).as_dict()
    assert params_hash(from_item(to_item(parameters))) == params_hash(parameters)
    assert params_hash(parameters) != params_hash(Parameters().as_dict())


def test_a_row_of_the_original_lists_and_opens(store: AwsStore, place: AwsPlace) -> None:
    place.client("dynamodb").put_item(TableName=place.table, Item=to_item(LEGACY_ROW))
    (job,) = store.jobs.history("P-1")
    assert job == store.jobs.get("legacy-1")
    assert (job.status, job.recorded_at, job.source) == (JobStatus.COMPLETED, 1_700_000_000, "original")
    assert job.video.key == "users/P-1/eye/legacy-1/raw_video.mp4"
    assert job.summary is not None
    assert (job.summary["blink_count"], job.summary["psp_suspected"]) == (45, False)
    assert job.summary["psp_status"] == "inconclusive", "its verdict was never gated"
    csv = b"frame_idx,time_sec\n0,0.0\n"
    place.client("s3").put_object(Bucket=place.bucket, Key="users/P-1/eye/legacy-1/analysis_results.csv", Body=csv)
    assert store.results.original_csv("P-1", "legacy-1") == csv
    with pytest.raises(NotFoundError):
        store.results.document("P-1", "legacy-1")
    delete_analysis(store, "legacy-1", now=1.0)
    assert store.jobs.history("P-1") == []


def test_other_tests_in_the_same_table_are_not_taken_for_ours(store: AwsStore, place: AwsPlace) -> None:
    finger_tapping = {**LEGACY_ROW, "analysisId": "other", "testType": "finger-tapping"}
    place.client("dynamodb").put_item(TableName=place.table, Item=to_item(finger_tapping))
    assert store.jobs.history("P-1") == []
    with pytest.raises(NotFoundError):
        store.jobs.get("other")


def test_a_change_keeps_what_others_keep_in_the_row(store: AwsStore, place: AwsPlace) -> None:
    place.client("dynamodb").put_item(TableName=place.table, Item=to_item(LEGACY_ROW))
    store.jobs.begin_delete("legacy-1", now=5.0)
    assert store.table.get("legacy-1", "eye-tracking")["device"] == "an attribute of someone else"


def test_a_history_longer_than_one_page_is_read_to_its_end(store: AwsStore) -> None:
    note = "x" * 60_000
    for number in range(30):
        job = make_job(f"a{number}", recorded_at=float(number), parameters={"note": note})
        store.jobs.create(job)
    assert [job.recorded_at for job in store.jobs.history("P-1")] == [float(n) for n in reversed(range(30))]
    assert len(store.jobs.history("P-1", limit=7)) == 7


def test_a_summary_too_long_for_a_row_is_kept_in_its_essentials(store: AwsStore) -> None:
    store.jobs.create(make_job())
    store.jobs.claim("w", now=1.0, lease_s=30, analysis_id="a1")
    summary = {"psp_status": "inconclusive", "blink_count": 3, "quality": ["x" * 1000] * 100}
    store.jobs.complete("a1", "w", summary, now=2.0)
    assert store.jobs.get("a1").summary == {"psp_status": "inconclusive", "blink_count": 3}


def film(parts: float) -> bytes:
    return bytes(range(256)) * int(parts * PART_BYTES / 256)


@pytest.mark.parametrize("parts", [1, 1.5, 2, 2.25])
def test_large_films_arrive_whole_in_parts_with_checksums(store: AwsStore, place: AwsPlace, parts: float) -> None:
    content = film(parts)
    video = store.videos.put("P-1", "a1", "film.mov", io.BytesIO(content))
    assert store.videos.local_path(video).read_bytes() == content
    head = place.client("s3").head_object(Bucket=place.bucket, Key=video.key)
    assert (head["ContentLength"], head["ContentType"]) == (len(content), "video/quicktime")


def test_an_upload_that_breaks_off_leaves_no_parts_behind(store: AwsStore, place: AwsPlace) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 2 * PART_BYTES:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(StorageError, match="upload it again"):
        store.videos.put("P-1", "a1", "film.mp4", Breaking(film(3)))
    assert place.keys() == []
    assert "Uploads" not in place.client("s3").list_multipart_uploads(Bucket=place.bucket)


def test_a_film_that_was_replaced_is_not_shown_as_the_one_that_was_stored(store: AwsStore, place: AwsPlace) -> None:
    video = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(b"first film"))
    store.videos.local_path(video)
    place.client("s3").put_object(Bucket=place.bucket, Key=video.key, Body=b"other film")
    with pytest.raises(StorageError, match="damaged"):
        store.videos.local_path(video)


def everything(store: AwsStore, place: AwsPlace) -> None:
    """One of everything that a store does."""
    job = make_job(video=store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(film(1.5))))
    store.jobs.create(job)
    store.patients.add(Patient("P-1", "", 1.0))
    list(store.patients.search())
    store.jobs.claim("w", now=2.0, lease_s=30)
    store.jobs.report("a1", "w", Progress("tracking"), now=3.0, lease_s=30)
    store.results.save("P-1", "a1", trace_csv=b"x", document={"summary": {}})
    store.results.save("P-1", "a1", trace_csv=b"x", document={"summary": {}})
    store.results.trace_csv("P-1", "a1")
    store.videos.local_path(job.video)
    store.videos.file_copy(store.videos.look_at(job.video.key), "users/P-1/eye/a2/raw_video.mp4")
    list(store.bucket.keys("users/P-1/"))
    store.decisions.append(Decision("a1", "r", "accept", {}, 1.0))
    store.decisions.of("a1")
    store.jobs.history("P-1")
    store.jobs.unheld(now=1.0)
    delete_analysis(store, "a1", now=4.0)


def test_every_request_names_owner_and_key_and_none_scans(
    place: AwsPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = place.settings(s3_bucket_owner="123456789012", kms_key_id="arn:aws:kms:us-west-1:123456789012:key/k1")
    store = open_aws_store(settings, cache_folder=tmp_path)
    asked: list[tuple[str, dict[str, Any]]] = []

    def listen(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.append((model.name, params))

    for client in (store.bucket._client, store.table._client):
        client.meta.events.register("provide-client-params.*.*", listen)
    everything(store, place)
    names = {name for name, _ in asked}
    assert {"GetItem", "PutItem", "UpdateItem", "Query", "DeleteItem", "CopyObject", "UploadPart"} <= names
    assert not {"Scan", "BatchGetItem", "ExecuteStatement"} & names
    for name, params in asked:
        if "Bucket" in params:
            assert (params["Bucket"], params["ExpectedBucketOwner"]) == (place.bucket, "123456789012"), name
        else:
            assert params["TableName"] == place.table
        if name in {"PutObject", "CopyObject", "CreateMultipartUpload"}:
            assert params["SSEKMSKeyId"] == settings.kms_key_id, name


def test_a_form_admits_one_object_of_its_length_and_type(store: AwsStore) -> None:
    url, fields = store.bucket.upload_form(
        "uploads/P-1/a1/source", content_type="video/mp4", size_bytes=9, expires_s=60
    )
    assert url
    assert (fields["key"], fields["Content-Type"]) == ("uploads/P-1/a1/source", "video/mp4")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dynamodb_table": "no-such-table"}, "does not exist"),
        ({"aws_endpoint_url": "http://127.0.0.1:9"}, "could not be reached"),
    ],
)
def test_trouble_is_said_in_words_without_names(
    place: AwsPlace, change: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = open_aws_store(place.settings(**change))
    with pytest.raises(StorageError, match=says) as caught:
        store.jobs.get("a1")
    assert "no-such-table" not in caught.value.user_message


def test_a_store_without_a_bucket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError):
        open_aws_store(Settings(tmp_path))


def test_parts_have_the_length_that_s3_takes() -> None:
    lengths = [len(part) for part in aws_files._parts([b"x" * 1000] * 20_000)]
    assert sum(lengths) == 20_000_000
    assert all(length == PART_BYTES for length in lengths[:-1])
