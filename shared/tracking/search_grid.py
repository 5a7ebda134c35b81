"""The coarse grid on which rims are searched, and how places between its own are read from it."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray, IntArray

GRID_STEP_PX: Final = 2.0
GRID_X: Final = np.arange(-10.0, 10.1, GRID_STEP_PX)
GRID_Y: Final = np.arange(-20.0, 18.1, GRID_STEP_PX)
"""Places, patch px from where the search is centred."""


def at_heights(values: FloatArray, heights: FloatArray) -> FloatArray:
    """``(n, heights)`` of ``(n, y)`` values along the grid, between its places; held beyond its ends."""
    place = np.clip((heights - GRID_Y[0]) / GRID_STEP_PX, 0, len(GRID_Y) - 1)
    below = np.minimum(place.astype(np.intp), len(GRID_Y) - 2)
    first = values[:, below].astype(np.float64)
    return np.asarray(first + (place - below) * (values[:, below + 1] - first))


def peak(surface: FloatArray) -> FloatArray:
    """``(frames, eyes, 2)`` (x, y) of each surface's maximum on the grid, between places by parabolas.

    Relative to the grid's origin.
    """
    frames, eyes, rows, columns = surface.shape
    row, column = np.unravel_index(surface.reshape(frames, eyes, -1).argmax(axis=-1), (rows, columns))
    down = np.take_along_axis(surface, column[:, :, None, None], axis=3)[..., 0]
    across = np.take_along_axis(surface, row[:, :, None, None], axis=2)[:, :, 0]
    x = GRID_X[column] + GRID_STEP_PX * _parabola(across, column)
    y = GRID_Y[row] + GRID_STEP_PX * _parabola(down, row)
    return np.stack([x, y], axis=-1)


def _parabola(values: FloatArray, index: IntArray) -> FloatArray:
    """Where the maximum lies from ``index``, in steps, by the values beside it; 0 at either end."""
    within = np.clip(index, 1, values.shape[-1] - 2)
    before, here, after = (np.take_along_axis(values, (within + k)[..., None], -1)[..., 0] for k in (-1, 0, 1))
    curvature = before - 2 * here + after
    peaked = (within == index) & (curvature < -1e-9)
    shift = 0.5 * (before - after) / np.where(peaked, curvature, -1.0)
    return np.asarray(np.where(peaked, np.clip(shift, -0.5, 0.5), 0.0))
