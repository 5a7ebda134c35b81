"""The kernels behind ``eye_tones``, against OpenCV's steps one by one."""

import cv2
import numpy as np
import pytest

from shared.tracking import eye_tones as tones
from shared.tracking.eye_tones import eye_tones, red_light, red_over_green
from tests.shared.tracking.drawn_eyes import PALE_IRIS_BGR, DrawnEye, draw

EYES = draw(DrawnEye(catch_lights=True), DrawnEye(iris_bgr=PALE_IRIS_BGR, x_px=6.0), noise=4.0)
"""Pictures with edges, noise and reflections."""


def opened_by_reconstruction(light: np.ndarray) -> np.ndarray:
    kept = cv2.morphologyEx(light, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    for _ in range(4):
        kept = np.minimum(cv2.dilate(kept, np.ones((3, 3), dtype=np.uint8)), light)
    return cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 1.0)


def smooth_colours() -> tuple[np.ndarray, ...]:
    return cv2.split(cv2.GaussianBlur(EYES.bgr.astype(np.float32), (0, 0), 0.8))


def test_grey_is_smooth() -> None:
    grey = cv2.cvtColor(EYES.bgr, cv2.COLOR_BGR2GRAY)
    assert eye_tones(EYES).grey == pytest.approx(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0), abs=1e-3)


def test_what_catch_lights_left_grows_back_as_far_as_it_should() -> None:
    grey = cv2.cvtColor(EYES.bgr, cv2.COLOR_BGR2GRAY)
    assert eye_tones(EYES).without_catch_lights == pytest.approx(opened_by_reconstruction(grey), abs=1e-3)
    red = np.ascontiguousarray(EYES.bgr[..., 2])
    assert red_light(EYES) == pytest.approx(opened_by_reconstruction(red), abs=1e-3)


def test_colours() -> None:
    blue, green, red = smooth_colours()
    assert eye_tones(EYES).redness == pytest.approx(red - blue, abs=1e-3)
    assert eye_tones(EYES).red_over_blue == pytest.approx(np.log((red + 10) / (blue + 10)), abs=1e-5)
    assert red_over_green(EYES) == pytest.approx(np.log((red + 10) / (green + 10)), abs=1e-5)


@pytest.mark.parametrize("added", [1e-30, 1e-6, 0.5, 10.0, 1e6, 1e30])
def test_logarithms_are_right_at_every_size(added: float) -> None:
    """Flat pictures: ratios from a millionth of a millionth to a million millions, as near as single precision goes."""
    red, other = np.full((2, 6, 7), 200, dtype=np.uint8)
    other[:] = 3
    weights = np.array([1, 0, 0, 0, 0], dtype=np.float32)
    difference, log_ratio = np.empty((2, 6, 7), dtype=np.float32)
    tones._colours(red, other, 6, 7, added, weights, np.empty(7 * 15, dtype=np.float32), difference, log_ratio)
    ratio = (np.float32(200) + np.float32(added)) / (np.float32(3) + np.float32(added))
    assert log_ratio == pytest.approx(np.full((6, 7), np.log(float(ratio))), rel=2e-7, abs=1e-9)
    assert (difference == 197).all()


def test_the_logarithm_of_nothing_is_no_number() -> None:
    black = np.zeros((6, 7), dtype=np.uint8)
    difference, log_ratio = np.empty((2, 6, 7), dtype=np.float32)
    room = np.empty(7 * 15, dtype=np.float32)
    tones._colours(black, black + np.uint8(9), 6, 7, 0.0, tones._COLOUR_WEIGHTS, room, difference, log_ratio)
    assert np.isnan(log_ratio).all()


@pytest.mark.parametrize("shape", [(0, 0), (1, 112), (4, 4), (192, 3)])
def test_pictures_smaller_than_the_smoothing_are_left_alone(shape: tuple[int, int]) -> None:
    smooth = np.full(shape, -1, dtype=np.float32)
    tones._smooth(np.zeros(shape, dtype=np.uint8), *shape, tones._GREY_WEIGHTS, np.empty(0, np.float32), smooth)
    assert (smooth == -1).all()


def test_kernels_keep_within_their_arrays() -> None:
    light = np.random.default_rng(0).integers(0, 256, (5, 9)).astype(np.uint8)
    rows, columns = light.shape
    guarded = np.full(rows * columns + 2 * (rows + 1) * (columns + 8) + 40, -7, dtype=np.float32)
    room, smooth = guarded[10 : 10 + (rows + 1) * (columns + 8)], guarded[-10 - rows * columns : -10]
    byte_room = np.full(6 * (rows + 1) * (columns + 7) + 20, 99, dtype=np.uint8)
    widths = np.array([-5, 0, 9, 3, 3, 2, 0])
    tones._level(light, rows, columns, widths, 4, tones._GREY_WEIGHTS, byte_room[10:-10], room, smooth)
    assert (guarded[:10] == -7).all()
    assert (guarded[10 + room.size : -10 - smooth.size] == -7).all()
    assert (guarded[-10:] == -7).all()
    assert (byte_room[:10] == 99).all()
    assert (byte_room[-10:] == 99).all()
