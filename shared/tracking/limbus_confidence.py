"""How far a limbus fit deserves trust."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    opening_px = margins.opening_px()
    eyes = zip(
        *(part.tolist() for part in (fit.sides, fit.spread_px, fit.score, fit.contrast, opening_px)), strict=True
    )
    return np.array([_eye_confidence(*eye) for eye in eyes])


def _eye_confidence(
    sides: Sequence[float], spread_px: float, score: float, contrast: float, opening_px: float
) -> float:
    """Of one eye. Numbers of Python's, because arrays of two take five times as long."""
    better, worse = _within_0_1(max(sides) / 4.0), _within_0_1(min(sides) / 4.0)
    agreement = _within_0_1((3.0 - spread_px) / 2.0)
    evidence = _within_0_1(score / 0.2)
    contrast = _within_0_1(contrast / _LEAST_CONTRAST)
    opening = _within_0_1((opening_px / PATCH_IRIS_PX - _SHUT_IRIS) / 0.15)
    confidence = better * (0.5 + 0.5 * worse) * evidence * agreement * contrast * opening
    return 0.0 if math.isnan(confidence) else confidence


def _within_0_1(value: float) -> float:
    """Limited to 0 and 1; nan stays."""
    return min(max(value, 0.0), 1.0)
