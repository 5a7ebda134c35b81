"""A recording measured again with the events as a reviewer left them, to stand beside the measured numbers.

Nothing is detected anew: rejected events are left out, added blinks enter and mask their frames, and every number
that rests on events or on the frames outside blinks follows. The stored result stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Final, TypeVar

import numpy as np

from shared.analysis import analyse
from shared.errors import InvalidRequestError
from shared.events.lid_baseline import usable_opening
from shared.metrics import Events
from shared.model import Blink, Result, Saccade, SquareWaveJerk, Trace, VideoMeta
from shared.parameters import Parameters
from shared.review import KINDS, LONGEST_BLINK_S, SHORTEST_BLINK_S, ReviewState

_COMPLETE_DEPTH: Final = 0.70
"""As for measured blinks: landmarks leave a gap on shut lids."""

_OPEN_PERCENTILE: Final = 80.0
_Event = TypeVar("_Event", Blink, Saccade, SquareWaveJerk)


def reviewed_events(state: ReviewState) -> Events:
    """The events that count, as the core knows them, in order of time."""
    return Events(
        tuple(_event(Blink, item.event) for item in state.events if item.kind == "blinks" and item.counts),
        tuple(_event(Saccade, item.event) for item in state.events if item.kind == "saccades" and item.counts),
        tuple(
            _event(SquareWaveJerk, item.event)
            for item in state.events
            if item.kind == "square_wave_jerks" and item.counts
        ),
    )


def _event(kind: type[_Event], stored: Mapping[str, Any]) -> _Event:
    names = {field.name for field in fields(kind)}
    values = {name: value for name, value in stored.items() if name in names}
    if "qualifiers" in values:
        values["qualifiers"] = tuple(values["qualifiers"])
    return kind(**values)


def reviewed_result(trace: Trace, document: Mapping[str, Any], state: ReviewState) -> Result:
    """What the analysis says of ``trace`` with the events as they stand in ``state``.

    Args:
        trace: as read from the stored table.
        document: the stored result, whose parameters, film and tracker are kept.
        state: of the review.
    """
    summary = document["summary"]
    meta = summary.get("video_meta")
    stamped = replace(trace, meta=VideoMeta(**meta) if meta else trace.meta, tracker=dict(summary["tracker"]))
    parameters = Parameters.from_mapping(summary["parameters"])
    return analyse(stamped, parameters, reviewed=reviewed_events(state))


def events_with_status(state: ReviewState) -> dict[str, Any]:
    """``events`` of a result document with what was decided: each carries ``status`` and, if rejected, ``reason``."""
    listed: dict[str, Any] = {kind: [] for kind in KINDS}
    for item in state.events:
        decided = {} if item.status == "measured" else {"status": item.status, "reviewer": item.reviewer}
        reason = {"reason": item.reason} if item.reason else {}
        listed[item.kind].append({**item.event, **decided, **reason})
    return listed


def added_blink(trace: Trace, start_s: float, end_s: float) -> dict[str, Any]:
    """A blink that a reviewer marked from ``start_s`` to ``end_s``, on the frames that the trace has there.

    How far the lids closed is read from the trace: they are compared with the open lids of the recording.

    Raises:
        InvalidRequestError: outside the recording, too short or too long.
    """
    if not (np.isfinite(start_s) and np.isfinite(end_s)) or not SHORTEST_BLINK_S <= end_s - start_s <= LONGEST_BLINK_S:
        raise InvalidRequestError(
            f"A blink lasts {SHORTEST_BLINK_S:g} to {LONGEST_BLINK_S:g} s. Mark its start (i) and its end (o) again.",
            field="end_s",
        )
    inside = np.flatnonzero((trace.time_s >= start_s - 1e-6) & (trace.time_s <= end_s + 1e-6))
    if not len(inside):
        raise InvalidRequestError("The marked time holds no measured frame. Mark it again.", field="start_s")
    first, last = int(inside[0]), int(inside[-1])
    depth = _depth(trace, first, last)
    complete = depth >= _COMPLETE_DEPTH
    blink = Blink(
        start_frame=int(trace.frame_idx[first]),
        end_frame=int(trace.frame_idx[last]),
        start_s=float(trace.time_s[first]),
        end_s=float(trace.time_s[last]),
        kind="complete" if complete else "incomplete",
        depth=depth,
        clipped=first == 0 or last == len(trace) - 1,
    )
    return {**asdict(blink), "duration_s": blink.duration_s}


def _depth(trace: Trace, first: int, last: int) -> float:
    """Greatest closure from ``first`` to ``last``, 0 open to 1 shut; 1 where no lid was measured there."""
    openings = np.stack([usable_opening(eye, trace) for eye in (trace.left, trace.right)])
    within = openings[:, first : last + 1]
    seen = np.isfinite(within).any(axis=1)
    if not seen.any():
        return 1.0
    rest = np.nanpercentile(openings[seen], _OPEN_PERCENTILE, axis=1)
    closures = 1.0 - np.nanmin(within[seen], axis=1) / np.maximum(rest, 1e-9)
    return float(np.clip(closures.mean(), 0.0, 1.0))
