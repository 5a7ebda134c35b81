"""A dashboard on an empty data folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from dashboard.services import Services
from tests.dashboard.recordings import open_store
from tests.lambda_fn.conftest import cloud, film, local_csv, moto_url  # noqa: F401


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that pages and tests share."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("EYE_REVIEW_DATA", str(folder))
    yield folder
    st.cache_resource.clear()


@pytest.fixture
def services(data_folder: Path) -> Services:
    """Services on that folder."""
    return Services(open_store(data_folder))
