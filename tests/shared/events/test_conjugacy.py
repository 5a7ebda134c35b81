from dataclasses import replace

import numpy as np
import pytest

from shared.events.conjugacy import EyePair, bridged, confirmed, disagreement
from shared.events.saccades import detect_saccades
from shared.model import FloatArray, Saccade
from tests.shared.events.gaze_signals import (
    KnownSaccade,
    drifting,
    frame_times,
    gaze_of,
    healthy,
    jumping,
    there_and_back,
    white,
)

RATES_HZ = (30.0, 60.0, 120.0)


def pair_of(time_s: FloatArray, gaze: FloatArray, left: FloatArray, right: FloatArray) -> EyePair:
    return EyePair(time_s, gaze + (left + right) / 2, (left - right) / 2)


def found_and_confirmed(pair: EyePair) -> tuple[tuple[Saccade, ...], tuple[Saccade, ...]]:
    found = detect_saccades(pair.time_s, *pair.mean_deg.T)
    errors = disagreement(pair)
    assert errors is not None
    return found, confirmed(found, pair, errors)


def gaze(time_s: FloatArray, saccades: list[KnownSaccade]) -> FloatArray:
    return np.stack(gaze_of(time_s, saccades), axis=1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("errors_of", [drifting, jumping])
def test_errors_of_single_eyes_make_many_events_and_hardly_any_is_confirmed(rate_hz: float, errors_of) -> None:
    time_s = frame_times(rate_hz, 240.0)
    pair = pair_of(time_s, np.zeros((len(time_s), 2)), errors_of(time_s, 1.0, 1), errors_of(time_s, 1.0, 2))
    found, kept = found_and_confirmed(pair)
    assert len(found) > 4 * 20
    assert len(kept) <= 4 * 0.5


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("errors_of", [lambda time_s, size, seed: white(len(time_s), size, seed), drifting, jumping])
def test_saccades_well_above_the_smallest_are_confirmed(rate_hz: float, errors_of) -> None:
    time_s = frame_times(rate_hz, 60.0)
    left, right = errors_of(time_s, 0.4, 3), errors_of(time_s, 0.4, 4)
    smallest_deg = disagreement(pair_of(time_s, np.zeros((len(time_s), 2)), left, right)).smallest_saccade_deg
    true = there_and_back(80, max(2.0 * smallest_deg, 2.0), direction_deg=90.0)
    _, kept = found_and_confirmed(pair_of(time_s, gaze(time_s, true), left, right))
    hit = [any(k.start_s < s.end_s + 0.02 and k.end_s > s.start_s - 0.02 for k in kept) for s in true]
    assert np.mean(hit) >= 0.95


def test_saccades_below_the_smallest_are_not_reported() -> None:
    time_s = frame_times(30.0, 60.0)
    left, right = white(len(time_s), 1.0, 5), white(len(time_s), 1.0, 6)
    errors = disagreement(pair_of(time_s, np.zeros((len(time_s), 2)), left, right))
    assert errors is not None
    assert 3.0 < errors.smallest_saccade_deg < 4.5  # 1 deg in each eye: 0.71 in the mean, 0.58 a step of 3 samples
    true = there_and_back(80, 0.5 * errors.smallest_saccade_deg)
    _, kept = found_and_confirmed(pair_of(time_s, gaze(time_s, true), left, right))
    assert len(kept) <= 4


def test_a_movement_of_one_eye_is_no_saccade() -> None:
    time_s = frame_times(60.0, 30.0)
    left, right = white(len(time_s), 0.2, 7), white(len(time_s), 0.2, 8)
    left = left + gaze(time_s, [healthy(10.0, 8.0)])
    found, kept = found_and_confirmed(pair_of(time_s, np.zeros((len(time_s), 2)), left, right))
    assert any(9.9 < saccade.start_s < 10.2 for saccade in found)
    assert kept == ()


def test_eyes_of_different_scale_still_agree() -> None:
    time_s = frame_times(60.0, 40.0)
    moved = gaze(time_s, there_and_back(50, 20.0))
    pair = pair_of(time_s, moved, 0.2 * moved + white(len(time_s), 0.2, 9), -0.2 * moved + white(len(time_s), 0.2, 10))
    errors = disagreement(pair)
    assert errors is not None
    assert errors.gain[0] == pytest.approx(0.2, abs=0.02)
    assert errors.smallest_saccade_deg < 2.0
    assert len(confirmed(detect_saccades(time_s, *pair.mean_deg.T), pair, errors)) == 50


def test_left_and_right_exchanged_give_the_same_saccades() -> None:
    time_s = frame_times(30.0, 60.0, jitter=0.2)
    true = there_and_back(80, 5.0, direction_deg=20.0)
    pair = pair_of(time_s, gaze(time_s, true), drifting(time_s, 0.8, 11), jumping(time_s, 1.0, 12))
    mirror = np.array([-1.0, 1.0])
    other = replace(pair, mean_deg=pair.mean_deg * mirror, half_difference_deg=-pair.half_difference_deg * mirror)
    kept, kept_mirrored = found_and_confirmed(pair)[1], found_and_confirmed(other)[1]
    assert [(s.start_frame, s.end_frame) for s in kept] == [(s.start_frame, s.end_frame) for s in kept_mirrored]
    assert [s.direction_deg for s in kept] == pytest.approx([(180.0 - s.direction_deg) % 360.0 for s in kept_mirrored])


def test_too_little_of_both_eyes_tells_nothing() -> None:
    time_s = frame_times(30.0, 5.0)
    pair = pair_of(time_s, np.zeros((150, 2)), white(150, 0.2, 13), white(150, 0.2, 14))
    assert disagreement(pair) is not None
    assert disagreement(replace(pair, half_difference_deg=np.full((150, 2), np.nan))) is None
    assert disagreement(EyePair(time_s[:12], pair.mean_deg[:12], pair.half_difference_deg[:12])) is None


def test_single_lost_samples_are_bridged_and_longer_losses_and_unusable_ones_are_not() -> None:
    time_s = np.array([0.0, 0.03, 0.06, 0.10, 0.13, 0.16, 0.19, 0.40, 0.43])
    deg = np.stack([time_s * 10, time_s * -5], axis=1)
    lost = deg.copy()
    lost[[1, 3, 5, 6]] = np.nan
    usable = np.ones(9, dtype=np.bool_)
    usable[3] = False
    filled = bridged(time_s, lost, usable)
    np.testing.assert_allclose(filled[1], deg[1])
    assert np.isnan(filled[[3, 5, 6]]).all()
    np.testing.assert_array_equal(filled[[0, 2, 4, 7, 8]], deg[[0, 2, 4, 7, 8]])


def test_no_saccade_is_reported_at_the_edge_of_what_was_seen() -> None:
    time_s = frame_times(30.0, 20.0)
    true = healthy(10.0, 12.0)
    left, right = white(len(time_s), 0.2, 15), white(len(time_s), 0.2, 16)
    pair = pair_of(time_s, gaze(time_s, [true]), left, right)
    found, kept = found_and_confirmed(pair)
    assert len(kept) == 1
    errors = disagreement(pair)
    assert errors is not None
    ended = pair.mean_deg.copy()
    ended[time_s > true.end_s + 0.1] = np.nan
    assert confirmed(found, replace(pair, mean_deg=ended), errors) == ()
