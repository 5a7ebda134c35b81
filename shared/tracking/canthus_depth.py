"""How far the eyeball's centre lies behind the skin by which the eye corners are followed.

The corners are followed by patches of skin beside them, which reach onto the side of the nose and so lie nearer to
the camera than the corners themselves. In a head rotation that depth is what moves the eye against the patches.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from shared.model import FloatArray
from shared.tracking.canthi import TEMPLATE_PX, CanthusReference, patch_grid
from shared.tracking.eye_crop import CORNERS, canthus_span_px

CENTRE_BEHIND_CORNERS_IRIS: Final = 0.35
"""Depth of the eyeball's centre behind the line of the eye corners, iris diameters: about 4 mm on the canonical
face. It cannot be found from a recording without known targets; 0.1 more or less changes the share of a head
rotation that goes into the eye by 0.1."""
_PLAUSIBLE_IRIS: Final = (0.0, 0.5)
"""Bounds of how far the followed skin may lie in front of the corners."""


def centre_depth_iris(shape: FloatArray, reference: CanthusReference, iris_share: float) -> FloatArray:
    """Depth of each eyeball's centre behind its followed skin, iris diameters.

    Args:
        shape: ``(468, 3)`` mean face.
        reference: the patches followed; skin counts by how much its texture fixes a shift across the corner line.
        iris_share: iris diameter over the distance of the outer eye corners.

    Returns:
        ``(2,)``, one per eye.
    """
    try:
        surface = LinearNDInterpolator(shape[:, :2], shape[:, 2])
    except QhullError:  # points on a line: what was found is no face
        return np.full(2, CENTRE_BEHIND_CORNERS_IRIS)
    span = canthus_span_px(shape)
    corners = shape[CORNERS.ravel()]
    in_front = np.empty(4)
    for corner, (point, weights) in enumerate(zip(corners, reference.texture_weight, strict=True)):
        depth = surface(point[:2] + patch_grid(corner) * span).reshape(TEMPLATE_PX, TEMPLATE_PX)
        known = np.isfinite(depth)
        weight = np.where(known, weights, 0.0)
        mean = (np.where(known, depth, 0.0) * weight).sum() / max(float(weight.sum()), 1e-9)
        in_front[corner] = (point[2] - mean) / (iris_share * span)
    per_eye = np.clip(in_front.reshape(2, 2).mean(axis=1), *_PLAUSIBLE_IRIS)
    return np.asarray(CENTRE_BEHIND_CORNERS_IRIS + per_eye)
