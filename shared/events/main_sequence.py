"""The main sequence: how fast a healthy saccade of a given size is, and how far a measured one falls short.

Band: mean and two standard deviations of peak velocity in 100 healthy people aged 6 to 76, 220 Hz video-oculography
(Hopf et al., PLoS ONE 2018, PMC6143243). The paper found no relevant effect of age; Irving et al. (IOVS 2006;47:2478)
did, so the band is shown without adjustment for age and says so. Published values for PSP give only the direction
(slower), so there is no PSP band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Axis = Literal["horizontal", "vertical"]

SOURCE = "Hopf et al., PLoS ONE 2018, PMC6143243: 100 healthy people, 6-76 years, 220 Hz; not adjusted for age"

PEAK_TO_MEAN_VELOCITY = 1.65  # Q: peak velocity x duration / amplitude of a normal saccade

_AMPLITUDE_DEG: dict[Axis, tuple[float, ...]] = {"vertical": (5.0, 10.0, 20.0), "horizontal": (5.0, 15.0, 30.0)}
_MEAN_DEG_S: dict[Axis, tuple[float, ...]] = {"vertical": (208.0, 303.0, 391.0), "horizontal": (213.0, 352.0, 455.0)}
_SD_DEG_S: dict[Axis, tuple[float, ...]] = {"vertical": (36.0, 50.0, 71.0), "horizontal": (29.0, 50.0, 67.0)}


@dataclass(frozen=True)
class NormalBand:
    """Peak velocity of healthy people at one amplitude.

    Attributes:
        amplitude_deg: of the saccade.
        mean_deg_s, low_deg_s, high_deg_s: mean, and mean minus and plus two standard deviations, deg/s.
        source: where it was published.
    """

    amplitude_deg: float
    mean_deg_s: float
    low_deg_s: float
    high_deg_s: float
    source: str = SOURCE


def normal_band(amplitude_deg: float, axis: Axis) -> NormalBand | None:
    """The healthy band at an amplitude, on straight lines between the published amplitudes.

    Returns:
        None outside the published amplitudes (5 to 20 degrees vertical, 5 to 30 horizontal): nothing is extrapolated.

    >>> normal_band(10.0, "vertical").low_deg_s
    203.0
    >>> normal_band(2.0, "vertical") is None
    True
    """
    known = _AMPLITUDE_DEG[axis]
    if not known[0] <= amplitude_deg <= known[-1]:
        return None
    mean = float(np.interp(amplitude_deg, known, _MEAN_DEG_S[axis]))
    deviation = float(np.interp(amplitude_deg, known, _SD_DEG_S[axis]))
    return NormalBand(amplitude_deg, mean, mean - 2 * deviation, mean + 2 * deviation)


def main_axis(direction_deg: float) -> Axis | None:
    """The axis along which a saccade goes, None where it is more than 30 degrees off both.

    Args:
        direction_deg: as in :class:`shared.model.Saccade`: 0 and 180 horizontal, 90 and 270 vertical.
    """
    off_horizontal = abs((direction_deg + 90.0) % 180.0 - 90.0)
    if off_horizontal <= 30.0:
        return "horizontal"
    return "vertical" if off_horizontal >= 60.0 else None


def is_slow_by_duration(amplitude_deg: float, duration_s: float) -> bool:
    """Whether a saccade of at most 20 degrees lasts longer than 100 ms.

    Duration survives a low frame rate where peak velocity does not: a healthy saccade takes about 54 ms for 10 and
    84 ms for 20 degrees (from the band's means and ``PEAK_TO_MEAN_VELOCITY``).
    """
    return amplitude_deg <= 20.0 and duration_s > 0.100
