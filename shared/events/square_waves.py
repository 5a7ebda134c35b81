"""Square-wave jerks: gaze leaves the target by a small horizontal saccade and returns by another.

Definition used here: two successive saccades, both horizontal-dominant, of opposite direction, 0.5 to 5 degrees each,
of similar size, whose onsets lie 150 to 450 ms apart. The interval is a proposal wide enough for camera frame rates;
the MDS-PSP criteria (Höglinger et al., Mov Disord 2017, doi 10.1002/mds.26987) name 200 to 300 ms. The sizes follow
the same source: healthy people mostly stay below 1 degree, in PSP up to 3 to 4 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

from shared.model import Saccade, SquareWaveJerk

MIN_AMPLITUDE_DEG = 0.5
MAX_AMPLITUDE_DEG = 5.0
MIN_RETURN_S = 0.150
MAX_RETURN_S = 0.450
MAX_VERTICAL_SHARE = 0.5  # |vertical| / amplitude of each saccade: within 30 degrees of the horizontal
MAX_RESIDUAL_SHARE = 0.5  # what the return leaves uncorrected, in units of the larger saccade


def detect_square_wave_jerks(saccades: Sequence[Saccade]) -> tuple[SquareWaveJerk, ...]:
    """Pairs of saccades that make a square-wave jerk. Each saccade is used once, the earliest pair first.

    Args:
        saccades: in order of time.

    Returns:
        the jerks in order of time.
    """
    jerks: list[SquareWaveJerk] = []
    index = 0
    while index + 1 < len(saccades):
        away, back = saccades[index], saccades[index + 1]
        if _is_jerk(away, back):
            jerks.append(
                SquareWaveJerk(
                    start_s=away.start_s,
                    end_s=back.end_s,
                    amplitude_deg=(away.amplitude_deg + back.amplitude_deg) / 2,
                    direction_deg=away.direction_deg,
                    return_interval_s=back.start_s - away.start_s,
                )
            )
            index += 2
        else:
            index += 1
    return tuple(jerks)


def square_wave_jerk_rate_per_min(jerks: Sequence[SquareWaveJerk], observed_s: float) -> float | None:
    """Jerks per minute of gaze that could be seen; None where nothing could.

    Args:
        observed_s: time with usable gaze (blinks and losses left out), s.
    """
    return 60.0 * len(jerks) / observed_s if observed_s > 0 else None


def _is_jerk(away: Saccade, back: Saccade) -> bool:
    interval_s = back.start_s - away.start_s
    if not MIN_RETURN_S <= interval_s <= MAX_RETURN_S:
        return False
    if not all(_is_small_and_horizontal(saccade) for saccade in (away, back)):
        return False
    away_h, back_h = _horizontal_deg(away), _horizontal_deg(back)
    larger = max(abs(away_h), abs(back_h))
    return away_h * back_h < 0 and abs(away_h + back_h) <= MAX_RESIDUAL_SHARE * larger


def _is_small_and_horizontal(saccade: Saccade) -> bool:
    small = MIN_AMPLITUDE_DEG <= saccade.amplitude_deg <= MAX_AMPLITUDE_DEG
    return small and abs(sin(radians(saccade.direction_deg))) <= MAX_VERTICAL_SHARE


def _horizontal_deg(saccade: Saccade) -> float:
    return saccade.amplitude_deg * cos(radians(saccade.direction_deg))
