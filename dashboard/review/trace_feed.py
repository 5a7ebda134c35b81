"""The traces of one recording as the browser draws them: packed once, sent compressed, never thinned.

Format: the length of a JSON header (4 bytes, little-endian), the header, then typed arrays, each on an 8-byte
boundary counted from the end of the header. The header's ``facts`` say what there is to draw and what it is called.
Gaze is left out where lids are shut (a closing lid drags the iris along); lids are kept throughout.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from dashboard.language.texts import t
from dashboard.review.reviews import Review, masks_of
from shared.events.velocity import local_velocity
from shared.model import BoolArray, FloatArray, Trace
from shared.targets.log import checked_target_log, target_segments

_TYPES: Final = {"f64": np.float64, "f32": np.float32, "i32": np.int32}
_GAZE: Final = ("v_offset", "h_offset", "limbus_v_deg", "limbus_h_deg")
_ALIGN: Final = 8
_COMPRESSION: Final = 3
"""Of gzip: twice as fast as 6 on these arrays and hardly larger."""


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Stretches where ``mask`` holds, as (first, last) indices, inclusive.

    >>> runs(np.array([True, False, True, True]))
    [(0, 0), (2, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def vertical_band(trace: Trace, usable: BoolArray, field: str = "v_offset") -> tuple[float, float] | None:
    """P5 and P95 of the mean of both eyes over usable frames: the range that the threshold is set against."""
    values = trace.mean_of_eyes(field)[usable]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return None
    low, high = np.percentile(values, [5, 95])
    return float(low), float(high)


def pack(facts: Mapping[str, Any], arrays: Mapping[str, tuple[str, FloatArray]]) -> bytes:
    """One binary message of ``facts`` and named arrays (type ``f64``, ``f32`` or ``i32``, values)."""
    entries, blocks, offset = [], [], 0
    for name, (kind, values) in arrays.items():
        block = np.ascontiguousarray(values, dtype=_TYPES[kind]).tobytes()
        entries.append({"name": name, "type": kind, "offset": offset, "count": len(values)})
        blocks.append(block.ljust(-(-len(block) // _ALIGN) * _ALIGN, b"\0"))
        offset += len(blocks[-1])
    header = json.dumps({"facts": facts, "arrays": entries}, allow_nan=False, ensure_ascii=False).encode()
    opening = len(header).to_bytes(4, "little") + header
    return opening.ljust(-(-len(opening) // _ALIGN) * _ALIGN, b"\0") + b"".join(blocks)


def trace_feed(review: Review) -> bytes:
    """All that the review part draws of a recording but the events, packed and compressed with gzip."""
    trace = review.trace
    parameters = review.summary["parameters"]
    masks = masks_of(trace, review.events, parameters)
    target = _target(trace, parameters)
    arrays = _measured(trace, masks.visible) | {f"target_{axis}": ("f32", values) for axis, values in target.items()}
    instruments = [_instrument("landmark", arrays, parameters, band=vertical_band(trace, masks.usable))]
    if any(np.isfinite(arrays[f"{side}_limbus_v_deg"][1]).any() for side in ("left", "right")):
        instruments.append(_instrument("limbus", arrays, parameters, target=tuple(target)))
    facts = {
        "duration_s": max(trace.duration_s, 1e-3),
        "video_width_px": (review.summary.get("video_meta") or {}).get("width_px"),
        "instruments": instruments,
        "lost_s": _lost(trace),
        "segments": _segments(parameters),
    }
    return gzip.compress(pack(facts, arrays), _COMPRESSION, mtime=0)


def _measured(trace: Trace, visible: BoolArray) -> dict[str, tuple[str, FloatArray]]:
    """The trace as named arrays; gaze only where it is ``visible``."""
    arrays: dict[str, tuple[str, FloatArray]] = {
        "time_s": ("f64", trace.time_s),
        "frame_idx": ("i32", trace.frame_idx.astype(np.float64)),
        "valid": ("f32", np.where(trace.valid, 1.0, np.nan)),
    }
    for side in ("left", "right"):
        eye = getattr(trace, side)
        for name, values in (("x", eye.iris_x_px), ("y", eye.iris_y_px), ("diameter", eye.iris_diameter_px)):
            arrays[f"{side}_iris_{name}"] = ("f32", np.where(trace.valid, values, np.nan))
        for field in _GAZE:
            arrays[f"{side}_{field}"] = ("f32", np.where(visible, getattr(eye, field), np.nan))
        for field in ("eye_open", "lid_opening"):
            arrays[f"{side}_{field}"] = ("f32", np.where(trace.valid, getattr(eye, field), np.nan))
    for field in _GAZE:
        gaze = np.where(visible, trace.mean_of_eyes(field), np.nan)
        arrays[f"velocity_{field}"] = ("f32", _velocity(trace, gaze))
    return arrays


def _lost(trace: Trace) -> list[list[float]]:
    """Stretches that could not be measured: from half a frame before the first to half a frame after the last, s."""
    half_frame_s = 0.5 / trace.frame_rate_hz if trace.frame_rate_hz else 0.0
    return [
        [float(trace.time_s[first] - half_frame_s), float(trace.time_s[last] + half_frame_s)]
        for first, last in runs(~trace.valid)
    ]


def segment_words() -> dict[str, str]:
    """What the patient was asked for, by the label of a segment."""
    return {
        "up": t("up"),
        "down": t("down"),
        "left": t("to the patient’s left"),
        "right": t("to the patient’s right"),
        "fixation": t("straight ahead"),
        "vertical": t("up and down"),
        "horizontal": t("left and right"),
    }


def _segments(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the patient was asked for, and when: as annotated, else as the target showed it."""
    words = segment_words()
    annotated = parameters.get("segments") or [
        asdict(segment) for segment in target_segments(checked_target_log(parameters.get("target_log")))
    ]
    return [
        {
            "start_s": segment["start_s"],
            "end_s": segment["end_s"],
            "label": words.get(segment["label"], segment["label"]),
        }
        for segment in annotated
    ]


def _velocity(trace: Trace, gaze: FloatArray) -> FloatArray:
    """Slope of the line through each sample and its two neighbours, 1/s."""
    interval_s = 1 / trace.frame_rate_hz if trace.frame_rate_hz else 0.0
    return local_velocity(trace.time_s, gaze, 1.2 * interval_s)


def _target(trace: Trace, parameters: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Where the target stood in each frame, degrees; empty where none was recorded."""
    log = parameters.get("target_log")
    if not log:
        return {}
    steps = sorted(log["steps"], key=lambda step: step["time_s"])
    place = np.searchsorted([step["time_s"] for step in steps], trace.time_s, side="right") - 1
    end_s = log.get("end_s")
    shown = (place >= 0) & (trace.time_s <= (np.inf if end_s is None else end_s))
    axes = {}
    for axis in ("x_deg", "y_deg"):
        values = np.array([np.nan if step[axis] is None else step[axis] for step in steps])
        axes[axis] = np.where(shown, values[np.maximum(place, 0)], np.nan)
    return axes


def _instrument(
    name: str,
    arrays: Mapping[str, tuple[str, FloatArray]],
    parameters: Mapping[str, Any],
    *,
    band: tuple[float, float] | None = None,
    target: Sequence[str] = (),
) -> dict[str, Any]:
    """Lanes of one instrument, with their titles, units and limits."""
    limbus = name == "limbus"
    vertical, horizontal = ("limbus_v_deg", "limbus_h_deg") if limbus else ("v_offset", "h_offset")
    decimals = 1 if limbus else 3
    limits: tuple[float, ...] = ()
    if limbus:
        note = t("Limbus instrument: approximate degrees, uncalibrated, ± 20 %. The threshold does not belong to it.")
        titles = (
            t("Vertical, approx. degrees, up ↑"),
            t("Horizontal, approx. degrees, patient’s left ↑"),
            t("Velocity, approx. degrees/s: vertical (down +), horizontal (left +)"),
        )
    else:
        note = _landmark_note(band, parameters["vpp_thresh"])
        titles = (
            t("Vertical, open lid gaps, up ↑"),
            t("Horizontal, open lid gaps, patient’s left ↑"),
            t("Velocity, open lid gaps/s: vertical (down +), horizontal (left +)"),
        )
        if band is not None:
            middle = sum(band) / 2
            limits = (middle - parameters["vpp_thresh"] / 2, middle + parameters["vpp_thresh"] / 2)
    target_lines = {axis: [_line(f"target_{axis}", "target", t("Target"))] for axis in target}
    lanes = [
        _lane(
            "vertical",
            titles[0],
            _eyes(vertical) + target_lines.get("y_deg", []),
            arrays,
            decimals,
            band=band,
            limits=limits,
        ),
        _lane("horizontal", titles[1], _eyes(horizontal) + target_lines.get("x_deg", []), arrays, decimals),
        _lane(
            "velocity",
            titles[2],
            [
                _line(f"velocity_{vertical}", "vertical", t("V")),
                _line(f"velocity_{horizontal}", "horizontal", t("H")),
            ],
            arrays,
            0 if limbus else 2,
        ),
        _lids(arrays, parameters),
    ]
    lanes[0]["down"] = True
    return {"id": name, "name": t("Limbus") if limbus else t("Landmark"), "note": note, "lanes": lanes}


def _landmark_note(band: tuple[float, float] | None, threshold: float) -> str:
    under = t("Landmark instrument: under-reads vertical movement about threefold. Its threshold belongs to it.")
    if band is None:
        shown = t("Range not measurable · threshold {threshold:g}", threshold=threshold)
    else:
        shown = t(
            "Shaded: P5–P95 of the mean, {range:.3f} · dashed: the threshold, {threshold:g} wide",
            range=band[1] - band[0],
            threshold=threshold,
        )
    return f"{under} {shown}"


def _line(channel: str, look: str, short: str) -> dict[str, str]:
    return {"channel": channel, "look": look, "short": short}


def _eyes(field: str) -> list[dict[str, str]]:
    return [_line(f"left_{field}", "left", t("L")), _line(f"right_{field}", "right", t("R"))]


def _lids(arrays: Mapping[str, tuple[str, FloatArray]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The lids in the unit in which blinks were looked for, with the level below which they count as shut."""
    if parameters["blink_method"] == "fixed":
        field, limit = "eye_open", float(parameters["blink_thresh"])
        title = t("Lid opening, gap / eye width; dashed: shut below {threshold:g}", threshold=limit)
    else:
        field = "lid_opening"
        opening = np.concatenate([arrays[f"{side}_{field}"][1] for side in ("left", "right")])
        known = opening[np.isfinite(opening)]
        limit = float(np.median(known) * (1 - parameters["blink_min_depth"])) if len(known) else 0.0
        title = t(
            "Lid opening, iris diameters; dashed: {depth:.0%} below the median", depth=parameters["blink_min_depth"]
        )
    return _lane("lids", title, _eyes(field), arrays, 2, limits=(limit,), include=(0.0,))


def _lane(
    name: str,
    title: str,
    lines: Sequence[Mapping[str, str]],
    arrays: Mapping[str, tuple[str, FloatArray]],
    decimals: int,
    *,
    band: tuple[float, float] | None = None,
    limits: Sequence[float] = (),
    include: Sequence[float] = (),
) -> dict[str, Any]:
    values = [arrays[line["channel"]][1] for line in lines]
    return {
        "id": name,
        "title": title,
        "lines": list(lines),
        "decimals": decimals,
        "down": False,
        "band": list(band) if band else None,
        "limits": list(limits),
        "range": _range(values, (*(band or ()), *limits, *include)),
    }


def _range(lines: Sequence[FloatArray], include: Sequence[float]) -> list[float]:
    """Ends of a lane: nearly all of its values, and all of ``include``, with a margin."""
    known = np.concatenate([line[np.isfinite(line)] for line in lines])
    ends = [*include, *(np.percentile(known, [0.5, 99.5]) if len(known) else ())]
    if not ends:
        return [-1.0, 1.0]
    low, high = float(min(ends)), float(max(ends))
    margin = 0.1 * (high - low) or 0.05
    return [low - margin, high + margin]
