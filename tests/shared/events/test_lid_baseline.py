import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.lid_baseline import jitter, rest_opening, stretches


def test_a_dip_shorter_than_the_window_is_filled_from_its_lower_side() -> None:
    time_s = np.arange(120) / 30
    opening = np.where(time_s < 2, 1.0, 0.8)
    opening[57:63] = 0.1
    rest = rest_opening(time_s, opening, window_s=0.8)
    assert rest[57:63] == pytest.approx(0.8)
    assert rest[:50] == pytest.approx(1.0)


def test_a_lowering_longer_than_the_window_stays() -> None:
    time_s = np.arange(120) / 30
    opening = np.ones(120)
    opening[40:80] = 0.6
    assert rest_opening(time_s, opening, window_s=0.8) == pytest.approx(opening)


def test_a_single_wide_frame_is_not_a_rest() -> None:
    time_s = np.arange(60) / 30
    opening = np.ones(60)
    opening[30] = 1.5
    assert rest_opening(time_s, opening, window_s=0.8) == pytest.approx(1.0)


@given(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=40),
    st.lists(st.floats(0.005, 0.2), min_size=40, max_size=40),
)
def test_rest_is_never_below_the_calmed_opening_on_uneven_frames(openings: list[float], steps: list[float]) -> None:
    opening = np.repeat(openings, 5)
    time_s = np.cumsum(np.resize(steps, len(opening)))
    rest = rest_opening(time_s, opening, window_s=0.5)
    assert rest.min() >= opening.min()
    assert rest.max() <= opening.max()


def test_jitter_is_the_noise_and_ignores_blinks_and_drift() -> None:
    rng = np.random.default_rng(1)
    opening = np.linspace(1, 0.7, 3000) + rng.normal(0, 0.02, 3000)
    opening[::100] = 0.1
    assert jitter(opening) == pytest.approx(0.02, rel=0.15)


def test_frames_are_cut_where_the_face_is_lost_for_a_quarter_of_a_second() -> None:
    time_s = np.arange(30) / 30
    present = np.r_[0:5, 8:15, 25:30]
    assert [len(part) for part in stretches(time_s, present)] == [12, 5]
