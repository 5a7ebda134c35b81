"""One corner that strays from the other three counts less; corners that all tremble alike are left alone."""

import numpy as np
import pytest

from shared.tracking.slipping_corner import stray_px
from tests.shared.tracking.test_corner_depths import FRAMES, IRIS, found, frame, turning

ERRORS = np.full((FRAMES, 4), 0.5)
KNOWN = np.ones(FRAMES, dtype=bool)


def corners() -> tuple[np.ndarray, np.ndarray]:
    rotations = turning(6.0)
    return found(rotations, [0.0] * 4)[0], rotations


@pytest.mark.parametrize("corner", [0, 1, 2, 3])
def test_the_corner_that_strays_is_told_and_by_how_much(corner: int) -> None:
    px, rotations = corners()
    px[40:80, corner, 0] += 0.4 * IRIS
    stray = stray_px(px, ERRORS, KNOWN, frame(), rotations)
    assert np.flatnonzero(stray).tolist() == [corner]
    assert 2.0 < stray[corner] < 10.0


def test_a_straying_corner_hardly_moves_the_frame() -> None:
    px, rotations = corners()
    true = frame().place(px, ERRORS, rotations)
    px[40:80, 3, 0] += 0.4 * IRIS
    stray = stray_px(px, ERRORS, KNOWN, frame(), rotations)
    placed = frame().place(px, np.hypot(ERRORS, stray), rotations)
    assert np.abs(placed - true).mean(axis=1).max() < 0.06 * IRIS
    assert np.abs(frame().place(px, ERRORS, rotations) - true).mean(axis=1).max() > 0.08 * IRIS


def test_corners_that_tremble_alike_are_left_alone() -> None:
    px, rotations = corners()
    assert not stray_px(px, ERRORS, KNOWN, frame(), rotations).any()


def test_few_frames_tell_nothing() -> None:
    px, rotations = corners()
    px[40:80, 3, 0] += 0.4 * IRIS
    assert not stray_px(px, ERRORS, np.arange(FRAMES) > 95, frame(), rotations).any()
