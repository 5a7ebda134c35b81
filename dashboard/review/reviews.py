"""A finished analysis, read back with its trace."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.layout import ORIGINAL_SOURCE
from shared.adapters.local import LocalStore
from shared.analysis import analyse
from shared.documents import document
from shared.errors import NotFoundError, StorageError
from shared.events.blinks import closed_mask, usable_mask
from shared.model import Blink, BoolArray, Trace
from shared.ports import Job
from shared.tables import read_trace

if TYPE_CHECKING:
    from shared.adapters.aws import AwsStore


@dataclass(frozen=True, eq=False)
class Review:
    """A finished analysis, ready to be shown.

    ``film`` is None where the film is no longer kept, or could not be fetched: then ``film_error`` says why.
    """

    job: Job
    document: Mapping[str, Any]
    trace: Trace
    trace_csv: bytes
    film: Path | None
    film_error: str = ""

    @property
    def summary(self) -> Mapping[str, Any]:
        """``summary`` of the stored document."""
        summary: Mapping[str, Any] = self.document["summary"]
        return summary

    @property
    def events(self) -> Mapping[str, Any]:
        """``events`` of the stored document."""
        events: Mapping[str, Any] = self.document["events"]
        return events


@dataclass(frozen=True)
class Masks:
    """Frames that may be drawn as gaze, and frames that entered the ranges; both ``(N,)``."""

    visible: BoolArray
    usable: BoolArray


def blinks_of(events: Mapping[str, Any]) -> tuple[Blink, ...]:
    """The blinks of stored events, as the core knows them."""
    names = {field.name for field in fields(Blink)}
    return tuple(Blink(**{key: value for key, value in blink.items() if key in names}) for blink in events["blinks"])


def masks_of(trace: Trace, events: Mapping[str, Any], parameters: Mapping[str, Any]) -> Masks:
    """Which frames to draw and which entered the ranges, from the stored events."""
    blinks = blinks_of(events)
    return Masks(
        visible=trace.valid & ~closed_mask(trace, blinks),
        usable=usable_mask(trace, blinks, float(parameters["blink_padding_s"])),
    )


def load_review(store: LocalStore | AwsStore, job: Job) -> Review:
    """All that the review of a completed job shows.

    Raises:
        NotFoundError: it was never finished. StorageError: the stored files are damaged.
    """
    content, trace_csv = _result(store, job)
    film, film_error = None, ""
    try:
        film = store.videos.playback_path(job.video)
    except NotFoundError:
        pass
    except StorageError as error:
        film_error = error.user_message
    return Review(job, content, read_trace(trace_csv), trace_csv, film, film_error)


def _result(store: LocalStore | AwsStore, job: Job) -> tuple[Mapping[str, Any], bytes]:
    """The document and the trace. The published original kept the trace alone: it is judged anew, as a legacy one."""
    if job.source == ORIGINAL_SOURCE and not isinstance(store, LocalStore):
        trace_csv = store.results.original_csv(job.user_id, job.analysis_id)
        result = analyse(read_trace(trace_csv))
        return document(result, file_name=job.video.file_name, sha256=hashlib.sha256(trace_csv).hexdigest()), trace_csv
    content = store.results.document(job.user_id, job.analysis_id)
    return content, store.results.trace_csv(job.user_id, job.analysis_id)
