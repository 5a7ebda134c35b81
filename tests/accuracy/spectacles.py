"""Gaze behind spectacles while the head turns: rendered faces with a rigid frame before the eyes."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.puppet import Puppet
from shared.synthetic.spectacles import HORN, SMALL, THICK, THIN, SpectacledPuppet, Spectacles
from shared.synthetic.video_writer import write_video
from shared.tracking.tracker import track
from tests.accuracy.context import Context
from tests.accuracy.faces import FACES, Face, portrait_of
from tests.accuracy.gaze import HEAD_S, ROTATION_BINS_DEG, rms
from tests.accuracy.table import Cell, Table

title = "Gaze behind spectacles while the head turns"
needs_material = False

_FRAMES: Final = {"thick": THICK, "thin": THIN, "horn": HORN, "small": SMALL}
_WORN: Final = (
    ("astronaut", "thick"),
    ("astronaut", "thin"),
    ("portrait 2, narrow lids, hazel", "small"),
    ("film A, dark iris", "horn"),
    ("film A, dark iris", "thin"),
    ("film B, dark iris", "thick"),
    ("film C, hazel iris", "horn"),
    ("astronaut, variation 1", "thick"),
    ("portrait 2, variation 3", "horn"),
    ("portrait 3, brown", "thin"),
    ("film E, dark iris", "small"),
    ("film F, pale iris", "thick"),
    ("film G, brown iris", "horn"),
)
_MOVES: Final = (
    (HeadScript(pitch=Swing(10.0, 0.35)), "pitch_deg", "limbus_v_deg"),
    (HeadScript(yaw=Swing(10.0, 0.4)), "yaw_deg", "limbus_h_deg"),
)


def tables(context: Context) -> list[Table]:
    """Errors by rotation, with the frame and without."""
    faces = {face.name: face for face in FACES}
    rows: list[list[Cell]] = []
    for name, frame in _WORN:
        if portrait_of(faces[name], context) is not None:
            rows.append([name, faces[name].role, frame, *_told_and_errors_deg(faces[name], _FRAMES[frame], context)])
    bins = [f"{low} to {high} deg" for low, high in ROTATION_BINS_DEG]
    return [
        Table(
            "Limbus instrument behind spectacles, head turning +-10 degrees at 0.35 (nod) and 0.4 Hz (shake)",
            ["face", "used for", "frame", "told in films", *bins],
            rows,
            "RMS error in degrees by rotation, gaze fixed in the head. Frames stand 12 mm before the cornea and turn "
            "with the head; their lenses have no power and mirror little: how near real ones come is not shown.",
        )
    ]


def _told_and_errors_deg(face: Face, spectacles: Spectacles, context: Context) -> list[Cell]:
    """In how many films spectacles were told, and the error in each bin of rotation."""
    portrait = portrait_of(face, context)
    assert portrait is not None, "asked for a face whose portrait is absent"
    puppet = SpectacledPuppet(portrait, spectacles, face.look)
    found = [_while_turning(puppet, *move, context=context) for move in _MOVES]
    error, turn = (np.concatenate([film[part] for film in found]) for part in range(2))
    told = sum(bool(film[2]) for film in found)
    return [f"{told} of {len(found)}", *(rms(error[(turn >= low) & (turn < high)]) for low, high in ROTATION_BINS_DEG)]


def _while_turning(
    puppet: Puppet, head: HeadScript, angle: str, signal: str, *, context: Context
) -> tuple[FloatArray, FloatArray, bool | None]:
    """Error of one angle, how far the head is turned, and whether spectacles were told."""
    gaze = simulate(Script(duration_s=HEAD_S), seed=4)
    truth = puppet.truth(gaze, head)
    path = write_video(context.scratch / "spectacles.mp4", puppet.frames(truth), truth.gaze.time_s)
    trace = track(path, Parameters())
    error = trace.mean_of_eyes(signal) - getattr(truth.gaze, signal.removeprefix("limbus_"))
    return error - np.nanmedian(error), np.abs(getattr(truth.head, angle)), trace.spectacles
