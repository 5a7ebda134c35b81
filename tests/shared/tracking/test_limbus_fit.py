"""The rim is found to a fraction of a pixel, whatever hides parts of it, and is not found on shut eyes."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from shared.tracking.irises import LimbusCalibration
from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_confidence import fit_confidence
from shared.tracking.limbus_fit import LimbusFit, LimbusFitter
from tests.shared.tracking.drawn_eyes import (
    DARK_IRIS_BGR,
    GREEN_IRIS_BGR,
    PALE_IRIS_BGR,
    SHADED_SCLERA_BGR,
    DrawnEye,
    draw,
    true_centres,
)


@lru_cache
def calibration(iris_bgr: tuple[int, int, int] = DARK_IRIS_BGR, radius_px: float = 16.0) -> LimbusCalibration:
    """What open eyes of this colour teach, a little apart in gaze."""
    places = [(-1.0, -3.0), (0.5, -1.5), (0.0, -1.0), (1.0, 0.0), (-0.5, 1.0)]
    eyes = [DrawnEye(x, y, iris_bgr=iris_bgr, radius_px=radius_px) for x, y in places]
    return calibrate_limbus([draw(eye, eye, noise=2.0) for eye in eyes])


def fit(right: DrawnEye, left: DrawnEye | None = None, **options: float | bool) -> tuple[LimbusFit, np.ndarray]:
    learnt = calibration(right.iris_bgr, right.radius_px)
    patches = draw(right, left or right, **options)
    (edges,) = limbus_edges([patches], learnt.sclera_level, learnt.colours)
    result = LimbusFitter(learnt).fit(edges, patches.iris_px, np.ones(2))
    return result, fit_confidence(result, edges.margins)


def error_px(right: DrawnEye, left: DrawnEye | None = None, **options: float | bool) -> np.ndarray:
    result, _ = fit(right, left, **options)
    return np.abs(result.centre_px - true_centres(right, left or right))


@pytest.mark.parametrize("x_px", [-8.0, 0.0, 5.3])
@pytest.mark.parametrize("y_px", [-5.0, -1.5, 2.4])
def test_centre_is_found_to_a_fraction_of_a_pixel(x_px, y_px):
    error = error_px(DrawnEye(x_px, y_px, radius_px=15.8))
    assert error[:, 0].max() < 0.35
    assert error[:, 1].max() < 0.6


def test_a_step_of_a_third_of_a_pixel_is_seen():
    here, _ = fit(DrawnEye(0.0, -1.0))
    there, _ = fit(DrawnEye(0.33, -0.67))
    assert there.centre_px - here.centre_px == pytest.approx(np.full((2, 2), 0.33), abs=0.2)


def test_noise_of_a_phone_camera_moves_the_centre_little():
    assert error_px(DrawnEye(2.0, -2.0), noise=6.0).max() < 0.7


@pytest.mark.parametrize("iris_bgr", [DARK_IRIS_BGR, PALE_IRIS_BGR])
def test_dark_and_pale_irises_are_found(iris_bgr):
    error = error_px(DrawnEye(3.0, 1.0, iris_bgr=iris_bgr))
    assert error.max() < 0.7


@pytest.mark.parametrize("radius_px", [16.0, 20.0])
@pytest.mark.parametrize("iris_bgr", [PALE_IRIS_BGR, GREEN_IRIS_BGR])
def test_a_pale_iris_with_a_wide_pupil_is_found_beside_sclera_no_brighter_than_itself(iris_bgr, radius_px):
    places = [(-1.0, -3.0), (0.5, -1.5), (0.0, -1.0), (1.0, 0.0), (-0.5, 1.0)]
    look = DrawnEye(
        radius_px=radius_px,
        upper_px=11.0,
        lower_px=10.0,
        iris_bgr=iris_bgr,
        sclera_bgr=SHADED_SCLERA_BGR,
        pupil_share=0.48,
    )
    eyes = [replace(look, x_px=x, y_px=y) for x, y in places]
    learnt = calibrate_limbus([draw(eye, eye, noise=2.0) for eye in eyes])
    assert learnt.true_radius_px == pytest.approx(np.full(2, radius_px), rel=0.04)
    patches = draw(eyes[0], eyes[0], noise=2.0)
    (edges,) = limbus_edges([patches], learnt.sclera_level, learnt.colours)
    found = LimbusFitter(learnt).fit(edges, patches.iris_px, np.ones(2))
    assert np.abs(found.centre_px - true_centres(eyes[0], eyes[0])).max() < 0.8


def test_colours_are_learnt_of_irises_with_less_red_only():
    assert calibration().colours is None
    colours = calibration(PALE_IRIS_BGR).colours
    assert colours is not None
    assert colours.iris < colours.sclera


def test_looking_down_under_narrow_lids_is_read_although_landmarks_miss_the_lids():
    rest = DrawnEye(0.0, -1.0, upper_px=11.0, lower_px=10.0)
    down = DrawnEye(0.0, 7.0, upper_px=6.0, lower_px=11.0, mesh_lid_error_px=2.0)
    travel = fit(down)[0].centre_px[:, 1] - fit(rest)[0].centre_px[:, 1]
    assert travel == pytest.approx(np.full(2, 8.0), abs=1.2)


def test_reflections_on_the_iris_are_not_taken_for_sclera():
    assert error_px(DrawnEye(0.0, -2.0, catch_lights=True)).max() < 0.6


def test_a_black_and_white_film_is_read():
    assert error_px(DrawnEye(2.0, 1.0), grey=True).max() < 0.6


def test_each_eye_keeps_its_own_height():
    error = error_px(DrawnEye(0.0, -3.0), DrawnEye(0.0, 0.5))
    assert error[:, 1].max() < 0.6


def test_an_open_eye_is_trusted_and_a_shut_one_is_not():
    assert fit(DrawnEye())[1].min() > 0.8
    assert fit(DrawnEye(upper_px=-3.0, lower_px=4.0))[1].max() < 0.2


@pytest.mark.parametrize("radius_px", [14.5, 16.0, 17.5])
@pytest.mark.parametrize("iris_bgr", [DARK_IRIS_BGR, PALE_IRIS_BGR])
def test_the_radius_is_learnt_whatever_the_landmarks_said(radius_px, iris_bgr):
    assert calibration(iris_bgr, radius_px).true_radius_px == pytest.approx(np.full(2, radius_px), rel=0.02)


@pytest.mark.parametrize("wrong_by", [0.97, 1.03])
def test_a_radius_learnt_wrong_by_three_percent_hardly_moves_the_height(wrong_by):
    learnt = calibration()
    other = replace(learnt, radius_px=wrong_by * learnt.radius_px)
    travel = []
    for eye in (DrawnEye(0.0, -1.0, upper_px=11.0, lower_px=10.0), DrawnEye(0.0, 7.0, upper_px=6.0, lower_px=11.0)):
        patches = draw(eye, eye)
        (edges,) = limbus_edges([patches], learnt.sclera_level, learnt.colours)
        travel.append(LimbusFitter(other).fit(edges, patches.iris_px, np.ones(2)).centre_px[:, 1])
    assert travel[1] - travel[0] == pytest.approx(np.full(2, 8.0), abs=1.6)


def test_eyes_of_different_size_in_the_picture_have_radii_of_their_own():
    places = [(-1.0, -3.0), (0.5, -1.5), (0.0, -1.0), (1.0, 0.0)]
    pairs = [(DrawnEye(x, y, radius_px=15.6), DrawnEye(x, y, radius_px=16.4)) for x, y in places]
    learnt = calibrate_limbus([draw(right, left, noise=2.0) for right, left in pairs])
    assert learnt.radius_px[1] - learnt.radius_px[0] == pytest.approx(0.8, abs=0.25)
