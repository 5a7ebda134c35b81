"""Irises keep their size while landmarks follow gaze and heads turn."""

import numpy as np
import pytest

from shared.synthetic.eye_geometry import head_rotation
from shared.tracking.camera import Camera
from shared.tracking.eye_crop import CORNERS, PATCH_IRIS_PX
from shared.tracking.iris_size import against_usual, iris_sizes

CAMERA = Camera.of_picture((640, 480))
IRIS = 26.0
CORNERS_IN_HEAD = IRIS * np.array([[-4.1, 0.0, 0.3], [-1.5, 0.0, 0.0], [1.5, 0.0, 0.0], [4.1, 0.0, 0.3]])
"""Of all four in space, px, about the middle of the face."""


def seen(yaw_deg: float = 0.0, landmark_stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sizes found, true sizes in patches, corners found and the landmarks of a head."""
    points = CORNERS_IN_HEAD @ head_rotation(yaw_deg, 0, 0).T + [0.0, 0.0, CAMERA.focal_px]
    corners = points[:, :2] / points[:, 2:] * CAMERA.focal_px + CAMERA.middle_px
    landmarks = np.zeros((1, 478, 3))
    landmarks[0, CORNERS.ravel(), :2] = CAMERA.middle_px + landmark_stretch * (corners - CAMERA.middle_px)
    landmarks[0, CORNERS.ravel(), 2] = points[:, 2] - CAMERA.focal_px
    outer = landmarks[0, CORNERS.ravel()[[0, 3]]]
    scale = np.array([8.2 * PATCH_IRIS_PX / np.linalg.norm(outer[1] - outer[0])])
    depth = points[:, 2].reshape(2, 2).mean(axis=1)
    return (
        iris_sizes(corners[None], landmarks, scale, CAMERA)[0],
        scale[0] * IRIS * CAMERA.focal_px / depth,
        corners,
        landmarks,
    )


def test_landmarks_that_draw_apart_do_not_make_an_iris_larger():
    usual, true_before, _, _ = seen()
    found, true_after, _, _ = seen(landmark_stretch=1.05)
    assert (true_after / true_before).max() < 0.96
    assert found / usual == pytest.approx(true_after / true_before, rel=0.002)


@pytest.mark.parametrize("yaw_deg", [-12.0, 8.0])
def test_the_eye_that_a_turn_brings_nearer_is_the_larger_one(yaw_deg):
    usual, true_before, _, _ = seen()
    found, true_after, _, _ = seen(yaw_deg)
    assert abs(true_after[0] / true_after[1] - 1) > 0.02
    assert found / usual == pytest.approx(true_after / true_before, rel=0.004)


def test_lost_corners_leave_the_usual_size():
    usual, _, corners, landmarks = seen()
    lost = iris_sizes(np.full((1, 4, 2), np.nan), landmarks, np.ones(1), CAMERA)
    assert against_usual(lost, usual).tolist() == [[1.0, 1.0]]
    torn = iris_sizes(2 * corners[None], landmarks, np.ones(1), CAMERA)
    assert against_usual(torn, usual / 10).max() <= 1.1
