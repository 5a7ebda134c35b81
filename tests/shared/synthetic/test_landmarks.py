"""Landmark streams show known gaze and known head movement, in the patient's own left and right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.synthetic.eye_geometry import LIMBUS_DISTANCE_IRIS, PinholeCamera, gaze_vector, head_rotation
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import BlinkStep, Script, Step, steps_between
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.landmarks import EXACT, LEFT_EYE, MESH_LIKE, RIGHT_EYE, generic_face, landmark_stream
from shared.tracking.landmark import LEFT_EYE as LEFT_POINTS
from shared.tracking.landmark import RIGHT_EYE as RIGHT_POINTS
from shared.tracking.landmark import corner_offsets, eye_open_ratio, iris_diameter_px
from shared.tracking.pose import head_rotation as estimated_rotation

STILL = {"drift_sd_deg": 0.0, "noise_sd_deg": 0.0}


def points_looking(h: float, v: float, model=EXACT) -> np.ndarray:
    gaze = simulate(Script(1.0, (Step(0.0, h, v),), **STILL))
    return landmark_stream(gaze, model=model)[-1]


def test_the_patients_right_eye_is_at_picture_left() -> None:
    face = points_looking(0, 0)
    assert face[33, 0] < face[468, 0] < face[133, 0] < face[362, 0] < face[473, 0] < face[263, 0]


def test_left_is_picture_right_and_down_is_down() -> None:
    rest, left, down = points_looking(0, 0), points_looking(15, 0), points_looking(0, 15)
    for iris in (468, 473):
        assert left[iris, 0] > rest[iris, 0] + 5
        assert down[iris, 1] > rest[iris, 1] + 5


@given(h=st.floats(-30, 30), v=st.floats(-20, 20))
@settings(max_examples=25, deadline=None)
def test_a_known_rotation_gives_the_displacement_of_a_sphere(h: float, v: float) -> None:
    model = replace(EXACT, width_px=40_000, height_px=40_000)  # so far away that only the view from below is left
    moved = points_looking(h, v, model) - points_looking(0, 0, model)
    expected = LIMBUS_DISTANCE_IRIS * model.iris_diameter_px * (gaze_vector(np.array(h), np.array(v)) - [0, 0, -1])
    for eye in (LEFT_EYE, RIGHT_EYE):
        np.testing.assert_allclose(moved[eye.iris[0], :2], expected[:2], atol=0.02 + 0.05 * abs(expected[2]))
        np.testing.assert_allclose(moved[list(eye.corners), :2], 0, atol=1e-9)


def test_mesh_like_landmarks_show_a_third_of_vertical_and_most_of_horizontal_gaze() -> None:
    script = Script(12.0, steps_between(0.5, [(0, -15), (0, 15), (-15, 0), (15, 0), (0, 0)] * 2, 1.0))
    gaze = simulate(script)
    exact, mesh = (landmark_stream(gaze, model=model) for model in (EXACT, replace(MESH_LIKE, noise_sd_px=0)))
    for eye in (LEFT_POINTS, RIGHT_POINTS):
        (true_h, true_v), (seen_h, seen_v) = corner_offsets(exact, eye), corner_offsets(mesh, eye)
        assert np.polyfit(true_v, seen_v, 1)[0] == pytest.approx(0.37, abs=0.03)
        assert np.polyfit(true_h, seen_h, 1)[0] == pytest.approx(0.72, abs=0.03)


def test_blinks_shut_the_lids_and_looking_down_only_narrows_them() -> None:
    script = Script(4.0, (Step(0.2, 0, 20),), blinks=(BlinkStep(2.0, closed_s=0.2),), **STILL)
    gaze = simulate(script)
    opening = eye_open_ratio(landmark_stream(gaze), LEFT_POINTS)
    assert 0.5 < opening[45] / opening[0] < 0.9
    assert opening.min() < 0.05 * opening[0]


def test_a_wink_shuts_the_patients_own_eye() -> None:
    gaze = simulate(Script(2.0, blinks=(BlinkStep(0.5, eye="left", closed_s=0.3),), **STILL))
    points = landmark_stream(gaze)
    assert eye_open_ratio(points, LEFT_POINTS).min() < 0.02
    assert eye_open_ratio(points, RIGHT_POINTS).min() > 0.25


def test_the_iris_has_the_diameter_asked_for() -> None:
    for size in (14.0, 40.0):
        measured = iris_diameter_px(points_looking(0, 0, replace(EXACT, iris_diameter_px=size))[None], LEFT_POINTS)
        assert measured[0] == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize("axis", ["yaw", "pitch", "roll"])
def test_head_turns_have_the_signs_of_the_trace(axis: str) -> None:
    gaze = simulate(Script(4.0, **STILL))
    script = HeadScript(**{axis: Swing(8.0, 0.5)})
    estimate = getattr(estimated_rotation(landmark_stream(gaze, head=script)), f"{axis}_deg")
    true = getattr(script.at(gaze.time_s), f"{axis}_deg")
    assert np.polyfit(true, estimate, 1)[0] == pytest.approx(1.0, abs=0.25)


def test_rotation_matrices_turn_the_nose_and_the_crown_the_stated_way() -> None:
    nose, crown = np.array([0.0, 0, -1]), np.array([0.0, -1, 0])
    assert (head_rotation(10, 0, 0) @ nose)[0] > 0
    assert (head_rotation(0, 10, 0) @ nose)[1] > 0
    assert (head_rotation(0, 0, 10) @ crown)[0] > 0


@given(x=st.floats(0, 600), y=st.floats(0, 600), z=st.floats(-100, 200))
def test_lifting_a_point_and_projecting_it_gives_it_back(x: float, y: float, z: float) -> None:
    camera = PinholeCamera.for_picture(640, 720)
    point = camera.lift(np.array(x), np.array(y), np.array(z))
    np.testing.assert_allclose(camera.project(point), [x, y], atol=1e-9)


def test_noise_is_repeatable_and_the_generic_face_cannot_be_changed() -> None:
    gaze = simulate(Script(1.0))
    first, again, other = (landmark_stream(gaze, model=MESH_LIKE, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0
    with pytest.raises(ValueError, match="read-only"):
        generic_face()[0] = 0
