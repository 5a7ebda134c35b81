"""Whether something stands before the skin beside the eye corners: the frame of spectacles.

A frame some 12 mm before the eyes lies in the patches beside the corners, has more contrast than skin, and slides over
it when the head turns: corners found by those patches go with the frame, by up to a degree of gaze for each degree of
head. What lies about the corners themselves is seen through the lenses and stays. Both are therefore found in every
frame. Most frames are told by their look: the skin between nose and inner eye corner has less contrast than the corner,
unless a rim lies there. Thin ones are told by how far the one slides against the other in the turns of a film, that is
how far before the skin the first lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.corner_depths import seen_aside

_INNER_CORNERS: Final = (1, 2)
"""Of the four: beside the outer ones hair may lie."""
_SMALLEST_IRIS_PX: Final = 14.0
"""Below, patches are magnified pictures of few pixels, and the blocks of the film's compression have more contrast than
either: at 8 to 10 px two of four people without spectacles seemed to wear some."""
_BEFORE_SKIN_IRIS: Final = 0.11
"""Depth from which a frame is what the patches show, iris diameters (1.3 mm): mean and three standard deviations of
what 25 films of five rendered faces without spectacles show, their heads turning (-0.02, 0.042)."""
_CORNER_BEFORE_SKIN_IRIS: Final = 0.30
"""The same for a single corner, which a thin rim may hold alone: what no inner corner shows in 14 films of people
without spectacles, where single corners are found less surely than on rendered faces (those: 0.05 at most). One outer
corner shows 0.58 there: hair before the temple."""
_FEWEST_TURNING_FRAMES: Final = 30
_LEAST_TURN: Final = np.sin(np.deg2rad(2.0))
"""Root mean square of the turns from which a depth can be told; with less, little depends on it."""
_ROUNDS: Final = 20
_EXACT_IRIS: Final = 0.003
"""Below this the absolute deviations count like squares."""


def rim_seen(beside: FloatArray, about: FloatArray, iris_px: float) -> bool:
    """Whether something beside an inner eye corner has more contrast than the corner itself.

    Without spectacles it has 0.4 to 0.7 of it on five rendered faces, 0.5 to 0.8 on eight films of people; with thick,
    horn or small frames, before the face or painted on it, 1.0 to 3.6; on two people who wear metal frames 1.8 and 2.0.

    Args:
        beside, about: ``(4,)`` contrast beside the corners and about them, see
            :attr:`shared.tracking.canthi.CanthusReference.contrast`.
        iris_px: iris diameter.
    """
    inner = list(_INNER_CORNERS)
    return large_enough_to_tell(iris_px) and bool((beside[inner] > about[inner]).any())


def large_enough_to_tell(iris_px: float) -> bool:
    """Whether an iris of this diameter leaves enough pixels to tell spectacles by their look."""
    return iris_px >= _SMALLEST_IRIS_PX


@dataclass(frozen=True, eq=False)
class DepthBesideCorners:
    """How far before the skin lies what the patches beside the corners show, iris diameters.

    Attributes:
        whole: of all four together.
        single: ``(4,)`` of each alone.
    """

    whole: float
    single: FloatArray

    @property
    def hides_skin(self) -> bool:
        """Whether a patch shows something else than skin: a frame, or hair before a temple."""
        return self.whole > _BEFORE_SKIN_IRIS or bool(self.single.max() > _CORNER_BEFORE_SKIN_IRIS)

    @property
    def is_spectacles(self) -> bool:
        """Whether it is a frame: hair does not stand before an inner corner, nor before all."""
        inner = self.single[list(_INNER_CORNERS)]
        return self.whole > _BEFORE_SKIN_IRIS or bool(inner.max() > _CORNER_BEFORE_SKIN_IRIS)


def depth_beside_corners(
    beside_px: FloatArray,
    about_px: FloatArray,
    apart_px: FloatArray,
    rotation: FloatArray,
    *,
    sight: FloatArray,
    iris_px: FloatArray,
    still: FloatArray,
) -> DepthBesideCorners:
    """What lies beside the corners, by how it slides against them when the head turns.

    Args:
        beside_px, about_px: ``(n, 4, 2)`` rigid frames over the corners found by the one and by the other.
        apart_px: ``(n, 4, 2)`` from each corner found by the other to that found by the one; nan where not found.
        rotation: ``(n, 3, 3)`` of the head, camera axes; nan where unknown.
        sight: ``(n, 2)`` line of sight to the eyes, see :meth:`shared.tracking.camera.Camera.sight`.
        iris_px: ``(n,)`` iris diameter.
        still: ``(n,)`` see :func:`shared.tracking.head_reference.stillness`.
    """
    turned = np.where((still < 1)[:, None], seen_aside(sight, rotation), np.nan)
    whole = (beside_px - about_px).mean(axis=1) / iris_px[:, None]
    single = np.moveaxis(apart_px, 1, 0) / iris_px[:, None]
    return DepthBesideCorners(_depth_iris(whole, turned), np.array([_depth_iris(corner, turned) for corner in single]))


def _depth_iris(slid: FloatArray, turned: FloatArray) -> float:
    """How far before the skin something must lie to slide like this; 0 where the head turns too little to tell.

    Least absolute deviations: patches are lost now and then, and then by far.

    Args:
        slid: ``(n, 2)`` iris diameters; nan where unknown.
        turned: ``(n, 2)`` how far a point one unit nearer the camera is seen aside, units; nan where unknown.
    """
    known = np.isfinite(slid).all(axis=1) & np.isfinite(turned).all(axis=1)
    slid, turned = slid[known], turned[known]
    if len(slid) < _FEWEST_TURNING_FRAMES:
        return 0.0
    slid, turned = slid - np.median(slid, axis=0), turned - np.median(turned, axis=0)
    if np.sqrt((turned**2).sum(axis=1).mean()) < _LEAST_TURN:
        return 0.0
    depth, rest = 0.0, slid
    weight = np.ones_like(slid)
    for _ in range(_ROUNDS):
        level = (weight * (slid - depth * turned)).sum(axis=0) / weight.sum(axis=0)
        depth = float((weight * turned * (slid - level)).sum() / (weight * turned**2).sum())
        rest = slid - level - depth * turned
        weight = 1 / np.maximum(np.abs(rest), _EXACT_IRIS)
    return depth
