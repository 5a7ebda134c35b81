import numpy as np
import pytest

from shared.gaze.noise import fixation_noise
from tests.shared.gaze.frames import everything


@pytest.mark.parametrize("frame_rate_hz", [30, 240])
def test_noise_is_found_under_saccades_and_drift(frame_rate_hz: int) -> None:
    time_s = np.arange(4000) / frame_rate_hz
    signal = 0.2 * (time_s % 2 > 1) + 0.01 * time_s + np.random.default_rng(2).normal(0, 0.004, 4000)
    assert fixation_noise(time_s, signal, everything(4000)) == pytest.approx(0.004, rel=0.12)


def test_noise_is_not_taken_across_gaps_or_from_too_few_frames() -> None:
    time_s = np.arange(100) / 30
    assert fixation_noise(time_s, np.zeros(100), np.arange(100) % 3 < 2) is None
    assert fixation_noise(time_s[:10], np.zeros(10), everything(10)) is None
