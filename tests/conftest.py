"""Fixtures that every test may use."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.emulated_cloud import cloud
from tests.material_traces import material_trace

__all__ = ["cloud", "material_trace"]

# A machine under load is slow; that is no failure.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

REPOSITORY = Path(__file__).resolve().parents[1]
MATERIAL = REPOSITORY.parent / "shared" / "material"


@pytest.fixture(scope="session")
def material() -> Path:
    """The folder of real clips and human-labelled signals, which is not part of the project."""
    if not (MATERIAL / "annotations.json").is_file():
        pytest.skip("the folder ../shared/material with real clips is absent; it is not part of the project")
    return MATERIAL
