"""Matching of reported to marked intervals, one to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

Interval = tuple[int, int]
"""First and last frame, inclusive."""


@dataclass(frozen=True)
class Score:
    """Counts of one comparison; add them up over films.

    Attributes:
        hits: marks with a report of their own.
        false: reports without a mark, outside the ranges left out.
        missed: marks without a report.
        left_out: reports without a mark that touch a range left out of scoring.
    """

    hits: int = 0
    false: int = 0
    missed: int = 0
    left_out: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.hits + other.hits,
            self.false + other.false,
            self.missed + other.missed,
            self.left_out + other.left_out,
        )

    @property
    def f1(self) -> float | None:
        """2 hits / (marks + reports); None where there are neither."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else None


def shared_frames(first: Interval, second: Interval, slack: int) -> int:
    """Frames that two intervals share when the first is widened by ``slack`` on both sides; 0 = apart.

    >>> shared_frames((10, 12), (12, 20), 0), shared_frames((10, 12), (13, 20), 1), shared_frames((1, 2), (9, 9), 1)
    (1, 1, 0)
    """
    return max(0, min(first[1] + slack, second[1]) - max(first[0] - slack, second[0]) + 1)


def match(marked: Sequence[Interval], reported: Sequence[Interval], *, slack: int = 1) -> list[tuple[int, int]]:
    """Pairs (mark, report) that overlap, each used once; as many pairs and then as much overlap as possible.

    >>> match([(10, 20), (30, 40)], [(12, 33)])
    [(0, 0)]
    """
    if not marked or not reported:
        return []
    overlap = np.array([[shared_frames(mark, report, slack) for report in reported] for mark in marked], dtype=float)
    gain = np.where(overlap > 0, overlap + overlap.sum(), 0.0)
    pairs = zip(*linear_sum_assignment(-gain), strict=True)
    return [(int(i), int(j)) for i, j in pairs if overlap[i, j] > 0]


def score(
    marked: Sequence[Interval], reported: Sequence[Interval], *, leave_out: Sequence[Interval] = (), slack: int = 1
) -> Score:
    """Count hits, false and missed events.

    >>> score([(10, 20), (50, 60)], [(11, 19), (80, 81), (100, 101)], leave_out=[(99, 120)])
    Score(hits=1, false=1, missed=1, left_out=1)
    """
    pairs = match(marked, reported, slack=slack)
    taken = {j for _, j in pairs}
    spare = [report for j, report in enumerate(reported) if j not in taken]
    forgiven = sum(any(shared_frames(r, span, 0) for span in leave_out) for r in spare)
    return Score(len(pairs), len(spare) - forgiven, len(marked) - len(pairs), forgiven)
