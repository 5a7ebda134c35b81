"""Where the rim lies along a ray, by the whole profile of its edge and not by the steepest point alone.

The gradient across the limbus is a bell some pixels wide. Its peak trembles by as much as the noise of the three
samples around it; the shift at which a bell fits all samples best uses every one of them, and lets the two sides of
the edge speak where lids or the edge of the picture's open part cut it off. On rendered narrow lids this halves the
tremble of the eye's height.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import Float32Array

_BELL_SD_PX: Final = 1.0
"""Spread of the bell. A wider one is steadier still, but feels the pupil, the lid's shadow and the lashes."""
_REACH_SD: Final = 3.0
_STEP_PX: Final = 0.5
_LARGEST_SHIFT_PX: Final = 2.0
"""A bell says nothing about an edge further away."""
_WEAKEST: Final = 0.1
"""Share of a strong edge's gradient below which there is no edge."""
_NOTHING: Final = 1e-3
PROFILE_PX: Final = np.arange(-_REACH_SD * _BELL_SD_PX, _REACH_SD * _BELL_SD_PX + 0.01, _STEP_PX)
"""Where the gradient is wanted along each ray, from the expected rim, patch px."""
_BELL: Final = np.exp(-((PROFILE_PX / _BELL_SD_PX) ** 2) / 2)
_SHIFTED: Final = PROFILE_PX / _BELL_SD_PX**2 * _BELL
"""How a bell changes when it is shifted outward by 1 px."""
_BELLS: Final = np.stack([_BELL, _SHIFTED], axis=-1).astype(np.float32)
_PRODUCTS: Final = np.stack([_BELL**2, _SHIFTED**2, _BELL * _SHIFTED], axis=-1).astype(np.float32)
_ALL_SEEN: Final = float((_SHIFTED**2).sum())


def matched_edge(outward: FloatArray, openness: Float32Array, cap: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least-squares height and shift of a bell along each ray.

    Args:
        outward: ``(..., len(PROFILE_PX))`` gradient along the ray, already weighted by ``openness``.
        openness: the same shape, 1 where the rim could show, 0 behind lids.
        cap: gradient at which an edge counts as strong.

    Returns:
        ``(...)`` shift in px, outward positive, and weight 0 to 1: how strong the edge is and how much of the bell
        that tells its place was open.
    """
    height_of, shift_of = np.moveaxis((outward * openness) @ _BELLS, -1, 0)
    flat, steep, mixed = np.moveaxis(openness**2 @ _PRODUCTS, -1, 0)
    flat, steep = flat + _NOTHING, steep + _NOTHING
    information = np.maximum(steep - mixed**2 / flat, _NOTHING)
    change = (shift_of - mixed / flat * height_of) / information
    height = (height_of - mixed * change) / flat
    shift = np.clip(change / np.maximum(height, _NOTHING), -_LARGEST_SHIFT_PX, _LARGEST_SHIFT_PX)
    weight = np.clip(height / cap, 0, 1) * np.minimum(information / _ALL_SEEN, 1)
    return shift, np.where(height < _WEAKEST * cap, 0.0, weight)
