from dataclasses import replace

import numpy as np
import pytest

from shared.analysis import analyse
from shared.effort import vertical_effort
from shared.model import CheckStatus, QualityCheck, Saccade, Task, Trace
from shared.parameters import Gates, Parameters
from tests.shared.traces import at, recording, with_both

FULL_TASK = Parameters(task=Task.VERTICAL_HORIZONTAL)
UP, DOWN = 270.0, 90.0


def effort_check(trace: Trace, parameters: Parameters = FULL_TASK) -> QualityCheck:
    return next(c for c in analyse(trace, parameters).quality if c.code == "NO_VERTICAL_EFFORT")


def saccade(amplitude_deg: float, direction_deg: float, duration_s: float | None = 0.05) -> Saccade:
    return Saccade(1.0, 1.1, amplitude_deg, direction_deg, duration_s=duration_s)


def test_attempts_are_vertical_saccades_of_a_degree_and_more() -> None:
    effort = vertical_effort([saccade(3, UP), saccade(3, DOWN), saccade(0.8, UP), saccade(9, 0.0), saccade(2, 70.0)])
    assert (effort.up, effort.down) == (1, 2)


def test_slowness_is_one_at_the_longest_healthy_duration() -> None:
    # 1.65 x 10 deg over 203 deg/s, the mean - 2 SD of Hopf et al. at 10 deg.
    longest_s = 1.65 * 10 / 203
    assert vertical_effort([saccade(10, UP, longest_s)] * 3).slowness == pytest.approx(1.0)
    assert vertical_effort([saccade(10, UP, 2 * longest_s)] * 3).slowness == pytest.approx(2.0)


def test_small_saccades_are_held_to_the_main_sequence_and_large_ones_to_the_largest_published() -> None:
    low_deg_s = 136 * np.expm1(-2 / 7.5) / np.expm1(-5 / 7.5)
    assert vertical_effort([saccade(2, UP, 1.65 * 2 / low_deg_s)] * 3).slowness == pytest.approx(1.0)
    assert vertical_effort([saccade(40, UP, 1.65 * 40 / 249)] * 3).slowness == pytest.approx(1.0)


def test_too_few_durations_tell_nothing_of_speed() -> None:
    assert vertical_effort([saccade(5, UP)] * 2 + [saccade(5, DOWN, None)] * 4).slowness is None


@pytest.mark.parametrize("frame_rate_hz", [30, 60])
def test_slow_small_movements_are_an_attempt_and_brisk_ones_are_not(frame_rate_hz: float) -> None:
    slow = recording(up_deg=3, down_deg=3, saccade_s=0.15, frame_rate_hz=frame_rate_hz)
    brisk = recording(up_deg=3, down_deg=3, saccade_s=0.045, frame_rate_hz=frame_rate_hz)
    assert effort_check(slow).status is CheckStatus.PASS
    assert effort_check(brisk).status is CheckStatus.FAIL
    assert "as fast as healthy ones" in effort_check(brisk).message


def test_eyes_that_stand_still_prove_no_attempt() -> None:
    still = effort_check(recording(up_deg=0, down_deg=0))
    assert still.status is CheckStatus.FAIL
    assert "all but stood still" in still.message


def test_one_direction_alone_is_no_attempt() -> None:
    trace = recording(up_deg=0, down_deg=0)
    # Slow drift up, quick saccades down: nothing goes up by a saccade.
    saw = 3.0 * (trace.time_s % 2.0) / 2.0
    drifting = with_both(trace, limbus_v_deg=trace.left.limbus_v_deg - saw)
    assert effort_check(drifting).status is CheckStatus.FAIL


def test_a_large_limbus_range_is_effort_whatever_its_speed() -> None:
    small, large = recording(up_deg=2, down_deg=2), recording(saccade_s=0.0)
    assert effort_check(with_both(small, limbus_v_deg=large.left.limbus_v_deg)).status is CheckStatus.PASS


def test_without_the_limbus_instrument_attempts_are_not_asked_for() -> None:
    check = effort_check(recording(up_deg=2, down_deg=2, limbus=False))
    assert check.status is CheckStatus.PASS
    assert "could not be looked for" in check.message


def test_both_demands_can_be_moved_and_switched_off() -> None:
    brisk, still = recording(up_deg=3, down_deg=3, saccade_s=0.045), recording(up_deg=0, down_deg=0)
    any_speed = replace(FULL_TASK, gates=Gates(min_saccade_slowness=0.0))
    no_attempts = replace(FULL_TASK, gates=Gates(min_vertical_attempts=0))
    assert effort_check(brisk, any_speed).status is CheckStatus.PASS
    assert effort_check(still, no_attempts).status is CheckStatus.PASS
    switched_off = replace(FULL_TASK, gates=Gates(disabled=("G5",)))
    assert effort_check(still, switched_off).status is CheckStatus.WARNING


def test_a_recording_of_a_second_has_no_effort_and_no_error() -> None:
    assert np.isfinite(effort_check(at(recording(up_deg=2, down_deg=2), slice(0, 30))).threshold or 0.0)
