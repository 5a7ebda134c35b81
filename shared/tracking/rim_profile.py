"""Where the rim lies along a ray, by the whole profile of its edge and not by the steepest point alone.

The gradient across the limbus is a bell some pixels wide. Its peak trembles by as much as the noise of the three
samples around it; the shift at which a bell fits all samples best uses every one of them, and lets the two sides of
the edge speak where lids or the edge of the picture's open part cut it off. On rendered narrow lids this halves the
tremble of the eye's height.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, REAL, Kernel
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
_ALL_SEEN: Final = float((_SHIFTED**2).sum())
BELL: Final = np.array([_NOTHING, _LARGEST_SHIFT_PX, _WEAKEST, _ALL_SEEN, *_BELL, *_SHIFTED])
"""All this as the kernels want it."""
_matched_edge: Final = Kernel("matched_edge", FLOATS, FLOATS32, INT, INT, REAL, FLOATS, FLOATS, FLOATS)


def matched_edge(outward: FloatArray, openness: Float32Array, cap: float) -> tuple[FloatArray, FloatArray]:
    """Least-squares height and shift of a bell along each ray.

    Args:
        outward: ``(..., len(PROFILE_PX))`` gradient along the ray, already weighted by ``openness``.
        openness: the same shape, 1 where the rim could show, 0 behind lids.
        cap: gradient at which an edge counts as strong.

    Returns:
        ``(...)`` shift in px, outward positive, and weight 0 to 1: how strong the edge is and how much of the bell
        that tells its place was open.
    """
    shift, weight = np.empty(outward.shape[:-1]), np.empty(outward.shape[:-1])
    _matched_edge(np.ascontiguousarray(outward), openness, shift.size, len(PROFILE_PX), cap, BELL, shift, weight)
    return shift, weight
