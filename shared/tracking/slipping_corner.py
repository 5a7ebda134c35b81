"""One eye corner that does not keep to the head: hair before it, a shadow, a patch that now and then slips elsewhere.

Three of the four corners then agree with each other as the rigid frame has them, any three with that one among them do
not. How far it strays over the film is how wrong it may be in any frame, however well its patch seems to fit there.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray
from shared.tracking.canthi import SPAN_PX
from shared.tracking.corner_frame import CornerFrame

_CLEARLY: Final = 2.0
"""How many times better three corners must agree without it than without any other: else nothing is done. Films of
people show 1.0 to 1.6, one with hair before the temple 2.9; rendered faces 1.0 to 1.7, their worst outer corners 5."""
_FEWEST_FRAMES: Final = 30
_LEFT_OUT_PX: Final = 1e3
"""Error that takes a corner out of the frame."""


def stray_px(
    found_px: FloatArray, error_px: FloatArray, known: BoolArray, frame: CornerFrame, rotations: FloatArray
) -> FloatArray:
    """``(4,)`` how far each corner strays beyond its own errors, patch px: 0 but for one at most.

    Args:
        found_px: ``(n, 4, 2)`` corners as each was found.
        error_px: ``(n, 4)`` how wrong each may be, patch px.
        known: ``(n,)`` frames in which all four were found.
        frame: the rigid frame.
        rotations: ``(n, 3, 3)`` of the head.
    """
    stray = np.zeros(4)
    if known.sum() < _FEWEST_FRAMES:
        return stray
    found_px, error_px, rotations = found_px[known], error_px[known], rotations[known]
    patch_scale = SPAN_PX / np.linalg.norm(found_px[:, 3] - found_px[:, 0], axis=1)
    own, others = np.zeros(4), np.zeros(4)
    for corner in range(4):
        errors = error_px.copy()
        errors[:, corner] = _LEFT_OUT_PX
        away = (found_px - frame.place(found_px, errors, rotations)) * patch_scale[:, None, None]
        squares = ((away - np.median(away, axis=0)) ** 2).sum(axis=2).mean(axis=0)
        own[corner], others[corner] = squares[corner], squares.sum() - squares[corner]
    worst, next_worst = np.argsort(others)[:2]
    if others[next_worst] > _CLEARLY**2 * others[worst]:
        stray[worst] = np.sqrt(own[worst] / 2)
    return stray
