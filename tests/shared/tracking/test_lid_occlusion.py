"""A height is given where the rim carries one, and withheld where the lids leave two short arcs."""

import numpy as np
import pytest

from shared.tracking.lid_occlusion import height_carried
from tests.shared.tracking.drawn_eyes import PALE_IRIS_BGR, DrawnEye
from tests.shared.tracking.test_limbus_fit import fit


@pytest.mark.parametrize("y_px", [-6.0, -1.0, 5.0])
def test_an_open_eye_carries_its_height_wherever_it_looks(y_px):
    assert height_carried(fit(DrawnEye(0.0, y_px))[0]).all()


def test_a_pale_iris_carries_its_height():
    assert height_carried(fit(DrawnEye(0.0, -1.0, iris_bgr=PALE_IRIS_BGR))[0]).all()


def test_far_to_the_side_one_flank_is_enough():
    assert height_carried(fit(DrawnEye(18.0, -1.0))[0]).all()


def test_a_slit_does_not_carry_a_height():
    slit = DrawnEye(0.0, 2.0, upper_px=2.5, lower_px=5.0)
    assert not height_carried(fit(slit)[0]).any()


def test_each_eye_is_judged_for_itself():
    slit = DrawnEye(0.0, 2.0, upper_px=2.5, lower_px=5.0)
    assert height_carried(fit(DrawnEye(0.0, 2.0), slit)[0]).tolist() == [True, False]


def test_shut_eyes_carry_nothing():
    assert not height_carried(fit(DrawnEye(upper_px=-3.0, lower_px=4.0))[0]).any()


def test_a_rim_that_fits_two_heights_is_no_measurement():
    result, _ = fit(DrawnEye())
    doubtful = type(result)(**{**vars(result), "rival": np.array([0.9, 0.0])})
    assert height_carried(doubtful).tolist() == [False, True]
