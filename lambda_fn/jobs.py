"""A job from the request to its end: row first, then work, then results, then manifest, then ``completed``.

Whatever moment the worker dies at, what is left says how to go on:

* row, no film: the next try fails with a sentence; the same request, sent again, starts over;
* row running, its lease over: the next claim does the work again, over the same keys;
* manifest there, row running: the next claim only writes ``completed``;
* row completed, message still in the queue: the next delivery finds nothing to do.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

from lambda_fn.deadline import Deadline
from lambda_fn.heartbeat import Heartbeat
from lambda_fn.log import count, logger
from lambda_fn.runtime import Runtime
from shared.adapters.aws_files import Digest, ObjectVersion
from shared.adapters.aws_job_rows import Origin, params_hash
from shared.adapters.job_rules import CANCELLED
from shared.adapters.layout import PLAYBACK_NAME, video_extension, video_key
from shared.errors import (
    CancelledError,
    ConflictError,
    EyeReviewError,
    NotFoundError,
    StorageError,
    TooShortError,
    UnreadableVideoError,
)
from shared.parameters import Parameters
from shared.ports import Job, JobError, JobStatus, Patient, Progress, StoredVideo
from shared.tracebacks import describe
from shared.version import ANALYSIS_VERSION

SOURCE: Final = "lambda"
_TIME_LIMIT: Final = (
    "The film is too long for the service's time limit: {done} frames were done. The film and the trace of these "
    "frames are kept. Trim the film, or analyse every second frame (parameter step = 2)."
)
_USED_KEY: Final = "This idempotency key was used for another request. Send this one with a new key."
_FILM_MISSING: Final = JobError(
    NotFoundError.code, "The film is not in the storage. Upload it again and start the analysis anew.", retryable=True
)
_DAMAGED_VIDEO: Final = "The stored video is damaged: it is not what was uploaded. Upload it again."


class TimeLimitError(EyeReviewError):
    """The function's time ran out before the film did."""

    code = "TIME_LIMIT"


class Outcome(Enum):
    """What became of a job that was to be worked on."""

    DONE = "done"
    """It has ended, now or before."""
    HELD = "held"
    """Another worker is at it."""


@dataclass(frozen=True)
class Wanted:
    """A job that someone asks for.

    Attributes:
        job: queued, its id the first choice.
        origin: with the request's hash.
        other_id: the id to take where the first belongs to another request; None where there is no other.
    """

    job: Job
    origin: Origin
    other_id: str | None = None


def submit(runtime: Runtime, wanted: Wanted) -> Job:
    """Write the job's row, unless the same request has one already; then return that.

    A failed job that is asked for again is queued again.

    Raises:
        ConflictError: the idempotency key was used for another request, or the analysis is being deleted.
    """
    jobs = runtime.store.jobs
    candidates = [wanted.job.analysis_id, *([wanted.other_id] if wanted.other_id else [])]
    for analysis_id in candidates:
        # Only the film in the job's own place is filed under it; a second analysis of it gets a copy.
        job = replace(wanted.job, analysis_id=analysis_id, video=_filed(wanted.job, analysis_id))
        try:
            jobs.create(job, origin=wanted.origin)
        except ConflictError:
            existing = jobs.get(analysis_id)
            if jobs.origin(analysis_id).request_hash != wanted.origin.request_hash:
                continue
            return _asked_again(runtime, existing)
        _ensure_patient(runtime, job.user_id)
        return job
    raise ConflictError(_USED_KEY, field="idempotency_key")


def run_job(runtime: Runtime, analysis_id: str, *, owner: str, deadline: Deadline, film: Path | None = None) -> Outcome:
    """Work on a job until it has ended.

    Args:
        runtime: of this function.
        analysis_id: the job.
        owner: this call, unguessable.
        deadline: of this call.
        film: the film where it is at hand; else it is fetched.

    Raises:
        StorageError: trouble that may pass; the job is back in the queue.
        EyeReviewError: any other, after the job was marked failed with it.
    """
    jobs = runtime.store.jobs
    job = jobs.claim(owner, now=time.time(), lease_s=runtime.settings.lease_s, analysis_id=analysis_id)
    if job is None:
        held = jobs.get(analysis_id).status is JobStatus.RUNNING
        return Outcome.HELD if held else Outcome.DONE
    runtime.faults.attempt = job.attempt
    logger.info("analysis begins", analysis_id=analysis_id, attempt=job.attempt)
    try:
        summary = finished_summary(runtime, job)
        if summary is None:
            summary = _analysed(runtime, job, owner, deadline, film)
        runtime.faults.reach("before_completed")
        jobs.complete(analysis_id, owner, summary, now=time.time())
    except ConflictError:
        return _leave(runtime, job)
    except CancelledError:
        jobs.fail(analysis_id, owner, CANCELLED, now=time.time())
        count("JobsCancelled")
        return Outcome.DONE
    except StorageError:
        jobs.release(analysis_id, owner, now=time.time(), attempt_counts=True)
        raise
    except NotFoundError:
        jobs.fail(analysis_id, owner, _FILM_MISSING, now=time.time())
        raise NotFoundError(_FILM_MISSING.message) from None
    except EyeReviewError as error:
        jobs.fail(analysis_id, owner, JobError(error.code, error.user_message, error.retryable), now=time.time())
        count("JobsFailed")
        logger.info("analysis failed", analysis_id=analysis_id, code=error.code)
        raise
    except Exception as error:
        logger.error("analysis broke down", analysis_id=analysis_id, trouble=describe(error))
        jobs.release(analysis_id, owner, now=time.time(), attempt_counts=True)
        raise EyeReviewError() from None
    count("JobsCompleted")
    logger.info("analysis completed", analysis_id=analysis_id)
    return Outcome.DONE


def finished_summary(runtime: Runtime, job: Job) -> dict[str, Any] | None:
    """The summary of a result that was written whole for these parameters and this version; else None."""
    try:
        summary = runtime.store.results.document(job.user_id, job.analysis_id).get("summary")
    except (NotFoundError, StorageError):
        return None
    if not isinstance(summary, dict) or summary.get("analysis_version") != ANALYSIS_VERSION:
        return None
    same = params_hash(summary.get("parameters") or {}) == params_hash(job.parameters)
    return summary if same else None


def _analysed(runtime: Runtime, job: Job, owner: str, deadline: Deadline, film: Path | None) -> dict[str, Any]:
    """Analyse the film and store the result, the manifest last; the summary."""
    with Heartbeat(runtime.store.jobs, job, owner, lease_s=runtime.settings.lease_s) as heartbeat:
        if film is not None:
            arrived: Any = nullcontext((film, Digest(job.video.size_bytes, job.video.sha256)))
            version = None
        else:
            version = _pinned(runtime, job)
            arrived = runtime.store.videos.fetched(version, extension=video_extension(job.video.key))
        with arrived as (path, digest):
            if job.video.sha256 and digest.sha256 != job.video.sha256:
                raise UnreadableVideoError(_DAMAGED_VIDEO)
            analysis, started_s = _measure(runtime, job, heartbeat, deadline, path)
            _make_playable(runtime, job, heartbeat, analysis.trace.meta, path)
        heartbeat.tell(Progress("saving", len(analysis.trace), len(analysis.trace)))
        if version is not None and version.key != job.video.key:
            runtime.store.videos.file_copy(version, job.video.key)
        return _stored(runtime, job, analysis, time.monotonic() - started_s)


def _measure(runtime: Runtime, job: Job, heartbeat: Heartbeat, deadline: Deadline, path: Path) -> tuple[Any, float]:
    # Imported here and not above: the starter has no face tracker, and a job whose libraries are missing must say so.
    from shared.pipeline import analyze_video  # noqa: PLC0415
    from shared.tables import trace_csv  # noqa: PLC0415

    ran_out = False

    def progress(news: Progress) -> None:
        heartbeat.tell(news)
        if news.stage == "tracking":
            runtime.faults.reach("stand_still")

    def time_is_up() -> bool:
        nonlocal ran_out
        ran_out = ran_out or deadline.is_near()
        return ran_out

    started_s = time.monotonic()
    try:
        analysis = analyze_video(
            path,
            Parameters.from_mapping(job.parameters),
            progress=progress,
            cancelled=heartbeat.must_stop,
            enough=time_is_up,
        )
    except CancelledError:
        if heartbeat.lost:
            raise ConflictError() from None
        raise
    except TooShortError:
        if ran_out:
            raise TimeLimitError(_TIME_LIMIT.format(done=0)) from None
        raise
    if ran_out:
        done = len(analysis.trace)
        heartbeat.tell(Progress("tracking", done, heartbeat.progress.frames_total))
        runtime.store.results.save_partial(job.user_id, job.analysis_id, trace_csv(analysis.trace, analysis.result))
        raise TimeLimitError(_TIME_LIMIT.format(done=done))
    return analysis, started_s


def _make_playable(runtime: Runtime, job: Job, heartbeat: Heartbeat, meta: Any, path: Path) -> None:
    """Keep a copy that browsers play, where they do not play the film itself; without one the result still counts."""
    from shared.playback import needs_proxy, write_proxy  # noqa: PLC0415 - as above

    if meta is None or not needs_proxy(meta):
        return

    def progress(frames_done: int) -> None:
        heartbeat.tell(Progress("saving", frames_done, max(meta.frame_count, frames_done)))

    try:
        with tempfile.TemporaryDirectory(prefix="film-") as folder:
            target = Path(folder) / PLAYBACK_NAME
            write_proxy(path, target, progress=progress)
            runtime.store.videos.put_proxy(job.video, target)
    except Exception as error:
        logger.error("no playable copy", analysis_id=job.analysis_id, trouble=describe(error))


def _stored(runtime: Runtime, job: Job, analysis: Any, took_s: float) -> dict[str, Any]:
    from shared.documents import document  # noqa: PLC0415 - as above
    from shared.tables import trace_csv  # noqa: PLC0415

    written = document(analysis.result, file_name=job.video.file_name, sha256=analysis.sha256)
    runtime.store.results.save(
        job.user_id, job.analysis_id, trace_csv=trace_csv(analysis.trace, analysis.result), document=written
    )
    frames = len(analysis.trace)
    count("FramesAnalysed", frames)
    if frames:
        count("MillisecondsPerFrame", 1000.0 * took_s / frames, unit="Milliseconds")
    summary: dict[str, Any] = written["summary"]
    return summary


def _pinned(runtime: Runtime, job: Job) -> ObjectVersion:
    """The version of the film that was checked when the job was made."""
    origin = runtime.store.jobs.origin(job.analysis_id)
    if origin.etag:
        return ObjectVersion(origin.source_key, origin.size_bytes, origin.etag, origin.version_id)
    return runtime.store.videos.look_at(job.video.key)


def _asked_again(runtime: Runtime, job: Job) -> Job:
    if job.status is JobStatus.DELETING:
        raise ConflictError("This analysis is being deleted. Wait a minute and send the request again.")
    if job.status is not JobStatus.FAILED:
        return job
    try:
        return runtime.store.jobs.retry(job.analysis_id, now=time.time())
    except ConflictError:
        return runtime.store.jobs.get(job.analysis_id)  # the same request, a moment earlier


def _filed(job: Job, analysis_id: str) -> StoredVideo:
    return replace(job.video, key=video_key(job.user_id, analysis_id, job.video.key))


def _ensure_patient(runtime: Runtime, user_id: str) -> None:
    """So that a patient who is known by a request alone stands in the list of patients."""
    try:
        runtime.store.patients.add(Patient(user_id, "", time.time()))
    except ConflictError:
        return


def _leave(runtime: Runtime, job: Job) -> Outcome:
    """Remove what was written for a job that was deleted meanwhile; touch nothing of one that others hold.

    One that still runs is *held*: its message must come again, in case the other worker does not finish it.
    """
    try:
        status = runtime.store.jobs.get(job.analysis_id).status
    except NotFoundError:
        status = JobStatus.DELETING
    if status is JobStatus.DELETING:
        runtime.store.results.delete(job.user_id, job.analysis_id)
        runtime.store.videos.delete(job.video)
    return Outcome.HELD if status in {JobStatus.QUEUED, JobStatus.RUNNING} else Outcome.DONE
