"""Which stretch of a film shows a finding best, for the page's "show me"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import radians, sin
from typing import Final

from shared.measures.saccades import along_axis
from shared.model import Blink, Saccade, SquareWaveJerk
from shared.parameters import Parameters
from shared.task import vertical_segments

Stretch = tuple[float, float]

PAIR_S: Final = 6.0
"""A look up and the look down after it belong together when they are this near, s."""

JERK_WINDOW_S: Final = 5.0
"""Five seconds of fixation show square-wave jerks (Facchin et al.)."""


def farthest_vertical(saccades: Sequence[Saccade], parameters: Parameters) -> Stretch | None:
    """From the beginning to the end of the largest look up and down in a row.

    Without a pair the largest vertical saccade, without any the first annotated part of the vertical task.
    """
    vertical = along_axis(saccades, "vertical")
    pairs = [(a, b) for a, b in pairwise(vertical) if _opposite(a, b) and b.end_s - a.start_s <= PAIR_S]
    if pairs:
        first, second = max(pairs, key=lambda pair: min(pair[0].amplitude_deg, pair[1].amplitude_deg))
        return first.start_s, second.end_s
    if vertical:
        largest = max(vertical, key=lambda saccade: saccade.amplitude_deg)
        return largest.start_s, largest.end_s
    annotated = vertical_segments(parameters)
    return (annotated[0].start_s, annotated[0].end_s) if annotated else None


def densest_jerks(jerks: Sequence[SquareWaveJerk]) -> Stretch | None:
    """Where most jerks follow each other within ``JERK_WINDOW_S``; of equals the one with the larger jerks."""
    windows = [[b for b in jerks if a.start_s <= b.start_s <= a.start_s + JERK_WINDOW_S] for a in jerks]
    if not windows:
        return None
    best = max(windows, key=lambda window: (len(window), sum(jerk.amplitude_deg for jerk in window)))
    return best[0].start_s, best[-1].end_s


def longest_without_blink(blinks: Sequence[Blink], end_s: float) -> Stretch | None:
    """The longest time between blinks, from the film's beginning to its end; None for a film of no length."""
    if end_s <= 0:
        return None
    edges = [0.0, *(edge for blink in blinks for edge in (blink.start_s, blink.end_s)), end_s]
    return max(zip(edges[::2], edges[1::2], strict=True), key=lambda gap: gap[1] - gap[0])


def _opposite(one: Saccade, other: Saccade) -> bool:
    return sin(radians(one.direction_deg)) * sin(radians(other.direction_deg)) < 0
