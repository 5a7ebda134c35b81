import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.gaze.landmark import LANDMARK_PERCENTILES
from shared.gaze.ranges import gaze_range, quantile
from shared.model import FloatArray
from tests.shared.gaze.frames import everything, nothing


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)), st.floats(0, 1))
def test_quantile_is_numpys(values: FloatArray, share: float) -> None:
    assert quantile(np.sort(values), share) == pytest.approx(np.quantile(values, share), rel=1e-12, abs=1e-9)


def test_no_range_from_fewer_than_twenty_samples() -> None:
    values = np.linspace(0, 1, 20)
    time_s = np.arange(20) / 30
    assert gaze_range(time_s, values, everything(20), LANDMARK_PERCENTILES, nothing(20)) is not None
    entered = everything(20)
    entered[7] = False
    assert gaze_range(time_s, values, entered, LANDMARK_PERCENTILES, nothing(20)) is None


def test_up_and_down_are_split_at_annotated_fixation() -> None:
    time_s = np.arange(300) / 30
    fixation = time_s < 2
    v_deg = np.where(fixation, 3.0, np.where(time_s % 2 < 1, -10.0, 20.0))
    measured = gaze_range(time_s, v_deg, everything(300), (2.5, 97.5), fixation)
    assert measured is not None
    assert (measured.below, measured.above, measured.peak_to_peak) == (13.0, 17.0, 30.0)


def test_half_width_covers_the_true_range_of_held_gaze_about_nine_times_in_ten() -> None:
    """60 holds of 2 s at random heights, three of them beyond each percentile: few for an interval that wants 95 %.

    Samples repeat within a hold; counting each as independent covers about one time in five.
    """
    true_range = 0.9  # of a uniform distribution, P95 - P5
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.random(60), 60) + rng.normal(0, 1e-4, 3600)
        measured = gaze_range(np.arange(3600) / 30, values, everything(3600), LANDMARK_PERCENTILES, nothing(3600))
        assert measured is not None
        covered += abs(measured.peak_to_peak - true_range) <= measured.half_width
    assert 170 <= covered <= 198


def test_half_width_is_zero_for_a_still_eye_and_shrinks_with_time() -> None:
    still = np.zeros(300)
    time_s = np.arange(300) / 30
    measured = gaze_range(time_s, still, everything(300), LANDMARK_PERCENTILES, nothing(300))
    assert measured is not None
    assert measured.half_width == 0
    half_widths = []
    for count in (300, 30_000):
        values = np.random.default_rng(1).normal(size=count)
        long = gaze_range(np.arange(count) / 30, values, everything(count), LANDMARK_PERCENTILES, nothing(count))
        assert long is not None
        half_widths.append(long.half_width)
    assert half_widths[1] < half_widths[0] / 5
