"""The eye corners as the picture shows them: skin around each registered to a reference frame.

Landmark eye corners follow the gaze (by a quarter to a half of the iris's movement), so a gaze measured
against them reads too small. The skin beside the corner does not. Only skin on the far side of the corner from
the eye is used: lids and eyeball move with the gaze.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray
from shared.planar_picture import Picture
from shared.tracking.eye_crop import CORNERS, Float32Array
from shared.tracking.face_patches import cut_grey, face_similarity, sample_each

_SPAN_PX: Final = 160.0
"""Distance of the outer eye corners at the scale of these patches."""
TEMPLATE_PX: Final = 31
_MARGIN_PX: Final = 10
_PATCH_PX: Final = TEMPLATE_PX + 2 * _MARGIN_PX
_OUTWARD_PX: Final = 10.0
"""How far patches are moved away from the eye: nearer to it a quarter of the lids' movement leaks into them."""
_ITERATIONS: Final = 5
_FLAT_CORNERS: Final = CORNERS.ravel()
_AWAY: Final = np.array([-1.0, 1.0, -1.0, 1.0])
"""Direction along the corner line that leads away from the eye, per corner."""


@dataclass(frozen=True, eq=False)
class CanthusPatches:
    """Skin beside the four eye corners of one frame.

    Attributes:
        grey: ``(4 * _PATCH_PX, _PATCH_PX)`` patches, one above the other.
        to_image: ``(4, 2, 3)`` similarity from patch to image.
        mesh_px: ``(4, 2)`` landmark corners in the patch.
    """

    grey: Float32Array
    to_image: FloatArray
    mesh_px: FloatArray


def cut_canthi(image_bgr: Picture, landmarks: FloatArray) -> CanthusPatches:
    """Cut the skin beside each eye corner out of a frame, around the landmark corners."""
    corners = landmarks[_FLAT_CORNERS, :2]
    size = (_PATCH_PX, _PATCH_PX)
    base = face_similarity(landmarks, np.zeros(2), size, _SPAN_PX)
    outward = _AWAY[:, None] * _OUTWARD_PX * base[:, 0]
    to_image = np.repeat(base[None], 4, axis=0)
    to_image[:, :, 2] += corners + outward
    grey = np.concatenate([cut_grey(image_bgr, matrix, size) for matrix in to_image])
    mesh = np.full((4, 2), (_PATCH_PX - 1) / 2)
    mesh[:, 0] -= _AWAY * _OUTWARD_PX
    return CanthusPatches(grey, to_image, mesh)


def patch_grid(corner: int) -> FloatArray:
    """``(n, 2)`` offsets of a patch's pixels from its eye corner, in units of the outer canthus distance."""
    axis = np.arange(TEMPLATE_PX) - (TEMPLATE_PX - 1) / 2
    x, y = np.meshgrid(axis + _AWAY[corner] * _OUTWARD_PX, axis)
    return np.asarray(np.stack([x.ravel(), y.ravel()], axis=-1) / _SPAN_PX)


class CanthusReference:
    """Finds the corners of later frames where they were in a reference frame.

    Translation with gain and bias, by inverse compositional Gauss-Newton, all four corners at once.
    """

    def __init__(self, reference: CanthusPatches) -> None:
        stack = reference.grey.reshape(4, _PATCH_PX, _PATCH_PX)
        inner = slice(_MARGIN_PX, _MARGIN_PX + TEMPLATE_PX)
        along_y, along_x = np.gradient(stack, axis=(1, 2))
        template = stack[:, inner, inner]
        axis = np.linspace(-1, 1, TEMPLATE_PX)
        window = np.exp(-(axis[:, None] ** 2 + axis**2) * 1.5).ravel().astype(np.float32)
        jacobian = np.stack([along_x[:, inner, inner], along_y[:, inner, inner], template, np.ones_like(template)], -1)
        self._jacobian = jacobian.reshape(4, -1, 4)
        self._template = template.reshape(4, -1)
        self._window = window
        weighted = self._jacobian * window[:, None]
        normal = np.swapaxes(weighted, 1, 2) @ self._jacobian + np.diag([1e-2, 1e-2, 1e-1, 1e-3]) * window.sum()
        self._solver = np.linalg.solve(normal.astype(np.float64), np.swapaxes(weighted, 1, 2).astype(np.float64))
        steepness = along_y[:, inner, inner] ** 2
        self.texture_weight: FloatArray = steepness * window.reshape(TEMPLATE_PX, TEMPLATE_PX)
        """``(corner, row, column)``: how much each place decides a shift across the corner line."""
        axis_px = np.arange(_MARGIN_PX, _MARGIN_PX + TEMPLATE_PX, dtype=np.float32)
        self._places = np.stack(np.meshgrid(axis_px, axis_px)).reshape(2, -1)

    def locate(self, patches: Sequence[CanthusPatches]) -> tuple[FloatArray, BoolArray]:
        """Corners of frames, each for itself.

        Returns:
            ``(n, 4, 2)`` image px in the order of :data:`CORNERS`, and ``(n, 4)`` whether each was found; where
            not, the landmark corner stands in.
        """
        grey = np.stack([frame.grey for frame in patches]).reshape(-1, 4, _PATCH_PX, _PATCH_PX)
        shift = np.zeros((len(grey), 4, 2))
        limit = _MARGIN_PX - 1.0
        moving = np.arange(len(grey))
        for _ in range(_ITERATIONS):
            moved = np.clip(shift[moving], -limit, limit)
            warps = np.concatenate([np.broadcast_to(np.eye(2), (*moved.shape, 2)), moved[..., None]], axis=-1)
            values = sample_each(grey[moving].reshape(-1, _PATCH_PX, _PATCH_PX), warps.reshape(-1, 2, 3), self._places)
            difference = values.reshape(-1, 4, TEMPLATE_PX**2) - self._template
            step = (self._solver @ difference[..., None])[:, :, :2, 0]
            shift[moving] -= step
            moving = moving[np.abs(step).max(axis=(1, 2)) >= 0.01]
            if not moving.size:
                break
        found = (np.abs(shift) < limit).all(axis=2)
        shift[~found] = 0.0
        located = np.stack([frame.mesh_px for frame in patches]) + shift
        to_image = np.stack([frame.to_image for frame in patches])
        return (to_image[..., :2] @ located[..., None])[..., 0] + to_image[..., 2], found
