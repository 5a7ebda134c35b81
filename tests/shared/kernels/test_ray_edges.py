"""The kernels behind ``rim_edges.sub_step_peak`` and ``rim_profile.matched_edge``."""

import numpy as np
import pytest

from shared.tracking.rim_edges import REACH_PX, sub_step_peak
from shared.tracking.rim_profile import PROFILE_PX, matched_edge
from tests.shared.kernels import plain_rims

RAYS = 200
HOSTILE = [np.nan, np.inf, -np.inf, 3e38]


def test_peaks_are_where_numpy_finds_them() -> None:
    rng = np.random.default_rng(1)
    values = np.maximum(rng.normal(size=(RAYS, len(REACH_PX))), 0).astype(np.float32)
    values[0], values[1, 0], values[2, -1] = 0, 9, 9
    near = np.exp(-((REACH_PX / 3) ** 2))
    found = sub_step_peak(values.reshape(RAYS // 4, 4, -1), near)
    expected = np.array([plain_rims.sub_step_peak(ray, near) for ray in values])
    assert found[0].ravel() == pytest.approx(expected[:, 0], abs=1e-5)
    assert found[1].ravel() == pytest.approx(expected[:, 1])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_values_that_are_none_put_no_edge_out_of_reach(hostile: float) -> None:
    values = np.ones((3, len(REACH_PX)), dtype=np.float32)
    values[0], values[1, ::2] = hostile, hostile
    offset, _ = sub_step_peak(values, np.ones_like(REACH_PX))
    assert not (np.abs(offset) > -REACH_PX[0]).any()
    assert np.isfinite(offset[2])


def test_bells_are_matched_as_least_squares_do() -> None:
    rng = np.random.default_rng(2)
    outward = rng.normal(0, 2, (RAYS, len(PROFILE_PX))) + 6 * np.exp(-(PROFILE_PX**2) / 2)
    openness = np.clip(rng.normal(0.5, 1, outward.shape), 0, 1).astype(np.float32)
    openness[0] = 0
    found = matched_edge(outward, openness, 8.0)
    expected = np.array([plain_rims.matched_edge(*ray, 8.0) for ray in zip(outward, openness, strict=True)])
    assert np.stack(found, axis=1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_profile_that_is_none_spoils_no_other(hostile: float) -> None:
    outward = np.tile(np.exp(-(PROFILE_PX**2) / 2), (3, 1))
    openness = np.ones(outward.shape, dtype=np.float32)
    outward[0], openness[1, 3] = hostile, hostile
    shift, weight = matched_edge(outward, openness, 1.0)
    alone = matched_edge(outward[2:], openness[2:], 1.0)
    assert (shift[2], weight[2]) == (alone[0][0], alone[1][0])
    assert not (weight > 1).any()
