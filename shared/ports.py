"""What the program asks of a place that keeps things. ``adapters/local.py`` and the cloud store both answer it.

One *analysis* is one row: the job that makes a result, and then the result, under one ``analysis_id``
(DynamoDB key ``analysisId`` in the cloud). A *user* is a patient, named by an opaque code.

Order of writing, so that a crash never shows half a result: job row -> result files -> manifest (last file)
-> row ``completed``. Every write is atomic; a writer killed at any point leaves either the old state or the new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class JobStatus(StrEnum):
    """States of an analysis, as stored (DESIGN 4.5). A cancelled job is ``failed`` with code ``CANCELLED``."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    DELETING = "deleting"


@dataclass(frozen=True)
class JobError:
    """Why a job failed, fit to show: see :class:`shared.errors.EyeReviewError`."""

    code: str
    message: str
    retryable: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a running job is. ``stage`` is one of reading, tracking, analysing, saving."""

    stage: str
    frames_done: int = 0
    frames_total: int | None = None


@dataclass(frozen=True)
class StoredVideo:
    """A video as kept: ``key`` addresses it in its store, ``sha256`` is of its bytes."""

    key: str
    file_name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Job:
    """One analysis: request, state and, when completed, the summary.

    Attributes:
        analysis_id: unguessable identifier.
        user_id: patient code.
        video: what is analysed.
        parameters: complete, as :meth:`shared.parameters.Parameters.as_dict` gives them.
        recorded_at, created_at, updated_at: epoch seconds.
        attempt: how often a worker has claimed it.
        lease_owner, lease_until: the worker that holds it and until when (epoch s); a job whose lease has
            run out may be claimed again.
        cancel_requested: a person asked to stop; the worker looks at each progress report.
        summary: the result's summary (DESIGN 4.2) once completed.
        source: where it was computed, e.g. ``local``, ``lambda``, ``demo``.
        label: free text of the recording, e.g. ``visit 2``; never a name.
    """

    analysis_id: str
    user_id: str
    video: StoredVideo
    parameters: Mapping[str, Any]
    status: JobStatus
    created_at: float
    updated_at: float
    recorded_at: float
    progress: Progress = field(default_factory=lambda: Progress("queued"))
    attempt: int = 0
    lease_owner: str | None = None
    lease_until: float | None = None
    cancel_requested: bool = False
    error: JobError | None = None
    summary: Mapping[str, Any] | None = None
    analysis_version: str | None = None
    source: str = "local"
    label: str = ""


@dataclass(frozen=True)
class Patient:
    """A patient by code. No names, no birth dates: the code's key stays with the clinic."""

    user_id: str
    note: str
    created_at: float


@dataclass(frozen=True)
class Decision:
    """One act of a reviewer, append-only. ``payload`` holds the event and what was decided."""

    analysis_id: str
    reviewer: str
    action: str
    payload: Mapping[str, Any]
    decided_at: float


class VideoStore(Protocol):
    """Keeps the films."""

    def put(self, user_id: str, analysis_id: str, file_name: str, stream: BinaryIO) -> StoredVideo:
        """Store a film from a stream, in chunks, and return where. Partly written films are never visible.

        Raises:
            EmptyFileError: no bytes. TooLargeError: over the store's cap. StorageError: could not be written.
        """
        ...

    def local_path(self, video: StoredVideo) -> Path:
        """A readable local file with the film (fetched if need be).

        Raises:
            NotFoundError: not there.
        """
        ...

    def delete(self, video: StoredVideo) -> None:
        """Remove the film; no error where it is gone already."""
        ...


class ResultStore(Protocol):
    """Keeps what analysis wrote: the trace CSV, the result JSON and, last, the manifest."""

    def save(self, user_id: str, analysis_id: str, *, trace_csv: bytes, document: Mapping[str, Any]) -> None:
        """Write CSV, JSON document (``summary``, ``events``, ``file``, ``sha256``) and then the manifest."""
        ...

    def document(self, user_id: str, analysis_id: str) -> Mapping[str, Any]:
        """The stored JSON document.

        Raises:
            NotFoundError: none there, or no manifest (then it was never finished).
        """
        ...

    def trace_csv(self, user_id: str, analysis_id: str) -> bytes:
        """The stored trace CSV. Raises NotFoundError as above."""
        ...

    def delete(self, user_id: str, analysis_id: str) -> None:
        """Remove all of it; no error where it is gone already."""
        ...


class JobStore(Protocol):
    """Keeps jobs and, through them, the history. Times are passed in, so tests need no clock."""

    def create(self, job: Job) -> None:
        """Add a queued job. Raises ConflictError where the id exists."""
        ...

    def get(self, analysis_id: str) -> Job:
        """The job. Raises NotFoundError."""
        ...

    def claim(
        self, owner: str, *, now: float, lease_s: float, analysis_id: str | None = None, source: str | None = None
    ) -> Job | None:
        """Take the oldest queued job (or the one named), or one whose lease has run out; None if there is none.

        Exactly one of several simultaneous callers gets a job. ``attempt`` goes up by one.
        """
        ...

    def report(self, analysis_id: str, owner: str, progress: Progress, *, now: float, lease_s: float) -> bool:
        """Store progress, prolong the lease; True when a person asked to cancel.

        Raises:
            ConflictError: the job is no longer this owner's (lease lost, deleted).
        """
        ...

    def complete(self, analysis_id: str, owner: str, summary: Mapping[str, Any], *, now: float) -> None:
        """Mark completed with its summary. Raises ConflictError as in :meth:`report`."""
        ...

    def fail(self, analysis_id: str, owner: str, error: JobError, *, now: float) -> None:
        """Mark failed. Raises ConflictError as in :meth:`report`."""
        ...

    def request_cancel(self, analysis_id: str, *, now: float) -> Job:
        """Ask to stop: a queued job fails at once with code CANCELLED, a running one at its next report."""
        ...

    def retry(self, analysis_id: str, *, now: float) -> Job:
        """Queue a failed job again. Raises ConflictError unless it is failed."""
        ...

    def history(self, user_id: str, *, limit: int = 100, before: float | None = None) -> Sequence[Job]:
        """A patient's analyses, newest first by ``recorded_at``; ``before`` pages on."""
        ...

    def begin_delete(self, analysis_id: str, *, now: float) -> Job:
        """Mark ``deleting``: not listed, not claimable, its worker stops at the next report.

        See :func:`shared.deletion.delete_analysis`. Raises NotFoundError.
        """
        ...

    def delete(self, analysis_id: str) -> None:
        """Remove the row; no error where it is gone already."""
        ...


class PatientStore(Protocol):
    """Keeps patient codes."""

    def add(self, patient: Patient) -> None:
        """Add one. Raises ConflictError where the code exists, InvalidRequestError where it is malformed."""
        ...

    def get(self, user_id: str) -> Patient:
        """One patient. Raises NotFoundError."""
        ...

    def search(self, text: str = "", *, limit: int = 200) -> Iterable[Patient]:
        """Patients whose code or note contains ``text`` (any case), newest first."""
        ...


class DecisionStore(Protocol):
    """Keeps what reviewers decided, append-only."""

    def append(self, decision: Decision) -> None:
        """Add one."""
        ...

    def of(self, analysis_id: str) -> Sequence[Decision]:
        """All decisions on one analysis, oldest first."""
        ...


@dataclass(frozen=True)
class Store:
    """The five places together, as an adapter hands them out."""

    videos: VideoStore
    results: ResultStore
    jobs: JobStore
    patients: PatientStore
    decisions: DecisionStore
