"""The camera check sees what is wrong with a picture, and names what to do first."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from dashboard.station.camera_check import CameraCheck, Image, decode
from shared.synthetic.portrait import load_portrait
from shared.tracking.face import MediaPipeFaceMesh

GOOD_RATE_HZ = 30.0


@pytest.fixture(scope="module")
def portrait() -> Image:
    return load_portrait(iris_diameter_px=28.0, width_px=960, height_px=720).image_bgr


@pytest.fixture
def check() -> Iterator[CameraCheck]:
    mesh = MediaPipeFaceMesh()
    yield CameraCheck(mesh)
    mesh.close()


def advice(check: CameraCheck, *pictures: Image, rate_hz: float = GOOD_RATE_HZ, scale: float = 1.0) -> list[str]:
    """What is said of the last of the pictures, taken 0.4 s apart."""
    judged = {}
    for number, picture in enumerate(pictures):
        judged = check.judge(picture, time_s=0.4 * number, scale=scale, frame_rate_hz=rate_hz)
    return [item["advice"] for item in judged["items"] if not item["is_good"]]


def far_away(picture: Image) -> Image:
    """The same room from farther off."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    border = (height // 4, height - height // 2 - height // 4, width // 4, width - width // 2 - width // 4)
    return np.asarray(cv2.copyMakeBorder(small, *border, cv2.BORDER_REPLICATE), dtype=np.uint8)


def tilted(picture: Image) -> Image:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 22, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def moved(picture: Image, by_px: int) -> Image:
    return np.asarray(np.roll(picture, by_px, axis=1), dtype=np.uint8)


def against_a_window(picture: Image) -> Image:
    shade = np.full(picture.shape[:2], 1.0, np.float32)
    cv2.ellipse(shade, (picture.shape[1] // 2, picture.shape[0] // 2), (150, 190), 0, 0, 360, 0.3, -1)
    return np.asarray(np.clip(picture * shade[..., None] + 60 * (shade[..., None] > 0.9), 0, 255), dtype=np.uint8)


def test_a_good_picture_is_called_good(check: CameraCheck, portrait: Image) -> None:
    assert advice(check, portrait, portrait, portrait) == []
    judged = check.judge(portrait, time_s=2.0, scale=1.0, frame_rate_hz=GOOD_RATE_HZ)
    assert judged["iris_px"] == pytest.approx(28, abs=4)
    left, top, width, height = judged["face"]
    assert 0 < left < left + width < 1
    assert 0 < top < top + height < 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (np.zeros_like, "NO_FACE"),
        (far_away, "CLOSER"),
        (tilted, "STRAIGHT"),
        (lambda picture: (picture * 0.22).astype(np.uint8), "DARK"),
        (lambda picture: moved(picture, -312), "WHOLE_FACE"),
        (against_a_window, "BACKLIGHT"),
    ],
    ids=["nobody", "far", "tilted", "dark", "beside", "backlight"],
)
def test_what_is_wrong_is_named(
    check: CameraCheck, portrait: Image, change: Callable[[Image], Image], expected: str
) -> None:
    assert expected in advice(check, *[change(portrait)] * 3)


def test_a_slow_camera_and_a_moving_head_are_named(check: CameraCheck, portrait: Image) -> None:
    assert advice(check, portrait, rate_hz=15.0) == ["SLOW"]
    swaying = [moved(portrait, by_px) for by_px in (0, 14, -14, 12, -12)]
    assert advice(check, *swaying) == ["STILL"]


def test_the_size_of_the_iris_is_that_in_the_film_not_in_the_preview(check: CameraCheck, portrait: Image) -> None:
    preview = far_away(portrait)
    assert "CLOSER" in advice(check, preview, scale=1.0)
    assert "CLOSER" not in advice(check, preview, scale=2.0)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_what_is_no_picture_is_none(content: bytes) -> None:
    assert decode(content) is None
