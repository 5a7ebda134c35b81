"""How high the eyes stand by their pupils, where narrow lids hide it from the limbus.

Seen from the front a pupil moves up and down with its limbus, by a share more or less and from a place of its own,
which differ from person to person. Both are learnt over a whole film from the frames that show pupil and limbus
well: one number for both eyes and one for each. Then every frame's height is the mean of both witnesses, each
weighted by how surely that frame shows it, and the pupil's alone where the limbus carries none. No frame's height
depends on its neighbours'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray

_LEVEL: Final = 0.05
"""Sine of 3 degrees: frames within such a step of gaze count as one, so that rest does not outvote all else."""
_FEWEST_AT_A_LEVEL: Final = 3
_FEWEST_LEVELS: Final = 2
_LEVEL_SD: Final = 0.015
"""Sine of 0.9 degrees: error of a step's height by the limbus, which its frames have in common."""
_USUAL_EXTRA: Final = 0.1
"""Share by which pupils may move more or less than limbi, standard deviation: the entrance pupil lies 3.05 mm behind
the corneal apex, the limbus 2.8 mm."""
_LARGEST_DISAGREEMENT: Final = 0.025
"""Sine of 1.4 degrees: heights of pupil and limbus that scatter by more are not of one eye."""
_SURE_HEIGHT: Final = 0.01
"""Sine of 0.6 degrees: heights to which what was learnt carries no more surely than this are not known."""
_LIMBUS_EDGE_SD_PX: Final = 0.05
"""By which the edges of a rim tremble from frame to frame."""
_ROUNDS: Final = 20


@dataclass(frozen=True, eq=False)
class _Relation:
    """How much further than the limbus the pupil stands up or down: ``offset + extra * height of the pupil``.

    Attributes:
        extra, extra_sd: of both eyes, and its standard deviation.
        offset: ``(2,)`` per eye.
        middle: ``(2,)`` height of the pupil about which they were learnt.
        believed: ``(2,)`` heights of pupil and limbus agree.
    """

    extra: float
    extra_sd: float
    offset: FloatArray
    middle: FloatArray
    believed: BoolArray


def heights_by_pupil(
    numbers: NDArray[np.void], limbus_px: FloatArray, tilt: FloatArray, measured: BoolArray, lever_iris: float
) -> tuple[FloatArray, BoolArray]:
    """Limbi at the height that limbus and pupil show together.

    Args:
        numbers: ``(n,)`` frames as measured.
        limbus_px: ``(n, 2, 2)`` limbi, picture px.
        tilt: ``(n, 2)`` sine of each limbus's tilt along its patch's upright axis.
        measured: ``(n, 2)`` limbi that were found.
        lever_iris: distance of the limbus from the eye's centre of rotation, iris diameters.

    Returns:
        ``(n, 2, 2)`` limbi, and ``(n, 2)`` whether their heights are measurements.
    """
    across = numbers["patch_axis"].astype(np.float64)
    down = np.stack([-across[..., 1], across[..., 0]], axis=-1)
    scale = np.linalg.norm(across, axis=-1)
    lever_px = lever_iris * numbers["iris_px"] / scale
    apart = ((numbers["pupil_px"] - limbus_px) * down).sum(axis=-1) / scale**2 / lever_px
    # The rim's tremble is in both: against the limbus's own height the pupil would seem to move less than it does.
    pupil = tilt + apart
    carried = numbers["height_carried"]
    seen = measured & (numbers["pupil_sd_px"] > 0) & np.isfinite(pupil)
    relation = _relation(apart, pupil, seen & carried)
    carried_to = relation.extra_sd * np.abs(pupil - relation.middle)
    by_pupil = seen & relation.believed & (carried_to < _SURE_HEIGHT)
    change = np.where(by_pupil, apart - relation.offset - relation.extra * pupil, 0.0)
    limbus_sd = _LIMBUS_EDGE_SD_PX * numbers["limbus_height_sd"].astype(np.float64)
    pupil_sd = np.hypot(numbers["pupil_sd_px"].astype(np.float64), np.where(by_pupil, carried_to, 0.0) * lever_px)
    share = limbus_sd**2 / np.maximum(limbus_sd**2 + pupil_sd**2, 1e-12)
    shift = np.where(carried, share, 1.0) * change * lever_px
    return limbus_px + shift[..., None] * down, carried | by_pupil


def _relation(apart: FloatArray, pupil: FloatArray, both: BoolArray) -> _Relation:
    """Learnt from the frames of ``both``: a straight line through the medians at each level of gaze, by least
    absolute differences."""
    levels = [level for eye in range(2) for level in _levels(apart[both[:, eye], eye], pupil[both[:, eye], eye], eye)]
    unknown = np.zeros(2)
    if len(levels) < _FEWEST_LEVELS:
        return _Relation(0.0, 0.0, unknown, unknown, np.zeros(2, dtype=np.bool_))
    eye, x, y = np.array(levels).T
    of_eye = np.stack([eye == 0, eye == 1], axis=1).astype(np.float64)
    middle = of_eye.T @ x / np.maximum(of_eye.sum(axis=0), 1)
    design = np.column_stack([of_eye, x - of_eye @ middle])
    held = np.diag([1e-9, 1e-9, (_LEVEL_SD / _USUAL_EXTRA) ** 2])
    weight = np.ones(len(x))
    for _ in range(_ROUNDS):
        inverse = np.linalg.inv(design.T @ (weight[:, None] * design) + held)
        found = inverse @ design.T @ (weight * y)
        weight = _LEVEL_SD / np.maximum(np.abs(y - design @ found), _LEVEL_SD)
    extra = float(found[2])
    offset = found[:2] - extra * middle
    residual = np.abs(apart - offset - extra * pupil)
    spread = [1.48 * np.median(residual[both[:, k], k]) if of_eye[:, k].any() else np.inf for k in range(2)]
    return _Relation(
        extra, _LEVEL_SD * float(np.sqrt(inverse[2, 2])), offset, middle, np.array(spread) < _LARGEST_DISAGREEMENT
    )


def _levels(apart: FloatArray, pupil: FloatArray, eye: int) -> list[tuple[float, float, float]]:
    """(eye, median height of the pupil, median of ``apart``) at each level of gaze that enough frames show."""
    level = np.floor(pupil / _LEVEL)
    found = []
    for value in np.unique(level):
        here = level == value
        if here.sum() >= _FEWEST_AT_A_LEVEL:
            found.append((float(eye), float(np.median(pupil[here])), float(np.median(apart[here]))))
    return found
