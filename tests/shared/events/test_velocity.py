"""Velocity is a slope over time, whatever the sampling."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.events.velocity import local_velocity, runs
from tests.shared.events.gaze_signals import frame_times


@given(slope=st.floats(-500, 500), offset_s=st.floats(-1e4, 1e4), rate_hz=st.sampled_from([30, 120, 1000]))
def test_a_ramp_has_its_slope_at_every_rate_and_time_origin(slope: float, offset_s: float, rate_hz: int) -> None:
    time_s = frame_times(rate_hz, 0.5, jitter=0.3)
    velocity = local_velocity(time_s + offset_s, slope * time_s, 2.1 / rate_hz)
    assert np.allclose(velocity, slope, atol=1e-3 + 1e-4 * abs(slope))


def test_lost_samples_have_no_velocity_and_do_not_spread() -> None:
    time_s = np.arange(20) / 100.0
    position = 5.0 * time_s
    position[7] = np.nan
    velocity = local_velocity(time_s, position, 0.021)
    assert np.flatnonzero(np.isnan(velocity)).tolist() == [7]
    assert np.allclose(velocity[np.isfinite(velocity)], 5.0)


def test_a_lone_sample_has_no_velocity() -> None:
    assert np.isnan(local_velocity(np.array([1.0]), np.array([2.0]), 0.1)).all()
    assert len(local_velocity(np.zeros(0), np.zeros(0), 0.1)) == 0


@given(mask=st.lists(st.booleans(), max_size=40))
def test_runs_rebuild_the_mask(mask: list[bool]) -> None:
    rebuilt = np.zeros(len(mask), dtype=bool)
    for first, beyond in runs(np.array(mask, dtype=bool)):
        rebuilt[first:beyond] = True
    assert rebuilt.tolist() == mask
