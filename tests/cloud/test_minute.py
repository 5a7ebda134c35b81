"""A minute of film through the whole of it, beside the same film on this machine."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.cloud.films import DONE_S, assert_one_whole_result, film, start
from tests.emulated_cloud import EmulatedCloud
from tests.waiting import wait_until

pytestmark = pytest.mark.cloud

MINUTE_FRAMES = 1800


def test_a_minute_of_film_comes_back_as_the_same_bytes_that_this_machine_computes(
    cloud: EmulatedCloud, tmp_path: Path
) -> None:
    path = film(tmp_path / "minute.mp4", MINUTE_FRAMES)
    analysis_id = start(cloud, path, "P-minute")
    # In a process of its own beside the worker, as a person at this machine would.
    here = subprocess.Popen(
        [sys.executable, "-m", "shared", "analyze", str(path), "--out", str(tmp_path)], cwd=cloud.folder / "code"
    )
    seen: set[int] = set()

    def looked_and_done() -> bool:
        status = cloud.post({"action": "get_status", "user_id": "P-minute", "analysis_id": analysis_id}).json()
        seen.add(status["progress"]["frames_done"])
        return status["status"] in {"completed", "failed"}

    wait_until(looked_and_done, timeout_s=DONE_S)
    assert here.wait() == 0
    assert_one_whole_result(cloud, "P-minute", analysis_id)
    assert len(seen) > 2, "the progress moved"
    status = cloud.post({"action": "get_status", "user_id": "P-minute", "analysis_id": analysis_id}).json()
    assert status["summary"]["frames_processed"] == MINUTE_FRAMES
    csv = requests.get(status["csv_url"], timeout=60, verify=cloud.certificate)
    assert csv.content == (tmp_path / "minute.csv").read_bytes()
    stored_film = requests.get(status["video_url"], timeout=60, verify=cloud.certificate)
    assert stored_film.content == path.read_bytes()
