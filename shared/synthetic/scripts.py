"""What simulated patients do in front of the camera: the task of the bedside, healthy, slowed, or not done at all."""

from __future__ import annotations

from typing import Final

from shared.synthetic.gaze_script import PSP_LIKE, Dynamics, Script, Step, steps_between

_VERTICAL: Final = [(0.0, -20.0), (0.0, 20.0)]
_HORIZONTAL: Final = [(-18.0, 0.0), (18.0, 0.0)]


def vertical_horizontal_steps(dwell_s: float = 1.35, repeats: int = 4) -> tuple[Step, ...]:
    """Up and down, then left and right, ``repeats`` times each, ending straight ahead."""
    targets = [*_VERTICAL * repeats, (0.0, 0.0), *_HORIZONTAL * (repeats - 1), (0.0, 0.0)]
    return steps_between(1.0, targets, dwell_s)


def healthy(duration_s: float = 22.5) -> Script:
    """Full range at normal speed, 15 blinks a minute (16.9 +- 10.5 in healthy people)."""
    return Script(
        duration_s,
        vertical_horizontal_steps(),
        Dynamics(),
        blink_rate_per_min=15.0,
        square_wave_rate_per_min=3.0,
        square_wave_amplitude_deg=0.6,
    )


def psp_like(duration_s: float = 22.5) -> Script:
    """The same task with a small, slow vertical range, square-wave jerks and few blinks (3 a minute in PSP)."""
    return Script(
        duration_s,
        vertical_horizontal_steps(),
        PSP_LIKE,
        blink_rate_per_min=3.0,
        square_wave_rate_per_min=33.0,
        square_wave_amplitude_deg=1.8,
    )


def vertical_only(duration_s: float = 14.0, amplitude_deg: float = 20.0) -> Script:
    """Up and down alone: nothing shows whether a small range is the patient's or the tracking's."""
    targets = [(0.0, -amplitude_deg), (0.0, amplitude_deg)] * 5
    return Script(duration_s, steps_between(0.8, targets, 1.3), blink_rate_per_min=10.0)


def horizontal_only(duration_s: float = 20.0) -> Script:
    """Left and right alone, as when nobody asked for up and down."""
    return Script(duration_s, steps_between(1.5, _HORIZONTAL * 5, 1.7), blink_rate_per_min=15.0)


def quiet(duration_s: float = 14.0) -> Script:
    """Looking straight ahead."""
    return Script(duration_s, blink_rate_per_min=12.0)
