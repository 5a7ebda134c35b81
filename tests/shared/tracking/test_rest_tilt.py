"""Someone who looks down while the irises are learnt loses nothing of the vertical range."""

import numpy as np
import pytest

from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS, LimbusFit, LimbusFitter
from shared.tracking.limbus_measurement import LIMBUS_RECORD
from shared.tracking.rest_tilt import shift_by_rest
from tests.shared.tracking.drawn_eyes import DrawnEye, draw

STRAIGHT_PX = -1.5
"""Height at which drawn eyes are seen face-on."""
HEIGHTS_PX = STRAIGHT_PX + np.array([-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0])


def eye(y_px: float) -> DrawnEye:
    return DrawnEye(0.0, y_px, upper_px=max(13.0 - 0.7 * (y_px - STRAIGHT_PX), 7.0), lower_px=12.0)


def fitted(taught_px: float) -> tuple[LimbusFitter, list[LimbusFit]]:
    """Fits of all heights by a fitter that learnt around one of them."""
    teaching = [draw(eye(taught_px + wobble), eye(taught_px + wobble), noise=2.0) for wobble in (-1.0, 0.0, 1.0)]
    fitter = LimbusFitter(calibrate_limbus(teaching))
    shown = [draw(eye(y), eye(y), noise=2.0) for y in HEIGHTS_PX]
    learnt = fitter.calibration
    edges = limbus_edges(shown, learnt.sclera_level, learnt.colours)
    return fitter, [fitter.fit(found, at.iris_px, np.ones(2)) for found, at in zip(edges, shown, strict=True)]


def recorded(fitter: LimbusFitter, fits: list[LimbusFit]) -> np.ndarray:
    numbers = np.zeros(len(fits), dtype=np.dtype(list(LIMBUS_RECORD)))
    numbers["iris_px"] = 2 * fitter.calibration.true_radius_px
    numbers["patch_axis"] = [1.0, 0.0]
    numbers["tilt"] = [fit.tilt for fit in fits]
    numbers["tilt_answer"] = [fit.tilt_answer for fit in fits]
    return numbers


def travel(heights_px: np.ndarray) -> float:
    """Slope of the heights found on the true ones."""
    return float(np.polyfit(HEIGHTS_PX, heights_px, 1)[0])


@pytest.mark.parametrize("taught_px", [STRAIGHT_PX - 7.0, STRAIGHT_PX, STRAIGHT_PX + 7.0])
def test_heights_are_right_wherever_the_eyes_looked_when_they_were_learnt(taught_px):
    fitter, fits = fitted(taught_px)
    found = np.stack([fit.centre_px[:, 1] for fit in fits])
    moved = (
        found
        + shift_by_rest(recorded(fitter, fits), np.ones((len(fits), 2), dtype=bool), ROTATION_RADIUS_IRIS)[0][..., 1]
    )
    for side in range(2):
        assert travel(moved[:, side]) == pytest.approx(1.0, abs=0.03)
        assert abs(travel(moved[:, side]) - 1) <= max(abs(travel(found[:, side]) - 1), 0.02)


def test_without_a_trusted_frame_nothing_moves():
    fitter, fits = fitted(STRAIGHT_PX + 7.0)
    shift, _ = shift_by_rest(recorded(fitter, fits), np.zeros((len(fits), 2), dtype=bool), ROTATION_RADIUS_IRIS)
    assert shift == pytest.approx(0.0)


def test_the_answer_foretells_what_a_fit_with_that_tilt_finds():
    fitter, _ = fitted(STRAIGHT_PX)
    patches = draw(eye(4.0), eye(4.0))
    (edges,) = limbus_edges([patches], fitter.calibration.sclera_level, fitter.calibration.colours)
    seeds, usable, size = patches.iris_px[None], np.ones((1, 2)), np.ones((1, 2))
    (level,) = fitter.fit_frames([edges], seeds, usable, np.zeros((1, 2, 2)), size)
    (turned,) = fitter.fit_frames([edges], seeds, usable, np.full((1, 2, 2), 0.15), size)
    numbers = recorded(fitter, [level, level])
    numbers["tilt"][1] = -0.15
    foretold = shift_by_rest(numbers, np.array([[False, False], [True, True]]), ROTATION_RADIUS_IRIS)[0][0]
    change = turned.centre_px - level.centre_px
    assert np.abs(change[:, 1]).min() > 0.25
    assert foretold == pytest.approx(change, abs=0.15)
