"""Eye-in-head angles from where the limbus and the eye corners are, with the head's rotation taken out.

The eyeball's centre lies behind the eye corners and turns with the head; the limbus is carried on a sphere about it.
Limbus, corners and centre lie at different depths, so a head that moves before the camera shows its eyes from
another side although nothing turned: the line of sight to the eye is taken into account. (A nod about the neck of 10
degrees moves the eyes so far up or down the picture that this alone amounts to 2 degrees.) Small angles, with the
centre 0.35 iris diameters behind: eye in head = corner-relative angle - 0.61 x (head rotation + line of sight).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS

CENTRE_BEHIND_CORNERS_IRIS: Final = 0.35
"""Depth of the eyeball's centre behind the line of the eye corners, iris diameters: about 4 mm on the canonical
face. It cannot be found from a recording without known targets; 0.1 more or less changes the share of a head
rotation that goes into the eye by 0.1."""
_LARGEST_SINE: Final = 0.98
_ROUNDS: Final = 6


def eye_in_head_rad(
    limbus_px: FloatArray,
    middle_px: FloatArray,
    rotation: FloatArray,
    *,
    sight: FloatArray,
    iris_px: FloatArray,
    trusted: BoolArray,
) -> FloatArray:
    """Horizontal and vertical angle of one eye in the head, 0 = median of the trusted frames.

    Args:
        limbus_px: ``(n, 2)`` limbus centre.
        middle_px: ``(n, 2)`` middle of this eye's corners.
        rotation: ``(n, 3, 3)`` head, from its mean pose to the frame's, camera axes.
        sight: ``(n, 2)`` line of sight to the eye, see :meth:`shared.tracking.camera.Camera.sight`.
        iris_px: ``(n,)`` iris diameter at the face's distance in the frame.
        trusted: ``(n,)`` frames that define the median.

    Returns:
        ``(n, 2)`` radians, x toward the patient's left, y down; nan where an input is.
    """
    displacement = (limbus_px - middle_px) / iris_px[:, None]
    offset = np.array([0.0, 0.0, CENTRE_BEHIND_CORNERS_IRIS])
    toward = np.zeros((len(limbus_px), 3))
    toward[:, 2] = -1.0
    gaze = np.full((len(limbus_px), 2), np.nan)
    for _ in range(_ROUNDS):
        centre = rotation @ offset
        behind = centre[:, 2:] + ROTATION_RADIUS_IRIS * toward[:, 2:]
        in_plane = (displacement - centre[:, :2] + sight * behind) / ROTATION_RADIUS_IRIS
        length = np.linalg.norm(in_plane, axis=1, keepdims=True)
        in_plane = in_plane * np.minimum(1.0, _LARGEST_SINE / np.maximum(length, 1e-9))
        toward = np.concatenate([in_plane, -np.sqrt(1 - (in_plane**2).sum(axis=1, keepdims=True))], axis=1)
        in_head = np.einsum("nji,nj->ni", rotation, toward)
        gaze = np.stack([np.arctan2(in_head[:, 0], -in_head[:, 2]), np.arcsin(np.clip(in_head[:, 1], -1, 1))], axis=1)
        if not trusted.any():
            break
        offset[:2] += ROTATION_RADIUS_IRIS * np.sin(np.median(gaze[trusted], axis=0))
    return gaze
