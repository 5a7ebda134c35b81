"""The kernel behind ``shared.tracking.head_pose._pose_step``, against derivatives taken by small steps."""

import cv2
import numpy as np
import pytest

from shared.tracking.head_pose import _pose_equations


def pictured(shape: np.ndarray, rotation: np.ndarray, place: np.ndarray) -> np.ndarray:
    points = shape @ rotation.T + place
    return points[:, :2] / points[:, 2:]


def equations(
    shape: np.ndarray, rotation: np.ndarray, place: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    normal, right = np.empty((len(rotation), 6, 6)), np.empty((len(rotation), 6))
    _pose_equations(shape, len(shape), rotation, place, seen, len(rotation), normal, right)
    return normal, right


def test_it_holds_the_sums_of_the_derivatives_and_of_what_is_left() -> None:
    rng = np.random.default_rng(0)
    shape, place = rng.normal(size=(50, 3)), np.array([[0.3, -0.2, 6.0], [1.0, 1.0, 9.0]])
    rotation = np.stack([cv2.Rodrigues(rng.normal(0, 0.4, 3))[0] for _ in range(2)])
    seen = np.stack([pictured(shape, rotation[i], place[i]) + rng.normal(0, 0.01, (50, 2)) for i in range(2)])
    normal, right = equations(shape, rotation, place, seen)
    for i in range(2):
        here, step = pictured(shape, rotation[i], place[i]), 1e-6
        columns = [
            (pictured(shape, cv2.Rodrigues(step * axis)[0] @ rotation[i], place[i]) - here) / step for axis in np.eye(3)
        ]
        columns += [(pictured(shape, rotation[i], place[i] + step * axis) - here) / step for axis in np.eye(3)]
        jacobian = np.stack([column.ravel() for column in columns], axis=1)
        assert normal[i] == pytest.approx(jacobian.T @ jacobian, rel=1e-4, abs=1e-4)
        assert right[i] == pytest.approx(jacobian.T @ (seen[i] - here).ravel(), rel=1e-3, abs=1e-5)


def test_what_is_not_known_stays_unknown_and_touches_no_other_frame() -> None:
    shape, seen = np.ones((5, 3)), np.zeros((2, 5, 2))
    seen[0, 2] = np.nan
    normal, right = equations(shape, np.stack([np.eye(3)] * 2), np.array([[0.0, 0.0, 5.0]] * 2), seen)
    assert np.isnan(right[0]).any()
    assert np.isfinite(right[1]).all()
    assert np.isfinite(normal[1]).all()
