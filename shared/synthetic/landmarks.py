"""Face mesh points of a simple face with known gaze: what a landmark model would report, without any picture.

Thousands of frames take milliseconds, so the landmark instrument and the whole analysis can be tested on it. The
points that carry meaning are canthi, lid margins, iris centres and rims, and the rigid face for the head's pose;
the others are a plain face that turns along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.synthetic.eye_geometry import (
    CENTRE_BEHIND_CANTHI_IRIS,
    LIMBUS_DISTANCE_IRIS,
    Lids,
    PinholeCamera,
    gaze_vector,
    head_rotation,
)
from shared.synthetic.gaze import GazeTruth
from shared.synthetic.head_motion import HeadMotion, HeadScript

_FACE_FILE: Final = Path(__file__).with_name("generic_face.csv")
_NECK_PIVOT_IRIS: Final = np.array([0.0, 6.0, 8.0])
_LID_PLACES: Final = {"outer": -0.35, "middle": 0.0, "inner": 0.35}


@dataclass(frozen=True)
class EyeIndices:
    """Mesh points of one eye.

    Attributes:
        corners: picture-left and picture-right canthus.
        upper, lower: lid margin at the outer, middle and inner place (``_LID_PLACES``).
        iris: centre, then rim at picture right, top, left and bottom.
        outward: -1 where the outer canthus is on the picture's left.
    """

    corners: tuple[int, int]
    upper: tuple[int, int, int]
    lower: tuple[int, int, int]
    iris: tuple[int, int, int, int, int]
    outward: int


RIGHT_EYE: Final = EyeIndices((33, 133), (160, 159, 158), (144, 145, 153), (468, 469, 470, 471, 472), -1)
"""The patient's right eye, at picture left."""

LEFT_EYE: Final = EyeIndices((362, 263), (387, 386, 385), (373, 374, 380), (473, 474, 475, 476, 477), 1)
"""The patient's left eye, at picture right. Its rim points 474 and 476 lie at picture right and left, too."""


@dataclass(frozen=True)
class LandmarkModel:
    """How the landmark model sees the eye.

    Attributes:
        iris_diameter_px: size of the face.
        width_px, height_px: of the picture.
        iris_gain_h, iris_gain_v: share of the iris' movement that its points show.
        corner_leak_h, corner_leak_v: share of it that the corner points wrongly follow.
        left_gain_v: extra factor on the left eye's vertical movement, to make the eyes disagree.
        noise_sd_px: independent noise on every point.
        lids: how the lids stand and follow.
    """

    iris_diameter_px: float = 28.0
    width_px: int = 640
    height_px: int = 720
    iris_gain_h: float = 1.0
    iris_gain_v: float = 1.0
    corner_leak_h: float = 0.0
    corner_leak_v: float = 0.0
    left_gain_v: float = 1.0
    noise_sd_px: float = 0.0
    lids: Lids = field(default_factory=Lids)


EXACT: Final = LandmarkModel()
"""Points exactly where the eye is."""

MESH_LIKE: Final = LandmarkModel(
    iris_gain_h=0.94, iris_gain_v=0.82, corner_leak_h=0.22, corner_leak_v=0.45, noise_sd_px=0.12
)
"""As MediaPipe's face mesh behaves on the puppets: 0.37 of a vertical, 0.72 of a horizontal movement is left."""


@lru_cache(maxsize=1)
def generic_face() -> FloatArray:
    """``(478, 3)`` points of a level face, iris diameters, from the middle between the eyes."""
    face: FloatArray = np.loadtxt(_FACE_FILE, delimiter=",", skiprows=1)
    face.setflags(write=False)
    return face


def landmark_stream(
    gaze: GazeTruth, *, head: HeadScript | HeadMotion | None = None, model: LandmarkModel = EXACT, seed: int = 0
) -> FloatArray:
    """Points of every recorded frame, ``(N, 478, 3)`` px; z is scaled like x, negative toward the camera.

    Args:
        gaze: what the eyes do; lost frames are left out.
        head: how the head moves; by default not at all.
        model: how faithfully points follow.
        seed: of the noise.
    """
    recorded = gaze.recorded()
    motion = head if isinstance(head, HeadMotion) else (head or HeadScript()).at(recorded.time_s)
    face = np.repeat(generic_face()[None], len(recorded), axis=0)
    direction = gaze_vector(recorded.h_deg, recorded.v_deg)
    moved = LIMBUS_DISTANCE_IRIS * (direction - [0, 0, -1])
    _place_eye(face, RIGHT_EYE, moved, recorded.lid_closure_right, model)
    _place_eye(face, LEFT_EYE, moved * [1, model.left_gain_v, 1], recorded.lid_closure_left, model)
    points = _seen(face, motion, model)
    return points + np.random.default_rng([seed, 41]).normal(0, 1, points.shape) * model.noise_sd_px


def _place_eye(face: FloatArray, eye: EyeIndices, moved: FloatArray, closure: FloatArray, model: LandmarkModel) -> None:
    """Move one eye's points of ``face`` ``(N, 478, 3)`` in the head; the iris truly moved by ``moved`` ``(N, 3)``."""
    neutral = generic_face()
    corners = neutral[list(eye.corners)]
    middle, half = corners.mean(axis=0), (corners[1] - corners[0])[0] / 2
    leak = moved * [model.corner_leak_h, model.corner_leak_v, 0]
    for index, side in zip(eye.corners, (-1, 1), strict=True):
        face[:, index] = middle + np.array([side * half, 0, 0]) + leak
    centre = middle + np.array([0, 0, CENTRE_BEHIND_CANTHI_IRIS - LIMBUS_DISTANCE_IRIS])
    iris = centre + moved * [model.iris_gain_h, model.iris_gain_v, 1]
    rim = np.array([[0, 0, 0], [0.5, 0, 0], [0, -0.5, 0], [-0.5, 0, 0], [0, 0.5, 0]])
    for index, offset in zip(eye.iris, rim, strict=True):
        face[:, index] = iris + offset
    upper, lower = model.lids.heights(moved[:, 1], closure)
    for (_, place), over, under in zip(_LID_PLACES.items(), eye.upper, eye.lower, strict=True):
        along = middle + np.array([-eye.outward * place * half, 0, 0])
        share = 1 - place**2
        face[:, over] = along + leak
        face[:, under] = along + leak
        face[:, over, 1] -= share * upper
        face[:, under, 1] += share * lower


def _seen(face: FloatArray, motion: HeadMotion, model: LandmarkModel) -> FloatArray:
    """Turn the head and look at it through the camera."""
    unit = model.iris_diameter_px
    camera = PinholeCamera.for_picture(model.width_px, model.height_px)
    at = np.array([0.0, -0.06 * model.height_px, 0.0])
    rotations = np.stack(
        [
            head_rotation(float(y), float(p), float(r))
            for y, p, r in zip(motion.yaw_deg, motion.pitch_deg, motion.roll_deg, strict=True)
        ]
    )
    shift = np.column_stack([motion.x_iris, motion.y_iris, motion.z_iris])
    turned = np.einsum("nij,npj->npi", rotations, face - _NECK_PIVOT_IRIS) + _NECK_PIVOT_IRIS + shift[:, None]
    placed = turned * unit + at
    return np.concatenate([camera.project(placed), placed[..., 2:]], axis=-1)
