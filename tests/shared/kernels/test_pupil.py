"""The kernel behind ``pupil_contrast``, against OpenCV's box sums."""

import cv2
import numpy as np
import pytest

from shared.tracking.pupil import pupil_contrast


def sums(picture: np.ndarray, size: int) -> np.ndarray:
    return cv2.boxFilter(picture, -1, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)


def reference(relative: np.ndarray, shown: np.ndarray) -> np.ndarray:
    middle_area, wide_area = sums(shown, 9), sums(shown, 21)
    middle, wide = sums(relative * shown, 9), sums(relative * shown, 21)
    around_area = wide_area - middle_area
    contrast = (wide - middle) / np.maximum(around_area, 1) - middle / np.maximum(middle_area, 1)
    seen = (middle_area > 0.3 * 81) & (around_area > 0.5 * 81)
    return np.where(seen, np.maximum(contrast, 0), 0)


def pictures(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Tones and an opening with soft edges."""
    rng = np.random.default_rng(seed)
    tone = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 2) if min(shape) > 0 else np.zeros(shape)
    shown = np.clip(cv2.GaussianBlur(rng.normal(0.5, 4, shape), (0, 0), 5), 0, 1) if min(shape) > 0 else tone
    return tone.astype(np.float32), shown.astype(np.float32)


@pytest.mark.parametrize("shape", [(52, 112), (12, 112), (5, 30), (1, 1), (96, 22), (30, 7)])
def test_contrast_is_what_box_sums_say_of_each_eye_alone(shape: tuple[int, int]) -> None:
    pairs = [pictures(shape, seed) for seed in range(3)]
    found = pupil_contrast(np.stack([tone for tone, _ in pairs]), np.stack([shown for _, shown in pairs]))
    for contrast, pair in zip(found, pairs, strict=True):
        assert contrast == pytest.approx(reference(*pair), abs=1e-5)


def test_a_dark_disc_stands_out_most_at_its_middle() -> None:
    rows, columns = np.mgrid[:40, :60]
    disc = (np.hypot(rows - 18, columns - 33) < 5).astype(np.float32)
    contrast = pupil_contrast((1 - disc)[None], np.ones((1, 40, 60), dtype=np.float32))[0]
    assert np.unravel_index(contrast.argmax(), contrast.shape) == (18, 33)


@pytest.mark.parametrize("shape", [(0, 10, 10), (2, 0, 10), (2, 10, 0)])
def test_there_may_be_nothing(shape: tuple[int, int, int]) -> None:
    assert pupil_contrast(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)).shape == shape


def test_what_is_no_number_harms_no_other_eye() -> None:
    tone, shown = pictures((30, 50), 1)
    broken = tone.copy()
    broken[10, 20], broken[3, 3] = np.nan, np.inf
    found = pupil_contrast(np.stack([broken, tone]), np.stack([shown, shown]))
    assert (found[1] == pupil_contrast(tone[None], shown[None])[0]).all()
