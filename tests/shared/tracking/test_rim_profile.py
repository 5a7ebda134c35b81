"""The place of an edge by its whole profile."""

from __future__ import annotations

import numpy as np
import pytest

from shared.model import FloatArray
from shared.tracking.eye_crop import Float32Array
from shared.tracking.rim_edges import REACH_PX, sub_step_peak
from shared.tracking.rim_profile import PROFILE_PX, matched_edge

STRONG = 10.0


def bell(at_px: float, along: FloatArray = PROFILE_PX, height: float = 8.0) -> FloatArray:
    return np.asarray(height * np.exp(-((along - at_px) ** 2) / 2))


def everywhere_open() -> Float32Array:
    return np.ones(PROFILE_PX.shape, dtype=np.float32)


@pytest.mark.parametrize("at_px", [-0.6, -0.2, 0.0, 0.3, 0.6])
def test_an_edge_is_found_where_it_lies(at_px: float) -> None:
    shift, weight = matched_edge(bell(at_px), everywhere_open(), STRONG)
    assert shift == pytest.approx(at_px, abs=0.06)
    assert weight > 0.6


def test_an_edge_whose_outer_half_a_lid_covers_is_found_and_counts_less() -> None:
    openness = np.where(PROFILE_PX > 0.6, 0.0, 1.0).astype(np.float32)
    shift, weight = matched_edge(bell(0.2) * openness, openness, STRONG)
    _, whole = matched_edge(bell(0.2), everywhere_open(), STRONG)
    assert shift == pytest.approx(0.2, abs=0.06)
    assert 0 < weight < 0.8 * whole


def test_a_covered_or_a_faint_edge_does_not_count() -> None:
    nothing = np.zeros(PROFILE_PX.shape, dtype=np.float32)
    for outward, openness in ((nothing.astype(np.float64), nothing), (bell(0.0, height=0.5), everywhere_open())):
        shift, weight = matched_edge(outward, openness, STRONG)
        assert weight == 0
        assert np.isfinite(shift)


def test_noise_moves_the_whole_profile_less_than_its_steepest_point() -> None:
    noise = np.random.default_rng(2).normal(0, 0.8, (400, len(PROFILE_PX)))
    outward = bell(0.0) + noise
    wide = np.zeros((len(noise), len(REACH_PX)), dtype=np.float32)
    first = (len(REACH_PX) - len(PROFILE_PX)) // 2
    wide[:, first : first + len(PROFILE_PX)] = outward
    steepest, _ = sub_step_peak(wide, np.ones_like(REACH_PX))
    whole, _ = matched_edge(outward, np.ones(outward.shape, dtype=np.float32), STRONG)
    assert whole.std() < 0.5 * steepest.std()
