"""The portrait is the public-domain one, level and at the size asked for."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.errors import NotAVideoError
from shared.synthetic.portrait import DEPTH_CELL_PX, LEFT_CORNERS, RIGHT_CORNERS, iris_width_px, load_portrait


@pytest.mark.parametrize("size", [16.0, 28.0])
def test_the_iris_has_the_size_asked_for_and_the_eyes_are_level(size: float) -> None:
    portrait = load_portrait(iris_diameter_px=size, width_px=400, height_px=400)
    assert portrait.image_bgr.shape == (400, 400, 3)
    assert iris_width_px(portrait.points_px) == pytest.approx(size)
    right, left = portrait.points_px[[33, 133], 1].mean(), portrait.points_px[[362, 263], 1].mean()
    assert right == pytest.approx(left, abs=0.01)


def test_the_nose_is_nearest_and_the_ears_are_far() -> None:
    portrait = load_portrait(iris_diameter_px=28.0)
    cells = (portrait.points_px[:, :2] / DEPTH_CELL_PX).astype(int)
    nose, right_ear, left_ear = (portrait.depth_px[cells[i, 1], cells[i, 0]] for i in (1, 234, 454))
    assert nose + 60 < min(right_ear, left_ear)


def test_the_hollows_of_the_eye_corners_are_as_deep_as_their_landmarks() -> None:
    portrait = load_portrait(iris_diameter_px=28.0)
    corners = portrait.points_px[list(RIGHT_CORNERS + LEFT_CORNERS)]
    cells = ((corners[:, :2] + 0.5) / DEPTH_CELL_PX - 0.5).astype(np.float32)
    drawn = cv2.remap(portrait.depth_px, cells[None, :, 0], cells[None, :, 1], cv2.INTER_LINEAR)[0]
    assert np.abs(drawn - corners[:, 2]).max() < 0.08 * portrait.iris_diameter_px


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
