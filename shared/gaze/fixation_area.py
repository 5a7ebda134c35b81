"""How steadily gaze stayed on one place: the bivariate contour ellipse area."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray

MIN_FIXATION_S: Final = 2.0
"""Least time of fixation for an area. Proposal."""

_CONTOUR: Final = 2 * 2.9957
"""Squared Mahalanobis distance that 95 % of a bivariate normal distribution stay within: -2 ln(0.05)."""


def fixation_area(h_deg: FloatArray, v_deg: FloatArray) -> float:
    """Bivariate contour ellipse area: the ellipse that holds 95 % of gaze if it is normally distributed, deg^2.

    Steinman, J Opt Soc Am 1965;55:1158: area = pi x chi2 x SD(h) x SD(v) x sqrt(1 - r^2), here with chi2 = 5.99.

    Args:
        h_deg, v_deg: ``(M,)`` finite gaze during fixation, degrees.
    """
    covariance = np.cov(np.stack([h_deg, v_deg]))
    return float(np.pi * _CONTOUR * np.sqrt(max(np.linalg.det(covariance), 0.0)))


def fixation_area_of_noise(h_sd_deg: float, v_sd_deg: float) -> float:
    """The area that independent noise of these standard deviations gives, deg^2.

    >>> round(fixation_area_of_noise(0.2, 0.3), 2)
    1.13
    """
    return float(np.pi * _CONTOUR * h_sd_deg * v_sd_deg)


def annotated_fixation_area(
    h_deg: FloatArray, v_deg: FloatArray, during: BoolArray, frame_rate_hz: float
) -> float | None:
    """Area over the frames of annotated fixation in which both axes are known; None for less than ``MIN_FIXATION_S``.

    Args:
        h_deg, v_deg: ``(N,)`` gaze, degrees.
        during: ``(N,)`` frames of annotated fixation that may be used.
        frame_rate_hz: of the frames.
    """
    known = during & np.isfinite(h_deg) & np.isfinite(v_deg)
    if known.sum() < max(MIN_FIXATION_S * frame_rate_hz, 3):
        return None
    return fixation_area(h_deg[known], v_deg[known])
