"""The kernel behind ``shared.tracking.rim_ellipse.tilted_circle``."""

import numpy as np
import pytest

from shared.tracking.rim_ellipse import tilted_circle, unit_circle
from tests.shared.kernels import plain_rims

RIM = unit_circle(12)


def test_outlines_are_those_of_the_formula() -> None:
    tilts = np.random.default_rng(0).normal(0, 0.4, (4, 3, 2))
    tilts[0, 0] = 0
    points, normal = tilted_circle(tilts, RIM)
    for index in np.ndindex(4, 3):
        expected = plain_rims.tilted_circle(tilts[index], RIM)
        assert points[index] == pytest.approx(expected[0], abs=1e-12)
        assert normal[index] == pytest.approx(expected[1], abs=1e-12)


def test_a_tilted_circle_is_a_circle_seen_from_the_side() -> None:
    tilt = np.array([0.0, 0.5])
    points, _ = tilted_circle(tilt, RIM)
    assert points == pytest.approx(RIM * [1.0, np.sqrt(0.75)], abs=1e-12)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, 1e300])
def test_a_tilt_that_is_none_spoils_no_other(hostile: float) -> None:
    points, normal = tilted_circle(np.array([[hostile, 0.1], [0.1, 0.2]]), RIM)
    alone, _ = tilted_circle(np.array([0.1, 0.2]), RIM)
    assert (points[1] == alone).all()
    assert np.isfinite(normal[1]).all()
