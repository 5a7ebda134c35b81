"""The skin of a portrait as the camera sees it once the head has turned: a picture warped by way of its surface."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.synthetic.eye_geometry import PinholeCamera
from shared.synthetic.face_surface import DEPTH_CELL_PX, cell_centres
from shared.synthetic.portrait import Image, Portrait

Float32Array = NDArray[np.float32]
Positions = tuple[Float32Array, Float32Array]

_COARSE_ROUNDS: Final = 10
_FINE_ROUNDS: Final = 3
"""Enough after the coarse ones: but for the steepest hundredth of the picture less than 0.02 px is left."""


class TurnedSkin:
    """Where the points of one portrait show, and which show where, in any pose of its head.

    A pose is a rotation and an offset: a point of the portrait's head lies at ``rotation @ point + offset``.
    """

    def __init__(self, portrait: Portrait, camera: PinholeCamera) -> None:
        self._image = portrait.image_bgr
        self._camera = camera
        rows, columns = portrait.depth_px.shape
        self._cells = cell_centres(rows, columns)
        half = (-(-columns // 2), -(-rows // 2))
        coarse_x, coarse_y = (cv2.resize(m, half, interpolation=cv2.INTER_AREA) for m in self._cells)
        self._coarse = (coarse_x.astype(np.float32), coarse_y.astype(np.float32))
        follow = _share_that_follows(portrait.points_px[:468, :2], *self._cells)
        self._surface = np.dstack([portrait.depth_px, follow]).astype(np.float32)

    def portrait_positions(self, rotation: FloatArray, offset: FloatArray) -> Positions:
        """Which portrait point shows at the centre of each cell of the picture.

        The way out (portrait -> picture) is known; the way back is found by fixed-point steps, which converge as
        the surface nowhere hides itself; on coarser cells first.
        """
        rows, columns = self._cells[0].shape
        found = self._way_back(self._coarse, self._coarse, _COARSE_ROUNDS, rotation, offset)
        start_x, start_y = (
            cell + cv2.resize(at - coarse, (columns, rows), interpolation=cv2.INTER_LINEAR).astype(np.float32)
            for at, coarse, cell in zip(found, self._coarse, self._cells, strict=True)
        )
        return self._way_back((start_x, start_y), self._cells, _FINE_ROUNDS, rotation, offset)

    def picture_positions(
        self, x: Float32Array, y: Float32Array, rotation: FloatArray, offset: FloatArray
    ) -> Positions:
        """Where portrait points show once the head is turned; the background stays, the neck gives way."""
        unit, shift = np.float32(1 / DEPTH_CELL_PX), np.float32(0.5 / DEPTH_CELL_PX - 0.5)
        seen = cv2.remap(
            self._surface, x * unit + shift, y * unit + shift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        depth, follow = seen[..., 0], seen[..., 1]
        focal, centre_x, centre_y = (
            np.float32(v) for v in (self._camera.focal_px, self._camera.centre_x_px, self._camera.centre_y_px)
        )
        # As PinholeCamera's lift and project, in single precision and without intermediate stacks: for every cell of
        # every frame, several times.
        scale = 1 + depth / focal
        lifted_x, lifted_y = (x - centre_x) * scale, (y - centre_y) * scale
        turned_x, turned_y, turned_z = (
            lifted_x * row[0] + lifted_y * row[1] + depth * row[2] + along
            for row, along in zip(rotation.astype(np.float32), offset.astype(np.float32), strict=True)
        )
        toward = focal / (focal + turned_z)
        to_x, to_y = turned_x * toward + centre_x, turned_y * toward + centre_y
        return x + follow * (to_x - x), y + follow * (to_y - y)

    def picture(self, where: Positions) -> Image:
        """The portrait's picture with, in each cell, the portrait point ``where``."""
        height, width = self._image.shape[:2]
        rows, columns = self._cells[0].shape
        size = (columns * DEPTH_CELL_PX, rows * DEPTH_CELL_PX)
        full_x, full_y = (cv2.resize(m, size, interpolation=cv2.INTER_LINEAR)[:height, :width] for m in where)
        turned = cv2.remap(self._image, full_x, full_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return turned.astype(np.uint8, copy=False)

    def _way_back(
        self, start: Positions, cells: Positions, rounds: int, rotation: FloatArray, offset: FloatArray
    ) -> Positions:
        (x, y), (cell_x, cell_y) = start, cells
        for _ in range(rounds):
            to_x, to_y = self.picture_positions(x, y, rotation, offset)
            x, y = x + cell_x - to_x, y + cell_y - to_y
        return x, y


def _share_that_follows(points: FloatArray, cell_x: Float32Array, cell_y: Float32Array) -> Float32Array:
    """1 on the head, falling to 0 toward the picture's border, where the room and the shoulders are."""
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.ptp(points, axis=0) / 2
    radius = np.hypot((cell_x - centre[0]) / (1.75 * half[0]), (cell_y - centre[1]) / (1.55 * half[1]))
    share = np.clip((1.75 - radius) / 0.75, 0, 1)
    smooth: Float32Array = (share * share * (3 - 2 * share)).astype(np.float32)
    return smooth
