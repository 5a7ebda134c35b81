"""One suite for every store: what the ports promise, asked of each adapter.

To put a store under contract, add a function to ``FACTORIES`` that makes an empty store and returns what opens it:
the *same* store anew on each call, in any process, and so picklable.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.aws import open_aws_store
from shared.adapters.local import open_local_store
from shared.ports import Job, JobStatus, Store, StoredVideo
from tests.aws_server import AwsPlace, create_place, moto_server, set_credentials
from tests.emulated_cloud import EmulatedCloud

SMALL_CAP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class LocalFactory:
    """Opens a data folder that takes films up to 4 MiB."""

    folder: Path

    def __call__(self) -> Store:
        return open_local_store(self.folder, max_video_bytes=SMALL_CAP_BYTES)


@dataclass(frozen=True)
class AwsFactory:
    """Opens a bucket and a table on a server, with films up to 4 MiB."""

    place: AwsPlace
    cache_folder: Path

    def __call__(self) -> Store:
        settings = self.place.settings(max_video_bytes=SMALL_CAP_BYTES)
        return open_aws_store(settings, cache_folder=self.cache_folder)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """AWS as moto plays it, on a loopback port."""
    with moto_server() as url:
        yield url


def local_factory(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Store]:
    """A fresh data folder."""
    return LocalFactory(folder)


def moto_factory(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Store]:
    """A fresh bucket and table on moto."""
    set_credentials(request.getfixturevalue("monkeypatch"))
    return AwsFactory(create_place(request.getfixturevalue("moto_url")), folder)


def ministack_factory(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Store]:
    """A fresh bucket and table on the emulator that also runs the deployed template."""
    cloud: EmulatedCloud = request.getfixturevalue("cloud")
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    set_credentials(patch)
    for name, value in {**cloud.environment, **cloud.root}.items():
        if name.startswith("AWS_") and name != "AWS_ENDPOINT_URL":
            patch.setenv(name, value)
    return AwsFactory(create_place(cloud.environment["AWS_ENDPOINT_URL"]), folder)


FACTORIES: dict[str, Callable[[pytest.FixtureRequest, Path], Callable[[], Store]]] = {
    "local": local_factory,
    "ministack": ministack_factory,
    "moto": moto_factory,
}
MARKS = {"ministack": pytest.mark.cloud}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(FACTORIES)])
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the store under test, each time the same one."""
    return FACTORIES[request.param](request, tmp_path / "store")


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
