import cv2
import numpy as np
import pytest

from shared.tracking.eye_crop import averaged
from shared.tracking.face_patches import cut_grey

SIZE = (60, 60)
CENTRE_PX = 160.3125


def disc() -> np.ndarray:
    """Dark, drawn eight times as large and averaged down."""
    large = np.full((2560, 2560), 200, dtype=np.uint8)
    middle = int((CENTRE_PX + 0.5) * 8 - 0.5)
    cv2.circle(large, (middle, middle), 240, (40,), -1)
    return cv2.resize(large, (320, 320), interpolation=cv2.INTER_AREA)


def centre_of(grey: np.ndarray) -> np.ndarray:
    dark = 200.0 - grey
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    return np.array([(dark * columns).sum(), (dark * rows).sum()]) / dark.sum()


@pytest.mark.parametrize("picture_px", [1.0, 1.45, 1.55, 2.0, 2.45, 2.55, 3.45, 3.55, 5.0])
def test_what_a_patch_shows_stands_where_it_is_however_near_the_face(picture_px: float) -> None:
    to_image = np.array([[picture_px, 0.0, 0.0], [0.0, picture_px, 0.0]])
    to_image[:, 2] = 160 - picture_px * (SIZE[0] - 1) / 2
    patch = cut_grey(np.dstack([disc()] * 3), to_image, SIZE)
    found = to_image[:, :2] @ centre_of(patch) + to_image[:, 2]
    assert found == pytest.approx([CENTRE_PX] * 2, abs=0.08)


@pytest.mark.parametrize("window", [0, 1, 2, 3, 4])
def test_means_say_how_late_they_stand(window: int) -> None:
    means, late_px = averaged(disc(), window)
    assert centre_of(means) - late_px == pytest.approx([CENTRE_PX] * 2, abs=0.02)
