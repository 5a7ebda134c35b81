"""Pupils tell how high the eyes stand where narrow lids hide it from the limbus."""

import numpy as np
import pytest

from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS, LimbusFitter
from shared.tracking.limbus_measurement import LIMBUS_RECORD
from shared.tracking.pupil_fit import PupilFitter
from shared.tracking.pupil_height import heights_by_pupil
from tests.shared.tracking.drawn_eyes import PALE_IRIS_BGR, DrawnEye, draw, true_centres

IRIS_PX = 26.0
LEVER_PX = ROTATION_RADIUS_IRIS * IRIS_PX
EXTRA, OFFSETS_PX = 1.1, np.array([0.4, -0.7])
"""A pupil that moves a tenth further than its limbus, and stands a little lower, or higher."""
HEIGHTS = np.repeat(np.sin(np.radians([-20.0, -10.0, 0.0, 8.0, 16.0, 24.0])), 10)


def eye(y_px: float) -> DrawnEye:
    return DrawnEye(1.0, y_px, upper_px=8.0, lower_px=8.0, iris_bgr=PALE_IRIS_BGR)


def test_pupils_between_narrow_lids_are_found_to_a_fraction_of_a_pixel():
    heights_px = np.array([-2.0, -1.0, 0.0, 1.0])
    shown = [draw(eye(y), eye(y - 0.5), noise=3.0) for y in heights_px]
    fitter = LimbusFitter(calibrate_limbus(shown))
    learnt = fitter.calibration
    edges = limbus_edges(shown, learnt.sclera_level, learnt.colours)
    fits = [fitter.fit(found, at.iris_px, np.ones(2)) for found, at in zip(edges, shown, strict=True)]
    pupils = PupilFitter(edges, fits).fit_frames(edges, fits)
    truth = np.stack([true_centres(eye(y), eye(y - 0.5)) for y in heights_px])
    assert (pupils.height_sd_px > 0).all()
    assert np.abs(pupils.centre_px - truth).max() < 0.3


def test_no_pupil_is_seen_where_there_is_none():
    shown = [draw(eye(y), eye(y), noise=2.0) for y in (-1.0, 0.0, 1.0)]
    fitter = LimbusFitter(calibrate_limbus(shown))
    learnt = fitter.calibration

    def seen(frames):
        edges = limbus_edges(frames, learnt.sclera_level, learnt.colours)
        return edges, [fitter.fit(found, at.iris_px, np.ones(2)) for found, at in zip(edges, frames, strict=True)]

    pupils = PupilFitter(*seen(shown))
    without = DrawnEye(1.0, 0.0, upper_px=8.0, lower_px=8.0, iris_bgr=PALE_IRIS_BGR, pupil_share=0.0)
    assert (pupils.fit_frames(*seen([draw(without, without, noise=2.0)])).height_sd_px == 0).all()


def film(
    carried: np.ndarray, limbus_error_px: np.ndarray | float = 0.0, pupil_error_px: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Records, limbi and their tilts of eyes at :data:`HEIGHTS`, in patches as large as the picture."""
    numbers = np.zeros(len(HEIGHTS), dtype=np.dtype(list(LIMBUS_RECORD)))
    numbers["iris_px"] = IRIS_PX
    numbers["patch_axis"] = [1.0, 0.0]
    numbers["height_carried"] = carried[:, None]
    numbers["limbus_height_sd"] = 2.5
    numbers["pupil_sd_px"] = 0.05
    found_px = LEVER_PX * np.repeat(HEIGHTS[:, None], 2, axis=1) + np.reshape(limbus_error_px, (-1, 1))
    limbus_px = np.stack([np.zeros_like(found_px), found_px], axis=-1)
    numbers["pupil_px"][..., 1] = EXTRA * LEVER_PX * HEIGHTS[:, None] + OFFSETS_PX + np.reshape(pupil_error_px, (-1, 1))
    return numbers, limbus_px, found_px / LEVER_PX


def heights_deg(numbers: np.ndarray, limbus_px: np.ndarray, tilt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    measured = np.ones(tilt.shape, dtype=bool)
    moved, carried = heights_by_pupil(numbers, limbus_px, tilt, measured, ROTATION_RADIUS_IRIS)
    return np.degrees(np.arcsin(moved[..., 1] / LEVER_PX)), carried


TRUE_DEG = np.degrees(np.arcsin(HEIGHTS))[:, None]


def test_where_limbi_carry_no_height_pupils_do_as_learnt_from_the_frames_that_show_both():
    far_down = np.sin(np.radians(20.0)) < HEIGHTS
    found, carried = heights_deg(*film(~far_down, limbus_error_px=np.where(far_down, 3.0, 0.0)))
    assert carried.all()
    assert found == pytest.approx(np.broadcast_to(TRUE_DEG, found.shape), abs=0.5)


def test_the_tremble_of_the_limbus_goes_over_to_neither_height_nor_range():
    tremble = np.random.default_rng(3).normal(0, 0.3, len(HEIGHTS))
    found, _ = heights_deg(*film(np.ones(len(HEIGHTS), dtype=bool), limbus_error_px=tremble))
    error = found - TRUE_DEG
    assert error.std() < 0.65 * np.degrees(0.3 / LEVER_PX)
    assert np.polyfit(TRUE_DEG[:, 0], found.mean(axis=1), 1)[0] == pytest.approx(1.0, abs=0.02)


def test_a_saccade_passes_whole_from_one_frame_to_the_next():
    found, _ = heights_deg(*film(np.ones(len(HEIGHTS), dtype=bool)))
    assert np.diff(found, axis=0) == pytest.approx(np.broadcast_to(np.diff(TRUE_DEG, axis=0), (59, 2)), abs=0.3)


def test_pupils_that_do_not_follow_their_limbi_are_not_believed():
    wild = np.random.default_rng(5).normal(0, 3.0, len(HEIGHTS))
    numbers, limbus_px, tilt = film(HEIGHTS < 0.2, pupil_error_px=wild)
    found, carried = heights_deg(numbers, limbus_px, tilt)
    assert found == pytest.approx(np.degrees(np.arcsin(tilt)))
    assert (carried == numbers["height_carried"]).all()


def test_what_was_learnt_at_rest_alone_is_carried_to_no_far_gaze():
    at_rest = np.abs(HEIGHTS) < 0.05
    _, carried = heights_deg(*film(at_rest))
    assert carried[at_rest].all()
    assert not carried[~at_rest].any()
