"""Where the lid margins really are: searched in the picture, around the landmark contours.

Landmark contours are 2-5 px (of a 32 px iris) off on narrow lids, and worst in down-gaze, where the lower
lid margin is then taken for the rim of the iris. The margin is where skin begins: redder than the eye
(a step in red minus blue) and brighter (a step in log grey).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import (
    CANTHUS_MIDPOINT_PX,
    PATCH_WIDTH_PX,
    EyePatches,
    Float32Array,
    PictureStack,
)
from shared.tracking.eye_tones import EyeTones

_COLUMNS: Final = np.linspace(-0.72, 0.72, 21)
"""Where margins are searched, as a share of the half eye width from its middle."""
_STEP_PX: Final = 0.5
_REACH_PX: Final = 8.0
_OFFSETS: Final = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX)
_PAD: Final = 3
"""Samples added at both ends, so that differences exist at every offset."""
_SAMPLED_OFFSETS: Final = np.arange(-_REACH_PX - _PAD * _STEP_PX, _REACH_PX + (_PAD + 0.5) * _STEP_PX, _STEP_PX)
_OUTWARD: Final = np.array([-1.0, 1.0])
"""Direction of 'out of the eye' along y, for the upper and the lower lid."""
_LARGEST_SHARE: Final = 0.9
"""Beyond this share of the half width the correction is held: nothing was searched there."""
_RIDGE: Final = np.diag([0.05, 0.5, 1.0])
_EYE_REDNESS_SHARE: Final = 0.6
"""This quantile of redness inside the landmark lids is a floor: from blue iris to sclera is no step into skin."""
_GREY_FILM_CHROMA: Final = 1.5
"""Mean step of red minus blue below which a film counts as black and white."""

APERTURE_SHARES: Final = 0.15, 0.95
FEWEST_IN_APERTURE: Final = 8
"""Quantiles between the lids that pass for the darkest and the brightest tone; of fewer values there are none."""


@dataclass(frozen=True, eq=False)
class LidMargins:
    """Lid margins of both eyes, one value per patch column.

    Attributes:
        y_px: ``(eye, lid, column)`` height of the margin in the patch; lid 0 is the upper one.
        normal: ``(eye, lid, column, 2)`` unit normal pointing out of the eye.
    """

    y_px: FloatArray
    normal: FloatArray

    def opening_px(self) -> FloatArray:
        """``(2,)`` mean lid gap over the middle third of the eye, patch px."""
        middle = slice(PATCH_WIDTH_PX // 3, 2 * PATCH_WIDTH_PX // 3)
        gap = self.y_px[:, 1, middle] - self.y_px[:, 0, middle]
        return np.asarray(np.maximum(gap, 0.0).mean(axis=1))


def find_lid_margins(patches: Sequence[EyePatches], tones: Sequence[EyeTones]) -> list[LidMargins]:
    """Lid margins as seen in the pictures of several frames, each for itself.

    Args:
        patches: the eyes.
        tones: their brightness and colour.
    """
    half_width = np.stack([eyes.half_width_px for eyes in patches])
    mesh = np.stack([np.stack([eyes.upper_lid_px, eyes.lower_lid_px], axis=1) for eyes in patches])
    share = (mesh[..., 0] - CANTHUS_MIDPOINT_PX[0]) / half_width[:, :, None, None]
    coefficients = _fit_polynomial(_powers(share, 4), mesh[..., 1], np.ones_like(share), 1e-6 * np.eye(4))

    x = CANTHUS_MIDPOINT_PX[0] + _COLUMNS * half_width[:, :, None]
    mesh_y = coefficients @ _powers(_COLUMNS, 4).T
    y = mesh_y[..., None] + _SAMPLED_OFFSETS * _OUTWARD[:, None, None]
    pictures = [
        np.dstack([tone.redness, _relative_brightness(tone.grey, height, across)])
        for tone, height, across in zip(tones, mesh_y, x, strict=True)
    ]
    values = PictureStack(pictures).sample(np.broadcast_to(x[:, :, None, :, None], y.shape), y)
    correction = _smooth_correction(_OFFSETS[_margin_evidence(values).argmax(axis=-1)])

    column_share = (np.arange(PATCH_WIDTH_PX) - CANTHUS_MIDPOINT_PX[0]) / half_width[..., None]
    powers = np.swapaxes(_powers(np.clip(column_share, -1.0, 1.0), 4), -1, -2)
    held = np.swapaxes(_powers(np.clip(column_share, -_LARGEST_SHARE, _LARGEST_SHARE), 3), -1, -2)
    margin = coefficients @ powers + _OUTWARD[:, None] * (correction @ held)
    slope = np.gradient(margin, axis=-1)
    length = np.sqrt(1.0 + slope**2)
    normal = np.stack([-slope, np.ones_like(slope)], axis=-1) * (_OUTWARD[:, None] / length)[..., None]
    return [LidMargins(*frame) for frame in zip(margin, normal, strict=True)]


def _relative_brightness(grey: Float32Array, mesh_y: FloatArray, x: FloatArray) -> Float32Array:
    """100 log of grey, clipped to what the aperture holds: pupil and highlights make no edges then."""
    height = grey.shape[0] // 2
    out = np.empty_like(grey)
    for eye in range(2):
        half = slice(eye * height, (eye + 1) * height)
        low, high = aperture_percentiles(grey[half], x[eye], mesh_y[eye, 0], mesh_y[eye, 1])
        out[half] = 100 * np.log(np.clip(grey[half], low, max(high, low + 1)) + 10)
    return out


def aperture_percentiles(
    grey: Float32Array, x: FloatArray, upper_y: FloatArray, lower_y: FloatArray
) -> tuple[float, float]:
    """15th and 95th percentile of the grey values between the lids, at every second row of one eye."""
    rows = np.arange(0, grey.shape[0], 2)
    columns = np.minimum(np.maximum(np.rint(x), 0), grey.shape[1] - 1).astype(np.intp)
    inside = (rows[:, None] > upper_y) & (rows[:, None] < lower_y)
    values = np.sort(grey[::2, columns][inside])
    if len(values) < 8:
        values = np.sort(grey[::2, columns].ravel())
    last = len(values) - 1
    return float(values[int(0.15 * last)]), float(values[int(0.95 * last)])


def _margin_evidence(values: Float32Array) -> FloatArray:
    """How much each offset looks like 'eye within, skin without'; ``(frame, eye, lid, column, offset)``."""
    count = len(_OFFSETS)

    def step(channel: int, half_distance: int) -> FloatArray:
        wide = values[..., channel]
        outer = wide[..., _PAD + half_distance : _PAD + half_distance + count]
        inner = wide[..., _PAD - half_distance : _PAD - half_distance + count]
        return np.asarray(np.maximum(outer - inner, 0.0), dtype=np.float64)

    frames = len(values)
    eye_redness = np.sort(values[..., : count // 2, 0].reshape(frames, 2, -1), axis=-1)
    floor = eye_redness[:, :, int(_EYE_REDNESS_SHARE * eye_redness.shape[2])]
    values[..., 0] = np.maximum(values[..., 0], floor[:, :, None, None, None])
    redder, brighter = step(0, 3), step(1, 2)
    flat = np.sort(brighter.reshape(frames, 2, 2, -1), axis=-1)
    brighter /= np.maximum(flat[..., int(0.97 * (flat.shape[-1] - 1))], 1.0)[..., None, None]
    evidence = np.minimum(brighter, 1.0)
    coloured = redder.mean(axis=(1, 2, 3, 4)) > _GREY_FILM_CHROMA
    evidence[coloured] = redder[coloured] * (evidence[coloured] + 0.25)
    padded = np.pad(evidence, ((0, 0), (0, 0), (0, 0), (2, 2), (0, 0)), mode="edge")
    columns = evidence.shape[3]
    averaged = sum(padded[:, :, :, k : k + columns] for k in range(5)) / 5
    return np.asarray(averaged * np.exp(-((_OFFSETS / _REACH_PX) ** 2)))


def _smooth_correction(offset: FloatArray) -> FloatArray:
    """Robust parabola through the offsets along each lid: ``(frame, eye, lid, 3)``, lowest power first."""
    middle = len(_COLUMNS) // 2
    typical = np.sort(offset, axis=-1)[..., middle : middle + 1]
    weight = 1.0 / (1.0 + (offset - typical) ** 2 / 4.0)
    powers = _powers(_COLUMNS, 3)
    coefficients = _fit_polynomial(powers, offset, weight, _RIDGE)
    for _ in range(3):
        residual = offset - coefficients @ powers.T
        spread = 1.48 * np.sort(np.abs(residual), axis=-1)[..., middle : middle + 1]
        weight = 1.0 / (1.0 + (residual / np.maximum(0.6, spread)) ** 2) ** 2
        coefficients = _fit_polynomial(powers, offset, weight, _RIDGE)
    return coefficients


def _powers(x: FloatArray, count: int) -> FloatArray:
    """``(..., count)``: 1, x, x**2 ... by products, in a tenth of the time of powers."""
    powers = np.ones((*x.shape, count))
    for i in range(1, count):
        np.multiply(powers[..., i - 1], x, out=powers[..., i])
    return powers


def _fit_polynomial(powers: FloatArray, y: FloatArray, weight: FloatArray, ridge: FloatArray) -> FloatArray:
    """Weighted ridge polynomials of ``y`` ``(..., n)``, lowest power first; ``powers`` ``(..., n, count)``."""
    weighted = np.swapaxes(powers * weight[..., None], -1, -2)
    return np.asarray(np.linalg.solve(weighted @ powers + ridge, weighted @ y[..., None])[..., 0])
