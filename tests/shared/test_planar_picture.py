"""A picture left as its film stores it shows the same as when it is turned into colours at once."""

import cv2
import numpy as np
import pytest

from shared.planar_picture import PlanarPicture, halved, part_halved, part_in_grey

EVERYTHING = (slice(None), slice(None))


def planes(height: int = 64, width: int = 96) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smooth brightness and colours within the range that films use."""
    y, x = np.mgrid[0:height, 0:width]
    brightness = 126 + 60 * np.sin(x / 7.0) * np.cos(y / 9.0)
    small = brightness[::2, ::2]
    return tuple(np.round(plane).astype(np.uint8) for plane in (brightness, 128 + small / 9 - 14, 142 - small / 9))


def converted(parts: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """All of it by OpenCV, for pictures of even size."""
    stored = np.concatenate([part.ravel() for part in parts]).reshape(-1, parts[0].shape[1])
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_YUV2BGR_I420))


def test_all_of_it_has_the_colours_that_opencv_gives() -> None:
    assert (PlanarPicture(*planes())[EVERYTHING] == converted(planes())).all()


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 64), (0, 96)), ((3, 20), (5, 6)), ((7, 64), (1, 96)), ((8, 9), (2, 4))]
)
def test_a_part_is_the_same_as_that_part_of_the_whole(rows: tuple[int, int], columns: tuple[int, int]) -> None:
    region = (slice(*rows), slice(*columns))
    assert (PlanarPicture(*planes())[region] == converted(planes())[region]).all()


def test_a_picture_of_odd_size_has_its_last_row_and_column() -> None:
    odd = PlanarPicture(*planes(63, 95))
    assert odd.shape == (63, 95, 3)
    assert (odd[62:63, 94:95] == converted(planes())[62:63, 94:95]).all()


def test_an_empty_part_is_empty() -> None:
    assert PlanarPicture(*planes())[5:5, 3:9].shape == (0, 6, 3)


def test_grey_is_that_of_the_colours() -> None:
    grey = part_in_grey(PlanarPicture(*planes()), EVERYTHING).astype(int)
    assert np.abs(grey - cv2.cvtColor(converted(planes()), cv2.COLOR_BGR2GRAY)).max() <= 2


@pytest.mark.parametrize("times", [0, 1, 2])
def test_halving_before_and_after_colouring_agree(times: int) -> None:
    before = part_halved(PlanarPicture(*planes()), EVERYTHING, times).astype(int)
    after = halved(converted(planes()), times)
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 2


def test_grey_stretches_every_stored_brightness_to_the_full_range() -> None:
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colour = np.full((8, 8), 128, dtype=np.uint8)
    expected = np.clip(np.round((stored.astype(float) - 16) * 255 / 219), 0, 255)
    assert (PlanarPicture(stored, colour, colour).grey(EVERYTHING) == expected).all()
