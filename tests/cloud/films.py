"""Films on their way through the cloud: making, uploading, starting, waiting."""

from pathlib import Path
from typing import Any

import numpy as np
import requests

from dashboard.demo.cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.emulated_cloud import EmulatedCloud
from tests.waiting import wait_until

DONE_S = 900.0
"""A bound for what hangs; a film takes seconds."""
LEASE_S = "8"
"""Long enough that a busy machine does not starve a living worker of it."""


def film(target: Path, frame_count: int) -> Path:
    """A puppet film of so many frames at 30 a second: a demo film, over and over."""
    frames = [frame.image_bgr for frame in read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=frame_count)]
    return write_video(target, [frames[i % len(frames)] for i in range(frame_count)], np.arange(frame_count) / 30.0)


def upload_request(user_id: str, *, size_bytes: int) -> dict[str, Any]:
    name = {"action": "create_upload", "user_id": user_id, "file_name": "film.mp4"}
    return {**name, "content_type": "video/mp4", "size_bytes": size_bytes}


def upload(cloud: EmulatedCloud, path: Path, user_id: str) -> str:
    """Bring a film into the bucket as any client does; its key."""
    content = path.read_bytes()
    asked = cloud.post(upload_request(user_id, size_bytes=len(content))).json()
    form = asked["upload"]
    sent = requests.post(
        form["url"], data=form["fields"], files={"file": content}, timeout=60, verify=cloud.certificate
    )
    assert sent.status_code in {200, 201, 204}, sent.text
    return str(asked["s3_key"])


def request_for(key: str, user_id: str) -> dict[str, Any]:
    return {"action": "process_s3_file", "user_id": user_id, "s3_key": key, "file_name": "film.mp4"}


def start(cloud: EmulatedCloud, path: Path, user_id: str) -> str:
    """Upload a film and start its analysis; the job's id."""
    started = cloud.post(request_for(upload(cloud, path, user_id), user_id))
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    return str(started.json()["analysis_id"])


def wait_for(cloud: EmulatedCloud, analysis_id: str, *statuses: str) -> dict[str, Any]:
    """The row, as soon as it has one of the statuses."""
    wait_until(lambda: cloud.status(analysis_id) in statuses, timeout_s=DONE_S)
    return cloud.row(analysis_id)


def result_names(cloud: EmulatedCloud, user_id: str, analysis_id: str) -> set[str]:
    return {key.rpartition("/")[2] for key in cloud.keys(f"users/{user_id}/eye/{analysis_id}/")}


WHOLE = {"raw_video.mp4", "analysis_results.csv", "summary.json", "manifest.json"}


def assert_one_whole_result(cloud: EmulatedCloud, user_id: str, analysis_id: str) -> None:
    """One completed row, one set of files, and files that are what the manifest says."""
    assert cloud.status(analysis_id) == "completed"
    assert result_names(cloud, user_id, analysis_id) == WHOLE
    listed = cloud.client("dynamodb").query(
        TableName=cloud.outputs["Table"],
        IndexName="userId-timestamp-index",
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user_id}},
    )["Items"]
    assert [row["analysisId"]["S"] for row in listed if row["testType"]["S"] == "eye-tracking"] == [analysis_id]
    assert cloud.row(analysis_id)["results"]["M"]["csv_path"]["S"].endswith(f"{analysis_id}/analysis_results.csv")
