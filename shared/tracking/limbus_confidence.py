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
    support = np.clip(fit.sides.max(axis=1) / 4.0, 0, 1) * (0.5 + 0.5 * np.clip(fit.sides.min(axis=1) / 4.0, 0, 1))
    agreement = np.clip((3.0 - fit.spread_px) / 2.0, 0, 1)
    evidence = np.clip(fit.score / 0.2, 0, 1)
    contrast = np.clip(fit.contrast / _LEAST_CONTRAST, 0, 1)
    opening = np.clip((margins.opening_px() / PATCH_IRIS_PX - _SHUT_IRIS) / 0.15, 0, 1)
    return np.asarray(np.nan_to_num(support * evidence * agreement * contrast * opening))
