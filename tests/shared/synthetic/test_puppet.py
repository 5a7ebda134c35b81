"""Puppet films show what their truth says, to a face tracker that knows nothing of it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import BlinkStep, Script, Step
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.portrait import find_face_points, load_portrait
from shared.synthetic.puppet import Look, Puppet
from shared.tracking.face import MediaPipeFaceMesh
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, eye_open_ratio, iris_centre_px
from shared.video import read_frames

STILL = {"drift_sd_deg": 0.0, "noise_sd_deg": 0.0, "blink_pull_deg": 0.0}


@pytest.fixture(scope="module")
def puppet() -> Puppet:
    return Puppet(load_portrait(), Look(noise_sd=0.0, flicker=0.0))


@pytest.fixture(scope="module")
def tracked(puppet_video):
    """The tiny film (up, down, a blink) as FaceMesh sees it, and its truth."""
    path, truth = puppet_video("tiny")
    mesh = MediaPipeFaceMesh()
    try:
        faces = [mesh.detect(frame.image_bgr, frame.time_s) for frame in read_frames(path)]
    finally:
        mesh.close()
    assert all(face is not None for face in faces)
    return np.stack([face.points_px for face in faces if face is not None]), truth


def test_face_mesh_finds_the_iris_where_the_truth_has_it(tracked) -> None:
    points, truth = tracked
    seen = truth.gaze.lid_closure < 0.05
    for eye, true_px in ((LEFT_EYE, truth.iris_left_px), (RIGHT_EYE, truth.iris_right_px)):
        error_px = iris_centre_px(points, eye)[seen] - true_px[seen]
        assert np.sqrt((error_px**2).mean()) < 0.12 * truth.iris_diameter_px


def test_face_mesh_follows_the_gaze_in_pixels(tracked) -> None:
    points, truth = tracked
    seen = truth.gaze.lid_closure < 0.05
    for eye, true_px in ((LEFT_EYE, truth.iris_left_px), (RIGHT_EYE, truth.iris_right_px)):
        slope = np.polyfit(true_px[seen, 1], iris_centre_px(points, eye)[seen, 1], 1)[0]
        assert 0.6 < slope < 1.1


def test_closed_lids_look_closed(tracked) -> None:
    points, truth = tracked
    for eye in (LEFT_EYE, RIGHT_EYE):
        opening = eye_open_ratio(points, eye)
        assert opening[truth.gaze.lid_closure < 0.05].min() > 0.2
        assert opening[np.argmax(truth.gaze.lid_closure)] < 0.12


def test_no_iris_is_left_in_a_closed_eye(puppet: Puppet) -> None:
    gaze = simulate(Script(1.0, blinks=(BlinkStep(0.3, closed_s=0.3),), **STILL))
    truth = puppet.truth(gaze)
    shut, opened = puppet.frame(truth, int(np.argmax(truth.gaze.lid_closure))), puppet.frame(truth, 0)
    for x, y in (truth.iris_left_px[0], truth.iris_right_px[0]):
        patch = np.s_[int(y) - 3 : int(y) + 3, int(x) - 3 : int(x) + 3]
        assert opened[patch].mean() < 60
        assert shut[patch].mean() > 90


def test_only_the_eyes_change_while_the_head_is_still(puppet: Puppet) -> None:
    gaze = simulate(Script(1.0, (Step(0.2, 10, 10),), **STILL))
    truth = puppet.truth(gaze)
    changed = np.abs(puppet.frame(truth, 0).astype(int) - puppet.frame(truth, 29)).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    corners = puppet.portrait.points_px[[33, 263], :2]
    reach = 2.5 * truth.iris_diameter_px
    assert rows.min() > corners[:, 1].min() - reach
    assert rows.max() < corners[:, 1].max() + reach
    assert columns.min() > corners[0, 0] - reach
    assert columns.max() < corners[1, 0] + reach


def test_a_still_head_and_a_head_that_barely_moves_look_the_same(puppet: Puppet) -> None:
    gaze = simulate(Script(0.2, **STILL))
    still = puppet.frame(puppet.truth(gaze), 3)
    barely = puppet.frame(puppet.truth(gaze, HeadScript(yaw=Swing(offset=1e-4))), 3)
    assert np.abs(still.astype(int) - barely).mean() < 0.5


@pytest.mark.parametrize(("axis", "sign_x", "sign_y"), [("yaw", 1, 0), ("pitch", 0, 1)])
def test_turning_the_head_moves_nose_and_iris_the_true_way(puppet: Puppet, axis: str, sign_x: int, sign_y: int) -> None:
    gaze = simulate(Script(0.1, **STILL))
    rest, turned = puppet.truth(gaze), puppet.truth(gaze, HeadScript(**{axis: Swing(offset=8.0)}))
    before, after = (find_face_points(puppet.frame(truth, 0)) for truth in (rest, turned))
    nose = after[1, :2] - before[1, :2]
    iris = turned.iris_left_px[0] - rest.iris_left_px[0]
    seen = after[473, :2] - before[473, :2]
    assert nose @ [sign_x, sign_y] > 10
    assert iris @ [sign_x, sign_y] > 10
    np.testing.assert_allclose(seen, iris, atol=0.12 * rest.iris_diameter_px)


def test_rendering_is_repeatable_and_noise_depends_on_the_seed() -> None:
    portrait = load_portrait()
    gaze = simulate(Script(0.2))
    first, again, other = (Puppet(portrait, Look(seed=seed)) for seed in (1, 1, 2))
    frames = [p.frame(p.truth(gaze), 2) for p in (first, again, other)]
    np.testing.assert_array_equal(frames[0], frames[1])
    assert (frames[0] != frames[2]).any()


def test_a_long_exposure_smears_a_saccade_and_leaves_fixation_alone(puppet: Puppet) -> None:
    blurred = Puppet(puppet.portrait, replace(puppet.look, exposure_share=0.9))
    truth = puppet.truth(simulate(Script(1.0, (Step(0.2, 20, 0),), **STILL)))
    moving = int(np.argmax(np.abs(np.diff(truth.gaze.h_deg))))
    assert (puppet.frame(truth, moving) != blurred.frame(truth, moving)).any()
    np.testing.assert_array_equal(puppet.frame(truth, 0), blurred.frame(truth, 0))


def test_dark_and_pale_irises_differ_in_brightness() -> None:
    portrait, gaze = load_portrait(), simulate(Script(0.1, **STILL))
    brightness = {}
    for colour in ("dark", "brown", "hazel", "pale"):
        puppet = Puppet(portrait, Look(iris_colour=colour, noise_sd=0.0))
        truth = puppet.truth(gaze)
        x, y = (int(v) for v in truth.iris_left_px[0])
        grey = cv2.cvtColor(puppet.frame(truth, 0), cv2.COLOR_BGR2GRAY)
        brightness[colour] = grey[y : y + 10, x - 10 : x + 10].mean()
    assert brightness["dark"] < brightness["brown"] < brightness["hazel"] < brightness["pale"]
