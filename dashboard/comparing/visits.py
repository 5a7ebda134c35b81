"""Two recordings of a patient side by side, free of Streamlit: every metric before and after, and what is a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.services import metrics_of
from shared.change import Change, change
from shared.model import PspStatus
from shared.ports import Job, JobStatus


@dataclass(frozen=True)
class Line:
    """One metric of two recordings; ``change`` is None where either has no value or the versions differ."""

    name: str
    label: str
    unit: str
    before: float | None
    after: float | None
    change: Change | None


def side_by_side(earlier: Job, later: Job) -> list[Line]:
    """Every metric that at least one of two finished recordings has, in the order of the later one.

    A difference is told only between recordings of the same analysis version: others need not compare.
    """
    before, after = earlier.summary or {}, later.summary or {}
    comparable = earlier.analysis_version == later.analysis_version
    names = dict.fromkeys([*metrics_of(after), *metrics_of(before)])
    lines = []
    for name in names:
        one, other = metrics_of(before).get(name, {}), metrics_of(after).get(name, {})
        if one.get("value") is None and other.get("value") is None:
            continue
        described = other or one
        lines.append(
            Line(
                name=name,
                label=described["label"],
                unit=described["unit"],
                before=one.get("value"),
                after=other.get("value"),
                change=change(name, before, after) if comparable else None,
            )
        )
    return lines


def judged(job: Job) -> bool:
    """Whether a finished recording could be judged, so that its numbers may stand for the patient."""
    summary = job.summary or {}
    return job.status is JobStatus.COMPLETED and summary.get("psp_status") != PspStatus.INCONCLUSIVE


def outdated(jobs: Sequence[Job], version: str) -> list[Job]:
    """Finished recordings of another analysis version, of which no newer analysis of the same film is there."""
    current = {job.video.sha256 for job in jobs if job.analysis_version == version}
    return [
        job
        for job in jobs
        if job.status is JobStatus.COMPLETED and job.analysis_version != version and job.video.sha256 not in current
    ]
