"""Where the lid margins really are: searched in the picture, around the landmark contours.

Landmark contours are 2-5 px (of a 32 px iris) off on narrow lids, and worst in down-gaze, where the lower
lid margin is then taken for the rim of the iris. The margin is where skin begins: redder than the eye
(a step in red minus blue) and brighter (a step in log grey).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, Kernel
from shared.model import FloatArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_WIDTH_PX, EyePatches
from shared.tracking.eye_tones import EyeTones

_COLUMNS: Final = np.linspace(-0.72, 0.72, 21)
"""Where margins are searched, as a share of the half eye width from its middle. As many as the kernel has."""
_STEP_PX: Final = 0.5
_REACH_PX: Final = 8.0
_OFFSETS: Final = np.arange(-_REACH_PX, _REACH_PX + _STEP_PX / 2, _STEP_PX)
"""Where, from the landmarks' lid, out of the eye. As many as the kernel has."""
_NEARNESS: Final = np.exp(-((_OFFSETS / _REACH_PX) ** 2))
_LARGEST_SHARE: Final = 0.9
"""Beyond this share of the half width the correction is held: nothing was searched there."""
_MESH_RIDGE: Final = 1e-6
_RIDGE: Final = 0.05, 0.5, 1.0
_EYE_REDNESS_SHARE: Final = 0.6
"""This quantile of redness inside the landmark lids is a floor: from blue iris to sclera is no step into skin."""
_GREY_FILM_CHROMA: Final = 1.5
"""Mean step of red minus blue below which a film counts as black and white."""
_GREATEST_SHARE: Final = 0.97
"""Quantile of a lid's steps of brightness that passes for the greatest."""
_BRIGHTNESS_BESIDE_COLOUR: Final = 0.25
"""A step of redness counts so much without one of brightness."""
_ADDED_TO_GREY: Final = 10.0
"""Noise in the dark would make steps."""
_LOGARITHM_SCALE: Final = 100.0
APERTURE_SHARES: Final = 0.15, 0.95
"""Quantiles of the tones between the lids, at every second row, that pass for the darkest and the brightest."""
FEWEST_IN_APERTURE: Final = 8
"""Of fewer tones there are no quantiles: all rows are taken then."""
_NUMBERS: Final = np.array(
    [
        CANTHUS_MIDPOINT_PX[0],
        _STEP_PX,
        _REACH_PX,
        _LARGEST_SHARE,
        _MESH_RIDGE,
        *_RIDGE,
        _EYE_REDNESS_SHARE,
        _GREY_FILM_CHROMA,
        _GREATEST_SHARE,
        _BRIGHTNESS_BESIDE_COLOUR,
        _ADDED_TO_GREY,
        _LOGARITHM_SCALE,
        *APERTURE_SHARES,
        FEWEST_IN_APERTURE,
    ]
)
"""In the order in which the kernel has them."""
_EYES: Final = (FLOATS32, FLOATS32, INT, INT, FLOATS, FLOATS, FLOATS)
_margins: Final = Kernel("lid_margins", *_EYES, FLOATS, FLOATS, FLOATS, FLOATS32, FLOATS, FLOATS)


@dataclass(frozen=True, eq=False)
class LidMargins:
    """Lid margins of both eyes, one value per patch column.

    Attributes:
        y_px: ``(eye, lid, column)`` height of the margin in the patch; lid 0 is the upper one.
        normal: ``(eye, lid, column, 2)`` unit normal pointing out of the eye.
    """

    y_px: FloatArray
    normal: FloatArray

    def opening_px(self) -> FloatArray:
        """``(2,)`` mean lid gap over the middle third of the eye, patch px."""
        middle = slice(PATCH_WIDTH_PX // 3, 2 * PATCH_WIDTH_PX // 3)
        gap = self.y_px[:, 1, middle] - self.y_px[:, 0, middle]
        return np.asarray(np.maximum(gap, 0.0).mean(axis=1))


def find_lid_margins(patches: Sequence[EyePatches], tones: Sequence[EyeTones]) -> list[LidMargins]:
    """Lid margins as seen in the pictures of several frames, each for itself.

    At each of some columns of an eye the offset from the landmarks' lid is chosen that looks most like 'eye within,
    skin without': by a step in redness beyond what the eye itself has, and one in the logarithm of brightness, held
    between the aperture's darkest and brightest tones, so that pupil and highlights make no edges. Through these
    offsets goes a robust parabola along each lid.

    Args:
        patches: the eyes.
        tones: their brightness and colour.
    """
    return [_margins_of(*frame) for frame in zip(patches, tones, strict=True)]


def _margins_of(eyes: EyePatches, tones: EyeTones) -> LidMargins:
    rows, columns = len(tones.grey) // 2, tones.grey.shape[1]
    y_px, normal = np.empty((2, 2, columns)), np.empty((2, 2, columns, 2))
    # Tones of a column's rows in the kernel, and whatever it ranks: rows or offsets of all columns searched.
    room = np.empty((4 + len(_COLUMNS)) * rows + len(_COLUMNS) * len(_NEARNESS), dtype=np.float32)
    _margins(
        *(tones.redness, tones.grey, rows, columns, eyes.half_width_px, eyes.upper_lid_px, eyes.lower_lid_px),
        *(_COLUMNS, _NEARNESS, _NUMBERS, room, y_px, normal),
    )
    return LidMargins(y_px, normal)
