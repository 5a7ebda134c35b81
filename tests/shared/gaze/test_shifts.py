import numpy as np

from shared.gaze.shifts import shift_signal
from tests.shared.gaze.frames import everything


def test_shifts_are_counted_to_each_side() -> None:
    time_s = np.arange(900) / 30
    places = np.array([0.0, 0.3, 0.0, -0.3, 0.3, -0.3, 0.0])
    signal = places[np.minimum((time_s / 4).astype(int), 6)] + np.random.default_rng(3).normal(0, 0.004, 900)
    left, right = shift_signal(time_s, signal, everything(900)).count(0.1)
    assert (left, right) == (3, 3)


def test_a_shift_during_a_blink_is_counted_once_and_one_across_a_long_loss_not_at_all() -> None:
    time_s = np.arange(300) / 30
    signal = np.where(time_s < 5, 0.0, 0.3)
    blink = np.abs(time_s - 5) > 0.2
    loss = np.abs(time_s - 5) > 1.0
    assert shift_signal(time_s, signal, blink).count(0.1) == (1, 0)
    assert shift_signal(time_s, signal, loss).count(0.1) == (0, 0)


def test_slow_drift_and_noise_are_no_shifts() -> None:
    time_s = np.arange(900) / 30
    signal = 0.02 * time_s + np.random.default_rng(4).normal(0, 0.01, 900)
    assert shift_signal(time_s, signal, everything(900)).count(0.06) == (0, 0)
