"""Fine steps of the rim fit: the edge along each ray, the shift of the centre and the radius that the edges show."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_IRIS_PX

_FINE_REACH: Final = 0.35
_FINE_STEP_PX: Final = 0.5
_PEAK_REACH: Final = 3
"""How many samples from the best weighted place the edge's own maximum may lie."""
_LATERAL: Final = 0.6
"""|sine| of the rim angle below which a ray counts as lateral: there the lids never hide the limbus."""
REACH_PX: Final = np.arange(-_FINE_REACH * PATCH_IRIS_PX / 2, _FINE_REACH * PATCH_IRIS_PX / 2 + 0.01, _FINE_STEP_PX)
"""Where along each fine ray edges are looked for, from the expected rim, patch px."""
_AROUND: Final = np.arange(-_PEAK_REACH, _PEAK_REACH + 1)
_BESIDE: Final = np.array([-1, 0, 1])


def sub_step_peak(values: FloatArray, near: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where along each ray (last axis) the edge is strongest, between samples, and how strong there.

    ``near`` only chooses among edges. It must not shift the one chosen: an edge is as broad as the window, and
    a weighted peak would be drawn half-way back to the expected radius.
    """
    weighted = values * near
    chosen = weighted.argmax(axis=-1)[..., None]
    around = np.clip(chosen + _AROUND, 0, len(REACH_PX) - 1)
    highest = np.take_along_axis(values, around, -1).argmax(axis=-1)[..., None]
    index = np.clip(np.take_along_axis(around, highest, -1), 1, len(REACH_PX) - 2)
    before, here, after = np.moveaxis(np.take_along_axis(values, index + _BESIDE, -1), -1, 0)
    curvature = before - 2 * here + after
    safe = np.where(curvature < -1e-6, curvature, -1.0)
    shift = np.where(curvature < -1e-6, np.clip(0.5 * (before - after) / safe, -1, 1), 0.0)
    strength = np.take_along_axis(weighted, chosen, -1)[..., 0]
    return np.asarray(REACH_PX[index[..., 0]] + _FINE_STEP_PX * shift), np.asarray(strength)


def robust_shift(
    normal: FloatArray, offset: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shift of the centre that explains the rim's offsets along their normals, by Tukey's biweight.

    Returns:
        Shifts (last axis xy), final weights, and spreads of the residuals, px.
    """
    nx, ny = normal[..., 0], normal[..., 1]
    shift = np.zeros((*offset.shape[:-1], 2))
    used = weight
    spread = np.full(offset.shape[:-1], 0.5)
    middle = np.maximum((weight > 0).sum(axis=-1, keepdims=True) // 2, 1) - 1
    for _ in range(3):
        residual = offset - nx * shift[..., :1] - ny * shift[..., 1:]
        ordered = np.sort(np.where(weight > 0, np.abs(residual), np.inf), axis=-1)
        spread = 1.48 * np.take_along_axis(ordered, middle, -1)[..., 0]
        limit = 3 * np.clip(spread, 0.5, 10.0)[..., None]
        used = weight * np.clip(1 - (residual / limit) ** 2, 0, None) ** 2
        across, down = used * nx, used * ny
        a11 = (across * nx).sum(-1) + 1e-6
        a12 = (across * ny).sum(-1)
        a22 = (down * ny).sum(-1) + 0.05
        b1, b2 = (across * offset).sum(-1), (down * offset).sum(-1)
        determinant = np.maximum(a11 * a22 - a12 * a12, 1e-9)
        shift = np.stack([a22 * b1 - a12 * b2, a11 * b2 - a12 * b1], axis=-1) / determinant[..., None]
    return shift, used, spread


def lateral_mean(residual: FloatArray, weight: FloatArray, normal: FloatArray) -> FloatArray:
    """Mean residual of the lateral rays, image-left and image-right averaged; nan where a side has none."""
    lateral = np.abs(normal[..., 1]) < _LATERAL
    means = []
    for side in (normal[..., 0] < 0, normal[..., 0] > 0):
        share = weight * (lateral & side)
        total = share.sum(axis=-1)
        means.append(np.where(total > 0.5, (share * residual).sum(axis=-1) / np.maximum(total, 1e-9), np.nan))
    return np.asarray((means[0] + means[1]) / 2)
