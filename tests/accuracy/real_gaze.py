"""Gaze on films of people: marked shifts of one, and what talking heads should show."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from shared.analysis import analyse
from shared.model import BoolArray, CheckStatus, FloatArray
from shared.parameters import Parameters
from tests.accuracy.context import Context
from tests.accuracy.table import Cell, Table

SHIFT_SIZE_DEG: Final = 15.0
_SETTLED: Final = 4
"""Frames before and after a shift whose median is the place of the gaze."""
_FEWEST: Final = 40
SLOPE_BOUNDS: Final = (-1.3, -0.3)
RESIDUAL_BOUNDS_DEG: Final = (3.0, 2.0)
"""Vertical, horizontal."""


def marked_shifts(context: Context) -> Table:
    """Every marked shift of ``lp_d0`` by both instruments, and whether there are large ones besides."""
    assert context.material is not None, "asked for clips without the folder of real clips"
    clip = next(clip for clip in context.clips() if clip["file"].endswith("lp_d0.mp4"))
    trace = context.landmark_trace(context.material / clip["file"])
    limbus_h, limbus_v = trace.mean_of_eyes("limbus_h_deg"), trace.mean_of_eyes("limbus_v_deg")
    limbus, landmark = trace.mean_of_eyes("limbus_h_iris"), _landmark_h_iris(trace)
    rows: list[list[Cell]] = []
    places = {"image_left": -1, "centre": 0, "image_right": 1}
    ratios = []
    for shift in clip["gaze_shifts"]:
        moved = [_moved(a, shift) for a in (limbus_h, limbus_v, limbus, landmark)]
        expected = np.sign(places[shift["to"]] - places[shift["frm"]])
        ratios.append(moved[3] / moved[2])
        found = "yes" if expected * moved[0] > SHIFT_SIZE_DEG else "no"
        name = f"{shift['frm']} to {shift['to']}"
        rows.append([name, shift["start"], shift["end"], moved[0], moved[1], found, ratios[-1]])
    rows.append(["median", None, None, None, None, None, float(np.median(ratios))])
    return Table(
        "Marked gaze shifts of lp_d0",
        ["shift", "from frame", "to frame", "H, deg", "V, deg", "right direction and > 15 deg", "landmark / limbus"],
        rows,
        f"Horizontal is positive toward the right of the picture. Other jumps of {SHIFT_SIZE_DEG:.0f} degrees within "
        f"four frames, outside marked shifts and blinks: {_other_jumps(limbus_h, clip)}. Last column: how much of a "
        "shift the landmarks show. Development data: fits were looked at on this clip.",
    )


def _landmark_h_iris(trace: Any) -> FloatArray:
    """Horizontal landmark gaze of both eyes in iris diameters."""
    per_eye = []
    for eye in (trace.left, trace.right):
        gap_iris = np.nanmedian(eye.lid_opening)
        per_eye.append(eye.h_offset * gap_iris)
    return np.asarray(np.nanmean(np.stack(per_eye), axis=0))


def _moved(signal: FloatArray, shift: dict[str, Any]) -> float:
    before = signal[max(0, shift["start"] - _SETTLED) : shift["start"]]
    after = signal[shift["end"] + 1 : shift["end"] + 1 + _SETTLED]
    return float(np.nanmedian(after) - np.nanmedian(before))


def _other_jumps(signal: FloatArray, clip: dict[str, Any]) -> int:
    """Runs of frames in which gaze moves far within four frames, outside everything marked."""
    large = np.abs(signal[_SETTLED:] - signal[:-_SETTLED]) > SHIFT_SIZE_DEG
    spans = [(s["start"], s["end"]) for s in clip["gaze_shifts"]] + [tuple(b) for b in clip["blinks"]]
    for start, end in spans:
        large[max(0, start - 2 * _SETTLED) : end + _SETTLED + 1] = False
    return int(large[0]) + int(np.count_nonzero(large[1:] & ~large[:-1]))


def talking_films(context: Context) -> Table:
    """Slope of gaze on head rotation and what is left about it: steady gaze on the camera has slope -1."""
    assert context.material is not None, "asked for clips without the folder of real clips"
    rows: list[list[Cell]] = []
    for clip in context.clips():
        trace = context.landmark_trace(context.material / clip["file"])
        result = analyse(trace, Parameters())
        usable = result.usable & ~_marked(clip, len(trace))
        cells: list[Cell] = []
        inside = True
        for name, angle, most in (
            ("limbus_v_deg", trace.head_pitch_deg, RESIDUAL_BOUNDS_DEG[0]),
            ("limbus_h_deg", trace.head_yaw_deg, RESIDUAL_BOUNDS_DEG[1]),
        ):
            slope, residual = _regress(trace.mean_of_eyes(name), angle, usable)
            turned = float(np.nanstd(angle[usable])) if usable.any() else float("nan")
            cells += [turned, slope, residual]
            if name == "limbus_v_deg":
                inside = slope is not None and SLOPE_BOUNDS[0] <= slope <= SLOPE_BOUNDS[1]
            inside = inside and residual is not None and residual <= most
        checks = [check.code for check in result.quality if check.status in {CheckStatus.FAIL, CheckStatus.WARNING}]
        iris_px = float(np.nanmedian(trace.mean_of_eyes("iris_diameter_px")))
        name = clip["file"].rsplit("/", 1)[-1]
        rows.append([name, iris_px, *cells, "inside" if inside else "outside", ", ".join(checks) or "none"])
    return Table(
        "Gaze against head rotation on films of people (degrees, outside blinks and marked shifts)",
        ["film", "iris px", "pitch SD", "V slope", "V rest SD", "yaw SD", "H slope", "H rest SD", "bounds", "checks"],
        rows,
        f"Slope of the vertical angle on head pitch within {SLOPE_BOUNDS[0]} and {SLOPE_BOUNDS[1]} and what is left "
        f"about the line at most {RESIDUAL_BOUNDS_DEG[0]:.0f} (vertical) and {RESIDUAL_BOUNDS_DEG[1]:.0f} degrees, or "
        "one of the quality checks says why not. No one knows where these people looked.",
    )


def _marked(clip: dict[str, Any], count: int) -> BoolArray:
    marked = np.zeros(count, dtype=np.bool_)
    spans = [(s["start"], s["end"]) for s in clip["gaze_shifts"]] + [tuple(b) for b in clip["blinks"]]
    for start, end in spans:
        marked[max(0, start - 3) : end + 4] = True
    return marked


def _regress(signal: FloatArray, angle: FloatArray, use: BoolArray) -> tuple[float | None, float | None]:
    use = use & np.isfinite(signal) & np.isfinite(angle)
    if use.sum() < _FEWEST:
        return None, None
    slope, level = np.polyfit(angle[use], signal[use], 1)
    return float(slope), float(np.std(signal[use] - slope * angle[use] - level))
