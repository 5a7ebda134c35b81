"""Grey and colour of the eyes, smoothed and freed of catch-lights, as the searches for lids and limbus want them.

In white light a pale iris, blue, green or grey, can be as bright as the white beside it, the more so where that lies
in shadow. By red light alone it is darker, and it has less red in its colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from shared.tracking.eye_crop import EyePatches, Float32Array

_CATCH_LIGHT_PX: Final = 7
"""Bright spots narrower than this (a fifth of an iris) are reflections, not sclera."""
_REGROWN_PX: Final = 4
"""How far what such an opening leaves may grow back into the picture: into the wedge of white between iris and lid,
which is as narrow as a reflection, but hangs together with the white beside it. Without, the rim seems to lie
further out the nearer it is to the upper lid, and the eye looks 2 degrees higher between narrow lids."""
_NEIGHBOURS: Final = np.ones((3, 3), dtype=np.uint8)
_CATCH_LIGHT_SHAPE: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_CATCH_LIGHT_PX, _CATCH_LIGHT_PX))


@dataclass(frozen=True, eq=False)
class EyeTones:
    """Pictures of both eyes, one above the other, float32.

    Attributes:
        grey: smoothed brightness.
        without_catch_lights: the same with small bright spots levelled to their surroundings.
        redness: smoothed red minus blue: skin is redder than any part of the eye.
        red_over_blue: log ratio of red and blue, which shadow does not change.
    """

    grey: Float32Array
    without_catch_lights: Float32Array
    redness: Float32Array
    red_over_blue: Float32Array


def eye_tones(eyes: EyePatches) -> EyeTones:
    """Tones of a pair of eyes."""
    grey = cv2.cvtColor(eyes.bgr, cv2.COLOR_BGR2GRAY)
    blue, red = cv2.split(cv2.GaussianBlur(eyes.bgr[..., ::2].astype(np.float32), (0, 0), 0.8))
    return EyeTones(
        grey=_smooth(grey),
        without_catch_lights=_without_catch_lights(grey),
        redness=np.asarray(red - blue, dtype=np.float32),
        red_over_blue=np.asarray(np.log((red + 10) / (blue + 10)), dtype=np.float32),
    )


def red_light(eyes: EyePatches) -> Float32Array:
    """What ``without_catch_lights`` would be by red light."""
    return _without_catch_lights(cv2.extractChannel(eyes.bgr, 2))


def red_over_green(eyes: EyePatches) -> Float32Array:
    """Log ratio of red and green, smoothed, which shadow does not change."""
    colour = cv2.GaussianBlur(eyes.bgr[..., 1:].astype(np.float32), (0, 0), 0.8)
    return np.asarray(np.log((colour[..., 1] + 10) / (colour[..., 0] + 10)), dtype=np.float32)


@dataclass(frozen=True)
class EyeColours:
    """Log ratio of red and green of a person's irises, which are less red than the sclera, and of that sclera."""

    iris: float
    sclera: float

    def like_sclera(self, red_over_green: Float32Array) -> Float32Array:
        """1 where a colour is nearer to the sclera's than to that of the irises, 0 where it is an iris's."""
        share = (red_over_green - np.float32(self.iris)) / np.float32(self.sclera - self.iris)
        return np.asarray(np.clip((share - np.float32(0.3)) / np.float32(0.3), 0, 1), dtype=np.float32)


def _without_catch_lights(light: cv2.typing.MatLike) -> Float32Array:
    """Opening by reconstruction: only spots go that stand apart from larger bright parts."""
    kept = cv2.morphologyEx(light, cv2.MORPH_OPEN, _CATCH_LIGHT_SHAPE)
    for _ in range(_REGROWN_PX):
        kept = cv2.min(cv2.dilate(kept, _NEIGHBOURS), light)
    return _smooth(kept)


def _smooth(grey: cv2.typing.MatLike) -> Float32Array:
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0), dtype=np.float32)
