"""One suite for every store: what the ports promise, asked of each adapter.

To put a store under contract, add a :class:`StoreFactory` to ``FACTORIES``. It opens the *same* store anew on each
call, in any process, and so must be picklable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.local import open_local_store
from shared.ports import Job, JobStatus, Store, StoredVideo

SMALL_CAP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class LocalFactory:
    """Opens a data folder that takes films up to 4 MiB."""

    folder: Path

    def __call__(self) -> Store:
        return open_local_store(self.folder, max_video_bytes=SMALL_CAP_BYTES)


FACTORIES: dict[str, Callable[[Path], Callable[[], Store]]] = {"local": LocalFactory}


@pytest.fixture(params=sorted(FACTORIES))
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the store under test, each time the same one."""
    return FACTORIES[request.param](tmp_path / "store")


@pytest.fixture
def store(store_factory: Callable[[], Store]) -> Store:
    """The store under test, empty."""
    return store_factory()


def make_job(analysis_id: str = "a1", user_id: str = "P-1", **values: Any) -> Job:
    """A queued job whose film need not exist; created and recorded at second 1000 unless told otherwise."""
    created_at = values.pop("created_at", 1000.0)
    defaults: dict[str, Any] = {
        "video": StoredVideo(f"users/{user_id}/eye/{analysis_id}/raw_video.mp4", "film.mp4", 3, "00" * 32),
        "parameters": {"step": 1, "segments": [{"start_s": 0.0, "end_s": 1.5, "label": "up", "target_deg": None}]},
        "status": JobStatus.QUEUED,
        "updated_at": created_at,
        "recorded_at": created_at,
    }
    return Job(analysis_id=analysis_id, user_id=user_id, created_at=created_at, **{**defaults, **values})
