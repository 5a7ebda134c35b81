"""What metrics are made from: the events, and how long what could be seen."""

from __future__ import annotations

from dataclasses import dataclass

from shared.checks.film import FRAME_RATE_TOLERANCE, VELOCITY_FRAME_RATE_HZ
from shared.gaze.limbus import MIN_LIMBUS_COVERAGE, LimbusGaze
from shared.model import Blink, Saccade, SquareWaveJerk

NO_LIMBUS = "LIMBUS_NOT_MEASURED: The rim of the iris was not fitted in this recording."


@dataclass(frozen=True)
class Events:
    """Blinks, saccades and square-wave jerks of a recording, each in order of time."""

    blinks: tuple[Blink, ...]
    saccades: tuple[Saccade, ...]
    square_wave_jerks: tuple[SquareWaveJerk, ...]


@dataclass(frozen=True)
class ObservedTime:
    """How long what could be seen, s.

    Attributes:
        lids_s: lids visible, blinks included.
        gaze_s: limbus gaze measured, within annotated fixation where there is any.
        fixation_only: ``gaze_s`` and the jerks counted in it are of annotated fixation.
        frame_rate_hz: effective frame rate.
        smallest_saccade_deg: amplitude from which saccades are told from chance events, by the difference of the
            eyes, degrees; None where only one eye was measured or too little of both.
        saccades_not_sought: code and sentence why no saccades were looked for; None if they were.
    """

    lids_s: float
    gaze_s: float
    fixation_only: bool
    frame_rate_hz: float
    smallest_saccade_deg: float | None = None
    saccades_not_sought: str | None = None


def limbus_reason(limbus: LimbusGaze) -> str | None:
    """Why the limbus instrument gives no range; None where it does."""
    if limbus.vertical is None or limbus.horizontal is None:
        return NO_LIMBUS
    if limbus.coverage < MIN_LIMBUS_COVERAGE <= limbus.explained:
        hidden = limbus.explained - limbus.coverage
        return (
            f"LID_OCCLUDED: The lids hid how high the iris stands in {hidden:.0%} of the usable frames. Place the "
            "camera slightly below eye height, or let an assistant hold the lids up."
        )
    if limbus.coverage < MIN_LIMBUS_COVERAGE:
        return (
            f"LIMBUS_NOT_MEASURED: The rim of the iris could be fitted in only {limbus.coverage:.0%} of the usable "
            "frames. Film closer and sharper."
        )
    if not limbus.possible:
        return "LIMBUS_NOT_MEASURED: The rim of the iris was fitted wrongly: no eye turns that far. Film sharper."
    if not limbus.eyes_agree:
        return (
            "LIMBUS_NOT_MEASURED: The rims found in the two eyes jump apart: only steps over "
            f"{limbus.eye_step_deg:.0f} deg are told from chance. Film closer and sharper, with light from the front."
        )
    return None


def slow_film(observed: ObservedTime, least_hz: float = VELOCITY_FRAME_RATE_HZ) -> str | None:
    """Why a film is too slow for a metric; None where it is not."""
    if not below(observed.frame_rate_hz, least_hz):
        return None
    rate = f"{observed.frame_rate_hz:.0f}"
    return f"LOW_FRAME_RATE_FOR_VELOCITY: {rate} frames/s do not carry it; {least_hz:.0f} are needed."


def below(rate_hz: float, least_hz: float) -> bool:
    """Whether a frame rate is below another by more than the tolerance of nominal rates (29.97 counts as 30)."""
    return rate_hz < least_hz * (1 - FRAME_RATE_TOLERANCE)
