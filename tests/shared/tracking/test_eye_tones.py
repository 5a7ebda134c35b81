"""Catch-lights go, the white between iris and lid stays."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.tracking.eye_crop import PATCH_WIDTH_PX, EyePatches
from shared.tracking.eye_tones import eye_tones
from tests.shared.tracking.drawn_eyes import DrawnEye, draw

DARK, WHITE = 50, 200


def _painted(picture: NDArray[np.uint8]) -> EyePatches:
    """Eyes whose pictures are replaced by a grey one."""
    return replace(draw(DrawnEye(), DrawnEye()), bgr=cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))


def _blank() -> NDArray[np.uint8]:
    return np.full(draw(DrawnEye(), DrawnEye()).bgr.shape[:2], DARK, dtype=np.uint8)


def test_a_bright_spot_in_the_iris_is_levelled() -> None:
    picture = _blank()
    cv2.circle(picture, (55, 48), 2, 255, -1)
    assert eye_tones(_painted(picture)).grey[48, 55] > 2 * DARK
    assert eye_tones(_painted(picture)).without_catch_lights[48, 55] < 1.1 * DARK


def test_a_bright_spot_in_a_dark_iris_is_levelled_though_white_is_near() -> None:
    picture = _blank()
    picture[:, 60:] = WHITE
    cv2.circle(picture, (53, 48), 2, 255, -1)
    assert eye_tones(_painted(picture)).without_catch_lights[48, 53] < 1.1 * DARK


def test_a_wedge_of_white_between_iris_and_lid_stays_white() -> None:
    """60 degrees between an upright rim at column 40 and a lid that slopes: the white narrows towards its corner."""
    picture = _blank()
    columns, rows = np.meshgrid(np.arange(PATCH_WIDTH_PX), np.arange(len(picture)))
    picture[(columns > 40) & (columns < 90) & (rows > 30 + 0.58 * (columns - 40)) & (rows < 92)] = WHITE
    tones = eye_tones(_painted(picture))
    near_the_corner = (slice(32, 36), slice(41, 44))
    np.testing.assert_allclose(
        tones.without_catch_lights[near_the_corner], tones.grey[near_the_corner], rtol=0.03, atol=2
    )
