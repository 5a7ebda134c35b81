"""Which movements of the eyes are shifts of gaze, and which answer the head."""

from dataclasses import replace

import numpy as np
import pytest

from shared.events.head_turns import gaze_shifts
from shared.events.saccades import detect_saccades
from shared.model import FloatArray

RATE_HZ = 60.0
TIME_S = np.arange(0.0, 3.0, 1 / RATE_HZ)


def turn(size_deg: float, *, at_s: float = 1.5, lasting_s: float = 0.08) -> FloatArray:
    """A smooth step from 0, ``(N,)``."""
    share = np.clip((TIME_S - at_s) / lasting_s, 0, 1)
    return size_deg * (1 - np.cos(np.pi * share)) / 2


def both(horizontal: FloatArray, vertical: FloatArray) -> FloatArray:
    return np.stack([horizontal, vertical], axis=1)


def left_over(eye: FloatArray, head: FloatArray) -> int:
    found = detect_saccades(TIME_S, *eye.T)
    assert len(found) == 1
    return len(gaze_shifts(found, TIME_S, eye, head))


@pytest.mark.parametrize("axis", [0, 1])
def test_eyes_that_take_back_a_turn_of_the_head_shift_no_gaze(axis: int) -> None:
    head = np.roll(both(turn(10.0), 0 * TIME_S), axis, axis=1)
    assert left_over(-head, head) == 0
    assert left_over(-0.8 * head, head) == 0


def test_a_saccade_on_a_still_head_is_one() -> None:
    assert left_over(both(turn(10.0), 0 * TIME_S), both(0 * TIME_S, 0 * TIME_S)) == 1


@pytest.mark.parametrize("size_deg", [6.0, -4.0])
def test_a_gaze_shift_of_eyes_and_head_together_is_one(size_deg: float) -> None:
    """The head follows the eyes, or lags so far behind that it takes little back."""
    assert left_over(both(turn(10.0), 0 * TIME_S), both(turn(size_deg), 0 * TIME_S)) == 1


def test_a_turn_across_the_movement_takes_nothing_back() -> None:
    assert left_over(both(turn(10.0), 0 * TIME_S), both(0 * TIME_S, turn(10.0))) == 1


def test_a_small_saccade_is_not_lost_to_the_tremble_of_the_pose() -> None:
    assert left_over(both(turn(1.5), 0 * TIME_S), both(turn(-1.5), 0 * TIME_S)) == 1


def test_an_unknown_head_takes_nothing_back() -> None:
    unknown = np.full((len(TIME_S), 2), np.nan)
    assert left_over(both(turn(10.0), 0 * TIME_S), unknown) == 1


def test_a_start_found_a_frame_late_hides_no_turn_of_the_head() -> None:
    head = np.where(TIME_S >= 1.5, 5.6, 0.0)
    eye = both(turn(-10.0, at_s=1.5), 0 * TIME_S)
    (found,) = detect_saccades(TIME_S, *eye.T)
    late = replace(found, start_s=1.5 + 0.3 / RATE_HZ)
    assert gaze_shifts([late], TIME_S, eye, both(head, 0 * TIME_S)) == ()
