"""The kernels behind ``shared.tracking.pupil_fit.PupilFitter``."""

import cv2
import numpy as np
import pytest

from shared.tracking.pupil_fit import _pupil_fit, _pupil_gradients, _pupil_middle
from shared.tracking.rim_edges import PEAK, REACH_PX, circle_fit
from shared.tracking.rim_ellipse import unit_circle
from shared.tracking.rim_profile import BELL, PROFILE_PX
from tests.shared.kernels.plain_rims import (
    bilinear,
    edges_of_an_eye,
    matched_edge,
    robust_circle,
    sub_step_peak,
    tilted_circle,
)

RIM = unit_circle(48)
CENTRES = np.array([[38.3, 28.6], [41.2, 31.9]])
RADII = np.array([6.5, 7.2])
TOP_PX = 7
USUAL = np.stack([[5.0, 6.0], RADII - 0.3, [0.1, -0.2], [0.2, 0.1]], axis=1)
IN_PATCH = np.array([0.0, TOP_PX])
STARTS = CENTRES + IN_PATCH + np.array([[1.0, -1.0], [-1.0, 0.5]])
NEAR = np.exp(-((REACH_PX / 3) ** 2))


def gradients_of(tone: np.ndarray, openness: np.ndarray) -> np.ndarray:
    result = np.full((*tone.shape, 3), 7, dtype=np.float32)
    _pupil_gradients(tone, openness, *tone.shape, 100 / 8, result)
    return result


def middles(contrast: np.ndarray, x_px: np.ndarray, beside: int = 4) -> np.ndarray:
    result = np.empty((2, 2))
    _pupil_middle(contrast, len(contrast) // 2, contrast.shape[1], TOP_PX, x_px, beside, result)
    return result


def fitted(gradients: np.ndarray, starts: np.ndarray = STARTS) -> np.ndarray:
    result = np.full((2, 6), 7.0)
    _pupil_fit(
        *(gradients, len(gradients) // 2, gradients.shape[1], TOP_PX, USUAL, starts, RIM, len(RIM)),
        *(REACH_PX.astype(float), NEAR, len(REACH_PX), PROFILE_PX, len(PROFILE_PX), 2),
        *(PEAK, BELL, np.array([0.1, 1.75]), circle_fit(3.0, 4.0, 1.5), result),
    )
    return result


def eyes() -> np.ndarray:
    return np.concatenate([edges_of_an_eye(*eye)[0] for eye in zip(CENTRES, RADII, strict=True)])


def plain_fit(gradients: np.ndarray, usual: np.ndarray, centre: np.ndarray) -> list[float]:
    cap, radius, tilt = usual[0], usual[1], usual[2:]
    circle, normal = tilted_circle(tilt, RIM)
    for number in range(3):
        reach = PROFILE_PX if number else REACH_PX
        points = (centre + radius * circle)[:, None] + reach[:, None] * normal[:, None]
        values = bilinear(gradients, points[..., 0], points[..., 1] - TOP_PX)
        outward = (values[..., :2] * normal[:, None]).sum(axis=-1)
        if number:
            pairs = [matched_edge(*ray, cap) for ray in zip(outward, values[..., 2], strict=True)]
            offset, weight = np.array(pairs).T
        else:
            offset, strength = np.array([sub_step_peak(ray, NEAR) for ray in np.maximum(outward, 0)]).T
            weight = np.where(strength < 0.1 * cap, 0, np.minimum(strength / cap, 1))
        step, used, spread, inverse = robust_circle(normal, offset, weight, radius - usual[1], 3.0)
        centre = centre + np.clip(step[:2], -4, 4)
        radius = max(radius + np.clip(step[2], -1.5, 1.5), 1.75)
    return [*centre, radius, used.sum(), spread, np.sqrt(inverse[1, 1])]


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (2, 2), (9, 13)])
def test_gradients_are_those_of_sobel_between_the_lids(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    tone, openness = rng.uniform(0, 1, (2, *size)).astype(np.float32)
    along = [cv2.Sobel(100 * tone, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    expected = np.stack([along[0] * openness, along[1] * openness, openness], axis=-1)
    assert gradients_of(tone, openness) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("x_px", [20.4, 3.0, 60.0, -900.0, 900.0])
def test_the_middle_is_the_clearest_place_near_the_limbus(x_px: float) -> None:
    contrast = np.random.default_rng(6).uniform(0, 1, (2, 30, 50)).astype(np.float32)
    found = middles(contrast.reshape(60, 50), np.full(2, x_px))
    first = int(np.clip(round(x_px), 4, 45)) - 4
    for eye, strip in enumerate(contrast[:, :, first : first + 9]):
        row, column = np.unravel_index(strip.argmax(), strip.shape)
        assert (found[eye] == [first + column, TOP_PX + row]).all()


def test_pupils_are_those_that_numpy_fits() -> None:
    gradients = eyes()
    found = fitted(gradients)
    for eye, (picture, usual, start) in enumerate(zip(np.split(gradients, 2), USUAL, STARTS, strict=True)):
        assert found[eye] == pytest.approx(plain_fit(picture, usual, start), abs=1e-4)
    assert found[:, :2] == pytest.approx(CENTRES + IN_PATCH, abs=0.4)


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e30])
def test_a_hostile_eye_ends_and_spoils_no_other(hostile: float) -> None:
    gradients = eyes()
    good = fitted(gradients)
    starts = STARTS.copy()
    starts[0] = hostile
    assert (fitted(gradients, starts)[1] == good[1]).all()
    gradients[4:40:3] = hostile
    assert (fitted(gradients)[1] == good[1]).all()
    tones = np.full((60, 50), hostile, dtype=np.float32)
    gradients_of(tones, tones)
    assert np.isfinite(middles(tones, np.full(2, hostile))).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_the_smallest_window_holds_every_place(size: tuple[int, int]) -> None:
    window = np.ones((2 * size[0], size[1], 3), np.float32)
    assert np.isfinite(fitted(window)).all()
    assert np.isfinite(middles(np.ascontiguousarray(window[..., 0]), np.zeros(2))).all()


def test_of_an_empty_window_nothing_is_said() -> None:
    assert (fitted(np.empty((0, 5, 3), np.float32)) == 7).all()
