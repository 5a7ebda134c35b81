"""How far before or behind the mean face's skin each eye corner's patch lies, from how it moves when the head turns.

What a patch shows may lie at another depth than the mean face says: temples that the landmarks know badly, hair, a
landmark beside its corner. Such a corner slides against the others in a turn of the head, by up to half a degree of
gaze for each degree. The rigid frame of the four corners tells of each how it slides against the others, but not how
all slide together: there the inner corners decide, about whose skin the mean face is right. Found on rendered faces,
where only the true surface in place of the mean face's stops the slide. Told by slides across the picture, when the
head is shaken: lids that follow a vertical gaze take the skin of the corners along, more here than there.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray
from shared.tracking.corner_frame import CornerFrame

_USUAL_IRIS: Final = np.array([0.2, 0.04, 0.04, 0.2])
"""By how much the depth of each corner is wrong, iris diameters, in the order of
:data:`shared.tracking.eye_crop.CORNERS`: root mean square slide against the true corners in shaken heads of five
rendered faces (outer 0.20 and 0.24, inner 0.03 and 0.05)."""
_OTHER_SLIDE_IRIS: Final = 0.04
"""The same for slides of single corners that come from something else, such as gaze: as small as the inner corners'."""
_TAIL: Final = 3.0
"""Degrees of freedom of Student's distribution of wrong depths: most are as usual, but hair may lie far off."""
_FEWEST_TURNING_FRAMES: Final = 30
_LEAST_TURN: Final = np.sin(np.deg2rad(2.0))
"""Root mean square of the shakes from which a depth can be told; with less, little depends on it."""
_ANY_IRIS: Final = 2.0
"""Hair or a rim before a corner: as far as it may stand off."""
_ROUNDS: Final = 30
_FREE_ROUNDS: Final = 8
"""Of the rounds, those in which the start's assumption holds."""
_EXACT_IRIS: Final = 0.003
"""Below this the absolute deviations count like squares."""


def seen_aside(sight: FloatArray, rotation: FloatArray) -> FloatArray:
    """How far a point of the head that is one unit nearer the camera is seen aside, ``(n, 2)`` units.

    Args:
        sight: ``(n, 2)`` line of sight to it, see :meth:`shared.tracking.camera.Camera.sight`.
        rotation: ``(n, 3, 3)`` of the head.
    """
    return np.asarray(sight * rotation[:, 2, 2, None] - rotation[:, :2, 2])


def depths_before_skin(
    found_px: FloatArray,
    known: BoolArray,
    frame: CornerFrame,
    rotations: FloatArray,
    *,
    aside: FloatArray,
    iris_px: FloatArray,
) -> FloatArray:
    """``(4,)`` how far each corner lies nearer the camera than the frame has it, iris diameters.

    Least absolute deviations of what the rigid frame leaves over, against what the depths are expected to be; all 0
    where the head turns too little to tell.

    Args:
        found_px: ``(n, 4, 2)`` corners as each was found.
        known: ``(n,)`` frames of a turning head in which all four were.
        frame: the rigid frame.
        rotations: ``(n, 3, 3)`` of the head.
        aside: ``(n, 2)`` see :func:`seen_aside`.
        iris_px: ``(n,)`` iris diameter.
    """
    known = known & np.isfinite(aside).all(axis=1)
    if known.sum() < _FEWEST_TURNING_FRAMES:
        return np.zeros(4)
    turned = aside[known] - np.median(aside[known], axis=0)
    squares = float((turned[:, 0] ** 2).sum())
    if np.sqrt(squares / len(turned)) < _LEAST_TURN:
        return np.zeros(4)
    left, slides = _left_by_frame(found_px[known], frame, rotations[known], turned, iris_px[known])
    certainty = 1 / (squares * _OTHER_SLIDE_IRIS**2)
    answers = [_most_likely(left, slides, certainty, free) for free in (None, 0, 1, 2, 3)]
    return min(answers, key=lambda answer: answer[1])[0]


def _most_likely(left: FloatArray, slides: FloatArray, certainty: float, free: int | None) -> tuple[FloatArray, float]:
    """Depths, and how unlikely they are, from a start in which one corner may have any depth.

    One start alone may end where three corners are taken for wrong instead of the one that is.
    """
    depths = np.zeros(4)
    usual = _USUAL_IRIS.copy()
    if free is not None:
        usual[free] = _ANY_IRIS
    for turn in range(_ROUNDS):
        weights = _weights(left - slides @ depths, certainty)
        weighted = slides.T * weights
        expected = usual**-2 if turn < _FREE_ROUNDS else (_TAIL + 1) / (_TAIL * _USUAL_IRIS**2 + depths**2)
        depths = np.linalg.solve(weighted @ slides + np.diag(expected), weighted @ left)
    rest = left - slides @ depths
    surprise = (_TAIL + 1) * np.log1p(depths**2 / (_TAIL * _USUAL_IRIS**2)).sum()
    return depths, float((_weights(rest, certainty) * rest**2).sum() + surprise)


def _weights(rest: FloatArray, certainty: float) -> FloatArray:
    """Those by which squares count like absolute deviations, ``certainty`` on average."""
    weights = 1 / np.maximum(np.abs(rest), _EXACT_IRIS)
    return np.asarray(certainty * weights / weights.mean())


def _left_by_frame(
    found_px: FloatArray, frame: CornerFrame, rotations: FloatArray, turned: FloatArray, iris_px: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What the frame leaves of the corners' places, ``(4 n,)`` iris diameters, and of slides by depth 1, ``(4 n, 4)``.

    A slide is not left over whole: the frame goes along with it.
    """
    alike = np.ones(found_px.shape[:2])
    placed = frame.place(found_px, alike, rotations)
    unit = iris_px[:, None, None]
    slides = []
    for corner in range(4):
        slid = placed.copy()
        slid[:, corner] += turned * iris_px[:, None]
        slides.append(_from_median((slid - frame.place(slid, alike, rotations)) / unit))
    return _from_median((found_px - placed) / unit), np.stack(slides, axis=1)


def _from_median(places: FloatArray) -> FloatArray:
    """``(n, 4, 2)`` places across the picture less their medians over the frames, in one row."""
    across = places[..., 0]
    return np.asarray((across - np.median(across, axis=0)).ravel())
