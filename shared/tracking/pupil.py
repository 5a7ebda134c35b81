"""Where a pupil could be: darker than the iris around it, between the lids.

In a pale or hazel iris the pupil shows how high the eye stands when narrow lids leave only short, nearly upright
arcs of the limbus. In a dark iris it cannot be seen, and says nothing.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from shared.tracking.eye_crop import Float32Array

_PUPIL_PX: Final = 9
_IRIS_PX: Final = 21
"""Sides of the squares whose tones are compared: a pupil's, and the iris that surrounds it."""
WIDEST_PX: Final = _IRIS_PX
"""Pictures of two eyes must be half of this apart not to be seen as one."""
_LEAST_SHOWN: Final = 0.3
"""Share of the pupil's square that must lie between the lids."""


def pupil_contrast(relative: Float32Array, shown: Float32Array) -> Float32Array:
    """How much brighter the surroundings are than the middle, at every place of a picture of one or two eyes.

    Args:
        relative: log brightness, sclera no brighter than the brightest iris.
        shown: 1 between the lids, 0 elsewhere.
    """
    shown_tone = relative * shown
    middle_area, wide_area = (_sums(shown, size) for size in (_PUPIL_PX, _IRIS_PX))
    middle, wide = (_sums(shown_tone, size) for size in (_PUPIL_PX, _IRIS_PX))
    around_area = wide_area - middle_area
    contrast = (wide - middle) / np.maximum(around_area, 1) - middle / np.maximum(middle_area, 1)
    seen = (middle_area > _LEAST_SHOWN * _PUPIL_PX**2) & (around_area > 0.5 * _PUPIL_PX**2)
    return np.asarray(np.where(seen, np.maximum(contrast, 0), 0), dtype=np.float32)


def _sums(picture: Float32Array, size: int) -> Float32Array:
    sums = cv2.boxFilter(picture, -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums, dtype=np.float32)
