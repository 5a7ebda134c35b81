"""A job under way in words, the same for a page that opens and for the feed that keeps it fresh."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.language.texts import t
from dashboard.services import ProgressView, is_open, progress_view
from shared.ports import Job


@dataclass(frozen=True)
class ProgressMessage:
    """What the page shows of a job.

    Attributes:
        open: it still waits or runs; False tells the page to show the outcome.
        fraction: of the frames, or None where the total is not known yet.
        stage: stage with its counts.
        facts: time so far, attempt, silence.
    """

    open: bool
    fraction: float | None
    stage: str
    facts: str


def stage_text(view: ProgressView) -> str:
    """The stage with its counts: ``Measuring the eyes: frame 412 of 1800``."""
    if view.stopping:
        return t("Stopping after the current frames …")
    texts = {
        "queued": t("Waiting for the analysis to begin"),
        "reading": t("Reading the film"),
        "tracking": t("Measuring the eyes"),
        "analysing": t("Finding blinks and eye movements"),
        "saving": t("Saving the result"),
    }
    stage = texts.get(view.stage, view.stage)
    if view.frames_total and view.stage != "queued":
        return t("{stage}: frame {done} of {total}", stage=stage, done=view.frames_done, total=view.frames_total)
    if view.frames_done and view.stage != "queued":
        return t("{stage}: frame {done}", stage=stage, done=view.frames_done)
    return stage


def duration_text(seconds: float) -> str:
    """Whole seconds, or minutes and seconds.

    >>> duration_text(7.4), duration_text(125)
    ('7 s', '2 min 5 s')
    """
    whole = int(seconds)
    return t("{s} s", s=whole) if whole < 60 else t("{m} min {s} s", m=whole // 60, s=whole % 60)


def progress_message(job: Job, now: float) -> ProgressMessage:
    """How far ``job`` is at ``now`` (epoch seconds)."""
    view = progress_view(job, now)
    facts = [t("{elapsed} so far", elapsed=duration_text(view.elapsed_s))]
    if job.attempt > 1:
        facts.append(t("attempt {attempt}", attempt=job.attempt))
    if view.silent_s is not None:
        facts.append(t("no news for {silent}", silent=duration_text(view.silent_s)))
    return ProgressMessage(is_open(job), view.fraction, stage_text(view), " · ".join(facts))
