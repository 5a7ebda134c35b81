"""Many films at once on the page of a new recording: mints the batch and hands the part what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from dashboard.components.batch_uploader import batch_uploader
from dashboard.language.reader import session_language
from dashboard.language.texts import t
from dashboard.page import STATUS_SHAPE, place, place_in_address, result_text, services
from dashboard.services import VIDEO_TYPES
from dashboard.uploading.batches import BATCHES, Batch
from dashboard.uploading.uploads import FOLDER_NAME
from shared.adapters.settings import read_settings
from shared.model import PspStatus
from shared.ports import JobStatus

_BATCH: Final = "new-batch"
"""In the session: place and token of the batch."""


def batch_token() -> str:
    """This session's token for its films, of the place where it works; minted anew when the old one has expired."""
    kept: tuple[str, str] | None = st.session_state.get(_BATCH)
    if kept is not None and kept[0] == place() and BATCHES.open(kept[1]) is not None:
        return kept[1]
    settings = read_settings()
    batch = Batch(services(), settings.data_folder / FOLDER_NAME, max_bytes=settings.max_video_bytes)
    token = BATCHES.mint(batch)
    st.session_state[_BATCH] = (place(), token)
    return token


def batch_panel(settings: Mapping[str, Any] | None) -> None:
    """The queue.

    Args:
        settings: ``label`` and ``parameters`` of all films; None while the task is not chosen.
    """
    statuses = [*PspStatus, *JobStatus]
    batch_uploader(
        token=batch_token(),
        place=place(),
        max_bytes=read_settings().max_video_bytes,
        types=VIDEO_TYPES,
        codes=services().patient_codes(),
        settings=settings,
        statuses={
            status.value: f"{STATUS_SHAPE.get(status.value, '')} {result_text(status.value)}".strip()
            for status in statuses
            if status is not JobStatus.COMPLETED
        },
        review=f"review?{urlencode({'lang': session_language(), **place_in_address()})}&analysis=",
        key="new-batch-uploader",
    )
    st.caption(
        t(
            "Stay on this page while films are being sent; each is analysed as soon as it has arrived, and that goes "
            "on without the page. The results are in the patients’ histories."
        )
    )
