"""Where the eyes usually look is where their irises are seen face-on, and that is known only at a film's end.

How flat an ellipse the rim is follows from how far it is tilted away from the camera. While a film is read, tilt is
counted from where the eyes stood in the first 1.5 s. Someone who looked down then, or held the head turned, has every
rim fitted with a wrong flattening: up to a tenth of the vertical range is lost. So each frame keeps how its fit
would answer to other flattenings, and at the end tilt is counted from its median over the film, as gaze is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray

_ROUNDS: Final = 4
"""The tilt of a rim depends on where its centre is found: each round leaves a quarter of what is wrong at most."""
_LARGEST_REST: Final = 0.5
"""Sine of 30 degrees: nobody teaches further away from where they look later."""


def squares(tilt: FloatArray) -> FloatArray:
    """``(..., 3)`` x x, 2 x y and y y of tilts ``(..., 2)``: what the flattening of an ellipse depends on."""
    x, y = tilt[..., 0], tilt[..., 1]
    return np.stack([x * x, 2 * x * y, y * y], axis=-1)


def flattened(rim: FloatArray) -> FloatArray:
    """``(rays, 3)`` how much nearer to the centre the rim of a unit circle lies, per :func:`squares` of its tilt.

    A point ``u`` of a circle tilted by ``t`` comes nearer by about half of the square of ``t u``.
    """
    return np.asarray(squares(rim) / np.array([2.0, 4.0, 2.0]))


def shift_by_rest(numbers: NDArray[np.void], trusted: BoolArray, lever_iris: float) -> tuple[FloatArray, FloatArray]:
    """How far the limbi of all frames move, ``(n, 2, 2)`` picture px, once tilt is counted from its median.

    Also that tilt, ``(n, 2, 2)``, sine along the patch axes.

    Args:
        numbers: ``(n,)`` frames as measured.
        trusted: ``(n, 2)`` frames of each eye that define the median.
        lever_iris: distance of the limbus from the eye's centre of rotation, iris diameters.
    """
    tilt = numbers["tilt"].astype(np.float64)
    answer = numbers["tilt_answer"].astype(np.float64)
    across = numbers["patch_axis"].astype(np.float64)
    down = np.stack([-across[..., 1], across[..., 0]], axis=-1)
    lever_px = lever_iris * numbers["iris_px"][..., None] / np.linalg.norm(across, axis=-1, keepdims=True)
    rest = np.zeros((2, 2))
    for eye in range(2):
        if trusted[:, eye].any():
            rest[eye] = np.median(tilt[trusted[:, eye], eye], axis=0)
    rest = np.clip(rest, -_LARGEST_REST, _LARGEST_REST)
    shift_px = np.zeros_like(tilt)
    for _ in range(_ROUNDS):
        change = squares(tilt - rest + shift_px / lever_px) - squares(tilt)
        shift_px = (answer @ change[..., None])[..., 0]
    return shift_px[..., :1] * across + shift_px[..., 1:] * down, tilt - rest + shift_px / lever_px
