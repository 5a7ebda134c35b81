"""How far a limbus fit deserves trust."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_IRIS_PX
from shared.tracking.lid_margins import LidMargins
from shared.tracking.limbus_fit import LimbusFit

_LEAST_CONTRAST: Final = 0.12
"""Log ratio of sclera and iris; the palest irises have more."""
_SHUT_IRIS: Final = 0.12
"""Lid opening, in iris diameters, below which there is no rim to see."""


def fit_confidence(fit: LimbusFit, margins: LidMargins) -> FloatArray:
    """How far each fit deserves trust, 0 to 1: much of the rim seen, points on one ellipse, bright outside, lids open.

    A rim seen on one side only, as in far lateral gaze, still says where the iris is, its radius being known:
    it gets at most half.
    """
    better, worse = _within_0_1(fit.sides.max(axis=1) / 4.0), _within_0_1(fit.sides.min(axis=1) / 4.0)
    agreement = _within_0_1((3.0 - fit.spread_px) / 2.0)
    evidence = _within_0_1(fit.score / 0.2)
    contrast = _within_0_1(fit.contrast / _LEAST_CONTRAST)
    opening = _within_0_1((margins.opening_px() / PATCH_IRIS_PX - _SHUT_IRIS) / 0.15)
    confidence = better * (0.5 + 0.5 * worse) * evidence * agreement * contrast * opening
    return np.where(np.isnan(confidence), 0.0, confidence)


def _within_0_1(values: FloatArray) -> FloatArray:
    # A third of the time that numpy.clip takes of two values.
    return np.minimum(np.maximum(values, 0), 1)
