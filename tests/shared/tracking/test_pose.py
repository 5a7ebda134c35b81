"""Head rotation from meshes that were turned by known angles."""

import numpy as np
import pytest

from shared.synthetic.landmarks import generic_face
from shared.tracking.pose import head_rotation


def rotation(axis: int, degrees: float) -> np.ndarray:
    """About x (right), y (down) or z (away), right-handed."""
    angle = np.radians(degrees)
    matrix = np.eye(3)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix


def meshes(axis: int, angles_deg: list[float]) -> np.ndarray:
    face = generic_face() * 30.0
    return np.stack([face @ rotation(axis, angle).T + [320, 360, 0] for angle in angles_deg])


NOSE_TIP = 1
ANGLES = [0.0, -20.0, -5.0, 5.0, 20.0]


def test_yaw_is_positive_when_the_nose_turns_toward_the_patients_left() -> None:
    points = meshes(1, [0.0, -20.0])
    assert points[1, NOSE_TIP, 0] > points[0, NOSE_TIP, 0] + 5  # picture right = patient's left
    assert np.diff(head_rotation(points).yaw_deg)[0] == pytest.approx(20, abs=0.5)


def test_pitch_is_positive_when_the_nose_turns_down() -> None:
    points = meshes(0, [0.0, 15.0])
    assert points[1, NOSE_TIP, 1] > points[0, NOSE_TIP, 1] + 5
    assert np.diff(head_rotation(points).pitch_deg)[0] == pytest.approx(15, abs=0.5)


def test_roll_is_positive_toward_the_patients_left_shoulder() -> None:
    points = meshes(2, [0.0, 25.0])
    forehead = 10
    assert points[1, forehead, 0] > points[0, forehead, 0] + 5
    assert np.diff(head_rotation(points).roll_deg)[0] == pytest.approx(25, abs=0.5)


@pytest.mark.parametrize(("axis", "names"), [(0, ("yaw", "roll")), (1, ("pitch", "roll")), (2, ("yaw", "pitch"))])
def test_turning_about_one_axis_leaves_the_others(axis: int, names: tuple[str, str]) -> None:
    head = head_rotation(meshes(axis, ANGLES))
    for name in names:
        angles = getattr(head, f"{name}_deg")
        assert np.ptp(angles) < 1.5


def test_a_frontal_face_reads_near_zero() -> None:
    head = head_rotation(meshes(2, [0.0] * 3))
    assert abs(head.yaw_deg[0]) < 3
    assert abs(head.pitch_deg[0]) < 12  # absolute pitch is approximate; changes of it are not
    assert abs(head.roll_deg[0]) < 3


@pytest.mark.parametrize("roll_deg", [-120.0, 90.0, 180.0])
def test_a_head_on_its_side_or_upside_down_is_reported_as_such(roll_deg: float) -> None:
    upright = head_rotation(meshes(2, [0.0] * 3))
    head = head_rotation(meshes(2, [roll_deg] * 3))
    assert abs(head.roll_deg[0]) == pytest.approx(abs(roll_deg), abs=3)
    assert head.pitch_deg[0] == pytest.approx(upright.pitch_deg[0], abs=1)
    assert head.yaw_deg[0] == pytest.approx(upright.yaw_deg[0], abs=1)


def test_frames_without_a_face_are_missing_and_do_not_disturb() -> None:
    points = meshes(1, ANGLES)
    with_gap = np.insert(points, 2, np.nan, axis=0)
    yaw_deg = head_rotation(with_gap).yaw_deg
    assert np.isnan(yaw_deg[2])
    assert np.allclose(np.delete(yaw_deg, 2), head_rotation(points).yaw_deg, atol=0.5)
