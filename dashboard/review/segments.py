"""What the patient was asked to do, and when, marked by a person after the fact: a new result of the stored trace.

The film is not measured again, so this takes moments. The result that was there stays as it is; the new one is an
analysis of its own, with a decision that says who marked what, when, and from which result. Free of Streamlit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from dashboard.language.texts import t
from dashboard.review.reviews import Review
from dashboard.services import Services, day_of
from shared.adapters.local import LocalStore
from shared.analysis import analyse
from shared.documents import document
from shared.errors import InvalidRequestError, NotFoundError
from shared.model import Result, Segment, Trace, VideoMeta
from shared.parameters import Parameters
from shared.ports import Decision, Job, JobStatus
from shared.review import checked_reviewer
from shared.tables import trace_csv

KINDS: Final = ("up", "down", "left", "right", "fixation", "vertical", "horizontal")
"""Labels of segments that the analysis understands."""

ACTION: Final = "segments"
"""Of the decision that goes with the new result. It is no decision about an event, so a review passes it over."""

MOST_SEGMENTS: Final = 200
_OWNER: Final = "segments"
_LEASE_S: Final = 60.0


@dataclass(frozen=True)
class Origin:
    """Who marked the segments of a result, when (epoch s), and the result that they were marked on."""

    reviewer: str
    marked_at: float
    from_analysis: str
    status_before: str


def parameters_of(review: Review) -> Parameters:
    """The parameters of a stored result."""
    return Parameters.from_mapping(review.summary["parameters"])


def checked_segment(
    trace: Trace, start_s: float | None, end_s: float | None, kind: str | None, target_deg: float | None
) -> Segment:
    """A stretch of this recording, as a person marked it.

    Raises:
        InvalidRequestError: something is missing, or it does not lie in the recording.
    """
    if start_s is None or end_s is None or kind not in KINDS:
        raise InvalidRequestError(t("Give the start, the end and what was asked for."))
    if end_s <= start_s:
        raise InvalidRequestError(t("The stretch must end after its start."))
    last_s = float(trace.time_s[-1])
    if start_s > last_s or end_s > last_s + 1.0:
        raise InvalidRequestError(t("The recording ends at {end:.2f} s. Choose a stretch before that.", end=last_s))
    return Segment(round(start_s, 3), round(min(end_s, last_s), 3), kind, target_deg or None)


def with_segment(segments: Sequence[Segment], new: Segment) -> tuple[Segment, ...]:
    """The segments with another one, in order of time.

    Raises:
        InvalidRequestError: it overlaps another one, or there are too many.
    """
    if len(segments) >= MOST_SEGMENTS:
        raise InvalidRequestError(t("A recording may have at most {count} stretches.", count=MOST_SEGMENTS))
    if any(new.start_s < other.end_s and new.end_s > other.start_s for other in segments):
        raise InvalidRequestError(t("This overlaps another stretch. Delete that one first, or change the times."))
    return tuple(sorted((*segments, new), key=lambda segment: segment.start_s))


def judged_with(review: Review, segments: Sequence[Segment]) -> Result:
    """The stored trace judged with these segments, everything else as it was."""
    meta = review.summary.get("video_meta")
    stamped = replace(
        review.trace,
        meta=VideoMeta(**meta) if meta else review.trace.meta,
        tracker=dict(review.summary["tracker"]),
    )
    return analyse(stamped, replace(parameters_of(review), segments=tuple(segments)))


def keep_result(services: Services, review: Review, segments: Sequence[Segment], *, reviewer: str, now: float) -> Job:
    """Keep the recording judged with these segments as a new result beside the old one.

    On this machine it is made of the stored trace at once; the cloud service measures the film again.

    Args:
        services: where.
        review: the result on which the segments were marked.
        segments: all of them.
        reviewer: initials.
        now: epoch seconds.

    Raises:
        InvalidRequestError: no valid initials. NotFoundError, CloudError: the cloud has no film, or refused.
        StorageError: it could not be kept.
    """
    name = checked_reviewer(reviewer)
    if isinstance(services.store, LocalStore):
        return _kept_here(services.store, review, segments, name, now)
    parameters = replace(parameters_of(review), segments=tuple(segments)).as_dict()
    old = review.job
    with services.store.videos.local_path(old.video).open("rb") as stream:
        job = services.submit(
            code=old.user_id,
            file_name=old.video.file_name,
            stream=stream,
            day=day_of(old.recorded_at),
            parameters=parameters,
            label=old.label,
            now=now,
            source=old.source,
        )
    services.store.decisions.append(_record(job.analysis_id, review, segments, result=None, reviewer=name, now=now))
    return job


def _kept_here(store: LocalStore, review: Review, segments: Sequence[Segment], reviewer: str, now: float) -> Job:
    result = judged_with(review, segments)
    old, new_id = review.job, uuid.uuid4().hex
    try:
        video = store.videos.share(old.video, new_id)
    except NotFoundError:
        video = old.video  # the film is no longer kept; there is nothing to share, and nothing to remove later
    job = Job(
        analysis_id=new_id,
        user_id=old.user_id,
        video=video,
        parameters=dict(result.parameters),
        status=JobStatus.RUNNING,  # held from the start: no worker may take it and measure the film
        created_at=now,
        updated_at=now,
        recorded_at=old.recorded_at,
        attempt=1,
        lease_owner=_OWNER,
        lease_until=now + _LEASE_S,
        label=old.label,
    )
    store.jobs.create(job)
    store.decisions.append(_record(new_id, review, segments, result=result, reviewer=reviewer, now=now))
    content = document(result, file_name=old.video.file_name, sha256=old.video.sha256)
    table = trace_csv(replace(review.trace, tracker=dict(result.tracker)), result)
    store.results.save(old.user_id, new_id, trace_csv=table, document=content)
    store.jobs.complete(new_id, _OWNER, content["summary"], now=now)
    return store.jobs.get(new_id)


def _record(
    analysis_id: str, review: Review, segments: Sequence[Segment], *, result: Result | None, reviewer: str, now: float
) -> Decision:
    payload: dict[str, Any] = {
        "from": review.job.analysis_id,
        "segments_before": [asdict(segment) for segment in parameters_of(review).segments],
        "segments": [asdict(segment) for segment in segments],
        "status_before": review.summary["psp_status"],
        "status": None if result is None else result.psp_status.value,
        "analysis_version_before": review.summary["analysis_version"],
    }
    return Decision(analysis_id, reviewer, ACTION, payload, now)


def origin_of(services: Services, analysis_id: str) -> Origin | None:
    """Where the segments of a result come from; None where no person marked any after the fact."""
    for decision in reversed(services.store.decisions.of(analysis_id)):
        if decision.action == ACTION:
            payload = decision.payload
            return Origin(decision.reviewer, decision.decided_at, str(payload["from"]), str(payload["status_before"]))
    return None
