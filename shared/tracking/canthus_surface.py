"""How a turn of the head distorts the picture of the skin beside the eye corners.

That skin is anything but flat: it runs from the side of the nose into the corner, and from the corner back to the
temple. In a head turn of ten degrees its picture is stretched by a fifth and slides against the corner; a patch that
is merely shifted to fit then follows its own skin, not the corner. So the patch is a piece of surface in space, with
the depths of the mean face, and is compared as it must look in the frame's own rotation.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.camera import Camera
from shared.tracking.eye_crop import CORNERS, OUTER_CANTHI

_NEAR: Final = 0.35
"""Landmarks so far around a corner, in units of the distance of the outer eye corners, shape its skin."""
_ROUNDS: Final = 3
_RIDGE: Final = 1e-9
"""Keeps the plate solvable where two landmarks coincide."""
_SMALLEST_SQUARE: Final = 1e-20


class CanthusSurface:
    """The skin that a reference frame's patches show, in space.

    Args:
        shape: ``(468, 3)`` mean face.
        rotation: ``(3, 3)`` of the head in the reference frame.
        to_image: ``(4, 2, 3)`` similarities from its patches to its picture.
        corners_px: ``(4, 2)`` eye corners in its patches.
        places_px: ``(4, 2, p)`` patch places that are compared, per corner.
        span_px: distance of the outer eye corners at the scale of the patches.
        camera: through which the head is seen.
    """

    def __init__(
        self,
        shape: FloatArray,
        rotation: FloatArray,
        to_image: FloatArray,
        corners_px: FloatArray,
        places_px: FloatArray,
        *,
        span_px: float,
        camera: Camera,
    ) -> None:
        self._outer = shape[OUTER_CANTHI[1]] - shape[OUTER_CANTHI[0]]
        self._span_px = span_px
        self._camera = camera
        self._reference_rotation = rotation
        view = self._view(rotation[None], to_image[None], corners_px[None])[0]
        self._flat = np.linalg.inv(view[..., :2])
        self._offsets = np.stack(
            [
                _offsets_in_space(shape, shape[corner], view[i], places_px[i] - corners_px[i][:, None])
                for i, corner in enumerate(CORNERS.ravel())
            ]
        )

    def seen(
        self, rotations: FloatArray, to_image: FloatArray, corners_px: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The compared places as other frames show them.

        Args:
            rotations: ``(n, 3, 3)``; where unknown, the reference frame's is taken.
            to_image: ``(n, 4, 2, 3)`` similarities from the frames' patches to their pictures.
            corners_px: ``(n, 4, 2)`` about where the corners are in these patches.

        Returns:
            ``(n, 4, 2, p)`` offsets from the corner, patch px, and ``(n, 4, 2, 2)`` what a small step in the
            reference patch becomes in the frame's.
        """
        known = np.isfinite(rotations).all(axis=(1, 2), keepdims=True)
        view = self._view(np.where(known, rotations, self._reference_rotation), to_image, corners_px)
        return view @ self._offsets, view[..., :2] @ self._flat

    def _view(self, rotations: FloatArray, to_image: FloatArray, corners_px: FloatArray) -> FloatArray:
        """``(n, 4, 2, 3)`` from an offset in the head to one in the patch."""
        in_picture = (to_image[..., :2] @ corners_px[..., None])[..., 0] + to_image[..., 2]
        sight = self._camera.sight(in_picture)
        turned = rotations[:, None, :2] - sight[..., None] * rotations[:, None, 2:]
        level = np.swapaxes(to_image[..., :2], -1, -2) / np.sqrt(np.linalg.det(to_image[..., :2]))[..., None, None]
        # Patches are cut so that the outer corners lie one span apart in them, however short that looks in a turn.
        scale = self._span_px / np.linalg.norm(rotations[:, :2] @ self._outer, axis=1)
        return np.asarray(level @ turned * scale[:, None, None, None])


def _offsets_in_space(shape: FloatArray, corner: FloatArray, view: FloatArray, offsets_px: FloatArray) -> FloatArray:
    """``(3, p)`` offsets from the corner in the head of ``(2, p)`` places in the reference patch."""
    plate = _ThinPlate(shape, corner[:2])
    depth = np.zeros(offsets_px.shape[1])
    across = np.zeros_like(offsets_px)
    for _ in range(_ROUNDS):
        across = np.linalg.solve(view[:, :2], offsets_px - view[:, 2:] * depth)
        depth = plate.depth(corner[:2] + across.T) - corner[2]
    return np.concatenate([across, depth[None]])


class _ThinPlate:
    """Surface of the mean face around a place: bent no more than it takes to go through every landmark.

    A surface that is only near them fills the hollow of the corners, and takes the skin around a corner for nearer than
    it is, by a tenth of an iris (0.1 degrees of gaze for each degree of head).

    Args:
        shape: ``(468, 3)`` mean face.
        place: ``(2,)``.
    """

    def __init__(self, shape: FloatArray, place: FloatArray) -> None:
        self._place = place
        self._span = np.hypot(*(shape[OUTER_CANTHI[1], :2] - shape[OUTER_CANTHI[0], :2]))
        away = (shape[:, :2] - place) / self._span
        near = (np.abs(away) < _NEAR).all(axis=1)
        self._at = away[near]
        plane = np.concatenate([np.ones((len(self._at), 1)), self._at], axis=1)
        system = np.block([[_bending(self._at, self._at), plane], [plane.T, np.zeros((3, 3))]])
        depths = np.concatenate([shape[near, 2], np.zeros(3)])
        self._forces = np.linalg.solve(system + _RIDGE * np.eye(len(system)), depths)

    def depth(self, places: FloatArray) -> FloatArray:
        """``(p,)`` at ``(p, 2)`` places."""
        away = (places - self._place) / self._span
        return np.asarray(_bending(away, self._at) @ self._forces[:-3] + self._forces[-3] + away @ self._forces[-2:])


def _bending(places: FloatArray, at: FloatArray) -> FloatArray:
    """``(p, n)`` how far a unit of force at each of ``(n, 2)`` points bends a thin plate at ``(p, 2)`` places."""
    squares = ((places[:, None] - at) ** 2).sum(axis=2)
    return np.asarray(squares * np.log(np.maximum(squares, _SMALLEST_SQUARE)))
