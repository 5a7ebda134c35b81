"""Fine steps of the rim fit: the edge along each ray, and the circle that the edges show."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, Kernel
from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_IRIS_PX, Float32Array
from shared.tracking.rim_ellipse import MIN_FORESHORTENING

_FINE_REACH: Final = 0.35
_FINE_STEP_PX: Final = 0.8
_PEAK_REACH: Final = 2
"""How many samples from the best weighted place the edge's own maximum may lie."""
_FITTING_ROUNDS: Final = 3
_ACROSS_FIRMNESS: Final = 1e-6
_HEIGHT_FIRMNESS: Final = 0.05
"""Keeps the centre where it is when hardly an edge says how high it stands."""
_SD_PER_MEDIAN: Final = 1.48
"""Standard deviation of what has a median distance of 1."""
_OUTLIER_SPREADS: Final = 3.0
_SPREAD_RANGE_PX: Final = (0.5, 10.0)
"""An edge counts the less the further it lies from the circle, and not at all from so many spreads on, which is held
to this range."""
REACH_PX: Final = np.arange(
    -_FINE_REACH * PATCH_IRIS_PX / 2, _FINE_REACH * PATCH_IRIS_PX / 2 + 0.01, _FINE_STEP_PX, dtype=np.float32
)
"""Where along each fine ray edges are looked for, from the expected rim, patch px."""
PEAK: Final = np.array([REACH_PX[0], _FINE_STEP_PX, _PEAK_REACH])
"""All this as the kernels want it."""
_sub_step_peak: Final = Kernel("sub_step_peak", FLOATS32, INT, INT, FLOATS32, FLOATS, FLOATS, FLOATS32)


def sub_step_peak(values: Float32Array, near: Float32Array) -> tuple[FloatArray, Float32Array]:
    """Where along each ray (last axis) the edge is strongest, between samples, and how strong there.

    ``near`` ``(len(REACH_PX),)`` only chooses among edges. It must not shift the one chosen: an edge is as broad as the
    window, and a weighted peak would be drawn half-way back to the expected radius.
    """
    offset = np.empty(values.shape[:-1])
    strength = np.empty(values.shape[:-1], dtype=np.float32)
    samples = values.shape[-1]
    _sub_step_peak(np.ascontiguousarray(values), offset.size, samples, near, PEAK, offset, strength)
    return offset, strength


def circle_fit(firmness: float, largest_step_px: float, largest_growth_px: float) -> FloatArray:
    """How a rim's offsets along its normals are explained by a change of centre and radius, as the kernels want it.

    They do so by least squares with Tukey's biweight. The radius is free within what ``firmness`` allows. Held fast, an
    error of one percent would move the centre by up to two degrees: between narrow lids the rim shows two short upright
    arcs, and a circle that is too wide must slide up or down until its chord is as wide as the iris. Free, the centre
    follows from the slope of the arcs, which the radius does not change.

    Args:
        firmness: how firmly the radius is held to the usual one: as by so many fully weighted edges.
        largest_step_px: by which one round may move the centre along each axis.
        largest_growth_px: the same for the radius.
    """
    held = (_ACROSS_FIRMNESS, _HEIGHT_FIRMNESS, firmness)
    spreads = (_SD_PER_MEDIAN, _OUTLIER_SPREADS, *_SPREAD_RANGE_PX)
    return np.array([_FITTING_ROUNDS, *held, *spreads, largest_step_px, largest_growth_px, MIN_FORESHORTENING])
