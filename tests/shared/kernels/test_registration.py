"""The kernels behind ``CanthusReference.locate`` and the skin's ``_Template.step``, against plain numpy."""

import cv2
import numpy as np
import pytest

from shared.tracking.canthi import _locate_corners
from shared.tracking.skin_reference import _skin_step

SIDE = 24


def texture(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([cv2.GaussianBlur(rng.normal(120, 60, (SIDE, SIDE)), (0, 0), 2) for _ in range(count)]).astype(
        np.float32
    )


def bilinear(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """As the kernels have it: places beyond the edge are held at it."""
    x, y = np.clip(np.nan_to_num(x), 0, SIDE - 1), np.clip(np.nan_to_num(y), 0, SIDE - 1)
    left, top = np.minimum(x.astype(int), SIDE - 2), np.minimum(y.astype(int), SIDE - 2)
    across, along = x - left, y - top
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return upper * (1 - along) + lower * along


def located(
    patches: np.ndarray, places: np.ndarray, template: np.ndarray, solver: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    frames, points = len(patches) // 4, places.shape[-1]
    shift, unexplained = np.empty((frames, 4, 2)), np.empty((frames, 4))
    to_frame = np.tile(np.eye(2), (frames, 4, 1, 1))
    window = np.full(points, 1 / points, dtype=np.float32)
    _locate_corners(
        *(patches, frames, SIDE, places, points),
        *(template, window, solver.astype(np.float32), to_frame, 5.0, steps, 0.001),
        *(np.empty(points, np.float32), shift, unexplained),
    )
    return shift, unexplained


def corner_problem(moved: tuple[float, float]) -> tuple[np.ndarray, ...]:
    patches, middle = texture(4), np.mgrid[8:16, 8:16][::-1].reshape(2, -1).astype(float)
    template = np.stack([bilinear(patch, middle[0] + moved[0], middle[1] + moved[1]) for patch in patches])
    slopes = [np.gradient(patch.astype(float)) for patch in patches]
    solver = np.empty((4, 2, 64))
    for i, (along_y, along_x) in enumerate(slopes):
        jacobian = np.stack([bilinear(along_x, *middle), bilinear(along_y, *middle)])
        solver[i] = np.linalg.solve(jacobian @ jacobian.T, jacobian)
    places = np.tile(middle, (1, 4, 1, 1)).astype(np.float32)
    return patches, places, template.astype(np.float32), solver


def test_corners_are_found_where_they_went() -> None:
    shift, unexplained = located(*corner_problem((0.7, -0.4)), steps=20)
    assert shift[0] == pytest.approx(np.tile([0.7, -0.4], (4, 1)), abs=0.01)
    assert (unexplained < 0.05).all()


def test_one_step_is_the_one_that_numpy_takes() -> None:
    patches, places, template, solver = corner_problem((0.7, -0.4))
    shift, unexplained = located(patches, places, template, solver, steps=1)
    for i in range(4):
        difference = bilinear(patches[i], *places[0, i].astype(float)) - template[i]
        assert shift[0, i] == pytest.approx(-solver[i] @ difference, abs=1e-4)
        assert unexplained[0, i] == pytest.approx((difference**2).mean(), rel=1e-4)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e30])
def test_hostile_corners_end_and_spoil_no_other(hostile: float) -> None:
    patches, places, template, solver = corner_problem((0.3, 0.3))
    places = np.concatenate([places, places])
    places[0, 1] = hostile
    patches = np.concatenate([patches, patches])
    patches[2, :4] = hostile
    good = located(patches[4:], places[1:], template, solver, steps=20)
    shift, unexplained = located(patches, places, template, solver, steps=20)
    assert (shift[1] == good[0][0]).all()
    assert (unexplained[1] == good[1][0]).all()


def skin(patches: np.ndarray, warps: np.ndarray, stride: int = 1) -> tuple[np.ndarray, ...]:
    places = np.mgrid[4:20, 4:20][::-1].reshape(2, -1).astype(np.float32)
    rng = np.random.default_rng(3)
    template = rng.normal(120, 5, 256).astype(np.float32)
    jacobian = rng.normal(size=(6, 256)).astype(np.float32)
    count = len(patches)
    scatter, right, normal = np.empty(count), np.empty((count, 6)), np.empty((count, 6, 6))
    _skin_step(
        *(patches, count, SIDE, SIDE, warps, places),
        *(template, jacobian, 256, stride, True, np.empty((3, 256), np.float32), np.empty(256, np.int32)),
        *(scatter, right, normal),
    )
    return scatter, right, normal, places, template, jacobian


@pytest.mark.parametrize("stride", [1, 3])
def test_a_step_of_the_skin_is_the_one_that_numpy_takes(stride: int) -> None:
    patches = texture(3, seed=1)
    warps = np.tile(np.eye(2, 3), (3, 1, 1)) + np.random.default_rng(2).normal(0, 0.05, (3, 2, 3))
    scatter, right, normal, places, template, jacobian = skin(patches, warps, stride)
    for i in range(3):
        x, y = warps[i, :, :2] @ places + warps[i, :, 2:]
        residual = bilinear(patches[i], x, y) - template
        some = residual[::stride]
        middle = np.sort(some)[len(some) // 2]
        spread = 1.48 * np.sort(np.abs(some - middle))[len(some) // 2]
        weight = 1 / (1 + ((residual - middle) * 0.5 / (spread + 1)) ** 2)
        assert scatter[i] == pytest.approx(spread, rel=1e-4)
        assert right[i] == pytest.approx(jacobian @ (weight * residual) / 256, rel=1e-3, abs=1e-3)
        assert normal[i] == pytest.approx((jacobian * weight) @ jacobian.T / 256, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, 1e30])
def test_a_hostile_patch_or_warp_ends_and_spoils_no_other(hostile: float) -> None:
    patches, warps = texture(3), np.tile(np.eye(2, 3), (3, 1, 1))
    alone = skin(patches[2:], warps[2:])
    patches[0, ::2], warps[1] = hostile, hostile
    together = skin(patches, warps)
    for one, all_of_them in zip(alone[:3], together[:3], strict=True):
        assert (all_of_them[2] == one[0]).all()
