"""Blinks: quick closings and reopenings of both lids.

Two detectors, one type of answer:

* ``fixed``: the guide's. Lid gap over corner distance, mean of both eyes, below ``blink_thresh`` for at least
  ``blink_min_frames`` frames.
* ``adaptive``: a dip against the eye's own opening before and after, in seconds, whatever the frame rate.

A blink is what both eyes do, briefly. A wink, a squint, the lowered lids of a glance down and eyes held shut are
none; they are not reported, but :func:`closed_mask` takes shut eyes out of every measurement of gaze.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from shared.events.lid_baseline import (
    TIME_TOLERANCE_S,
    jitter,
    measured_eyes,
    rest_opening,
    span_of,
    stretches,
    usable_opening,
)
from shared.model import Blink, BoolArray, Eye, FloatArray, IntArray, Trace
from shared.parameters import Parameters

_JITTERS: Final = 5.0
"""A dip counts when it is this many standard deviations of the frame-to-frame noise deep."""

_WEAKER_EYE: Final = 0.35
"""Least closure of the weaker eye, as a share of the stronger one's; less is a wink."""

_CLIPPED_DEPTH: Final = 0.5
"""Least depth of a dip of which the recording shows one side only: it might be a glance down."""

_HELD_S: Final = 0.35
"""A partial closure that stays beyond half its depth for longer, s, is a squint or a glance down: in a blink only
lids that met stay."""

_GAZE_COUPLING: Final = 0.6
"""A partial closure during which the iris sinks by more than this many open lid gaps per depth is a glance down.
In glances down of puppet films the landmark iris sinks by 0.8 to 1.5; in marked blinks the closing lid drags it by
0.1 to 0.5."""

_RIM_COUPLING_DEG: Final = 25.0
"""The same where the rim of the iris is measured at the lowest point: degrees of sinking per depth. Lids follow gaze by
a third of their opening in 40 degrees of down-gaze (Read et al. 2006: 118 degrees per depth). In a real clip glances
down gave 46 to 120 and a marked partial blink 11; in all other marked partial blinks the lids hide the rim."""

_REST_S: Final = 0.45
"""Time on either side of a dip from which its depth is taken, s."""

_REST_BEFORE_S: Final = 0.15
_REST_AFTER_S: Final = 0.40
"""Time on either side from which its start and its end are taken, s. Lids sink slowly before some blinks, and
after many they stay a little lower: neither belongs to the blink. Short before it, so that the limit is crossed in
the fast fall and not in a slow sinking, where the noise of the lids would choose the frame: two noisy copies of made
blinks at 30 frames/s then start on the same frame in 96 of 100 cases, with 0.25 s in 87."""

_REST_PERCENTILE: Final = 85.0
"""Percentile of the opening in those times: high, because flanks or a neighbouring blink may be part of them."""

_EDGE: Final = 0.10
"""Lids are at rest within this share of the resting opening on that side."""

_VALLEY: Final = 0.60
"""Two dips are two blinks when the lids reopen between them to less than this share of the shallower depth."""

_COMPLETE: Final = 0.70
"""Depth from which the lids met. Not 1: landmarks leave a gap of a tenth to a quarter on shut lids."""

_SLOW_EDGE_S: Final = 0.1
"""Time, s, beyond the longest blink over which resting lids are looked for."""

_SHUT: Final = 0.35
"""Opening, as a share of the recording's open lids, below which an eye shows too little to be measured."""

_SHUT_RATIO: Final = 0.08
"""Lid gap over corner distance below which an eye is shut in anyone: shut lids read 0.02 to 0.07, open ones 0.22 and
more. It speaks where lids are shut for so long that the recording has no open lids to compare with."""

_OPEN_PERCENTILE: Final = 80.0
"""Percentile of the opening over the recording that stands for its open lids."""


_CLOSING_S: Final = 1 / 60
"""Time over which the closing velocity is taken, s: longer than the frame-to-frame noise, a fifth of a closing."""

_CLOSING_TOLERANCE: Final = 0.02
"""Frame intervals may be this much longer than ``_CLOSING_S``."""


@dataclass(frozen=True)
class _Dip:
    """Positions in a stretch: the lowest frame, the run around it beyond half the depth, and the neighbours' limits."""

    begin: int
    end: int
    apex: int
    low: int
    high: int


@dataclass(frozen=True, eq=False)
class _Sinking:
    """Where the iris stands, larger = lower, nan where unknown.

    Attributes:
        landmark: ``(N,)`` landmark ``v_offset``, open lid gaps. Tables of the published original divide it by the
            momentary lid gap, so theirs says nothing here.
        rim_deg: ``(N,)`` vertical gaze by the limbus, degrees.
    """

    landmark: FloatArray
    rim_deg: FloatArray


def detect_blinks(trace: Trace, parameters: Parameters) -> tuple[Blink, ...]:
    """Blinks of both eyes, in order of time.

    Args:
        trace: any frame rate, even or not; frames without a face or a lid opening are skipped.
        parameters: ``blink_method`` chooses the detector; the other ``blink_`` values set it.
    """
    find = _fixed if parameters.blink_method == "fixed" else _adaptive
    return find(trace, parameters)


def blink_mask(trace: Trace, blinks: tuple[Blink, ...]) -> BoolArray:
    """``(N,)`` frames inside a blink, without padding."""
    return _covered(trace.time_s, np.array([[b.start_s, b.end_s] for b in blinks]).reshape(-1, 2))


def closed_mask(trace: Trace, blinks: tuple[Blink, ...]) -> BoolArray:
    """``(N,)`` frames on which gaze cannot be seen: inside a blink, or either eye all but shut.

    Winks, squints and eyes held shut are no blinks, but the iris landmarks drawn on a closed lid are as wrong.
    """
    shut = blink_mask(trace, blinks)
    for eye in (trace.left, trace.right):
        opening = usable_opening(eye, trace)
        if np.isfinite(opening).any():
            shut |= opening < _SHUT * np.nanpercentile(opening, _OPEN_PERCENTILE)
        shut |= trace.valid & (eye.eye_open < _SHUT_RATIO)
    return shut


def usable_mask(trace: Trace, blinks: tuple[Blink, ...], padding_s: float) -> BoolArray:
    """``(N,)`` frames that may enter ranges and velocities: valid, and ``padding_s`` away from closed lids."""
    closed = closed_mask(trace, blinks)
    begin = np.flatnonzero(np.diff(closed.astype(np.int8), prepend=0) == 1)
    end = np.flatnonzero(np.diff(closed.astype(np.int8), append=0) == -1)
    padded = np.column_stack([trace.time_s[begin] - padding_s, trace.time_s[end] + padding_s])
    return trace.valid & ~_covered(trace.time_s, padded)


def _covered(time_s: FloatArray, spans_s: FloatArray) -> BoolArray:
    """Frames inside any of the spans ``(M, 2)`` of time, both ends included."""
    steps = np.zeros(len(time_s) + 1, dtype=np.int64)
    np.add.at(steps, np.searchsorted(time_s, spans_s[:, 0] - TIME_TOLERANCE_S, side="left"), 1)
    np.add.at(steps, np.searchsorted(time_s, spans_s[:, 1] + TIME_TOLERANCE_S, side="right"), -1)
    return np.cumsum(steps)[:-1] > 0


def _runs(inside: BoolArray) -> list[tuple[int, int]]:
    """First and last position of every run of True."""
    change = np.diff(inside.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(change == 1).tolist(), (np.flatnonzero(change == -1) - 1).tolist(), strict=True))


def _fixed(trace: Trace, parameters: Parameters) -> tuple[Blink, ...]:
    opening = np.where(trace.valid, trace.mean_of_eyes("eye_open"), np.nan)
    if not np.isfinite(opening).any():
        return ()
    open_lids = float(np.nanpercentile(opening, _OPEN_PERCENTILE))
    last = len(trace) - 1
    found = []
    for start, end in _runs(opening < parameters.blink_thresh):
        if end - start + 1 < parameters.blink_min_frames:
            continue
        depth = 1.0 - opening[start : end + 1] / max(open_lids, parameters.blink_thresh)
        clipped = start == 0 or end == last
        found.append(_blink(trace, np.arange(start, end + 1), depth, float(depth.max()), clipped=clipped))
    return tuple(found)


def _blink(
    trace: Trace, frames: IntArray, depth: FloatArray, closure: float, *, eye: Eye = "both", clipped: bool
) -> Blink:
    """A blink over ``frames`` (positions in the trace), with ``depth`` on each of them."""
    complete = closure >= _COMPLETE
    shut = frames[depth >= min(_COMPLETE, depth.max())]
    return Blink(
        start_frame=int(trace.frame_idx[frames[0]]),
        end_frame=int(trace.frame_idx[frames[-1]]),
        start_s=float(trace.time_s[frames[0]]),
        end_s=float(trace.time_s[frames[-1]]),
        kind="complete" if complete else "incomplete",
        depth=closure,
        closed_start_frame=int(trace.frame_idx[shut[0]]) if complete else None,
        closed_end_frame=int(trace.frame_idx[shut[-1]]) if complete else None,
        eye=eye,
        clipped=clipped,
        closing_velocity_per_s=_closing_velocity(trace.time_s[frames], depth),
    )


def _closing_velocity(time_s: FloatArray, depth: FloatArray) -> float | None:
    """Fastest closing before the deepest frame, open lid gaps per second; None where frames are too far apart."""
    until = int(np.argmax(depth)) + 1
    if until < 2:
        return None
    interval_s = float(time_s[until - 1] - time_s[0]) / (until - 1)
    lag = max(1, round(_CLOSING_S / interval_s))
    if lag >= until or lag * interval_s > _CLOSING_S * (1 + _CLOSING_TOLERANCE):
        return None
    passed_s = time_s[lag:until] - time_s[: until - lag]
    return float(np.max((depth[lag:until] - depth[: until - lag]) / passed_s))


def _adaptive(trace: Trace, parameters: Parameters) -> tuple[Blink, ...]:
    eyes = np.stack([usable_opening(eye, trace) for eye in (trace.left, trace.right)])
    present = np.flatnonzero(np.isfinite(eyes).any(axis=0))
    iris_down = np.full(len(trace), np.nan) if trace.legacy else trace.mean_of_eyes("v_offset")
    rim_down = trace.mean_of_eyes("limbus_v_deg")
    found: list[Blink] = []
    for stretch in stretches(trace.time_s, present):
        time_s = trace.time_s[stretch]
        sides, openings = measured_eyes(time_s, eyes[:, stretch])
        found += [
            _blink(trace, stretch[span], depth, closure, eye=sides, clipped=clipped)
            for span, depth, closure, clipped in _in_stretch(
                time_s, openings, _Sinking(iris_down[stretch], rim_down[stretch]), parameters
            )
        ]
    return tuple(found)


def _in_stretch(
    time_s: FloatArray, eyes: FloatArray, sinking: _Sinking, parameters: Parameters
) -> Iterator[tuple[IntArray, FloatArray, float, bool]]:
    """Blinks within frames that follow each other without a loss: positions, depth on each, closure, clipped.

    Args:
        time_s: ``(N,)`` presentation times, s.
        eyes: ``(E, N)`` finite openings of the one or two eyes measured.
        sinking: of the iris.
        parameters: of the adaptive method.
    """
    opening = eyes.mean(axis=0)
    rest = rest_opening(time_s, opening, parameters.blink_max_duration_s + 2 * _SLOW_EDGE_S)
    depth = 1.0 - np.divide(opening, rest, out=np.ones_like(rest), where=rest > 0)
    least = max(parameters.blink_min_depth, _JITTERS * jitter(depth))
    already_shut = rest < _SHUT * np.percentile(opening, _OPEN_PERCENTILE)
    for dip in _dips(depth, least):
        if already_shut[dip.apex]:  # noise on lids held shut is large against what is left of their opening
            continue
        closures = [_closure(time_s, eye, dip) for eye in eyes]
        if min(closures) < _WEAKER_EYE * max(closures):
            continue
        closure = _closure(time_s, opening, dip)
        # Lids that met are no glance and no squint, so only partial closures are asked.
        lowered = closure <= _COMPLETE and (
            time_s[dip.end] - time_s[dip.begin] > _HELD_S + TIME_TOLERANCE_S
            or _follows_gaze(time_s, opening, sinking, dip, closure)
        )
        start, end = _extent(time_s, opening, dip)
        clipped = start == 0 or end == len(time_s) - 1
        brief = time_s[end] - time_s[start] <= parameters.blink_max_duration_s + TIME_TOLERANCE_S
        enough = max(least, _CLIPPED_DEPTH if clipped else 0.0, _COMPLETE if lowered else 0.0)
        if brief and closure > enough:
            span = np.arange(start, end + 1)
            yield span, depth[span], closure, clipped


def _dips(depth: FloatArray, least: float) -> list[_Dip]:
    """Dips deeper than ``least`` in order of time, a double closure as two.

    Lids that reopen slowly cross ``least`` more than once when it is noisy. That is one dip, as long as no valley
    parts it; otherwise noise would end the blink there.
    """
    runs = [(begin, end) for begin, end in _runs(depth > _VALLEY * least) if depth[begin : end + 1].max() > least]
    parts = [part for begin, end in runs for part in _split(depth, begin, end)]
    cores = [(begin, end) for begin, end in parts if depth[begin : end + 1].max() > least]
    apexes = [begin + int(np.argmax(depth[begin : end + 1])) for begin, end in cores]
    valleys = [_widest(depth, first, second) for first, second in pairwise(apexes)]
    lows = [0, *(valley + 1 for valley in valleys)]
    highs = [*valleys, len(depth) - 1]
    return [
        _Dip(*_half_depth(depth, apex, low, high), apex, low, high)
        for apex, low, high in zip(apexes, lows, highs, strict=False)
    ]


def _split(depth: FloatArray, begin: int, end: int) -> list[tuple[int, int]]:
    """Cut a run where the lids reopen to less than ``_VALLEY`` of the shallower closure beside."""
    part = depth[begin : end + 1]
    beside = np.minimum(np.maximum.accumulate(part), np.maximum.accumulate(part[::-1])[::-1])
    cut = begin + int(np.argmin(part / beside))
    if depth[cut] >= _VALLEY * beside[cut - begin]:
        return [(begin, end)]
    return [*_split(depth, begin, cut), *_split(depth, cut + 1, end)]


def _widest(depth: FloatArray, begin: int, end: int) -> int:
    """Position of the widest opening between two frames, the later of equals."""
    return end - int(np.argmin(depth[begin : end + 1][::-1]))


def _half_depth(depth: FloatArray, apex: int, low: int, high: int) -> tuple[int, int]:
    """First and last of the frames around ``apex`` that are beyond half its depth."""
    shallow = depth[low : high + 1] < depth[apex] / 2
    before, after = np.flatnonzero(shallow[: apex - low]), np.flatnonzero(shallow[apex - low :])
    return (
        low + int(before[-1]) + 1 if len(before) else low,
        apex + int(after[0]) - 1 if len(after) else high,
    )


def _rest(time_s: FloatArray, opening: FloatArray, dip: _Dip, before_s: float, after_s: float) -> tuple[float, float]:
    """Resting opening before and after a dip; ``nan`` on a side without frames."""
    first, last = span_of(time_s, time_s[dip.begin] - before_s, time_s[dip.end] + after_s)
    return _high(opening[first : dip.begin]), _high(opening[dip.end + 1 : last])


def _high(opening: FloatArray) -> float:
    """The resting percentile (nearest sample; a tenth of the time of numpy's on a handful of values)."""
    if not len(opening):
        return float("nan")
    return float(np.sort(opening)[round((len(opening) - 1) * _REST_PERCENTILE / 100)])


def _closure(time_s: FloatArray, opening: FloatArray, dip: _Dip) -> float:
    """How far lids closed, 0 to 1, against the lower of the resting openings before and after."""
    rest = np.fmin(*_rest(time_s, opening, dip, _REST_S, _REST_S))
    return float(np.clip(1.0 - opening[dip.begin : dip.end + 1].min() / rest, 0.0, 1.0)) if rest > 0 else 0.0


def _follows_gaze(time_s: FloatArray, opening: FloatArray, sinking: _Sinking, dip: _Dip, closure: float) -> bool:
    """Whether the iris sank so far below where it was on either side that the lids merely followed it."""
    if _sunk(time_s, sinking.landmark, dip) > _GAZE_COUPLING * closure:
        return True
    lowest = dip.begin + int(np.argmin(opening[dip.begin : dip.end + 1]))
    seen = bool(np.isfinite(sinking.rim_deg[lowest]))
    return seen and _sunk(time_s, sinking.rim_deg, dip) > _RIM_COUPLING_DEG * closure


def _sunk(time_s: FloatArray, iris_down: FloatArray, dip: _Dip) -> float:
    """How far the iris is lower during a dip than on either side, nan where that is not known."""
    first, last = span_of(time_s, time_s[dip.begin] - _REST_S, time_s[dip.end] + _REST_S)
    before, during, after = (
        _middle(iris_down[part])
        for part in (slice(first, dip.begin), slice(dip.begin, dip.end + 1), slice(dip.end + 1, last))
    )
    return float(during - np.fmax(before, after))


def _middle(values: FloatArray) -> float:
    """Median of the finite values, ``nan`` of none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _extent(time_s: FloatArray, opening: FloatArray, dip: _Dip) -> tuple[int, int]:
    """First frame with visibly lowered lids and last before they are back at rest."""
    before, after = _rest(time_s, opening, dip, _REST_BEFORE_S, _REST_AFTER_S)
    earlier = np.flatnonzero(opening[dip.low : dip.begin] >= (1.0 - _EDGE) * before)
    later = np.flatnonzero(opening[dip.end + 1 : dip.high + 1] >= (1.0 - _EDGE) * after)
    return (
        dip.low + int(earlier[-1]) + 1 if len(earlier) else dip.low,
        dip.end + int(later[0]) if len(later) else dip.high,
    )
