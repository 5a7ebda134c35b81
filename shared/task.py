"""What the patient was asked to do, read from the annotated stretches of a recording."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray, Segment, Task
from shared.parameters import Parameters
from shared.targets.log import target_segments

VERTICAL_WORDS: Final = frozenset({"up", "down", "vertical"})
"""Words in a segment's label that make it part of the vertical task."""

FIXATION_WORDS: Final = frozenset({"fixation", "fixate", "primary", "center", "centre"})
"""Words in a segment's label that say: looking straight ahead."""


def segments_with(segments: Iterable[Segment], words: frozenset[str]) -> tuple[Segment, ...]:
    """The segments whose label holds one of ``words``, in any case.

    >>> segments_with([Segment(0, 2, "Look up"), Segment(2, 4, "left")], VERTICAL_WORDS)
    (Segment(start_s=0, end_s=2, label='Look up', target_deg=None),)
    """
    return tuple(s for s in segments if words & set(re.findall(r"[a-z]+", s.label.casefold())))


def in_segments(time_s: FloatArray, segments: Iterable[Segment]) -> BoolArray:
    """``(N,)`` frames whose time lies in any of ``segments``, ends included."""
    inside = np.zeros(len(time_s), dtype=np.bool_)
    for segment in segments:
        inside |= (time_s >= segment.start_s) & (time_s <= segment.end_s)
    return inside


def annotated_segments(parameters: Parameters) -> tuple[Segment, ...]:
    """All that is known about what the patient was asked for: by hand, and by the target log."""
    return (*parameters.segments, *target_segments(parameters.target_log))


def vertical_segments(parameters: Parameters) -> tuple[Segment, ...]:
    """The annotated stretches of the vertical task; empty when nothing was annotated."""
    return segments_with(annotated_segments(parameters), VERTICAL_WORDS)


def fixation_segments(parameters: Parameters) -> tuple[Segment, ...]:
    """The annotated stretches of looking straight ahead; empty when nothing was annotated."""
    return segments_with(annotated_segments(parameters), FIXATION_WORDS)


def vertical_task_recorded(parameters: Parameters) -> bool:
    """Whether the recording says that the patient was told to look up and down.

    Annotated ``up``/``down``/``vertical`` stretches say so as well as the task does, unless the task itself
    says otherwise (``fixation``, ``free``).
    """
    if parameters.task in (Task.VERTICAL, Task.VERTICAL_HORIZONTAL):
        return True
    return parameters.task == Task.UNKNOWN and bool(vertical_segments(parameters))


def far_vertical_targets(parameters: Parameters) -> bool:
    """Whether a vertical target annotated by hand lay at least ``gates.min_target_deg`` from straight ahead.

    MDS-PSP criteria, O2: saccades to targets more than 20 degrees from the primary position. The target log of the
    recorder does not count here: a screen shows targets to an empty chair, too.
    """
    least = parameters.gates.min_target_deg
    annotated = segments_with(parameters.segments, VERTICAL_WORDS)
    return any(s.target_deg is not None and s.target_deg >= least for s in annotated)
