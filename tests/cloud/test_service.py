"""The deployed API, called as its users call it: the guide's examples, health, keys, limits, bad requests."""

import base64
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from dashboard.demo.cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.emulated_cloud import EmulatedCloud

pytestmark = pytest.mark.cloud

ORIGIN = "http://localhost:8501"
GUIDE_HOST = "https://[api-id].execute-api.us-west-1.amazonaws.com/dev/"
GUIDE_HEALTH = f"curl -X GET {GUIDE_HOST}"
GUIDE_IMAGE = f"""curl -X POST {GUIDE_HOST} \\
  -H "Content-Type: application/json" \\
  -d '{{
    "action": "analyze_image",
    "file_data": "base64_image_data",
    "user_id": "test_user"
  }}'"""
GUIDE_CONSOLE_EVENT = (
    '{"action": "analyze_image", "file_data": "base64_encoded_image_data_here", "user_id": "test_user_123", '
    '"parameters": {}}'
)
GUIDE_VIDEO = """{
    "action": "analyze_video",
    "file_data": "base64_encoded_data",
    "user_id": "user_identifier",
    "file_name": "video.mp4",
    "parameters": {"step": 1, "vpp_thresh": 0.06, "blink_thresh": 0.18, "max_frames": 12000, "blink_min_frames": 2}
}"""
GUIDE_ANSWER = {"analysis_id", "summary", "video_path", "csv_path", "status"}
GUIDE_SUMMARY = {"frames_processed", "psp_suspected", "blink_count", "vertical_peak_to_peak"}


@pytest.fixture(scope="module")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of a demo film."""
    frames = list(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=60))
    target = tmp_path_factory.mktemp("film") / "short.mp4"
    return write_video(target, [f.image_bgr for f in frames], np.array([f.time_s for f in frames])).read_bytes()


@pytest.fixture(scope="module")
def picture() -> bytes:
    """One frame of a demo film as JPEG."""
    frame = next(iter(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=1)))
    return bytes(cv2.imencode(".jpg", frame.image_bgr)[1])


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def as_printed(cloud: EmulatedCloud, command: str, *more: str) -> tuple[int, dict[str, Any]]:
    """Run a command of the guide in a shell with our host in it; status and body."""
    line = command.replace(GUIDE_HOST, cloud.api_url)
    extra = " ".join(f"'{word}'" for word in more)
    done = subprocess.run(
        ["bash", "-c", f"{line} --silent --write-out '\\n%{{http_code}}' {extra}"],
        capture_output=True,
        text=True,
        check=True,
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def direct(cloud: EmulatedCloud, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the guide's function answers to an event of the console."""
    answer = cloud.client("lambda").invoke(FunctionName="parkinson-eye-tracking", Payload=json.dumps(event).encode())
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    return body


def stored(cloud: EmulatedCloud) -> tuple[int, int]:
    """How many rows and objects there are."""
    rows = cloud.client("dynamodb").scan(TableName=cloud.outputs["Table"], Select="COUNT")["Count"]
    return rows, len(cloud.keys())


def test_health_as_the_guide_prints_it_needs_no_key_and_tells_no_names(cloud: EmulatedCloud) -> None:
    status, body = as_printed(cloud, GUIDE_HEALTH)
    assert (status, body["status"]) == (200, "ok")
    assert cloud.outputs["Bucket"] not in json.dumps(body)


def test_the_guides_post_without_a_key_is_403_and_says_where_the_key_goes(cloud: EmulatedCloud) -> None:
    status, body = as_printed(cloud, GUIDE_IMAGE)
    assert (status, body["status"], body["error"]["code"]) == (403, "error", "FORBIDDEN")
    assert "x-api-key" in body["error"]["message"]


def test_the_guides_post_with_a_key_and_its_literal_placeholder_is_a_clear_400(cloud: EmulatedCloud) -> None:
    status, body = as_printed(cloud, GUIDE_IMAGE, "-H", f"x-api-key: {cloud.environment['API_KEY']}")
    assert (status, body["error"]["field"]) == (400, "file_data")
    assert "base64" in body["error"]["message"]


def test_the_guides_post_with_a_picture_gives_an_id_and_a_result(
    cloud: EmulatedCloud, picture: bytes, tmp_path: Path
) -> None:
    body = re.search(r"-d '(.*)'", GUIDE_IMAGE, re.DOTALL)
    assert body is not None
    (tmp_path / "body.json").write_text(body[1].replace("base64_image_data", in_base64(picture)))
    command = GUIDE_IMAGE.replace(body[0], f"-d @{tmp_path / 'body.json'}")
    status, answer = as_printed(cloud, command, "-H", f"x-api-key: {cloud.environment['API_KEY']}")
    assert (status, answer["status"]) == (200, "success")
    assert {"analysis_id", "result", "status"} <= set(answer)


def test_the_guides_console_event_is_answered_by_the_function_of_the_guides_name(
    cloud: EmulatedCloud, picture: bytes
) -> None:
    literally = direct(cloud, json.loads(GUIDE_CONSOLE_EVENT))
    assert (literally["status"], literally["error"]["field"]) == ("error", "file_data")
    answer = direct(cloud, {**json.loads(GUIDE_CONSOLE_EVENT), "file_data": in_base64(picture)})
    assert (answer["status"], answer["analysis_id"] != "") == ("success", True)


def test_the_guides_video_request_gives_the_guides_response(cloud: EmulatedCloud, short_film: bytes) -> None:
    request = json.loads(GUIDE_VIDEO.replace("base64_encoded_data", in_base64(short_film)))
    answer = cloud.post(request)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == GUIDE_ANSWER
    assert body["status"] == "success"
    assert set(body["summary"]) >= GUIDE_SUMMARY
    assert body["summary"]["frames_processed"] == 60
    place = f"s3://{cloud.outputs['Bucket']}/users/user_identifier/eye/{body['analysis_id']}"
    assert body["video_path"] == f"{place}/raw_video.mp4"
    assert body["csv_path"] == f"{place}/analysis_results.csv"
    again = cloud.post(request).json()
    assert again["analysis_id"] == body["analysis_id"]


def test_a_browser_of_the_named_origin_may_ask_and_read_errors(cloud: EmulatedCloud) -> None:
    preflight = requests.options(cloud.api_url, headers={"Origin": ORIGIN}, timeout=30)
    assert preflight.status_code in {200, 204}
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"].lower()
    for answer in (preflight, requests.post(cloud.api_url, json={}, timeout=30), cloud.post({})):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("size_mb", [7, 11])
def test_a_large_body_is_413_with_what_to_call_instead(cloud: EmulatedCloud, size_mb: int) -> None:
    """7 MB passes the gateway and is refused by the function's limit; 11 MB is refused by the gateway."""
    before = stored(cloud)
    request = {"action": "analyze_video", "user_id": "P-1", "file_name": "v.mp4", "file_data": "A" * size_mb * 2**20}
    answer = cloud.post(request)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "create_upload" in answer.json()["error"]["message"]
    assert stored(cloud) == before


BAD = {
    "unknown action": ({"action": "analyse", "user_id": "P-1"}, 400),
    "bad base64": ({"action": "analyze_video", "user_id": "P-1", "file_name": "v.mp4", "file_data": "%%%"}, 400),
    "unknown parameter": (
        {
            "action": "analyze_video",
            "user_id": "P-1",
            "file_name": "v.mp4",
            "file_data": "AAAA",
            "parameters": {"x": 1},
        },
        400,
    ),
    "parameter out of bounds": (
        {"action": "process_s3_file", "user_id": "P-1", "s3_key": "uploads/P-1/a/source", "parameters": {"step": 0}},
        400,
    ),
    "another bucket": (
        {"action": "process_s3_file", "user_id": "P-1", "s3_path": "s3://other/uploads/P-1/a/source"},
        403,
    ),
    "another user's key": ({"action": "process_s3_file", "user_id": "P-1", "s3_key": "uploads/P-2/a/source"}, 403),
    "dots in a key": ({"action": "process_s3_file", "user_id": "P-1", "s3_key": "uploads/P-1/../P-2/a"}, 400),
    "dots in a name": ({"action": "get_status", "user_id": "P-1", "analysis_id": "../a"}, 404),
    "missing upload": ({"action": "process_s3_file", "user_id": "P-1", "s3_key": "uploads/P-1/a/source"}, 404),
    "unknown job": ({"action": "get_status", "user_id": "P-1", "analysis_id": "nothing"}, 404),
    "malformed user": ({"action": "create_upload", "user_id": "a b", "file_name": "v.mp4", "size_bytes": 1}, 400),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_its_status_a_code_and_a_sentence_and_writes_nothing(
    cloud: EmulatedCloud, name: str
) -> None:
    request, status = BAD[name]
    before = stored(cloud)
    answer = cloud.post(request)
    error = answer.json()["error"]
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == "error"
    assert re.fullmatch("[A-Z_]+", error["code"])
    assert error["message"].endswith(".")
    assert error["request_id"]
    for secret in (cloud.outputs["Bucket"], "Traceback", "/var/", "arn:"):
        assert secret not in answer.text
    assert stored(cloud) == before


def test_a_role_that_lost_its_rights_is_told_as_the_services_fault_without_names(cloud: EmulatedCloud) -> None:
    """Step 10 of the guide, "Access Denied"."""
    iam = cloud.client("iam")
    role = cloud.client("lambda").get_function_configuration(FunctionName=cloud.outputs["StarterName"])["Role"]
    name = role.rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=name, PolicyName="starter")["PolicyDocument"]
    without = [statement for statement in policy["Statement"] if statement["Sid"] != "JobRows"]
    iam.put_role_policy(
        RoleName=name, PolicyName="starter", PolicyDocument=json.dumps({**policy, "Statement": without})
    )
    try:
        answer = cloud.post({"action": "get_status", "user_id": "P-1", "analysis_id": "a"})
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="starter", PolicyDocument=json.dumps(policy))
    assert answer.status_code == 500
    assert "refused access" in answer.json()["error"]["message"]
    assert "arn:" not in answer.text
