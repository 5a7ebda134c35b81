"""The outline of a tilted circle."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray

MIN_FORESHORTENING: Final = 0.6
"""Square of the flattest ellipse's axes' ratio: an eye tilted by 39 degrees."""


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
    squared = (tilt**2).sum(axis=-1, keepdims=True)
    limit = 1 - MIN_FORESHORTENING
    tilt = tilt * np.sqrt(np.minimum(1.0, limit / np.maximum(squared, 1e-9)))
    flattening = np.sqrt(1 - np.minimum(squared, limit))[..., None]
    along = (tilt @ rim.T)[..., None] * tilt[..., None, :]
    points = rim - along / (1 + flattening)
    normal = rim + along / (flattening * (1 + flattening))
    return points, normal / np.sqrt((normal**2).sum(axis=-1, keepdims=True))
