"""The outline of a tilted circle."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, INT, REAL, Kernel
from shared.model import FloatArray

MIN_FORESHORTENING: Final = 0.6
"""Square of the flattest ellipse's axes' ratio: an eye tilted by 39 degrees."""
_tilted_circle: Final = Kernel("tilted_circle", FLOATS, INT, FLOATS, INT, REAL, FLOATS, FLOATS)


def unit_circle(rays: int) -> FloatArray:
    """``(rays, 2)`` unit vectors, evenly around."""
    angle = 2 * np.pi * (np.arange(rays) + 0.5) / rays
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def tilted_circle(tilt: FloatArray, rim: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outline and its unit normals of a unit circle seen from the side.

    Args:
        tilt: ``(..., 2)`` sine of the tilt along both axes.
        rim: ``(rays, 2)`` points of the circle.

    Returns:
        ``(..., rays, 2)`` each.
    """
    points = np.empty((*tilt.shape[:-1], *rim.shape))
    normal = np.empty_like(points)
    circles = points.size // rim.size
    _tilted_circle(
        np.ascontiguousarray(tilt, dtype=np.float64), circles, rim, len(rim), MIN_FORESHORTENING, points, normal
    )
    return points, normal
