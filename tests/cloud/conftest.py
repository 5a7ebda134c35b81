"""What several tests of the cloud send there."""

from pathlib import Path

import pytest

from tests.cloud.films import film


@pytest.fixture(scope="session")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds."""
    return film(tmp_path_factory.mktemp("film") / "short.mp4", 60)
