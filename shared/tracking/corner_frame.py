"""The four eye corners as one rigid frame, carried by the head.

A single corner may be found wrong by a tenth of an iris: hair, a shadow or a spectacle frame beside it, a temple that
turns away. The corners of one head keep their distances, so the frame is laid over all four, and each counts by how
surely it was found.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.camera import Camera
from shared.tracking.eye_crop import CORNERS, OUTER_CANTHI

_RIDGE: Final = 1e-12
_BLOCK_FRAMES: Final = 2048
"""Frames placed at once: their equations take a kilobyte each."""


class CornerFrame:
    """The corners in space, as the reference frame's picture and the mean face's depths have them.

    Args:
        shape: ``(468, 3)`` mean face.
        rotation: ``(3, 3)`` of the head in the reference frame.
        corners_px: ``(4, 2)`` where the reference frame shows them, in the order of :data:`CORNERS`.
        camera: through which the head is seen.
    """

    def __init__(self, shape: FloatArray, rotation: FloatArray, corners_px: FloatArray, camera: Camera) -> None:
        self._camera = camera
        self._reference_rotation = rotation
        outer, seen = shape[OUTER_CANTHI[1]] - shape[OUTER_CANTHI[0]], corners_px[3] - corners_px[0]
        distance = camera.focal_px * np.hypot(*(rotation[:2] @ outer)) / np.hypot(*seen)
        away = shape[CORNERS.ravel()] @ rotation[2]
        away = distance + away - away.mean()
        points = np.concatenate([camera.sight(corners_px) * away[:, None], away[:, None]], axis=1)
        self._points: FloatArray = (points - points.mean(axis=0)) @ rotation

    def place(self, found_px: FloatArray, error_px: FloatArray, rotations: FloatArray) -> FloatArray:
        """Where the frame stands in pictures: shift, distance and a small turn in the picture, least squares.

        Args:
            found_px: ``(n, 4, 2)`` corners as each was found.
            error_px: ``(n, 4)`` how wrong each may be.
            rotations: ``(n, 3, 3)`` of the head; where unknown, the reference frame's is taken.

        Returns:
            ``(n, 4, 2)`` corners of the frame, px.
        """
        placed = np.empty(found_px.shape)
        for start in range(0, len(found_px), _BLOCK_FRAMES):
            block = slice(start, start + _BLOCK_FRAMES)
            placed[block] = self._place(found_px[block], error_px[block], rotations[block])
        return placed

    def _place(self, found_px: FloatArray, error_px: FloatArray, rotations: FloatArray) -> FloatArray:
        known = np.isfinite(rotations).all(axis=(1, 2), keepdims=True)
        turned = self._points @ np.swapaxes(np.where(known, rotations, self._reference_rotation), 1, 2)
        x, y, z = np.moveaxis(turned, -1, 0)
        across, down = np.moveaxis(self._camera.sight(found_px), -1, 0)
        one, nothing = np.ones_like(x), np.zeros_like(x)
        # Each corner says: (x + shift_x - turn y) = across (z + away), and the same for y.
        equations = np.concatenate(
            [np.stack([one, nothing, -across, -y], axis=-1), np.stack([nothing, one, -down, x], axis=-1)], axis=1
        )
        right = np.concatenate([across * z - x, down * z - y], axis=1)
        weighted = np.swapaxes(equations / np.tile(error_px, 2)[..., None] ** 2, 1, 2)
        normal = weighted @ equations + _RIDGE * np.eye(4)
        shift_x, shift_y, away, turn = np.linalg.solve(normal, weighted @ right[..., None])[..., 0].T[..., None]
        seen = np.stack([x - turn * y + shift_x, y + turn * x + shift_y], axis=-1) / (z + away)[..., None]
        return np.asarray(seen * self._camera.focal_px + self._camera.middle_px)
