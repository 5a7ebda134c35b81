"""Where zero of the gaze lies."""

import numpy as np
import pytest

from shared.tracking.camera import Camera
from shared.tracking.corner_frame import CornerFrame
from shared.tracking.eye_crop import CORNERS
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS
from shared.tracking.limbus_gaze import gaze
from shared.tracking.limbus_measurement import LIMBUS_RECORD, MeasuredFrames, ReferenceFace

FRAMES = 90
IRIS = 26.0
CAMERA = Camera.of_picture((640, 480))
CANTHI = CAMERA.middle_px + IRIS * np.array([[[-4.1, 0.0], [-1.5, 0.0]], [[1.5, 0.0], [4.1, 0.0]]])
V_DEG = np.repeat([-20.0, 0.0, 8.0], FRAMES // 3)


def measured(carried: np.ndarray) -> MeasuredFrames:
    """A still head that looks up, straight and down; heights carried where told."""
    numbers = np.zeros(FRAMES, dtype=np.dtype(list(LIMBUS_RECORD)))
    numbers["index"] = np.arange(FRAMES)
    numbers["limbus_px"] = CANTHI.mean(axis=1)
    numbers["limbus_px"][..., 1] += (ROTATION_RADIUS_IRIS * IRIS * np.sin(np.radians(V_DEG)))[:, None]
    numbers["canthi_px"] = CANTHI.reshape(4, 2)
    numbers["canthi_error_px"], numbers["canthi_found"] = 0.5, True
    numbers["confidence"] = 1.0
    numbers["rotation"] = np.eye(3)
    numbers["iris_px"] = IRIS
    numbers["patch_axis"] = [1.0, 0.0]
    numbers["skin"] = np.nan
    numbers["height_carried"] = carried[:, None]
    shape = np.zeros((468, 3))
    shape[CORNERS.ravel(), :2] = CANTHI.reshape(4, 2) - CAMERA.middle_px
    corners = CornerFrame(shape, np.eye(3), CANTHI.reshape(4, 2), CAMERA)
    return MeasuredFrames(numbers, ReferenceFace(CANTHI.mean(axis=1), IRIS, CAMERA, corners, False))


def test_zero_is_the_median_gaze_though_heights_are_carried_in_up_gaze_only() -> None:
    found = gaze(measured(V_DEG < -10), np.arange(FRAMES) / 30, np.ones(FRAMES, dtype=bool))
    for eye in (found.left, found.right):
        assert eye.v_deg[V_DEG < -10] == pytest.approx(-20.0, abs=0.3)
        assert np.isnan(eye.v_deg[V_DEG > -10]).all()
        assert eye.h_deg == pytest.approx(0.0, abs=0.3)
