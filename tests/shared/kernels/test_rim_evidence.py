"""The kernel behind ``shared.tracking.limbus_fit.LimbusFitter.evidence``, against one ray and place at a time."""

import numpy as np
import pytest

from shared.tracking.limbus_fit import _EVIDENCE_LIMITS, _rim_evidence
from shared.tracking.rim_ellipse import unit_circle
from tests.shared.kernels.plain_rims import bilinear, edges_of_an_eye

RAYS, GRID_ROWS, TOP_PX = 12, 4, 5.0
CAP = np.array([5.0, 6.0], dtype=np.float32)
RNG = np.random.default_rng(8)
RIM_X = RNG.uniform(-30, 10, (2, RAYS)).astype(np.float32)
RIM_Y = RNG.uniform(0, 70, (2, GRID_ROWS, RAYS)).astype(np.float32)
NORMAL = np.tile(unit_circle(RAYS), (2, GRID_ROWS, 1, 1)).astype(np.float32)


def eyes() -> tuple[np.ndarray, np.ndarray]:
    pairs = [edges_of_an_eye(np.array([38.0, 28.0]), 15.0), edges_of_an_eye(np.array([41.0, 31.0]), 16.0)]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def evidence(field: np.ndarray, sclera: np.ndarray, seed_x: np.ndarray, columns: int = 11, step: int = 2) -> np.ndarray:
    found = np.full((2, GRID_ROWS, columns), 7, dtype=np.float32)
    _rim_evidence(
        *(field, sclera, len(field) // 2, field.shape[1], TOP_PX, RIM_X, RIM_Y, NORMAL, RAYS, GRID_ROWS, columns, step),
        *(np.asarray(seed_x, dtype=np.float32), CAP, _EVIDENCE_LIMITS, found),
    )
    return found


def plain_evidence(field: np.ndarray, sclera: np.ndarray, eye: int, row: int, x_px: float) -> float:
    x, y, normal = x_px + RIM_X[eye], RIM_Y[eye, row] - TOP_PX, NORMAL[eye, row]
    gradient_x, gradient_y, openness = bilinear(field, x, y).T
    beyond = bilinear(sclera, x + 4 * normal[:, 0], y + 4 * normal[:, 1])
    outward = gradient_x * normal[:, 0] + gradient_y * normal[:, 1]
    cosine = outward / (np.hypot(gradient_x, gradient_y) + 1e-6)
    strength = beyond * np.clip(outward / CAP[eye], 0, 1) * np.clip((cosine - 0.75) / 0.2, 0, 1)
    right = normal[:, 0] > 0
    sides = [strength[side].sum() / ((openness * beyond)[side].sum() + 2.4) for side in (right, ~right)]
    return float(np.sqrt(sides[0] * sides[1]) + 0.25 * sum(sides))


@pytest.mark.parametrize("columns", [1, 11, 16, 21])
@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("seed_x", [(38.25, 44.7), (3.1, 79.9), (-500.0, 500.0)])
def test_every_place_has_the_evidence_of_its_rays(columns: int, step: int, seed_x: tuple[float, float]) -> None:
    field, sclera = eyes()
    found = evidence(field, sclera, np.array(seed_x), columns, step)
    for eye, (edges, white) in enumerate(zip(np.split(field, 2), np.split(sclera, 2), strict=True)):
        for row, column in np.ndindex(GRID_ROWS, columns):
            expected = plain_evidence(edges, white, eye, row, np.float32(seed_x[eye]) + step * column)
            assert found[eye, row, column] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_hostile_seeds_and_pictures_end_and_spoil_no_other(hostile: float) -> None:
    field, sclera = eyes()
    good = evidence(field, sclera, np.array([38.0, 44.0]))
    assert (evidence(field, sclera, np.array([hostile, 44.0]))[1] == good[1]).all()
    field[5:20:3], sclera[4:20:2] = hostile, hostile
    assert (evidence(field, sclera, np.array([38.0, 44.0]))[1] == good[1]).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3)])
def test_the_smallest_window_holds_every_place(size: tuple[int, int]) -> None:
    field, sclera = np.ones((2 * size[0], size[1], 3), np.float32), np.ones((2 * size[0], size[1]), np.float32)
    assert np.isfinite(evidence(field, sclera, np.array([0.0, 1.0]))).all()


def test_an_empty_window_shows_no_rim() -> None:
    assert (evidence(np.empty((0, 5, 3), np.float32), np.empty((0, 5), np.float32), np.zeros(2)) == 0).all()
