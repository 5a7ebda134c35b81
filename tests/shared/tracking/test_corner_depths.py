"""Depths of what the corners' patches show, told by how one slides against the others when the head turns."""

import numpy as np
import pytest

from shared.synthetic.eye_geometry import head_rotation
from shared.tracking.camera import Camera
from shared.tracking.corner_depths import depths_before_skin, seen_aside
from shared.tracking.corner_frame import CornerFrame
from shared.tracking.eye_crop import CORNERS

FRAMES = 120
IRIS = 26.0
CAMERA = Camera.of_picture((640, 720))
CORNERS_PX = CAMERA.middle_px + IRIS * np.array([[-3.6, 0.0], [-1.4, 0.1], [1.4, 0.1], [3.6, 0.0]])


def frame() -> CornerFrame:
    shape = np.zeros((468, 3))
    shape[CORNERS.ravel(), :2] = CORNERS_PX - CAMERA.middle_px
    shape[CORNERS.ravel(), 2] = IRIS * np.array([0.5, 0.0, 0.0, 0.5])
    return CornerFrame(shape, np.eye(3), CORNERS_PX, CAMERA)


def turning(amplitude_deg: float) -> np.ndarray:
    yaw = amplitude_deg * np.sin(np.linspace(0, 4 * np.pi, FRAMES))
    return np.stack([head_rotation(y, 0.3 * y, 0.0) for y in yaw])


def found(rotations: np.ndarray, before_iris: list[float], noise_px: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a head at rest in its place whose patches lie before the skin, and how far that is seen aside."""
    anywhere = np.repeat(CORNERS_PX[None], FRAMES, axis=0)
    true = frame().place(anywhere, np.ones((FRAMES, 4)), rotations)
    aside = seen_aside(CAMERA.sight(true.mean(axis=1)), rotations)
    noise = np.random.default_rng(2).normal(0, noise_px, true.shape)
    return true + IRIS * np.array(before_iris)[:, None] * aside[:, None] + noise, aside


def depths(rotations: np.ndarray, px: np.ndarray, aside: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    use = np.ones(FRAMES, dtype=bool) if known is None else known
    return depths_before_skin(px, use, frame(), rotations, aside=aside, iris_px=np.full(FRAMES, IRIS))


@pytest.mark.parametrize("before", [-2.0, -0.4, 0.3])
@pytest.mark.parametrize("corner", [0, 3])
def test_an_outer_corner_at_another_depth_is_told(corner: int, before: float) -> None:
    rotations = turning(9.0)
    wrong = [0.0] * 4
    wrong[corner] = before
    told = depths(rotations, *found(rotations, wrong))
    assert 0.6 < told[corner] / before < 1.05, "what is expected of depths draws the answer towards it"
    assert np.delete(told, corner) == pytest.approx(np.zeros(3), abs=0.1)


def test_corners_where_the_face_has_them_stay_there() -> None:
    rotations = turning(9.0)
    assert depths(rotations, *found(rotations, [0.0] * 4)) == pytest.approx(np.zeros(4), abs=0.03)


def test_what_all_corners_do_together_is_no_depth() -> None:
    rotations = turning(9.0)
    assert depths(rotations, *found(rotations, [0.5] * 4)) == pytest.approx(np.zeros(4), abs=0.05)


def test_frames_in_which_a_patch_was_lost_do_not_mislead() -> None:
    rotations = turning(9.0)
    px, aside = found(rotations, [0.0, 0.0, 0.0, -0.4])
    px[::6, 3] += 15.0
    assert depths(rotations, px, aside) == pytest.approx([0.0, 0.0, 0.0, -0.4], abs=0.2)


def test_a_head_that_hardly_turns_tells_nothing() -> None:
    rotations = turning(1.5)
    assert not depths(rotations, *found(rotations, [0.0, 0.0, 0.0, -2.0])).any()
    rotations = turning(9.0)
    px, aside = found(rotations, [0.0, 0.0, 0.0, -2.0])
    assert not depths(rotations, px, aside, np.arange(FRAMES) < 20).any()


def test_an_inner_corner_far_before_the_skin_is_told_from_three_behind_it() -> None:
    rotations = turning(9.0)
    assert depths(rotations, *found(rotations, [0.0, 0.0, 2.3, 0.0])) == pytest.approx([0.0, 0.0, 2.3, 0.0], abs=0.2)
