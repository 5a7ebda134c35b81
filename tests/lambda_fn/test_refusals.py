"""Requests that are refused: the right status, code and sentence, and nothing written."""

import base64
import json
from typing import Any

import pytest

from tests.lambda_fn.conftest import Cloud
from tests.lambda_fn.functions import http_event

VIDEO = {"action": "analyze_video", "user_id": "P-1", "file_name": "film.mp4", "file_data": "AAAA"}
FILE = {"action": "process_s3_file", "user_id": "P-1", "s3_key": "uploads/P-1/a1/source"}
UPLOAD = {
    "action": "create_upload",
    "user_id": "P-1",
    "file_name": "film.mp4",
    "content_type": "video/mp4",
    "size_bytes": 1000,
}
STATUS = {"action": "get_status", "user_id": "P-1", "analysis_id": "nowhere"}
TEXT = base64.b64encode(b"This is no film and no picture.").decode()

CASES: list[tuple[Any, int, str, str | None, str]] = [
    ("not JSON", 400, "INVALID_REQUEST", None, "JSON object"),
    ([1, 2], 400, "INVALID_REQUEST", None, "JSON object"),
    ({}, 400, "UNKNOWN_ACTION", "action", "analyze_image, analyze_video"),
    ({**VIDEO, "action": "delete_all"}, 400, "UNKNOWN_ACTION", "action", "must be one of"),
    ({"action": "run_job", "analysis_id": "a1"}, 400, "UNKNOWN_ACTION", "action", "must be one of"),
    ({**VIDEO, "user_id": None}, 400, "INVALID_REQUEST", "user_id", "missing"),
    ({**VIDEO, "user_id": "../P-1"}, 400, "INVALID_REQUEST", "user_id", "letters"),
    ({**VIDEO, "user_id": "Kim Minsu"}, 400, "INVALID_REQUEST", "user_id", "letters"),
    ({**VIDEO, "file_data": "base64_encoded_data"}, 400, "INVALID_REQUEST", "file_data", "not valid base64"),
    ({**VIDEO, "file_data": "AAA"}, 400, "INVALID_REQUEST", "file_data", "not valid base64"),
    ({**VIDEO, "file_data": ""}, 400, "INVALID_REQUEST", "file_data", "missing"),
    ({**VIDEO, "file_data": 5}, 400, "INVALID_REQUEST", "file_data", "missing"),
    ({**VIDEO, "file_data": "A" * 6_000_000}, 413, "PAYLOAD_TOO_LARGE", "file_data", "create_upload"),
    ({**VIDEO, "file_data": "A" * 7_000_000}, 413, "PAYLOAD_TOO_LARGE", None, "create_upload"),
    ({**VIDEO, "file_data": TEXT}, 415, "NOT_A_VIDEO", None, "no video"),
    ({**VIDEO, "action": "analyze_image", "file_data": TEXT}, 415, "NOT_AN_IMAGE", None, "JPEG"),
    ({**VIDEO, "parameters": {"vpp_thresh": 9}}, 400, "INVALID_PARAMETER", "vpp_thresh", "between 0 and 2"),
    ({**VIDEO, "parameters": {"vpp_tresh": 0.1}}, 400, "INVALID_PARAMETER", "vpp_tresh", "not a parameter"),
    ({**VIDEO, "parameters": {"step": "2"}}, 400, "INVALID_PARAMETER", "step", "number"),
    ({**VIDEO, "parameters": {"step": float("nan")}}, 400, "INVALID_PARAMETER", "step", "finite"),
    ({**VIDEO, "parameters": [1]}, 400, "INVALID_REQUEST", "parameters", "object"),
    ({**VIDEO, "file_name": "../../etc/passwd"}, 400, "INVALID_REQUEST", "file_name", "'..'"),
    ({**VIDEO, "file_name": "a/b.mp4"}, 400, "INVALID_REQUEST", "file_name", "folders"),
    ({**VIDEO, "file_name": "a\u0000.mp4"}, 400, "INVALID_REQUEST", "file_name", "plain"),
    ({**VIDEO, "idempotency_key": "a b"}, 400, "INVALID_REQUEST", "idempotency_key", "ASCII"),
    ({**VIDEO, "recorded_at": -1}, 400, "INVALID_REQUEST", "recorded_at", "seconds"),
    ({**VIDEO, "label": 5}, 400, "INVALID_REQUEST", "label", "text"),
    ({**FILE, "s3_key": "uploads/P-2/a1/source"}, 403, "FORBIDDEN", "s3_key", "not this user's"),
    ({**FILE, "s3_key": "users/P-10/eye/a1/raw_video.mp4"}, 403, "FORBIDDEN", "s3_key", "not this user's"),
    ({**FILE, "s3_key": "elsewhere/film.mp4"}, 403, "FORBIDDEN", "s3_key", "not this user's"),
    ({**FILE, "s3_key": "uploads/P-1/../P-2/a1/source"}, 400, "INVALID_REQUEST", "s3_key", "'..'"),
    ({**FILE, "s3_key": "uploads/P-1//source"}, 400, "INVALID_REQUEST", "s3_key", "empty parts"),
    ({**FILE, "s3_key": None}, 400, "INVALID_REQUEST", "s3_key", "missing"),
    ({**FILE, "s3_key": None, "s3_path": "s3://other/uploads/P-1/a1/source"}, 403, "FORBIDDEN", "s3_path", "bucket"),
    ({**FILE, "bucket": "other"}, 403, "FORBIDDEN", "bucket", "own bucket"),
    ({**FILE, "s3_path": "https://x/y"}, 400, "INVALID_REQUEST", "s3_path", "s3://bucket/key"),
    ({**FILE, "parameters": {"nonsense": 1}}, 400, "INVALID_PARAMETER", "nonsense", "not a parameter"),
    (FILE, 404, "NOT_FOUND", None, "no such"),
    (STATUS, 404, "NOT_FOUND", None, "no such"),
    ({**STATUS, "analysis_id": "../a1"}, 404, "NOT_FOUND", "analysis_id", "no such"),
    ({**UPLOAD, "content_type": "image/png"}, 415, "UNSUPPORTED_MEDIA_TYPE", "content_type", "video/"),
    ({**UPLOAD, "content_type": None}, 400, "INVALID_REQUEST", "content_type", "missing"),
    ({**UPLOAD, "size_bytes": 0}, 400, "INVALID_REQUEST", "size_bytes", "1 or more"),
    ({**UPLOAD, "size_bytes": True}, 400, "INVALID_REQUEST", "size_bytes", "length"),
    ({**UPLOAD, "size_bytes": 10**12}, 413, "TOO_LARGE", "size_bytes", "MiB"),
    ({**UPLOAD, "file_name": "..\\x"}, 400, "INVALID_REQUEST", "file_name", "folders"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[2]}-{case[3]}" for number, case in enumerate(CASES)])
def test_a_refused_request_says_why_and_leaves_nothing(
    cloud: Cloud, case: tuple[Any, int, str, str | None, str]
) -> None:
    body, status, code, field, says = case
    found, answer = cloud.post(body)
    assert found == status
    assert answer["status"] == "error"
    error = answer["error"]
    assert (error["code"], error.get("field")) == (code, field)
    assert says in error["message"]
    assert error["request_id"]
    assert "P-1" not in error["message"]
    assert cloud.nothing_written()


def test_a_file_that_is_empty_or_too_large_is_refused(cloud: Cloud) -> None:
    client = cloud.place.client("s3")
    client.put_object(Bucket=cloud.place.bucket, Key=FILE["s3_key"], Body=b"")
    assert cloud.post(FILE)[1]["error"]["code"] == "EMPTY_FILE"
    cloud.patch.setenv("EYE_REVIEW_MAX_VIDEO_MB", "1")
    client.put_object(Bucket=cloud.place.bucket, Key=FILE["s3_key"], Body=bytes(1024 * 1024 + 1))
    status, answer = cloud.post(FILE)
    assert (status, answer["error"]["code"]) == (413, "TOO_LARGE")
    assert cloud.place.rows() == []


def test_a_token_bound_to_one_patient_opens_no_other(cloud: Cloud) -> None:
    event = http_event({**STATUS, "user_id": "P-2"})
    event["requestContext"]["authorizer"] = {"claims": {"sub": "x", "custom:user_id": "P-1"}}
    assert cloud.call(event)["statusCode"] == 403
    event["body"] = json.dumps(STATUS)
    assert cloud.call(event)["statusCode"] == 404
    event["requestContext"]["authorizer"] = {"claims": {"sub": "a-clinician"}}
    assert cloud.call(event)["statusCode"] == 404


def test_a_body_in_base64_is_read(cloud: Cloud) -> None:
    event = http_event(base64.b64encode(json.dumps(STATUS).encode()).decode())
    assert cloud.call({**event, "isBase64Encoded": True})["statusCode"] == 404


def test_storage_that_cannot_be_reached_is_said_without_details(cloud: Cloud) -> None:
    cloud.patch.setenv("DYNAMODB_TABLE", "no-such-table")
    status, answer = cloud.post(STATUS)
    assert (status, answer["error"]["code"]) == (500, "STORAGE_ERROR")
    assert "no-such-table" not in json.dumps(answer)


def test_an_unforeseen_error_is_told_without_its_text(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    broken = {"analysisId": {"S": "a1"}, "testType": {"S": "eye-tracking"}, "schemaVersion": {"N": "1"}}
    cloud.place.client("dynamodb").put_item(TableName=cloud.place.table, Item=broken)
    status, answer = cloud.post({**STATUS, "analysis_id": "a1"})
    assert (status, answer["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert "KeyError" not in json.dumps(answer)
    assert any("KeyError at" in str(getattr(record, "trouble", "")) for record in caplog.records)
