"""Gaze of the limbus instrument against rendered faces whose gaze is known, and its consistency on real films."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shared.model import BoolArray, FloatArray, Trace
from shared.parameters import Parameters
from shared.synthetic.gaze import GazeTruth, simulate
from shared.synthetic.gaze_script import Script, Step, steps_between
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.puppet import Puppet
from shared.synthetic.video_writer import write_video
from shared.tracking.tracker import track
from tests.accuracy.context import Context
from tests.accuracy.faces import FACES, TURNING_FACES, Face, portrait_of
from tests.accuracy.real_gaze import marked_shifts, talking_films
from tests.accuracy.table import Cell, Table

title = "Gaze on rendered faces, and its consistency on real films"
needs_material = False

VERTICAL_DEG = (-10, 10, -20, 20, -5, 5, -15, 15, -25, 25, 0)
HORIZONTAL_DEG = (-8, 8, -15, 15, -22, 22, 0)
REST_S = 2.0
DWELL_S = 0.7
HORIZONTAL_FROM_S = REST_S + DWELL_S * len(VERTICAL_DEG)
HEAD_S = 6.0
MOVING_H_DEG = (0, 0, 0, 0, 15, -15, 0, 0, 0, -10, 10, 0)
MOVING_V_DEG = (-10, 10, -20, 0, 0, 0, 0, 20, 0, -10, 10, 0)
MOVING_HEAD = HeadScript(
    pitch=Swing(7.0, 0.3),
    yaw=Swing(8.0, 0.25, phase_rad=1.0),
    roll=Swing(4.0, 0.2),
    x=Swing(0.5, 0.22),
    y=Swing(0.4, 0.27),
    z=Swing(0.6, 0.15),
)
ROTATION_BINS_DEG = ((0, 2), (2, 5), (5, 8), (8, 12))


def still_gaze() -> GazeTruth:
    """Rest, then vertical saccades of 5 to 25 degrees, then horizontal ones of 8 to 22."""
    targets: list[tuple[float, float]] = [(0, v) for v in VERTICAL_DEG] + [(h, 0) for h in HORIZONTAL_DEG]
    steps: tuple[Step, ...] = steps_between(REST_S, targets, DWELL_S)
    return simulate(Script(duration_s=REST_S + DWELL_S * (len(targets) + 1), steps=steps), seed=3)


def gaze_on_a_moving_head() -> GazeTruth:
    """Saccades of 10 to 30 degrees, up, down, sideways and oblique."""
    targets: list[tuple[float, float]] = list(zip(MOVING_H_DEG, MOVING_V_DEG, strict=True))
    steps: tuple[Step, ...] = steps_between(1.0, targets, DWELL_S)
    return simulate(Script(duration_s=1.0 + DWELL_S * (len(targets) + 1), steps=steps), seed=5)


def film(face: Face, context: Context, gaze: GazeTruth, head: HeadScript | None = None) -> Trace | None:
    """Trace of a rendered film; None where the portrait is not at hand."""
    portrait = portrait_of(face, context)
    if portrait is None:
        return None
    puppet = Puppet(portrait, face.look)
    truth = puppet.truth(gaze, head)
    path = write_video(context.scratch / "gaze.mp4", puppet.frames(truth), truth.gaze.time_s)
    return track(path, Parameters())


def gain(true: FloatArray, found: FloatArray, use: BoolArray) -> float:
    """Slope of found on true."""
    use = use & np.isfinite(found)
    if use.sum() < 10:
        return float("nan")
    return float(np.polyfit(true[use], found[use], 1)[0])


def rms(error: FloatArray) -> float:
    """Root mean square of what was measured."""
    return float(np.sqrt(np.nanmean(error**2)))


def from_rest(trace: Trace, name: str, true_deg: FloatArray, rest: BoolArray) -> FloatArray:
    """Mean of both eyes, shifted so that it agrees with the truth during the rest at the start."""
    found = trace.mean_of_eyes(name)
    return np.asarray(found - np.nanmedian(found[rest]) + np.median(true_deg[rest]))


def tables(context: Context) -> list[Table]:
    """Still head, turning head and, with the real clips, marked shifts and people talking."""
    found = [_still_head(context), _turning_head(context)]
    return found if context.material is None else [*found, marked_shifts(context), talking_films(context)]


def _still_head(context: Context) -> Table:
    rows: list[list[Cell]] = []
    gaze = still_gaze()
    time_s, h, v = gaze.time_s, gaze.h_deg, gaze.v_deg
    rest, vertical, horizontal = time_s < REST_S - 0.1, time_s < HORIZONTAL_FROM_S, time_s >= HORIZONTAL_FROM_S
    for face in FACES:
        trace = film(face, context, gaze)
        if trace is None:
            continue
        v_found = from_rest(trace, "limbus_v_deg", v, rest)
        h_found = from_rest(trace, "limbus_h_deg", h, rest)
        up, down = vertical & (v < -2.5), vertical & (v > 2.5)
        error = v_found - v
        rows.append(
            [
                face.name,
                face.role,
                gain(v, v_found, vertical),
                rms(error[vertical]),
                gain(v, v_found, up | rest),
                gain(v, v_found, down | rest),
                rms(error[down]),
                float(np.nanmax(np.abs(error[vertical]))),
                float(np.nanstd(v_found[rest])),
                gain(h, h_found, horizontal),
                rms((h_found - h)[horizontal]),
                _share(np.isnan(v_found)),
                _share(np.isnan(v_found[down])),
            ]
        )
    errors = ["V gain", "V RMSE", "up gain", "down gain", "down RMSE", "largest V error", "V SD at rest"]
    heads = [*errors, "H gain", "H RMSE", "V not measured", "of that down"]
    return Table(
        "Limbus instrument, head still (degrees; mean of both eyes)",
        ["face", "used for", *heads],
        rows,
        "Vertical saccades of 5 to 25 degrees up and down, horizontal ones of 8 to 22; every frame counts in which a "
        "height is given. *Not measured*: both eyes marked lid-occluded (share of all frames, and of those of "
        "down-gaze). Rendered eyes are round, both have the same gaze: real eyes are harder.",
    )


def _share(flags: BoolArray) -> str:
    return f"{100 * float(np.mean(flags)):.0f} %"


def _turning_head(context: Context) -> Table:
    rows: list[list[Cell]] = []
    for face in TURNING_FACES:
        if portrait_of(face, context) is None:
            continue
        error, turn, in_space = _while_turning(face, context)
        bins: list[Cell] = [rms(error[(turn >= low) & (turn < high)]) for low, high in ROTATION_BINS_DEG]
        rows.append([face.name, face.role, *bins, *in_space, *_while_all_moves(face, context)])
    heads = [f"{low} to {high} deg" for low, high in ROTATION_BINS_DEG]
    return Table(
        "Limbus instrument, head turning +-10 degrees at 0.35 (nod) and 0.4 Hz (shake)",
        ["face", "used for", *heads, "gaze fixed in space: V gain", "H gain", "all moves: V RMSE", "H RMSE"],
        rows,
        "Columns by rotation: RMS error in degrees with the gaze fixed in the head. *Gaze fixed in space*: the eyes "
        "counter-rotate. *All moves*: saccades of 10 to 30 degrees while the head nods by 7, shakes by 8 and tilts by "
        "4 degrees and drifts by half an iris each way, every frame.",
    )


def _while_turning(face: Face, context: Context) -> tuple[FloatArray, FloatArray, list[Cell]]:
    """Errors with the gaze fixed in the head, the head's turn in those frames, and gains with it fixed in space."""
    nod, shake = HeadScript(pitch=Swing(10.0, 0.35)), HeadScript(yaw=Swing(10.0, 0.4))
    fixed = simulate(Script(duration_s=HEAD_S), seed=4)
    errors, turns = [], []
    in_space: list[Cell] = []
    for script, angle, axis in ((nod, "pitch_deg", "v"), (shake, "yaw_deg", "h")):
        turned = np.asarray(getattr(script.at(fixed.time_s), angle))
        for counter in (False, True):
            true = getattr(fixed, f"{axis}_deg") - (turned if counter else 0.0)
            gaze = replace(fixed, v_deg=true) if axis == "v" else replace(fixed, h_deg=true)
            trace = film(face, context, gaze, script)
            assert trace is not None, "asked for a face whose portrait is absent"
            found = trace.mean_of_eyes(f"limbus_{axis}_deg")
            if counter:
                in_space.append(gain(true, found, np.ones(len(true), dtype=bool)))
            else:
                errors.append(found - true - np.nanmedian(found - true))
                turns.append(np.abs(turned))
    return np.concatenate(errors), np.concatenate(turns), in_space


def _while_all_moves(face: Face, context: Context) -> list[Cell]:
    """RMS error of the vertical and the horizontal angle when eyes and head move together."""
    gaze = gaze_on_a_moving_head()
    trace = film(face, context, gaze, MOVING_HEAD)
    assert trace is not None, "asked for a face whose portrait is absent"
    errors = [
        trace.mean_of_eyes("limbus_v_deg") - gaze.v_deg,
        trace.mean_of_eyes("limbus_h_deg") - gaze.h_deg,
    ]
    return [rms(error - np.nanmedian(error)) for error in errors]
