"""The kernel behind ``shared.tracking.eye_crop.sample``."""

import numpy as np
import pytest

from shared.tracking.eye_crop import sample
from tests.shared.kernels.plain_rims import bilinear


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("size", [(12, 20), (1, 1), (2, 1), (1, 2)])
def test_each_eye_is_sampled_between_its_own_pixels(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    eyes = rng.normal(size=(2, *size, *channels)).astype(np.float32)
    x, y = rng.uniform(-5, 25, (2, 2, 7, 3))
    values = sample(eyes.reshape(-1, *eyes.shape[2:]), x, y)
    assert values.shape == (2, 7, 3, *channels)
    assert values == pytest.approx(np.stack([bilinear(*eye) for eye in zip(eyes, x, y, strict=True)]), abs=1e-5)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_places_that_are_none_are_held_at_the_edge(hostile: float) -> None:
    eyes = np.arange(24, dtype=np.float32).reshape(6, 4)
    assert np.isin(sample(eyes, np.full((2, 5), hostile), np.full((2, 5), hostile)), eyes).all()


def test_a_picture_need_not_be_contiguous() -> None:
    eyes = np.arange(48, dtype=np.float32).reshape(6, 4, 2)
    places = np.array([[0.5, 2.5], [1.0, 2.0]])
    assert (sample(eyes[..., 1], places, places) == sample(eyes, places, places)[..., 1]).all()
