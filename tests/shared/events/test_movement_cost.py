"""Long movements: a slow saccade is one, two saccades with a short fixation between them are two."""

import numpy as np
import pytest

from shared.events.movement_cost import MovementPrices, movement_costs
from shared.events.saccades import detect_saccades
from tests.shared.events.gaze_signals import KnownSaccade, frame_times, gaze_of

PRICES = MovementPrices()
ABOUT_S = 0.05


def share_found_as(count: int, true: list[KnownSaccade], rate_hz: int, noise_deg: float, shifts: int = 60) -> float:
    """Share of repetitions of a shift of gaze, one a second, in which so many saccades are reported."""
    repeated = [
        KnownSaccade(one.start_s + i, one.duration_s, one.h_deg * (-1) ** i, one.v_deg * (-1) ** i)
        for i in range(1, shifts)
        for one in true
    ]
    time_s = frame_times(rate_hz, shifts + 1.0)
    starts_s = np.array([found.start_s for found in detect_saccades(time_s, *gaze_of(time_s, repeated, noise_deg))])
    begin_s, end_s = true[0].start_s - ABOUT_S, true[-1].end_s + ABOUT_S
    reports = [int(((starts_s > i + begin_s) & (starts_s < i + end_s)).sum()) for i in range(1, shifts)]
    return float(np.mean(np.array(reports) == count))


@pytest.mark.parametrize(("rate_hz", "noise_deg", "least_share"), [(30, 0.5, 0.95), (60, 1.0, 0.6)])
def test_a_slow_saccade_is_one_movement(rate_hz: int, noise_deg: float, least_share: float) -> None:
    slow = [KnownSaccade(0.40731, 0.275, 10.0, 0.0)]
    assert share_found_as(1, slow, rate_hz, noise_deg) >= least_share


def test_two_saccades_around_a_short_fixation_are_two_at_30_frames_a_second() -> None:
    pair = [KnownSaccade(0.40731, 0.040, 6.0, 0.0), KnownSaccade(0.57731, 0.040, 0.0, 6.0)]
    assert share_found_as(2, pair, 30, 0.5) >= 0.9


def test_samples_off_the_straight_way_make_a_long_movement_dear() -> None:
    straight = np.stack([np.clip(np.arange(-10.0, 16.0), 0.0, 6.0) * 2.0, np.zeros(26)], axis=1)
    bent = straight + np.array([0.0, 8.0]) * (np.abs(np.arange(26) - 13) <= 1)[:, None]
    costs = [movement_costs(gaze, 1 / 30, PRICES)[16, 5] for gaze in (straight, bent)]
    free = 5 * (PRICES.sample_price + PRICES.price_per_s / 30) + PRICES.long_price_per_s * (5 / 30 - PRICES.slow_from_s)
    assert costs[0] < costs[1] == pytest.approx(free)


def test_a_stretch_shorter_than_a_movement_has_costs_too() -> None:
    assert movement_costs(np.zeros((3, 2)), 1 / 30, PRICES).shape == (4, 10)
