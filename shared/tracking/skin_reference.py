"""How a still head moved in the picture: nose and cheek skin registered to a reference frame.

A similarity (shift, turn, scale) with gain and bias, by inverse compositional Gauss-Newton with robust weights.
More exact than eye corners while the head keeps its direction, and wrong once it rotates: the skin lies in
front of the eyes and moves against them. The caller gates it by head rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, INTEGERS32, Kernel
from shared.model import FloatArray
from shared.planar_picture import Picture
from shared.tracking.eye_crop import Float32Array
from shared.tracking.face_patches import apply, compose, cut_grey, face_similarity, invert

_NOSE: Final = (6, 197, 195, 5, 4, 1, 45, 275, 51, 281, 3, 248, 220, 440, 48, 278, 64, 294, 98, 327, 2)
_OUTLINE: Final = (168, 417, 465, 350, 329, 266, 425, 436, 391, 393, 164, 167, 165, 216, 205, 36, 100, 121, 245, 193)
"""Landmarks around nose and cheeks, from between the eyes to the upper lip."""
_SPAN_PX: Final = 100.0
_SIZE: Final = (112, 112)
_SPARSE: Final = 4
_SPARSE_ROUNDS: Final = 5
_SPARSE_ENOUGH_PX: Final = 0.05
"""The first steps look at every fourth pixel alone: most of the way at a quarter of the cost."""
_ROUNDS: Final = 4
_ENOUGH_PX: Final = 0.01
_SCATTER_SAMPLES: Final = 300
_RIDGE: Final = 1e-7 * np.eye(6)
_skin_step: Final = Kernel(
    "skin_step",
    *(FLOATS32, INT, INT, INT, FLOATS, FLOATS32),
    *(FLOATS32, FLOATS32, INT, INT, INT, FLOATS32, INTEGERS32),
    *(FLOATS, FLOATS, FLOATS),
)


class _Template:
    """Pixels of the reference with what each does to them: shift x, y, growth, turn, gain, bias.

    Args:
        grey: ``(n,)``.
        jacobian: ``(6, n)``.
        places: ``(2, n)`` their x and y in the patch.
    """

    def __init__(self, grey: Float32Array, jacobian: Float32Array, places: Float32Array) -> None:
        self._grey = grey
        self._jacobian = jacobian
        self._places = places

    def every(self, stride: int) -> _Template:
        """Only every ``stride``-th pixel."""
        return _Template(
            *(np.ascontiguousarray(part[..., ::stride]) for part in (self._grey, self._jacobian, self._places))
        )

    def step(
        self, grey: Float32Array, warp: FloatArray, normal: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What is left after ``warp``.

        Args:
            grey: ``(n, height, width)`` patches.
            warp: ``(n, 2, 3)`` from reference to patch.
            normal: ``(n, 6, 6)`` normal matrices per pixel, as an earlier step found them; near enough, because
                they only decide how far a step goes, not where the steps end.

        Returns:
            ``(n, 6)`` in the order of the Jacobian, ``(n,)`` the robust scatter in grey levels, and the normal
            matrices.
        """
        count, points = len(grey), len(self._grey)
        scatter, right = np.empty(count), np.empty((count, 6))
        found = np.empty((count, 6, 6)) if normal is None else normal
        _skin_step(
            grey,
            *grey.shape,
            warp,
            self._places,
            self._grey,
            self._jacobian,
            points,
            max(1, points // _SCATTER_SAMPLES),
            normal is None,
            np.empty((3, points), dtype=np.float32),
            np.empty(points, dtype=np.int32),
            scatter,
            right,
            found,
        )
        return np.linalg.solve(found + _RIDGE, right[..., None])[..., 0], scatter, found


class SkinPatch:
    """Nose and cheeks of one frame, upright and at one scale."""

    def __init__(self, image_bgr: Picture, landmarks: FloatArray) -> None:
        self.to_image = face_similarity(landmarks, landmarks[list(_NOSE), :2].mean(axis=0), _SIZE, _SPAN_PX)
        self.grey: Float32Array = cut_grey(image_bgr, self.to_image, _SIZE)


class SkinReference:
    """Follows the skin of one reference frame."""

    def __init__(self, reference: SkinPatch, landmarks: FloatArray) -> None:
        self._reference = reference
        outline = apply(invert(reference.to_image), landmarks[list(_OUTLINE), :2])
        mask = np.zeros(reference.grey.shape, dtype=np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(outline.astype(np.int32)), (1.0,))
        mask[:3] = mask[-3:] = mask[:, :3] = mask[:, -3:] = 0
        self._inside = np.flatnonzero(mask)
        self._centre = np.array([(_SIZE[0] - 1) / 2, (_SIZE[1] - 1) / 2])
        along_y, along_x = np.gradient(reference.grey)
        rows, columns = np.mgrid[0 : _SIZE[1], 0 : _SIZE[0]].astype(np.float32)
        x, y = (columns - self._centre[0]) / self._centre[0], (rows - self._centre[1]) / self._centre[0]
        template = reference.grey
        parts = (
            along_x,
            along_y,
            along_x * x + along_y * y,
            along_y * x - along_x * y,
            template,
            np.ones_like(template),
        )
        jacobian = np.stack([part.ravel()[self._inside] for part in parts]).astype(np.float32)
        places = np.ascontiguousarray(np.stack([columns, rows]).reshape(2, -1)[:, self._inside])
        self._full = _Template(template.ravel()[self._inside], jacobian, places)
        self._sparse = self._full.every(_SPARSE)

    @property
    def usable(self) -> bool:
        """Enough skin lay in the reference frame."""
        return len(self._inside) > 400

    def locate(self, patches: Sequence[SkinPatch]) -> tuple[FloatArray, FloatArray]:
        """Where the reference skin lies in frames, each for itself.

        Returns:
            ``(n, 2, 3)`` similarities from the reference frame's picture to these, and ``(n,)`` robust residuals
            in grey levels.
        """
        grey = np.stack([patch.grey for patch in patches])
        warp = np.tile(np.eye(2, 3), (len(grey), 1, 1))
        scatter = np.full(len(grey), np.inf)
        normal = np.empty((len(grey), 6, 6))
        for template, rounds, enough_px in (
            (self._sparse, _SPARSE_ROUNDS, _SPARSE_ENOUGH_PX),
            (self._full, _ROUNDS, _ENOUGH_PX),
        ):
            moving = np.arange(len(grey))
            known = normal if template is self._full else None
            for _ in range(rounds):
                step, scatter[moving], normal[moving] = template.step(
                    grey[moving], warp[moving], None if known is None else known[moving]
                )
                warp[moving] = compose(warp[moving], invert(self._small_similarity(step)))
                moving = moving[np.abs(step[:, :4]).sum(axis=1) >= enough_px]
                if not moving.size:
                    break
        to_image = np.stack([patch.to_image for patch in patches])
        return compose(to_image, compose(warp, invert(self._reference.to_image))), scatter

    def _small_similarity(self, step: FloatArray) -> FloatArray:
        """``(n, 2, 3)`` similarities about the patch centre from (shift x, shift y, growth, turn)."""
        a, b = 1 + step[:, 2] / self._centre[0], step[:, 3] / self._centre[0]
        linear = np.stack([a, -b, b, a], axis=-1).reshape(-1, 2, 2)
        return np.concatenate([linear, (self._centre + step[:, :2] - linear @ self._centre)[..., None]], axis=2)
