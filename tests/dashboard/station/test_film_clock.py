"""The constant between page and film is found to the millisecond, through lost frames, or said to be unsure."""

import numpy as np
import pytest

from dashboard.station.film_clock import DISPLAY_ERROR_S, UNSEEN_ERROR_S, film_clock

ORDERED_S = 100.0


def recording(
    *, jitter_s: float, first_after_s: float = 0.04, seen: float = 1.0, kept: float = 1.0, seed: int = 1
) -> tuple[list[float], np.ndarray, float]:
    """(capture times the page saw, the film's times to whole milliseconds, page time of the first film frame)."""
    rng = np.random.default_rng(seed)
    captures = 98.0 + first_after_s + np.arange(700) / 30 + rng.normal(0, jitter_s, 700)
    recorded = captures[(captures >= ORDERED_S) & (captures < 118)]
    recorded = recorded[np.r_[True, rng.random(len(recorded) - 1) < kept]]
    film = np.round(recorded - recorded[0], 3)
    return list(captures[rng.random(700) < seen]), film, float(recorded[0])


@pytest.mark.parametrize("jitter_s", [0.001, 0.004, 0.01])
@pytest.mark.parametrize(("seen", "kept"), [(1.0, 1.0), (0.8, 1.0), (0.9, 0.95)])
def test_the_first_frame_is_found_to_the_millisecond(jitter_s: float, seen: float, kept: float) -> None:
    captured_s, film_s, first_s = recording(jitter_s=jitter_s, seen=seen, kept=kept)
    clock = film_clock(captured_s, film_s, ORDERED_S)
    assert clock.start_s == pytest.approx(first_s, abs=0.001)
    assert clock.error_s == DISPLAY_ERROR_S
    assert clock.film_time_s(first_s + 2.5) == pytest.approx(2.5, abs=0.001)


def test_a_late_first_frame_is_found_too() -> None:
    captured_s, film_s, first_s = recording(jitter_s=0.002)
    clock = film_clock(captured_s, film_s[15:] - film_s[15], ORDERED_S)
    assert clock.start_s == pytest.approx(first_s + film_s[15], abs=0.002)


def test_a_camera_without_any_jitter_leaves_a_doubt_of_a_frame() -> None:
    captured_s, film_s, first_s = recording(jitter_s=0.0)
    clock = film_clock(captured_s, film_s, ORDERED_S)
    assert clock.error_s == pytest.approx(DISPLAY_ERROR_S + 1 / 30, abs=0.002)
    assert abs(clock.start_s - first_s) < clock.error_s


def test_without_capture_times_the_clock_is_rough_and_says_so() -> None:
    clock = film_clock([], np.arange(300) / 30, ORDERED_S)
    assert clock.error_s == UNSEEN_ERROR_S
    assert clock.remainder_s is None
