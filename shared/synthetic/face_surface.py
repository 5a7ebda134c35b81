"""How deep the skin of a portrait lies: a surface through the landmarks, bent back beyond them to hair and neck."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from shared.model import FloatArray

_LEFT_OUTLINE: Final = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
_RIGHT_OUTLINE: Final = (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
FACE_OUTLINE: Final = _LEFT_OUTLINE + _RIGHT_OUTLINE
"""Face mesh points, from the forehead round by the patient's left ear."""

RIGHT_CORNERS: Final = (33, 133)
"""Face mesh points of the patient's right eye (picture left): outer, inner canthus."""

LEFT_CORNERS: Final = (362, 263)
"""Face mesh points of the patient's left eye (picture right): inner, outer canthus."""

DEPTH_CELL_PX: Final = 2
"""Coarser cells fill the hollows of the eye corners: those of 4 px by a thirtieth of an iris."""
_RINGS: Final = ((1.25, 0.10), (1.6, 0.16), (2.4, 0.20))
"""Outlines of head and neck around the mesh's own: times as wide, and by what share of the face's width farther."""
_DEEPEST: Final = 0.4
"""Of the surface, share of the face's width."""
_STEEPEST: Final = 2.5
"""Fall of the surface beyond the eyes, px per px. What falls by 2.9 hides itself when the head turns by 10 degrees, as
the camera sees the face's edge from 9 degrees inside: then there is no way back from picture to skin."""
_AROUND_EYES: Final = 0.17
"""Landmarks so near to an eye corner are left as deep as they are: 1.2 iris diameters, share of the outer corners'
distance."""
_SCALP: Final = (1.0, 1.25)
"""Between these shares of the way to the outline the surface passes into a smooth one for hair, ears and neck."""


def depth_surface(points_px: FloatArray, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Depth at the centres of the picture's cells of :data:`DEPTH_CELL_PX`, px.

    It goes through the landmarks: smoothed, it would fill the hollows of the eye corners by a fifth of an iris, and the
    eyeballs, which are placed by the landmarks, would lie too deep behind the corners that are seen. Only where the
    mesh falls too steeply for a picture to follow a head turn, at its outline and below the nose, is it brought
    forward.

    Args:
        points_px: ``(478, 3)`` face mesh on the picture.
        width_px, height_px: size of the picture.
    """
    outline = points_px[list(FACE_OUTLINE)]
    face_width = float(np.ptp(outline[:, 0]))
    centre, half = outline[:, :2].mean(axis=0), np.ptp(outline[:, :2], axis=0) / 2
    mesh = _brought_forward(points_px[:468])
    known = np.concatenate([mesh, _rings(mesh[list(FACE_OUTLINE)], centre, face_width)])
    surface = RBFInterpolator(known[:, :2], known[:, 2], kernel="thin_plate_spline")
    x, y = cell_centres(-(-height_px // DEPTH_CELL_PX), -(-width_px // DEPTH_CELL_PX))
    depth = surface(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    bounded = np.clip(depth, points_px[:, 2].min(), _DEEPEST * face_width).astype(np.float32)
    smooth = cv2.GaussianBlur(bounded, (0, 0), 0.1 * face_width / DEPTH_CELL_PX)
    radius = np.hypot((x - centre[0]) / half[0], (y - centre[1]) / half[1])
    scalp = np.clip((radius - _SCALP[0]) / (_SCALP[1] - _SCALP[0]), 0, 1)
    depth_px: NDArray[np.float32] = (bounded + scalp * (smooth - bounded)).astype(np.float32)
    return depth_px


def cell_centres(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Picture coordinates of the cells' centres, ``(rows, columns)`` each."""
    x, y = np.meshgrid((np.arange(columns) + 0.5) * DEPTH_CELL_PX - 0.5, (np.arange(rows) + 0.5) * DEPTH_CELL_PX - 0.5)
    return x.astype(np.float32), y.astype(np.float32)


def _brought_forward(mesh: FloatArray) -> FloatArray:
    """The mesh with no landmark behind the cone that falls from any other, but for those around the eyes."""
    apart = np.hypot(*(mesh[:, None, :2] - mesh[:, :2]).transpose(2, 0, 1))
    corners = list(RIGHT_CORNERS + LEFT_CORNERS)
    around_eyes = apart[:, corners].min(axis=1) < _AROUND_EYES * apart[corners[0], corners[-1]]
    nearest = (mesh[:, 2] + _STEEPEST * apart).min(axis=1)
    return np.column_stack([mesh[:, :2], np.where(around_eyes, mesh[:, 2], nearest)])


def _rings(outline: FloatArray, centre: FloatArray, face_width: float) -> FloatArray:
    rings = []
    for reach, back in _RINGS:
        ring = outline.copy()
        ring[:, :2] = centre + reach * (outline[:, :2] - centre)
        ring[:, 2] += back * face_width
        rings.append(ring)
    return np.concatenate(rings)
