"""The landmark instrument on points whose gaze, tilt and lids are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model import EyeTrace
from shared.synthetic.gaze import GazeTruth, simulate
from shared.synthetic.gaze_script import BlinkStep, Script, steps_between
from shared.synthetic.head_motion import HeadScript
from shared.synthetic.landmarks import landmark_stream
from shared.tracking.landmark import (
    LEFT_EYE,
    RIGHT_EYE,
    EyePoints,
    corner_offsets,
    iris_centre_px,
    measure_eye,
    open_lid_ratio,
    plausible_geometry,
)
from shared.tracking.pose import head_rotation

EYES = pytest.mark.parametrize("eye", [LEFT_EYE, RIGHT_EYE], ids=["left", "right"])


def gaze(targets_deg: list[tuple[float, float]], blinks: tuple[BlinkStep, ...] = ()) -> GazeTruth:
    steps = steps_between(1.0, targets_deg)
    return simulate(Script(duration_s=1.0 + 0.9 * len(targets_deg), steps=steps, blinks=blinks, drift_sd_deg=0.0))


def measure(points: np.ndarray, eye: EyePoints) -> EyeTrace:
    return measure_eye(points, eye, np.full(len(points), True))


def turned(points: np.ndarray, degrees: float, factor: float = 1.0) -> np.ndarray:
    """Points after turning the picture clockwise about its middle, and scaling."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    middle = np.array([320.0, 360.0, 0.0])
    return (points - middle) @ matrix.T * factor + middle


LOOKS = landmark_stream(gaze([(0, 20), (0, -20), (20, 0), (-20, 0)]))
LOOK_FRAMES = {"down": 48, "up": 75, "patient's left": 102, "patient's right": 129}


@EYES
def test_signs_are_down_and_toward_the_patients_left(eye: EyePoints) -> None:
    trace = measure(LOOKS, eye)
    v, h = (values - values[10] for values in (trace.v_offset, trace.h_offset))
    assert v[LOOK_FRAMES["down"]] > 0.2
    assert v[LOOK_FRAMES["up"]] < -0.2
    assert h[LOOK_FRAMES["patient's left"]] > 0.2
    assert h[LOOK_FRAMES["patient's right"]] < -0.2


@EYES
@pytest.mark.parametrize("roll_deg", [-170, -90, -35, 10, 30, 90, 180])
def test_rolled_head_does_not_mix_the_eyes(eye: EyePoints, roll_deg: float) -> None:
    """Fault of the published original: image rows instead of the corner line, corners with the other eye's iris."""
    upright = measure(LOOKS, eye)
    rolled = measure(turned(LOOKS, roll_deg), eye)
    assert np.allclose(rolled.v_offset, upright.v_offset, atol=1e-9)
    assert np.allclose(rolled.h_offset, upright.h_offset, atol=1e-9)


@EYES
def test_an_eye_is_measured_by_its_own_points_only(eye: EyePoints) -> None:
    other = LEFT_EYE if eye is RIGHT_EYE else RIGHT_EYE
    disturbed = LOOKS.copy()
    disturbed[:, [other.iris_centre, *other.iris_rim, other.toward_right, other.toward_left]] += 25.0
    for name in ("v_offset", "h_offset", "eye_open", "iris_x_px", "lid_opening"):
        assert np.array_equal(getattr(measure(disturbed, eye), name), getattr(measure(LOOKS, eye), name))


@EYES
def test_v_offset_stays_finite_and_bounded_through_a_blink(eye: EyePoints) -> None:
    """Fault of the published original: division by the momentary lid gap."""
    closing = BlinkStep(at_s=2.0)
    points = landmark_stream(gaze([(0, 0), (0, 0), (0, 0)], blinks=(closing,)))
    trace = measure(points, eye)
    gaps = np.linalg.norm(points[:, eye.lid_pairs[0][0], :2] - points[:, eye.lid_pairs[0][1], :2], axis=1)
    assert gaps.min() < 0.1 * np.median(gaps)
    assert np.isfinite(trace.v_offset).all()
    assert np.abs(trace.v_offset - np.median(trace.v_offset)).max() < 0.3


def test_v_offset_stays_finite_when_the_lids_meet_exactly() -> None:
    points = LOOKS.copy()
    upper, lower = RIGHT_EYE.lid_pairs[0]
    points[20:30, upper] = points[20:30, lower]
    trace = measure(points, RIGHT_EYE)
    assert np.isfinite(trace.v_offset).all()
    assert np.all(trace.eye_open[20:30] == 0)


@given(st.floats(-180, 180), st.floats(0.5, 3.0))
@settings(max_examples=30, deadline=None)
def test_offsets_depend_on_neither_tilt_nor_distance(roll_deg: float, factor: float) -> None:
    moved = turned(LOOKS[::20], roll_deg, factor)
    for before, after in zip(corner_offsets(LOOKS[::20], LEFT_EYE), corner_offsets(moved, LEFT_EYE), strict=True):
        assert np.allclose(before, after, atol=1e-9)


def test_leaning_toward_the_camera_changes_no_offset() -> None:
    growth = np.linspace(1.0, 1.6, len(LOOKS))[:, None, None]
    near, far = measure(LOOKS * growth, LEFT_EYE), measure(LOOKS, LEFT_EYE)
    assert np.allclose(near.v_offset, far.v_offset)
    assert np.allclose(near.lid_opening, far.lid_opening)


@pytest.mark.parametrize(("down_share", "shut_share"), [(0.0, 0.0), (0.5, 0.0), (0.7, 0.0), (0.0, 0.6), (0.4, 0.3)])
def test_open_lid_gap_does_not_depend_on_down_gaze_and_blinks(down_share: float, shut_share: float) -> None:
    rng = np.random.default_rng(3)
    shut = int(1000 * shut_share)
    down = int((1000 - shut) * down_share)
    gaps = np.concatenate([np.full(1000 - shut - down, 0.30), np.full(down, 0.20), rng.uniform(0, 0.1, shut)])
    gaps = gaps + rng.normal(0, 0.004, 1000)
    assert open_lid_ratio(gaps, np.full(1000, True)) == pytest.approx(0.30, rel=0.03)


def test_open_lid_gap_is_missing_without_a_usable_frame() -> None:
    assert np.isnan(open_lid_ratio(np.full(5, np.nan), np.full(5, True)))
    assert np.isnan(open_lid_ratio(np.full(5, 0.3), np.full(5, False)))


@EYES
def test_eye_open_is_the_originals_ratio(eye: EyePoints) -> None:
    points = LOOKS[0, :, :2]
    upper, lower = eye.lid_pairs[0]
    gap = np.linalg.norm(points[upper] - points[lower])
    corners = np.linalg.norm(points[eye.toward_right] - points[eye.toward_left])
    assert measure(LOOKS, eye).eye_open[0] == pytest.approx(gap / corners)


@EYES
def test_lid_opening_is_in_iris_diameters(eye: EyePoints) -> None:
    points = LOOKS[:20]
    gaps = [np.linalg.norm(points[0, u, :2] - points[0, low, :2]) for u, low in eye.lid_pairs]
    trace = measure(points, eye)
    assert trace.lid_opening[0] == pytest.approx(np.mean(gaps) / trace.iris_diameter_px[0], rel=0.02)


def test_iris_lies_between_the_corners_it_is_measured_by() -> None:
    for eye in (LEFT_EYE, RIGHT_EYE):
        h, _ = corner_offsets(LOOKS[:20], eye)
        assert np.abs(h).max() < 0.2
        assert np.isfinite(iris_centre_px(LOOKS, eye)).all()


def test_frames_that_may_not_be_used_come_out_missing() -> None:
    usable = np.full(len(LOOKS), True)
    usable[5:9] = False
    trace = measure_eye(LOOKS, LEFT_EYE, usable)
    assert np.isnan(trace.v_offset[5:9]).all()
    assert np.isfinite(np.delete(trace.v_offset, range(5, 9))).all()


def test_a_recording_without_any_face_is_all_missing() -> None:
    points = np.full((12, 478, 3), np.nan)
    valid = plausible_geometry(points, (640, 720), head_rotation(points).yaw_deg)
    assert not valid.any()
    assert np.isnan(measure_eye(points, LEFT_EYE, valid).v_offset).all()


class TestPlausibleGeometry:
    def valid(self, points: np.ndarray, yaw_deg: float = 0.0) -> np.ndarray:
        return plausible_geometry(points, (640, 720), np.full(len(points), yaw_deg))

    def test_ordinary_looks_and_blinks_are_plausible(self) -> None:
        assert self.valid(LOOKS).all()
        blink = landmark_stream(gaze([(0, 0)] * 3, blinks=(BlinkStep(at_s=2.0),)))
        assert self.valid(blink).all()

    def test_a_tilted_head_is_plausible(self) -> None:
        points = landmark_stream(gaze([(0, 20)]), head=HeadScript())
        assert self.valid(turned(points, 30, 0.6)).all()

    def test_an_eye_beyond_the_edge_is_not(self) -> None:
        points = LOOKS.copy()
        points[7:9, :, 0] -= points[7, RIGHT_EYE.toward_right, 0] + 2
        assert np.flatnonzero(~self.valid(points)).tolist() == [7, 8]

    def test_an_iris_outside_its_corners_is_not(self) -> None:
        points = LOOKS.copy()
        points[4, list(RIGHT_EYE.iris_rim), 0] -= 60
        assert np.flatnonzero(~self.valid(points)).tolist() == [4]

    def test_an_iris_of_another_size_is_not(self) -> None:
        points = LOOKS.copy()
        rim = list(LEFT_EYE.iris_rim)
        points[6, rim] = points[6, rim].mean(axis=0) + 2.3 * (points[6, rim] - points[6, rim].mean(axis=0))
        assert np.flatnonzero(~self.valid(points)).tolist() == [6]

    def test_a_head_turned_until_the_nose_hides_an_eye_is_not(self) -> None:
        assert not self.valid(LOOKS, yaw_deg=50.0).any()
        assert not self.valid(LOOKS, yaw_deg=-50.0).any()

    def test_a_face_of_a_few_pixels_is_not(self) -> None:
        assert not self.valid(turned(LOOKS, 0, 0.05)).any()
