"""Blinks against the marks of a reader who went through real clips frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.events.blinks import detect_blinks
from shared.model import Blink
from shared.parameters import Parameters
from tests.accuracy.context import Context
from tests.accuracy.scoring import Interval, Score, match, score
from tests.accuracy.table import Table

title = "Blinks on real clips"
needs_material = True

METHODS = {
    "fixed": Parameters(blink_method="fixed"),
    "adaptive": Parameters(blink_method="adaptive"),
}
START_TOLERANCE_FRAMES = 1
END_TOLERANCE_FRAMES = 2
LONGEST_REPORT_S = 1.0


@dataclass(frozen=True)
class ClipResult:
    """One method on one clip.

    Attributes:
        score: hits, false, missed.
        start_errors, end_errors: reported minus marked, frames, of the hits.
        kinds_agree: of each hit, whether complete or incomplete is as marked.
        longest_s: longest report, s; 0 without one.
    """

    score: Score
    start_errors: tuple[int, ...]
    end_errors: tuple[int, ...]
    kinds_agree: tuple[bool, ...]
    longest_s: float

    def __add__(self, other: ClipResult) -> ClipResult:
        return ClipResult(
            self.score + other.score,
            self.start_errors + other.start_errors,
            self.end_errors + other.end_errors,
            self.kinds_agree + other.kinds_agree,
            max(self.longest_s, other.longest_s),
        )


def compare(clip: dict[str, Any], blinks: Sequence[Blink]) -> ClipResult:
    """Blinks reported on a clip against its marks (frames match within one frame; ``other`` ranges are left out)."""
    marked: list[Interval] = [(start, end) for start, end in clip["blinks"]]
    reported: list[Interval] = [(blink.start_frame, blink.end_frame) for blink in blinks]
    pairs = match(marked, reported)
    complete = [detail["closed"] is not None for detail in clip["blink_details"]]
    return ClipResult(
        score(marked, reported, leave_out=[(span["start"], span["end"]) for span in clip["other"]]),
        tuple(reported[j][0] - marked[i][0] for i, j in pairs),
        tuple(reported[j][1] - marked[i][1] for i, j in pairs),
        tuple((blinks[j].kind == "complete") == complete[i] for i, j in pairs),
        max((blink.duration_s for blink in blinks), default=0.0),
    )


def measure(context: Context, parameters: Parameters) -> dict[str, ClipResult]:
    """Result of one method on every annotated clip, by file name."""
    assert context.material is not None, "asked for clips without the folder of real clips"
    results = {}
    for clip in context.clips():
        trace = context.landmark_trace(context.material / clip["file"])
        results[Path(clip["file"]).name] = compare(clip, detect_blinks(trace, parameters))
    return results


def total(results: Iterable[ClipResult]) -> ClipResult:
    """All clips together; at least one."""
    first, *others = results
    for result in others:
        first = first + result
    return first


def share(within: Sequence[bool]) -> float | None:
    """Share of True, None of nothing."""
    return float(np.mean(within)) if within else None


def tables(context: Context) -> list[Table]:
    """Counts per clip, and how well starts, ends and kinds agree."""
    measured = {name: measure(context, parameters) for name, parameters in METHODS.items()}
    return [_counts(measured), _agreement(measured)]


def _counts(measured: dict[str, dict[str, ClipResult]]) -> Table:
    clips = list(next(iter(measured.values())))
    rows: list[list[str | int | float | None]] = []
    for clip in [*clips, "**total**"]:
        row: list[str | int | float | None] = [clip]
        for results in measured.values():
            counts = (total(results.values()) if clip == "**total**" else results[clip]).score
            row += [counts.hits, counts.false, counts.missed, counts.left_out, counts.f1]
        rows.append(row)
    heads = [f"{name}: {count}" for name in measured for count in ("hit", "false", "missed", "left out", "F1")]
    return Table(
        "Blinks found, by clip",
        ["clip", *heads],
        rows,
        "Match: overlap with one frame of slack, one to one. 'left out': reports in ranges that the reader marked as "
        "neither a blink nor clean open eyes. The adaptive constants were set while looking at these clips: this is "
        "development data, not a test.",
    )


def _agreement(measured: dict[str, dict[str, ClipResult]]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for name, results in measured.items():
        all_clips = total(results.values())
        rows.append(
            [
                name,
                len(all_clips.start_errors),
                share([abs(error) <= START_TOLERANCE_FRAMES for error in all_clips.start_errors]),
                share([abs(error) <= END_TOLERANCE_FRAMES for error in all_clips.end_errors]),
                share(all_clips.kinds_agree),
                all_clips.longest_s,
            ]
        )
    return Table(
        "Where both have the blink",
        ["method", "hits", "start within 1 frame", "end within 2", "complete / incomplete agrees", "longest report, s"],
        rows,
    )
