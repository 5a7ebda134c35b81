from typing import Any

import numpy as np
import pytest

from shared.change import band_around, change


def summary(duration_s: float = 60.0, **metrics: float | None) -> dict[str, Any]:
    return {"duration_sec_est": duration_s, "metrics": {name: {"value": value} for name, value in metrics.items()}}


def test_a_large_difference_of_range_is_a_change_and_a_small_one_is_not() -> None:
    small = change("vertical_range_deg", summary(vertical_range_deg=30.0), summary(vertical_range_deg=31.0))
    large = change("vertical_range_deg", summary(vertical_range_deg=30.0), summary(vertical_range_deg=15.0))
    assert small is not None
    assert large is not None
    assert small.is_change is False
    assert large.is_change is True


def test_a_count_over_a_short_time_says_less() -> None:
    short = band_around("blink_rate_per_min", 12.0, 20.0)
    long = band_around("blink_rate_per_min", 12.0, 180.0)
    assert short is not None
    assert long is not None
    assert short > 2.5 * long


def test_equal_rates_are_called_a_change_about_five_times_in_a_hundred() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(15, (2000, 2)).astype(float)
    called = [
        change("blink_rate_per_min", summary(blink_rate_per_min=a), summary(blink_rate_per_min=b)) for a, b in counts
    ]
    assert 0.03 < np.mean([item is not None and bool(item.is_change) for item in called]) < 0.07


def test_without_known_repeatability_no_change_is_called() -> None:
    found = change("up_range_deg", summary(up_range_deg=20.0), summary(up_range_deg=2.0))
    assert found is not None
    assert found.difference == pytest.approx(-18.0)
    assert found.is_change is None


@pytest.mark.parametrize("later", [summary(vertical_range_deg=None), summary()])
def test_a_missing_value_makes_no_difference(later: dict[str, Any]) -> None:
    assert change("vertical_range_deg", summary(vertical_range_deg=30.0), later) is None
