"""Where a pupil could be: darker than the iris around it, between the lids.

In a pale or hazel iris the pupil shows how high the eye stands when narrow lids leave only short, nearly upright
arcs of the limbus. In a dark iris it cannot be seen, and says nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.kernels.library import FLOATS32, INT, REAL, Kernel
from shared.tracking.eye_crop import Float32Array

_LEAST_SHOWN: Final = 0.3
"""Share of the pupil's square that must lie between the lids."""
_contrast: Final = Kernel("pupil_contrast", FLOATS32, FLOATS32, INT, INT, INT, REAL, FLOATS32, FLOATS32)


def pupil_contrast(relative: Float32Array, shown: Float32Array) -> Float32Array:
    """How much brighter the surroundings are than the middle, at every place of the pictures of some eyes.

    Compared are squares: of 9 px, a pupil's, and the iris that surrounds it, of 21 px. Nothing shows beyond a
    picture's edges.

    Args:
        relative: ``(eyes, rows, columns)`` log brightness, sclera no brighter than the brightest iris.
        shown: the same shape, 1 between the lids, 0 elsewhere.
    """
    eyes, rows, columns = relative.shape
    room = np.empty(4 * rows * columns + 9 * (columns + 21), dtype=np.float32)
    contrast = np.empty_like(relative)
    _contrast(relative, shown, eyes, rows, columns, _LEAST_SHOWN, room, contrast)
    return contrast
