"""What each action does, and what it answers."""

from __future__ import annotations

import hashlib
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambda_fn.deadline import Deadline
from lambda_fn.errors import status_of
from lambda_fn.jobs import SOURCE, Outcome, Wanted, run_job, submit
from lambda_fn.pictures import picture_status, stored_picture
from lambda_fn.requests import (
    AnalyzeImage,
    AnalyzeVideo,
    CreateUpload,
    GetStatus,
    ProcessFile,
    Request,
    derived_id,
    own_analysis_id,
    request_hash,
)
from lambda_fn.runtime import Runtime
from shared.adapters.aws_files import ObjectVersion
from shared.adapters.aws_job_rows import Origin
from shared.adapters.aws_messages import NoAnswerYet
from shared.adapters.aws_videos import MEDIA_TYPES
from shared.adapters.layout import CSV_NAME, display_name, video_extension, video_key
from shared.adapters.settings import MIB
from shared.errors import ConflictError, EmptyFileError, EyeReviewError, NotFoundError, TooLargeError
from shared.ports import Job, JobStatus, StoredVideo

UPLOAD_EXPIRES_S: Final = 900
LINKS_EXPIRE_S: Final = 300
_EXTENSIONS: Final = {media_type: extension for extension, media_type in reversed(MEDIA_TYPES.items())}


@dataclass(frozen=True)
class Answer:
    """HTTP status and body."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """The call that a request came with.

    Attributes:
        event: the request as it was sent, without its envelope, to pass it on.
        owner: unguessable name of this call.
        deadline: of this call.
        over_http: whether a caller waits at the gateway.
    """

    event: Mapping[str, Any]
    owner: str
    deadline: Deadline
    over_http: bool


def answer(runtime: Runtime, request: Request, call: Call) -> Answer:
    """Do what a request asks. Raises EyeReviewError."""
    if isinstance(request, AnalyzeImage):
        return _passed_on(runtime, call, None) if runtime.worker else _analyze_image(runtime, request)
    if isinstance(request, AnalyzeVideo):
        expected_id = _wanted_video(request).job.analysis_id
        return _passed_on(runtime, call, expected_id) if runtime.worker else _analyze_video(runtime, request, call)
    if isinstance(request, ProcessFile):
        return _process_file(runtime, request, call)
    if isinstance(request, CreateUpload):
        return _create_upload(runtime, request)
    return _get_status(runtime, request)


def wanted_file(request: ProcessFile, version: ObjectVersion) -> Wanted:
    """The job that a film in the bucket asks for."""
    source = f"{version.key}@{version.version_id or version.etag}"
    asked = request_hash(request.user_id, "process_s3_file", source, request.parameters)
    derived = derived_id(request.user_id, request.idempotency_key or asked)
    own = None if request.idempotency_key else own_analysis_id(request.key)
    job = _queued(request, own or derived, size_bytes=version.size_bytes, sha256="", name=_name(request, version))
    origin = Origin(asked, version.key, version.version_id, version.etag, version.size_bytes)
    return Wanted(job, origin, other_id=derived if own else None)


def completed_body(runtime: Runtime, job: Job) -> dict[str, Any]:
    """The guide's answer about a finished film."""
    return {
        "analysis_id": job.analysis_id,
        "summary": job.summary,
        "video_path": runtime.store.bucket.address(job.video.key),
        "csv_path": runtime.store.bucket.address(runtime.store.results.csv_key(job.user_id, job.analysis_id)),
        "status": "success",
    }


def _analyze_image(runtime: Runtime, request: AnalyzeImage) -> Answer:
    asked = request_hash(
        request.user_id, "analyze_image", hashlib.sha256(request.content).hexdigest(), request.parameters
    )
    analysis_id = derived_id(request.user_id, request.idempotency_key or asked)
    result = stored_picture(runtime, request, analysis_id=analysis_id, request_hash=asked)
    return Answer(200, {"analysis_id": analysis_id, "result": result, "status": "success"})


def _analyze_video(runtime: Runtime, request: AnalyzeVideo, call: Call) -> Answer:
    from shared.video import probe  # noqa: PLC0415 - only the worker has the video libraries

    wanted = _wanted_video(request)
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        path = Path(folder) / f"film.{video_extension(request.file_name)}"
        path.write_bytes(request.content)
        probe(path)  # what is no film leaves no trace in the store
        job = submit(runtime, wanted)
        if job.status is not JobStatus.COMPLETED:
            with path.open("rb") as stream:
                runtime.store.videos.put(job.user_id, job.analysis_id, request.file_name, stream)
        return _run_now(runtime, job, call, film=path)


def _process_file(runtime: Runtime, request: ProcessFile, call: Call) -> Answer:
    if runtime.worker is not None and request.wait and not call.over_http:
        return _passed_on(runtime, call, None)
    version = _checked_version(runtime, request.key)
    job = submit(runtime, wanted_file(request, version))
    if runtime.queue is not None and not (request.wait and not call.over_http):
        return _queued_answer(runtime, job)
    return _run_now(runtime, job, call, film=None)


def _queued_answer(runtime: Runtime, job: Job) -> Answer:
    if job.status is JobStatus.COMPLETED:
        return Answer(200, completed_body(runtime, job))
    if job.status is JobStatus.QUEUED and runtime.queue is not None:
        runtime.queue.send(job.analysis_id)
    return Answer(202, {"analysis_id": job.analysis_id, "status": job.status.value})


def _run_now(runtime: Runtime, job: Job, call: Call, *, film: Path | None) -> Answer:
    if job.status is not JobStatus.COMPLETED:
        outcome = run_job(runtime, job.analysis_id, owner=call.owner, deadline=call.deadline, film=film)
        if outcome is Outcome.HELD:
            return Answer(202, {"analysis_id": job.analysis_id, "status": JobStatus.RUNNING.value})
        job = runtime.store.jobs.get(job.analysis_id)
    if job.status is JobStatus.COMPLETED:
        return Answer(200, completed_body(runtime, job))
    if job.error is not None:
        raise _JobFailedError(job)
    raise ConflictError()


def _passed_on(runtime: Runtime, call: Call, expected_id: str | None) -> Answer:
    """The worker's answer to the same request, or a promise where it takes too long for this caller."""
    if runtime.worker is None:
        raise EyeReviewError()
    try:
        body = runtime.worker.call(call.event)
    except NoAnswerYet:
        if expected_id is None:
            raise EyeReviewError(
                "The analysis takes longer than a caller can wait. Send the same request again in a minute."
            ) from None
        return Answer(202, {"analysis_id": expected_id, "status": JobStatus.RUNNING.value})
    error = body.get("error")
    if body.get("status") == "error" and isinstance(error, dict):
        return Answer(status_of(str(error.get("code"))), body)
    return Answer(202 if body.get("status") in {"queued", "running"} else 200, body)


def _create_upload(runtime: Runtime, request: CreateUpload) -> Answer:
    analysis_id = str(uuid.uuid4())
    key = f"uploads/{request.user_id}/{analysis_id}/source"
    url, fields = runtime.store.bucket.upload_form(
        key, content_type=request.content_type, size_bytes=request.size_bytes, expires_s=UPLOAD_EXPIRES_S
    )
    body = {
        "analysis_id": analysis_id,
        "s3_key": key,
        "upload": {"method": "POST", "url": url, "fields": fields},
        "expires_s": UPLOAD_EXPIRES_S,
        "status": "success",
    }
    return Answer(200, body)


def _get_status(runtime: Runtime, request: GetStatus) -> Answer:
    try:
        job = runtime.store.jobs.get(request.analysis_id)
    except NotFoundError:
        return Answer(200, picture_status(runtime, request))
    if job.user_id != request.user_id:
        raise NotFoundError(field="analysis_id")
    body: dict[str, Any] = {
        "analysis_id": job.analysis_id,
        "status": job.status.value,
        "progress": {
            "stage": job.progress.stage,
            "frames_done": job.progress.frames_done,
            "frames_total": job.progress.frames_total,
        },
        "attempt": job.attempt,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "analysis_version": job.analysis_version,
    }
    if job.error is not None:
        body["error"] = {"code": job.error.code, "message": job.error.message, "retryable": job.error.retryable}
    if job.status is JobStatus.COMPLETED:
        csv_key = runtime.store.results.csv_key(job.user_id, job.analysis_id)
        extension = video_extension(job.video.key)
        link = runtime.store.bucket.link
        body |= {name: value for name, value in completed_body(runtime, job).items() if name != "status"}
        body |= {
            "csv_url": link(csv_key, expires_s=LINKS_EXPIRE_S, file_name=CSV_NAME),
            "video_url": link(job.video.key, expires_s=LINKS_EXPIRE_S, file_name=f"video.{extension}"),
            "links_expire_s": LINKS_EXPIRE_S,
        }
    return Answer(200, body)


def _checked_version(runtime: Runtime, key: str) -> ObjectVersion:
    version = runtime.store.videos.look_at(key)
    if version.size_bytes == 0:
        raise EmptyFileError(field="s3_key")
    limit = runtime.settings.max_video_bytes
    if version.size_bytes > limit:
        raise TooLargeError(
            f"The video is larger than {limit / MIB:.0f} MiB, the limit here. "
            "Trim it or export it at a lower resolution.",
            field="s3_key",
        )
    return version


def _wanted_video(request: AnalyzeVideo) -> Wanted:
    sha256 = hashlib.sha256(request.content).hexdigest()
    asked = request_hash(request.user_id, "analyze_video", sha256, request.parameters)
    analysis_id = derived_id(request.user_id, request.idempotency_key or asked)
    job = _queued(
        request, analysis_id, size_bytes=len(request.content), sha256=sha256, name=request.file_name or "video"
    )
    return Wanted(job, Origin(asked))


def _queued(request: AnalyzeVideo | ProcessFile, analysis_id: str, *, size_bytes: int, sha256: str, name: str) -> Job:
    now = time.time()
    key = video_key(request.user_id, analysis_id, name)
    return Job(
        analysis_id=analysis_id,
        user_id=request.user_id,
        video=StoredVideo(key, display_name(name), size_bytes, sha256),
        parameters=request.parameters.as_dict(),
        status=JobStatus.QUEUED,
        created_at=now,
        updated_at=now,
        recorded_at=now if request.recorded_at is None else request.recorded_at,
        source=SOURCE,
        label=request.label,
    )


def _name(request: ProcessFile, version: ObjectVersion) -> str:
    """The film's name; without one, its extension by its key or by what its sender called it."""
    if request.file_name:
        return request.file_name
    last = version.key.rpartition("/")[2]
    extension = _EXTENSIONS.get(version.content_type)
    return last if "." in last or extension is None else f"video.{extension}"


class _JobFailedError(EyeReviewError):
    """The error of a job, as it was stored."""

    def __init__(self, job: Job) -> None:
        error = job.error
        super().__init__(error.message if error else None)
        self.code = error.code if error else EyeReviewError.code  # type: ignore[misc]
