"""How a still head moved in the picture: nose and cheek skin registered to a reference frame.

A similarity (shift, turn, scale) with gain and bias, by inverse compositional Gauss-Newton with robust weights.
More exact than eye corners while the head keeps its direction, and wrong once it rotates: the skin lies in
front of the eyes and moves against them. The caller gates it by head rotation.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import Float32Array, Image
from shared.tracking.face_patches import apply, compose, cut_grey, face_similarity, invert

_NOSE: Final = (6, 197, 195, 5, 4, 1, 45, 275, 51, 281, 3, 248, 220, 440, 48, 278, 64, 294, 98, 327, 2)
_OUTLINE: Final = (168, 417, 465, 350, 329, 266, 425, 436, 391, 393, 164, 167, 165, 216, 205, 36, 100, 121, 245, 193)
"""Landmarks around nose and cheeks, from between the eyes to the upper lip."""
_SPAN_PX: Final = 100.0
_SIZE: Final = (112, 112)
_ITERATIONS: Final = 6


class SkinPatch:
    """Nose and cheeks of one frame, upright and at one scale."""

    def __init__(self, image_bgr: Image, landmarks: FloatArray) -> None:
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
        self._jacobian = np.stack([part.ravel()[self._inside] for part in parts], axis=-1).astype(np.float32)
        self._template = template.ravel()[self._inside]

    @property
    def usable(self) -> bool:
        """Enough skin lay in the reference frame."""
        return len(self._inside) > 400

    def locate(self, patch: SkinPatch) -> tuple[FloatArray, float]:
        """Where the reference skin lies in a frame.

        Returns:
            ``(2, 3)`` similarity from the reference frame's picture to this one's, and the robust residual in
            grey levels.
        """
        warp = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        scatter = np.inf
        for _ in range(_ITERATIONS):
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            moved = cv2.warpAffine(patch.grey, warp, _SIZE, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            residual = np.asarray(moved).ravel()[self._inside] - self._template
            some = residual[::7]
            middle = float(np.partition(some, len(some) // 2)[len(some) // 2])
            spread = np.abs(some - middle)
            scatter = 1.48 * float(np.partition(spread, len(spread) // 2)[len(spread) // 2])
            weight = 1 / (1 + ((residual - middle) * (0.5 / (scatter + 1.0))) ** 2)
            weighted = self._jacobian * weight[:, None]
            normal = weighted.T @ self._jacobian + 1e-3 * np.eye(6, dtype=np.float32)
            step = np.linalg.solve(normal.astype(np.float64), (weighted.T @ residual).astype(np.float64))
            warp = compose(warp, invert(self._small_similarity(step)))
            if np.abs(step[:4]).sum() < 0.01:
                break
        return compose(patch.to_image, compose(warp, invert(self._reference.to_image))), scatter

    def _small_similarity(self, step: FloatArray) -> FloatArray:
        """Similarity about the patch centre from (shift x, shift y, growth, turn)."""
        a, b = 1 + step[2] / self._centre[0], step[3] / self._centre[0]
        linear = np.array([[a, -b], [b, a]])
        return np.concatenate([linear, (self._centre + step[:2] - linear @ self._centre)[:, None]], axis=1)
