"""How large each iris is in a frame's patches, in proportion: irises themselves do not change.

Patches are scaled by the landmarks of the outer eye corners, and those follow gaze: on rendered faces whose head
stands still the true radius in patches then changes by up to 5 % between up- and down-gaze. Between narrow lids that
is several degrees. The corners found in the picture do not follow gaze. A turning head brings one eye nearer to the
camera than the other by 2 % for 8 degrees.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.camera import Camera
from shared.tracking.eye_crop import CORNERS, OUTER_CANTHI

_RANGE: Final = (0.9, 1.1)
"""Bounds of a frame's size against the usual one: beyond, a corner has been lost."""


def iris_sizes(corners_px: FloatArray, landmarks: FloatArray, patch_scale: FloatArray, camera: Camera) -> FloatArray:
    """Iris size in patches up to a constant factor, ``(n, 2)``; nan where the corners are unknown.

    Args:
        corners_px: ``(n, 4, 2)`` eye corners found in the picture, in the order of :data:`CORNERS`.
        landmarks: ``(n, 478, 3)`` px; their depths tell what a turned face's span loses, and which eye is nearer.
        patch_scale: ``(n,)`` patch px per image px.
        camera: through which the face is seen.
    """
    across = corners_px[:, 3] - corners_px[:, 0]
    away = landmarks[:, OUTER_CANTHI[1], 2] - landmarks[:, OUTER_CANTHI[0], 2]
    span = np.sqrt((across**2).sum(axis=1) + away**2) * patch_scale
    depth = landmarks[:, CORNERS, 2].mean(axis=2)
    nearer = 1 - (depth - depth.mean(axis=1, keepdims=True)) / camera.focal_px
    return np.asarray(span[:, None] * nearer)


def against_usual(sizes: FloatArray, usual: FloatArray) -> FloatArray:
    """Sizes as shares of the usual ones ``(2,)``; 1 where unknown."""
    share = sizes / usual
    return np.clip(np.where(np.isfinite(share), share, 1.0), *_RANGE)
