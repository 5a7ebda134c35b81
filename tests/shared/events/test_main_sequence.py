"""The healthy band is the published one, between the published amplitudes only."""

from __future__ import annotations

import pytest

from shared.events.main_sequence import is_slow_by_duration, main_axis, normal_band


@pytest.mark.parametrize(("amplitude_deg", "mean", "low"), [(5.0, 208, 136), (10.0, 303, 203), (20.0, 391, 249)])
def test_the_vertical_band_is_the_published_one(amplitude_deg: float, mean: float, low: float) -> None:
    band = normal_band(amplitude_deg, "vertical")
    assert band is not None
    assert (band.mean_deg_s, band.low_deg_s, band.high_deg_s) == (mean, low, 2 * mean - low)
    assert "PMC6143243" in band.source


@pytest.mark.parametrize(("amplitude_deg", "mean"), [(5.0, 213), (15.0, 352), (30.0, 455)])
def test_the_horizontal_band_is_the_published_one(amplitude_deg: float, mean: float) -> None:
    band = normal_band(amplitude_deg, "horizontal")
    assert band is not None
    assert band.mean_deg_s == mean


@pytest.mark.parametrize("amplitude_deg", [0.0, 4.9, 20.1, 40.0])
def test_nothing_is_extrapolated(amplitude_deg: float) -> None:
    assert normal_band(amplitude_deg, "vertical") is None


@pytest.mark.parametrize(
    ("direction_deg", "axis"),
    [(0, "horizontal"), (180, "horizontal"), (335, "horizontal"), (90, "vertical"), (250, "vertical"), (45, None)],
)
def test_oblique_saccades_belong_to_no_axis(direction_deg: float, axis: str | None) -> None:
    assert main_axis(direction_deg) == axis


def test_slow_by_duration_is_for_saccades_up_to_twenty_degrees() -> None:
    assert is_slow_by_duration(10.0, 0.12)
    assert not is_slow_by_duration(10.0, 0.09)
    assert not is_slow_by_duration(25.0, 0.12)
