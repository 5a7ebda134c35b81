"""Puppets that wear spectacles: a rigid frame before the eyes, with arms, that turns with the head.

Unlike a frame painted on a portrait's skin it slides over the face when the head turns, as real ones do. Lenses have
no power, and their reflections are faint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.synthetic.portrait import Image, Portrait
from shared.synthetic.puppet import Float32Array, Look, Puppet, PuppetTruth

_IRIS_MM: Final = 11.7
_EYES_APART_MM: Final = 63.0
_CORNEA_BEFORE_CENTRE_MM: Final = 13.0
_WRAP: Final = np.tan(np.deg2rad(6.0))
"""How far a frame bends back toward the temples."""
_OVERSAMPLING: Final = 4
_SUBPIXEL_BITS: Final = 4
"""Of the coordinates that OpenCV draws."""
_WINDOW_BGR: Final = np.full(3, 235.0, np.float32)


@dataclass(frozen=True)
class Spectacles:
    """A frame. Lengths in mm, for eyes 63 mm apart.

    Attributes:
        lens_width, lens_height, bridge: size of the lenses and the distance between them.
        thickness: of rims and arms.
        lower: of the lenses' middle than the eyes.
        before_cornea: of the lenses.
        roundness: exponent of the rims' outline: 2 is an ellipse, 4 nearly a rectangle.
        colour_bgr, shine_bgr: of rims and of the light on their upper edge.
        reflection: of a window in the lenses, 0 to 1.
    """

    lens_width: float = 50.0
    lens_height: float = 36.0
    bridge: float = 18.0
    thickness: float = 4.0
    lower: float = 3.0
    before_cornea: float = 12.0
    roundness: float = 3.0
    colour_bgr: tuple[int, int, int] = (28, 24, 26)
    shine_bgr: tuple[int, int, int] = (90, 85, 85)
    reflection: float = 0.0


THICK: Final = Spectacles()
THIN: Final = Spectacles(
    46, 32, 19, 1.6, roundness=2.4, colour_bgr=(120, 135, 150), shine_bgr=(225, 230, 235), reflection=0.2
)
HORN: Final = Spectacles(
    53, 42, 17, 5.0, roundness=2.6, colour_bgr=(35, 55, 85), shine_bgr=(70, 100, 140), reflection=0.3
)
SMALL: Final = Spectacles(
    42, 28, 20, 2.5, roundness=4.0, colour_bgr=(25, 25, 25), shine_bgr=(120, 120, 120), reflection=0.2
)


class SpectacledPuppet(Puppet):
    """A puppet behind spectacles."""

    def __init__(self, portrait: Portrait, spectacles: Spectacles, look: Look | None = None) -> None:
        super().__init__(portrait, look)
        self.spectacles = spectacles
        self._mm = portrait.iris_diameter_px / _IRIS_MM
        self._rims, self._arms, self._bridge = self._outlines()

    def _head(self, truth: PuppetTruth, frame: int) -> Image:
        picture = super()._head(truth, frame)
        pose = self._pose(truth.head, frame)
        rims, arms, bridge = (
            [self._camera.project(self._placed(line, pose)) for line in lines]
            for lines in (self._rims, self._arms, [self._bridge])
        )
        box = _Canvas(picture, np.concatenate([*rims, *arms]))
        lenses = box.filled(rims)
        if self.spectacles.reflection:
            # A window that stands still: in a mirror it moves by half of the turn.
            aside = pose.rotation @ np.array([0.0, 0.0, -1.0])
            window = np.array([[-3, -5], [2, -5], [4, 3], [-1, 3]]) + np.array([-13, -9]) + aside[:2] * 30
            mirrored = box.filled([rim.mean(axis=0) + window * self._mm for rim in rims])
            box.paint(np.minimum(mirrored, lenses), _WINDOW_BGR, self.spectacles.reflection)
        thick_px = self.spectacles.thickness * self._mm
        behind = np.where(lenses > 0, np.uint8(0), box.drawn(arms, 0.8 * thick_px))
        box.paint(
            np.maximum(behind, box.drawn(rims + bridge, thick_px)), np.array(self.spectacles.colour_bgr, np.float32)
        )
        lit = [line - np.array([0.18, 0.25]) * thick_px for line in rims + bridge]
        box.paint(box.drawn(lit, thick_px / 4), np.array(self.spectacles.shine_bgr, np.float32), 0.7)
        return picture

    def _outlines(self) -> tuple[list[FloatArray], list[FloatArray], FloatArray]:
        """Rims, arms and bridge in the portrait's space, ``(n, 3)`` each."""
        worn, mm = self.spectacles, self._mm
        right, left = self._centres
        middle = (right + left) / 2 - np.array([0.0, -worn.lower, _CORNEA_BEFORE_CENTRE_MM + worn.before_cornea]) * mm
        half_width, half_height = worn.lens_width / 2 * mm, worn.lens_height / 2 * mm
        lens_x = (worn.bridge + worn.lens_width) / 2 * (left[0] - right[0]) / _EYES_APART_MM
        along = np.linspace(0, 2 * np.pi, 97)
        outline = np.stack([np.cos(along), np.sin(along)])
        x, y = np.sign(outline) * np.abs(outline) ** (2 / worn.roundness) * [[half_width], [half_height]]
        rims, arms = [], []
        for side in (-1, 1):
            across = side * lens_x + x
            rims.append(middle + np.stack([across, y, np.abs(across) * _WRAP], axis=1))
            hinge = np.array([side * (lens_x + half_width), -0.45 * half_height, (lens_x + half_width) * _WRAP])
            ear = hinge + np.array([side * 10.0, 4.0, 95.0]) * mm
            arms.append(middle + np.linspace(hinge, ear, 12))
        arc = np.linspace(-1, 1, 15)
        rise = 1 - arc**2
        nose = (lens_x - half_width) * arc
        bridge = np.stack([nose, -0.35 * half_height - 2 * mm * rise, np.abs(nose) * _WRAP - mm * rise], axis=1)
        return rims, arms, middle + bridge


class _Canvas:
    """The part of a picture about some points, drawn on at four times its resolution.

    Args:
        picture: is painted on.
        points: ``(n, 2)`` px.
    """

    def __init__(self, picture: Image, points: FloatArray) -> None:
        height, width = picture.shape[:2]
        self._low = np.floor(np.maximum(points.min(axis=0) - 8, 0)).astype(int)
        high = np.ceil(np.minimum(points.max(axis=0) + 8, [width, height])).astype(int)
        self._size = high - self._low
        self._part = picture[self._low[1] : high[1], self._low[0] : high[0]]

    def filled(self, outlines: list[FloatArray]) -> Image:
        """Mask, 0 to 255, of what lies within any of the outlines."""
        mask = self._empty()
        for outline in outlines:
            cv2.fillPoly(mask, [self._fine(outline)], (255.0,), cv2.LINE_AA, _SUBPIXEL_BITS)
        return mask

    def drawn(self, lines: list[FloatArray], width_px: float) -> Image:
        """Mask, 0 to 255, of lines."""
        mask = self._empty()
        width = max(1, round(width_px * _OVERSAMPLING))
        cv2.polylines(mask, [self._fine(line) for line in lines], False, (255.0,), width, cv2.LINE_AA, _SUBPIXEL_BITS)
        return mask

    def paint(self, mask: Image, colour_bgr: Float32Array, opacity: float = 1.0) -> None:
        """Lay a colour over the picture, as softly as a lens would draw it."""
        coarse = cv2.resize(mask, tuple(self._size.tolist()), interpolation=cv2.INTER_AREA).astype(np.float32)
        share = cv2.GaussianBlur(coarse, (0, 0), 0.6)[..., None] * np.float32(opacity / 255)
        self._part[:] = np.clip(self._part + share * (colour_bgr - self._part) + np.float32(0.5), 0, 255)

    def _empty(self) -> Image:
        return np.zeros((self._size[1] * _OVERSAMPLING, self._size[0] * _OVERSAMPLING), np.uint8)

    def _fine(self, points: FloatArray) -> NDArray[np.int32]:
        fine = (points - self._low + 0.5) * _OVERSAMPLING - 0.5
        drawn: NDArray[np.int32] = np.rint(fine * 2**_SUBPIXEL_BITS).astype(np.int32)[:, None]
        return drawn
