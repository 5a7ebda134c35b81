"""Saccades of known time, size and speed are found and measured at every rate; nothing else is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.saccades import (
    FRAME_RATE_TOO_LOW,
    MULTI_STEP,
    SLOW_BY_DURATION,
    detect_saccades,
)
from shared.model import Saccade
from tests.shared.events.gaze_signals import (
    KnownSaccade,
    frame_times,
    gaze_of,
    healthy,
    there_and_back,
)

NOISE_DEG = {30: 0.3, 60: 0.3, 120: 0.2, 240: 0.1, 500: 0.03, 1000: 0.02}


def overlaps(found: Saccade, true: KnownSaccade) -> bool:
    shared = min(found.end_s, true.end_s) - max(found.start_s, true.start_s)
    return shared >= 0.5 * (max(found.end_s, true.end_s) - min(found.start_s, true.start_s))


@pytest.mark.parametrize("rate_hz", NOISE_DEG)
def test_every_saccade_is_found_once_with_its_time_size_and_direction(rate_hz: int) -> None:
    true = there_and_back(10, 10.0, direction_deg=60.0)
    time_s = frame_times(rate_hz, 9.0)
    found = detect_saccades(time_s, *gaze_of(time_s, true, NOISE_DEG[rate_hz]))
    assert len(found) == len(true)
    for one, known in zip(found, true, strict=True):
        assert overlaps(one, known)
        assert one.amplitude_deg == pytest.approx(10.0, abs=0.8)
    assert [one.direction_deg for one in found] == pytest.approx([60.0, 240.0] * 5, abs=5.0)


@pytest.mark.parametrize("rate_hz", [120, 200, 240, 500])
@pytest.mark.parametrize("noise_deg", [0.05, 0.1, 0.2])
def test_small_saccades_are_found_between_quiet_and_noisy(rate_hz: int, noise_deg: float) -> None:
    true = there_and_back(12, 2.0)
    time_s = frame_times(rate_hz, 10.0)
    found = detect_saccades(time_s, *gaze_of(time_s, true, noise_deg))
    assert sum(any(overlaps(one, known) for one in found) for known in true) >= 11
    assert len(found) <= 13


@pytest.mark.parametrize("rate_hz", [30, 60])
def test_a_variable_frame_rate_changes_nothing(rate_hz: int) -> None:
    true = there_and_back(10, 8.0, direction_deg=90.0)
    time_s = frame_times(rate_hz, 9.0, jitter=0.4)
    found = detect_saccades(time_s, *gaze_of(time_s, true, 0.3))
    assert len(found) == len(true)
    assert all(overlaps(one, known) for one, known in zip(found, true, strict=True))


@pytest.mark.parametrize(
    ("amplitude_deg", "duration_s"),
    [(10.0, 1.65 * 10 / 303), (20.0, 1.65 * 20 / 391), (10.0, 1.65 * 10 / 120), (10.0, 1.65 * 10 / 60)],
    ids=["healthy 10", "healthy 20", "slow 10 at 120", "slow 10 at 60"],
)
@pytest.mark.parametrize("rate_hz", [60, 240])
def test_peak_velocity_is_within_ten_percent_in_the_median_under_half_a_degree_of_noise(
    rate_hz: int, amplitude_deg: float, duration_s: float
) -> None:
    true = [KnownSaccade(0.5 + 0.90731 * index, duration_s, 0.0, amplitude_deg * (-1) ** index) for index in range(60)]
    time_s = frame_times(rate_hz, 56.0)
    found = detect_saccades(time_s, *gaze_of(time_s, true, 0.5))
    matched = [one for known in true for one in found if overlaps(one, known)]
    assert len(matched) >= 57
    ratio = np.array([one.peak_velocity_deg_s for one in matched if one.peak_velocity_deg_s is not None])
    ratio /= true[0].peak_velocity_deg_s
    assert len(ratio) >= 57
    assert 0.9 < np.median(ratio) < 1.1
    assert np.percentile(ratio, 10) > 0.75
    assert np.percentile(ratio, 90) < 1.25


def test_the_interval_of_the_peak_velocity_holds_the_truth() -> None:
    true = there_and_back(60, 12.0)
    time_s = frame_times(60, 46.0)
    found = detect_saccades(time_s, *gaze_of(time_s, true, 0.5))
    held = [
        one.peak_velocity_low_deg_s <= known.peak_velocity_deg_s <= one.peak_velocity_high_deg_s
        for one, known in zip(found, true, strict=True)
        if one.peak_velocity_low_deg_s is not None and one.peak_velocity_high_deg_s is not None
    ]
    assert np.mean(held) > 0.85


def test_thirty_frames_a_second_give_no_peak_velocity_of_a_healthy_saccade() -> None:
    time_s = frame_times(30, 9.0)
    found = detect_saccades(time_s, *gaze_of(time_s, there_and_back(10, 10.0), 0.2))
    assert found
    assert all(one.peak_velocity_deg_s is None and FRAME_RATE_TOO_LOW in one.qualifiers for one in found)


@pytest.mark.parametrize("rate_hz", [30, 60, 240, 1000])
def test_a_long_saccade_is_slow_by_duration_at_any_rate(rate_hz: int) -> None:
    true = [KnownSaccade(0.8 + 1.4 * index, 0.275, 0.0, 10.0 * (-1) ** index) for index in range(5)]
    time_s = frame_times(rate_hz, 8.0)
    found = detect_saccades(time_s, *gaze_of(time_s, true, 0.03 if rate_hz == 1000 else 0.2))
    assert len(found) == len(true)
    for one in found:
        assert SLOW_BY_DURATION in one.qualifiers
        assert one.peak_velocity_deg_s == pytest.approx(60.0, rel=0.2)


@pytest.mark.parametrize("rate_hz", [60, 250])
def test_a_healthy_saccade_is_not_called_slow(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 9.0)
    found = detect_saccades(time_s, *gaze_of(time_s, there_and_back(10, 12.0), 0.2))
    assert found
    assert not any(SLOW_BY_DURATION in one.qualifiers for one in found)


@pytest.mark.parametrize("rate_hz", NOISE_DEG)
def test_noise_alone_makes_almost_no_saccade(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 60.0 if rate_hz <= 120 else 20.0)
    assert len(detect_saccades(time_s, *gaze_of(time_s, [], 0.5, seed=3))) <= 3


@pytest.mark.parametrize("rate_hz", [30, 60, 250])
def test_pursuit_and_drift_are_not_saccades(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 20.0)
    h_deg, v_deg = gaze_of(time_s, [], 0.05)
    h_deg = h_deg + 10.0 * np.sin(2 * np.pi * 0.2 * time_s)  # up to 12.6 deg/s
    assert detect_saccades(time_s, h_deg, v_deg + 0.5 * time_s) == ()


@pytest.mark.parametrize("rate_hz", [250, 1000])
def test_a_post_saccadic_oscillation_is_neither_in_the_saccade_nor_one_of_its_own(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 9.0)
    true = there_and_back(10, 8.0)
    h_deg, v_deg = gaze_of(time_s, true, 0.01)
    for known in true:
        since = time_s - known.end_s
        ring = np.sin(2 * np.pi * since / 0.03) * np.exp(-since / 0.015) * 0.06 * known.h_deg
        h_deg = h_deg - np.where(since > 0, ring, 0.0)
    found = detect_saccades(time_s, h_deg, v_deg)
    assert len(found) == len(true)
    assert all(one.end_s < known.end_s + 0.012 for one, known in zip(found, true, strict=True))


@pytest.mark.parametrize("rate_hz", [30, 60, 250])
def test_the_flanks_of_a_loss_are_not_saccades(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 12.0)
    true = [healthy(6.2, 8.0)]
    h_deg, v_deg = gaze_of(time_s, true, 0.05)
    for centre_s in (2.0, 4.0, 9.0):
        away_s = np.abs(time_s - centre_s)
        v_deg = v_deg + 8.0 * np.clip((0.15 - away_s) / 0.07, 0.0, 1.0)  # the lid drags the signal down
        v_deg[away_s < 0.08] = np.nan
    found = detect_saccades(time_s, h_deg, v_deg)
    assert len(found) == 1
    assert overlaps(found[0], true[0])


@pytest.mark.parametrize("rate_hz", [60, 500])
def test_a_jump_hidden_in_left_out_samples_is_not_a_saccade(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 6.0)
    h_deg, v_deg = gaze_of(time_s, [healthy(3.1, 10.0)], 0.05)
    keep = np.abs(time_s - 3.1) > 0.1
    assert detect_saccades(time_s[keep], h_deg[keep], v_deg[keep]) == ()


def test_single_lost_samples_do_not_hide_a_saccade() -> None:
    time_s = frame_times(500, 4.0)
    h_deg, v_deg = gaze_of(time_s, [healthy(2.0, 8.0)], 0.02)
    h_deg[[1005, 1020, 1100]] = np.nan
    found = detect_saccades(time_s, h_deg, v_deg)
    assert len(found) == 1
    assert found[0].amplitude_deg == pytest.approx(8.0, abs=0.3)


@pytest.mark.parametrize("rate_hz", [60, 250])
def test_steps_that_follow_at_once_the_same_way_are_marked(rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 5.0)
    true = [healthy(1.0, 4.0, 90.0), healthy(1.13, 4.0, 90.0), healthy(3.0, 8.0, 270.0)]
    found = detect_saccades(time_s, *gaze_of(time_s, true, 0.03))
    assert [MULTI_STEP in one.qualifiers for one in found] == [True, True, False]


@pytest.mark.parametrize("length", [0, 1, 2, 4, 5, 8])
def test_short_signals_have_no_saccades(length: int) -> None:
    time_s = np.arange(length) / 60.0
    assert detect_saccades(time_s, np.zeros(length), np.zeros(length)) == ()


def test_a_signal_that_is_lost_throughout_has_no_saccades() -> None:
    time_s, lost = frame_times(250, 2.0), np.full(500, np.nan)
    assert detect_saccades(time_s, lost, lost) == ()


def test_a_still_signal_without_noise_has_no_saccades() -> None:
    for rate_hz in (30, 250):
        time_s = frame_times(rate_hz, 4.0)
        assert detect_saccades(time_s, np.full(len(time_s), 3.0), np.zeros(len(time_s))) == ()


def test_time_that_does_not_increase_is_refused() -> None:
    with pytest.raises(ValueError, match="increase"):
        detect_saccades(np.zeros(10), np.zeros(10), np.zeros(10))


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        detect_saccades(np.arange(10.0), np.zeros(9), np.zeros(10))


rates = st.sampled_from([30, 60, 250])


@settings(max_examples=12, deadline=None)
@given(rate_hz=rates, shift_s=st.floats(-1000.0, 1000.0), seed=st.integers(0, 50))
def test_shifting_time_shifts_the_saccades(rate_hz: int, shift_s: float, seed: int) -> None:
    time_s = frame_times(rate_hz, 5.0)
    gaze = gaze_of(time_s, there_and_back(5, 6.0), 0.05, seed)
    before, after = detect_saccades(time_s, *gaze), detect_saccades(time_s + shift_s, *gaze)
    assert [one.start_s + shift_s for one in before] == pytest.approx([one.start_s for one in after], abs=2e-3)
    assert [one.end_s + shift_s for one in before] == pytest.approx([one.end_s for one in after], abs=2e-3)


@settings(max_examples=12, deadline=None)
@given(rate_hz=rates, flip_h=st.booleans(), flip_v=st.booleans(), seed=st.integers(0, 50))
def test_flipping_an_axis_flips_the_direction_and_nothing_else(
    rate_hz: int, flip_h: bool, flip_v: bool, seed: int
) -> None:
    time_s = frame_times(rate_hz, 5.0)
    h_deg, v_deg = gaze_of(time_s, there_and_back(5, 6.0, 30.0), 0.05, seed)
    before = detect_saccades(time_s, h_deg, v_deg)
    after = detect_saccades(time_s, -h_deg if flip_h else h_deg, -v_deg if flip_v else v_deg)
    assert [one.start_s for one in before] == pytest.approx([one.start_s for one in after], abs=1e-6)
    assert [one.amplitude_deg for one in before] == pytest.approx([one.amplitude_deg for one in after], abs=1e-6)
    for one, other in zip(before, after, strict=True):
        angle = np.radians([one.direction_deg, other.direction_deg])
        assert np.cos(angle[1]) == pytest.approx(np.cos(angle[0]) * (-1 if flip_h else 1), abs=1e-6)
        assert np.sin(angle[1]) == pytest.approx(np.sin(angle[0]) * (-1 if flip_v else 1), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(rate_hz=st.sampled_from([30, 47, 60, 90, 120, 240, 500]), lost=st.lists(st.integers(0, 400), max_size=60))
def test_results_are_finite_ordered_and_apart_whatever_is_lost(rate_hz: int, lost: list[int]) -> None:
    time_s = frame_times(rate_hz, 6.0, jitter=0.2)
    h_deg, v_deg = gaze_of(time_s, there_and_back(6, 9.0), 0.2)
    h_deg[[index for index in lost if index < len(h_deg)]] = np.nan
    found = detect_saccades(time_s, h_deg, v_deg)
    assert all(np.isfinite([one.start_s, one.end_s, one.amplitude_deg, one.direction_deg]).all() for one in found)
    assert all(one.start_s < one.end_s for one in found)
    assert all(one.end_s <= other.start_s for one, other in pairwise(found))
