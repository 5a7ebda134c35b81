"""Grey and colour of the eyes, smoothed and freed of catch-lights, as the searches for lids and limbus want them.

In white light a pale iris, blue, green or grey, can be as bright as the white beside it, the more so where that lies
in shadow. By red light alone it is darker, and it has less red in its colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from shared.kernels.library import BYTES, FLOATS32, INT, INTEGERS, REAL, Kernel
from shared.tracking.eye_crop import EyePatches, Float32Array, Image

_CATCH_LIGHT_PX: Final = 7
"""Bright spots narrower than this (a fifth of an iris) are reflections, not sclera."""
_REGROWN_PX: Final = 4
"""How far what such an opening leaves may grow back into the picture: into the wedge of white between iris and lid,
which is as narrow as a reflection, but hangs together with the white beside it. Without, the rim seems to lie
further out the nearer it is to the upper lid, and the eye looks 2 degrees higher between narrow lids."""
_CATCH_LIGHT_HALF_WIDTHS: Final = (
    cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_CATCH_LIGHT_PX, _CATCH_LIGHT_PX)).sum(axis=1, dtype=np.int64) // 2
)
_ADDED_TO_COLOURS: Final = 10.0
"""Noise in the dark would be colour."""


def _weights(sigma_px: float, reach_px: int) -> Float32Array:
    """Of a Gaussian's middle and of 1 to 4 px beside it, none beyond its reach."""
    weights = np.zeros(5, dtype=np.float32)
    weights[: reach_px + 1] = cv2.getGaussianKernel(2 * reach_px + 1, sigma_px)[reach_px:, 0]
    return weights


_GREY_WEIGHTS: Final = _weights(1.0, 4)
_COLOUR_WEIGHTS: Final = _weights(0.8, 3)
_smooth: Final = Kernel("smooth_light", BYTES, INT, INT, FLOATS32, FLOATS32, FLOATS32)
_ROOM: Final = (BYTES, FLOATS32)
_level: Final = Kernel("without_bright_spots", BYTES, INT, INT, INTEGERS, INT, FLOATS32, *_ROOM, FLOATS32)
_colours: Final = Kernel("colour_tones", BYTES, BYTES, INT, INT, REAL, FLOATS32, FLOATS32, FLOATS32, FLOATS32)


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
    light = np.asarray(cv2.cvtColor(eyes.bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    grey = np.empty(light.shape, dtype=np.float32)
    _smooth(light, *light.shape, _GREY_WEIGHTS, _room(light), grey)
    redness, red_over_blue = _red_against(eyes, 0)
    return EyeTones(
        grey=grey,
        without_catch_lights=_without_catch_lights(light),
        redness=redness,
        red_over_blue=red_over_blue,
    )


def red_light(eyes: EyePatches) -> Float32Array:
    """What ``without_catch_lights`` would be by red light."""
    return _without_catch_lights(_channel(eyes, 2))


def red_over_green(eyes: EyePatches) -> Float32Array:
    """Log ratio of red and green, smoothed, which shadow does not change."""
    return _red_against(eyes, 1)[1]


@dataclass(frozen=True)
class EyeColours:
    """Log ratio of red and green of a person's irises, which are less red than the sclera, and of that sclera."""

    iris: float
    sclera: float

    def like_sclera(self, red_over_green: Float32Array) -> Float32Array:
        """1 where a colour is nearer to the sclera's than to that of the irises, 0 where it is an iris's."""
        share = (red_over_green - np.float32(self.iris)) / np.float32(self.sclera - self.iris)
        return np.asarray(np.clip((share - np.float32(0.3)) / np.float32(0.3), 0, 1), dtype=np.float32)


def _red_against(eyes: EyePatches, channel: int) -> tuple[Float32Array, Float32Array]:
    """Red minus another colour, and their log ratio, smoothed."""
    red = _channel(eyes, 2)
    difference, log_ratio = np.empty((2, *red.shape), dtype=np.float32)
    weights, room = _COLOUR_WEIGHTS, _room(red)
    _colours(red, _channel(eyes, channel), *red.shape, _ADDED_TO_COLOURS, weights, room, difference, log_ratio)
    return difference, log_ratio


def _without_catch_lights(light: Image) -> Float32Array:
    """Opening by reconstruction: only spots go that stand apart from larger bright parts."""
    smooth = np.empty(light.shape, dtype=np.float32)
    rows, columns = light.shape
    byte_room = np.empty(6 * (rows + 1) * (columns + 7), dtype=np.uint8)
    half_widths, steps = _CATCH_LIGHT_HALF_WIDTHS, _REGROWN_PX
    _level(light, rows, columns, half_widths, steps, _GREY_WEIGHTS, byte_room, _room(light), smooth)
    return smooth


def _channel(eyes: EyePatches, channel: int) -> Image:
    return np.asarray(cv2.extractChannel(eyes.bgr, channel), dtype=np.uint8)


def _room(light: Image) -> Float32Array:
    """For the kernels to work in."""
    rows, columns = light.shape
    return np.empty((rows + 1) * (columns + 8), dtype=np.float32)
