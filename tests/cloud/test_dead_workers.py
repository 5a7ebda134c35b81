"""A worker that dies or runs out of time on the way is followed by another."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cloud.films import LEASE_S, assert_one_whole_result, start, wait_for
from tests.emulated_cloud import EmulatedCloud

pytestmark = pytest.mark.cloud


def soon_again(cloud: EmulatedCloud) -> AbstractContextManager[None]:
    """Let a message come again soon, as often as it takes until the dead worker's lease is over."""
    return cloud.queues(again_after_s=3, deliveries=1000)


@pytest.mark.parametrize("point", ["after_s3_write", "before_manifest", "before_completed"])
def test_a_worker_killed_on_the_way_leaves_a_job_that_the_next_delivery_finishes(
    cloud: EmulatedCloud, short_film: Path, point: str
) -> None:
    user_id = f"P-{point.replace('_', '-')}"
    with soon_again(cloud), cloud.worker(FAULT_POINT=f"{point}@1", LEASE_SECONDS=LEASE_S):
        analysis_id = start(cloud, short_film, user_id)
        row = wait_for(cloud, analysis_id, "completed", "failed")
    assert row["attempt"]["N"] == "2"
    assert_one_whole_result(cloud, user_id, analysis_id)


def test_a_worker_that_runs_out_of_time_is_followed_by_another(cloud: EmulatedCloud, short_film: Path) -> None:
    with soon_again(cloud), cloud.worker(timeout_s=25, FAULT_POINT="stand_still@1", LEASE_SECONDS=LEASE_S):
        analysis_id = start(cloud, short_film, "P-time")
        row = wait_for(cloud, analysis_id, "completed", "failed")
    assert row["attempt"]["N"] == "2"
    assert_one_whole_result(cloud, "P-time", analysis_id)
