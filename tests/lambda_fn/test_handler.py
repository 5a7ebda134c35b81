"""What each kind of event gets for an answer."""

import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from PIL import Image

from shared.synthetic.portrait import load_portrait
from tests.lambda_fn.conftest import UPLOAD_ID, Cloud
from tests.lambda_fn.functions import call_in_process, http_event, run_message


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def s3_event(cloud: Cloud, key: str) -> dict[str, Any]:
    described = {"bucket": {"name": cloud.place.bucket}, "object": {"key": quote_plus(key, safe="/")}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Post", "s3": described}]}


def test_get_says_that_the_service_is_there_and_nothing_more(cloud: Cloud) -> None:
    answer = cloud.call(http_event(method="GET"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"status": "ok", "service": "eye-tracking"}


def test_a_preflight_is_answered_for_the_named_origin_alone(cloud: Cloud) -> None:
    assert "Access-Control-Allow-Origin" not in cloud.call(http_event(method="OPTIONS"))["headers"]
    cloud.patch.setenv("CORS_ORIGIN", "https://clinic.example")
    answer = cloud.call(http_event(method="OPTIONS"))
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://clinic.example"
    assert cloud.call(http_event({"action": "x"}))["headers"]["Access-Control-Allow-Origin"] == "https://clinic.example"


def test_other_methods_are_refused(cloud: Cloud) -> None:
    assert cloud.call(http_event(method="PUT"))["statusCode"] == 405


def test_the_guides_video_request_gets_the_guides_answer(cloud: Cloud, film: Path, local_csv: bytes) -> None:
    request = {
        "action": "analyze_video",
        "file_data": encoded(film.read_bytes()),
        "user_id": "user_identifier",
        "file_name": "video.mp4",
        "parameters": {"step": 1, "vpp_thresh": 0.06, "blink_thresh": 0.18, "max_frames": 12000, "blink_min_frames": 2},
    }
    status, body = cloud.post(request)
    assert status == 200
    assert set(body) == {"analysis_id", "summary", "video_path", "csv_path", "status"}
    assert body["status"] == "success"
    assert {"frames_processed", "psp_suspected", "blink_count", "vertical_peak_to_peak"} <= set(body["summary"])
    folder = f"users/user_identifier/eye/{body['analysis_id']}"
    assert body["video_path"] == f"s3://{cloud.place.bucket}/{folder}/raw_video.mp4"
    assert body["csv_path"] == f"s3://{cloud.place.bucket}/{folder}/analysis_results.csv"
    stored = cloud.store
    assert stored.results.trace_csv("user_identifier", body["analysis_id"]) == local_csv
    assert stored.videos.local_path(stored.jobs.get(body["analysis_id"]).video).read_bytes() == film.read_bytes()
    assert [job.analysis_id for job in stored.jobs.history("user_identifier")] == [body["analysis_id"]]
    assert [patient.user_id for patient in stored.patients.search()] == ["user_identifier"]
    assert cloud.post(request)[1]["analysis_id"] == body["analysis_id"], "sent twice, done once"
    assert len(stored.jobs.history("user_identifier")) == 1


def test_the_console_gets_the_bare_answer(cloud: Cloud) -> None:
    """The guide's own test event; its placeholder is no base64, which must be said clearly."""
    event = {
        "action": "analyze_image",
        "file_data": "base64_encoded_image_data_here",
        "user_id": "test_user_123",
        "parameters": {},
    }
    body = cloud.call(event)
    assert body["status"] == "error"
    assert (body["error"]["code"], body["error"]["field"]) == ("INVALID_REQUEST", "file_data")
    assert cloud.nothing_written()


def test_a_picture_is_measured_and_never_judged(cloud: Cloud) -> None:
    buffer = io.BytesIO()
    portrait = load_portrait(width_px=480, height_px=540)
    Image.fromarray(portrait.image_bgr[:, :, ::-1]).save(buffer, "JPEG")
    request = {"action": "analyze_image", "file_data": encoded(buffer.getvalue()), "user_id": "test_user"}
    status, body = cloud.post(request)
    assert (status, body["status"]) == (200, "success")
    result = body["result"]
    assert result["face_found"] is True
    assert 0.1 < result["left_eye"]["eye_open"] < 0.6
    assert (result["psp_suspected"], result["psp_status"]) == (None, "inconclusive")
    assert cloud.post(request)[1] == body
    seen = cloud.post({"action": "get_status", "user_id": "test_user", "analysis_id": body["analysis_id"]})
    assert seen[1]["result"] == result
    assert cloud.post({"action": "get_status", "user_id": "other", "analysis_id": body["analysis_id"]})[0] == 404
    assert cloud.place.keys() == [], "the picture itself is not kept"


def test_a_film_goes_from_upload_to_result(cloud: Cloud, film: Path, local_csv: bytes) -> None:
    cloud.as_starter()
    data = film.read_bytes()
    _, upload = cloud.post(
        {
            "action": "create_upload",
            "user_id": "P-1",
            "file_name": "visit 2.mp4",
            "content_type": "video/mp4",
            "size_bytes": len(data),
        }
    )
    form = upload["upload"]
    assert upload["s3_key"] == f"uploads/P-1/{upload['analysis_id']}/source"
    sent = requests.post(form["url"], data=form["fields"], files={"file": data}, timeout=20)
    assert sent.status_code == 201
    request = {"action": "process_s3_file", "user_id": "P-1", "s3_key": upload["s3_key"], "file_name": "visit 2.mp4"}
    status, body = cloud.post(request)
    assert (status, body) == (202, {"analysis_id": upload["analysis_id"], "status": "queued"})
    analysis_id = body["analysis_id"]
    waiting = cloud.post({"action": "get_status", "user_id": "P-1", "analysis_id": analysis_id})[1]
    assert (waiting["status"], "summary" in waiting) == ("queued", False)
    messages = cloud.queued()
    assert messages == [run_message(analysis_id)]
    cloud.as_worker()
    assert cloud.work(*messages) == []
    done = cloud.post({"action": "get_status", "user_id": "P-1", "analysis_id": analysis_id})[1]
    assert (done["status"], done["summary"]["frames_processed"]) == ("completed", 12)
    assert requests.get(done["csv_url"], timeout=20).content == local_csv
    assert requests.get(done["video_url"], timeout=20).content == data
    assert sorted(cloud.place.keys()) == [
        f"uploads/P-1/{analysis_id}/source",
        *(f"users/P-1/eye/{analysis_id}/{name}" for name in ("analysis_results.csv", "manifest.json")),
        *(f"users/P-1/eye/{analysis_id}/{name}" for name in ("raw_video.mp4", "summary.json")),
    ]
    cloud.as_starter()
    again = cloud.post(request)
    assert (again[0], again[1]["status"], cloud.queued()) == (200, "success", [])


def test_called_directly_it_waits_for_the_result(cloud: Cloud, film: Path) -> None:
    key = cloud.upload(film)
    event = {"action": "process_s3_file", "user_id": "P-1", "wait": True, "s3_path": f"s3://{cloud.place.bucket}/{key}"}
    body = cloud.call(event)
    assert (body["analysis_id"], body["status"]) == (UPLOAD_ID, "success")
    assert body["csv_path"].endswith("/analysis_results.csv")


def test_a_new_file_in_s3_is_analysed_whatever_its_name_is_encoded_as(cloud: Cloud, film: Path) -> None:
    odd_id = "a_b-1"
    key = cloud.upload(film, f"uploads/P_1-x/{odd_id}/source")
    event = s3_event(cloud, key)
    event["Records"][0]["s3"]["object"]["key"] = key.replace("_", "%5F")
    assert cloud.call(event)["started"] == [odd_id]
    assert cloud.store.jobs.get(odd_id).status == "completed"
    assert cloud.call(event)["started"] == [odd_id], "told twice"
    assert len(cloud.store.jobs.history("P_1-x")) == 1


@pytest.mark.parametrize("key", ["users/P-1/eye/a1/summary.json", "elsewhere/film.mp4", "uploads/P-1/film.mp4"])
def test_files_that_are_no_uploads_start_nothing(cloud: Cloud, key: str) -> None:
    assert cloud.call(s3_event(cloud, key))["started"] == []
    assert cloud.call({"Service": "Amazon S3", "Event": "s3:TestEvent"}) == {"status": "ok"}
    assert cloud.nothing_written()


def test_one_bad_message_does_not_take_the_others_with_it(cloud: Cloud, film: Path) -> None:
    cloud.as_starter()
    cloud.post({"action": "process_s3_file", "user_id": "P-1", "s3_key": cloud.upload(film)})
    cloud.as_worker()
    assert cloud.work("not JSON", run_message(UPLOAD_ID), run_message("deleted-long-ago")) == ["m0"]
    assert cloud.store.jobs.get(UPLOAD_ID).status == "completed"


def test_logs_name_no_patient_and_no_file(cloud: Cloud, film: Path) -> None:
    event = {"action": "analyze_video", "user_id": "SECRET-7", "file_name": "Kim.mp4"}
    run = call_in_process({**event, "file_data": encoded(film.read_bytes())}, cloud.environment)
    *written, answer = run.stdout.splitlines()
    assert json.loads(answer)["status"] == "success", run.stderr
    lines = [json.loads(line) for line in written if line]
    assert any(line.get("message") == "analysis completed" for line in lines)
    assert any("_aws" in line for line in lines), "metrics"
    assert "SECRET-7" not in "".join(written) + run.stderr
    assert "Kim" not in "".join(written) + run.stderr
