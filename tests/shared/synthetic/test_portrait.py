"""The portrait is the public-domain one, level and at the size asked for."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.errors import NotAVideoError
from shared.model import FloatArray
from shared.synthetic.face_surface import DEPTH_CELL_PX, LEFT_CORNERS, RIGHT_CORNERS
from shared.synthetic.portrait import AS_MESH, Portrait, Relief, iris_width_px, load_portrait


@pytest.mark.parametrize("size", [16.0, 28.0])
def test_the_iris_has_the_size_asked_for_and_the_eyes_are_level(size: float) -> None:
    portrait = load_portrait(iris_diameter_px=size, width_px=400, height_px=400)
    assert portrait.image_bgr.shape == (400, 400, 3)
    assert iris_width_px(portrait.points_px) == pytest.approx(size)
    right, left = portrait.points_px[[33, 133], 1].mean(), portrait.points_px[[362, 263], 1].mean()
    assert right == pytest.approx(left, abs=0.01)


def drawn_depth(portrait: Portrait, points: FloatArray) -> FloatArray:
    cells = ((points[:, :2] + 0.5) / DEPTH_CELL_PX - 0.5).astype(np.float32)
    drawn = cv2.remap(portrait.depth_px, cells[None, :, 0], cells[None, :, 1], cv2.INTER_LINEAR)[0]
    return np.asarray(drawn, dtype=np.float64)


def test_the_nose_is_nearest_and_the_ears_are_far() -> None:
    portrait = load_portrait(iris_diameter_px=28.0)
    nose, right_ear, left_ear = drawn_depth(portrait, portrait.points_px[[1, 234, 454]])
    assert nose + 60 < min(right_ear, left_ear)


@pytest.mark.parametrize("iris_px", [14.0, 20.0, 28.0])
def test_the_eye_corners_are_drawn_as_deep_as_their_landmarks(iris_px: float) -> None:
    portrait = load_portrait(iris_diameter_px=iris_px)
    corners = portrait.points_px[list(RIGHT_CORNERS + LEFT_CORNERS)]
    assert np.abs(drawn_depth(portrait, corners) - corners[:, 2]).max() < 0.05 * iris_px


@pytest.mark.parametrize("relief", [AS_MESH, Relief(1.2), Relief(0.9), Relief(temples_iris=0.4)])
def test_the_skin_about_the_eye_corners_is_drawn_as_deep_as_its_landmarks(relief: Relief) -> None:
    # As far as the skin reaches that the instrument compares, 1.2 iris diameters, temples and side of the nose alike.
    portrait = load_portrait(iris_diameter_px=28.0, relief=relief)
    mesh = portrait.points_px[:468]
    corners = mesh[list(RIGHT_CORNERS + LEFT_CORNERS)]
    away_px = np.hypot(*(mesh[:, None, :2] - corners[:, :2]).transpose(2, 0, 1)).min(axis=1)
    about = mesh[away_px < 1.2 * portrait.iris_diameter_px]
    assert len(about) > 80
    assert np.abs(drawn_depth(portrait, about) - about[:, 2]).max() < 0.05 * portrait.iris_diameter_px


def test_a_heads_own_temples_lie_beside_its_eyes_only() -> None:
    usual, deep = (
        load_portrait(iris_diameter_px=28.0, relief=relief) for relief in (AS_MESH, Relief(temples_iris=0.4))
    )
    deeper_iris = (deep.points_px - usual.points_px)[:, 2] / 28.0
    assert deeper_iris[[*RIGHT_CORNERS, *LEFT_CORNERS, 1]] == pytest.approx(0.0)
    assert deeper_iris[[127, 356]] == pytest.approx(0.4)


def test_a_picture_without_a_face_is_refused_with_advice(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(NotAVideoError, match="frontal portrait"):
        load_portrait(blank)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "face.png"
    text.write_text("not a picture")
    with pytest.raises(NotAVideoError, match="JPEG or PNG"):
        load_portrait(text)
