"""Square-wave jerks are pairs of small opposite horizontal saccades, and nothing else is."""

from __future__ import annotations

import pytest

from shared.events.saccades import detect_saccades
from shared.events.square_waves import detect_square_wave_jerks, square_wave_jerk_rate_per_min
from shared.model import Saccade
from tests.shared.events.gaze_signals import frame_times, gaze_of, healthy


def saccade(start_s: float, amplitude_deg: float, direction_deg: float) -> Saccade:
    return Saccade(start_s, start_s + 0.03, amplitude_deg, direction_deg)


def test_a_pair_out_and_back_is_one_jerk() -> None:
    (jerk,) = detect_square_wave_jerks([saccade(1.0, 2.0, 5.0), saccade(1.25, 1.8, 183.0)])
    assert (jerk.start_s, jerk.end_s) == (1.0, 1.28)
    assert jerk.amplitude_deg == pytest.approx(1.9)
    assert jerk.return_interval_s == pytest.approx(0.25)
    assert jerk.direction_deg == 5.0


@pytest.mark.parametrize(
    ("away", "back"),
    [
        (saccade(1.0, 2.0, 0.0), saccade(1.10, 2.0, 180.0)),
        (saccade(1.0, 2.0, 0.0), saccade(1.50, 2.0, 180.0)),
        (saccade(1.0, 2.0, 0.0), saccade(1.25, 2.0, 0.0)),
        (saccade(1.0, 2.0, 90.0), saccade(1.25, 2.0, 270.0)),
        (saccade(1.0, 0.4, 0.0), saccade(1.25, 0.4, 180.0)),
        (saccade(1.0, 6.0, 0.0), saccade(1.25, 6.0, 180.0)),
        (saccade(1.0, 4.0, 0.0), saccade(1.25, 1.0, 180.0)),
    ],
    ids=["too soon", "too late", "same direction", "vertical", "too small", "too large", "does not return"],
)
def test_other_pairs_are_not(away: Saccade, back: Saccade) -> None:
    assert detect_square_wave_jerks([away, back]) == ()


def test_a_saccade_belongs_to_one_jerk_only() -> None:
    train = [saccade(1.0 + 0.25 * index, 2.0, 180.0 * (index % 2)) for index in range(5)]
    jerks = detect_square_wave_jerks(train)
    assert [jerk.start_s for jerk in jerks] == [1.0, 1.5]


def test_the_rate_counts_the_time_that_could_be_seen() -> None:
    jerks = detect_square_wave_jerks([saccade(1.0, 2.0, 0.0), saccade(1.25, 2.0, 180.0)])
    assert square_wave_jerk_rate_per_min(jerks, 30.0) == pytest.approx(2.0)
    assert square_wave_jerk_rate_per_min(jerks, 0.0) is None


@pytest.mark.parametrize(("rate_hz", "noise_deg"), [(30, 0.2), (60, 0.3), (240, 0.3), (500, 0.03)])
def test_jerks_in_a_signal_are_counted_at_every_rate(rate_hz: int, noise_deg: float) -> None:
    time_s = frame_times(rate_hz, 30.0)
    train = [
        healthy(1.0 + 2.0213 * index + delay, 3.0, direction)
        for index in range(12)
        for delay, direction in ((0.0, 180.0 * (index % 2)), (0.26, 180.0 + 180.0 * (index % 2)))
    ]
    jerks = detect_square_wave_jerks(detect_saccades(time_s, *gaze_of(time_s, train, noise_deg)))
    assert 11 <= len(jerks) <= 12
