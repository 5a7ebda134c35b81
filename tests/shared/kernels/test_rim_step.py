"""The kernel of the circle that edges show, see ``shared.tracking.rim_edges.circle_fit``."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernels.library import FLOATS, INT, REAL, Kernel
from shared.tracking.rim_edges import circle_fit
from shared.tracking.rim_ellipse import unit_circle
from tests.shared.kernels import plain_rims

_rim_step = Kernel("rim_step", FLOATS, FLOATS, FLOATS, INT, REAL, FLOATS, FLOATS, FLOATS)
NORMAL = unit_circle(60)
FIRMNESS = 3.0


def fitted(
    offset: np.ndarray, weight: np.ndarray, grown_px: float = 0.0
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    used, numbers = np.empty(len(offset)), np.empty(13)
    how = circle_fit(FIRMNESS, 4.0, 1.0)
    _rim_step(NORMAL[: len(offset)], offset, weight, len(offset), grown_px, how, used, numbers)
    return numbers[:3], used, numbers[3], numbers[4:].reshape(3, 3)


@given(seed=st.integers(0, 10**6), rays=st.integers(1, 60), seen=st.floats(0, 1), spread=st.floats(0, 20))
def test_the_circle_is_the_one_that_numpy_fits(seed: int, rays: int, seen: float, spread: float) -> None:
    rng = np.random.default_rng(seed)
    offset = rng.normal(0, spread, rays) + NORMAL[:rays] @ rng.normal(0, 1, 2)
    weight = rng.uniform(0, 1, rays) * (rng.uniform(size=rays) < seen)
    found = fitted(offset, weight, 0.4)
    expected = plain_rims.robust_circle(NORMAL[:rays], offset, weight, 0.4, FIRMNESS)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


def test_a_circle_that_moved_is_found_whatever_a_few_edges_say() -> None:
    offset = NORMAL @ [0.8, -0.5] + 0.3
    offset[::7] += 5
    step, used, spread, _ = fitted(offset, np.ones(60), -0.3)
    assert step == pytest.approx([0.8, -0.5, 0.3], abs=0.05)
    assert (used[::7] < 0.1).all()
    assert spread < 0.2


def test_without_an_edge_nothing_moves_and_the_spread_is_endless() -> None:
    step, used, spread, _ = fitted(np.ones(60), np.zeros(60))
    assert (step == 0).all()
    assert (used == 0).all()
    assert spread == np.inf


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e308])
def test_offsets_and_weights_that_are_none_end(hostile: float) -> None:
    for spoilt in range(2):
        given_arrays = [np.zeros(60), np.ones(60)]
        given_arrays[spoilt][::5] = hostile
        fitted(*given_arrays)


def test_more_rays_than_there_is_room_for_are_not_looked_at() -> None:
    numbers, many = np.full(13, 7.0), np.ones(1000)
    _rim_step(np.ones((1000, 2)), many, many, 1000, 0.0, circle_fit(FIRMNESS, 4.0, 1.0), many.copy(), numbers)
    assert (numbers == 7).all()
