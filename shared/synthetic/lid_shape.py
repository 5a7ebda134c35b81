"""Where the lid margins of one eye of a portrait run, and how the skin around them stretches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.synthetic.eye_geometry import Lids

Float32Array = NDArray[np.float32]

RIGID_MARGIN_IRIS: Final = 0.14
"""Strip of skin and lashes along a margin that moves with it without stretching."""

UPPER_REACH_IRIS: Final = 0.95
LOWER_REACH_IRIS: Final = 0.80
"""How far above and below the resting margins the skin takes part."""

_OUTSET_IRIS: Final = 0.07
"""The portrait's own margin lies this far outside the mesh contour; the rest of its eye must never show."""


@dataclass(frozen=True, eq=False)
class LidShape:
    """One eye's lids on the portrait, in a frame along the line of its canthi.

    Attributes:
        middle_px: ``(2,)`` midpoint of the canthi.
        along: ``(2,)`` unit vector from picture-left to picture-right canthus.
        half_width_px: half their distance.
        upper, lower: ``(3,)`` coefficients of the margins: ``(1 - a^2)(c0 + c1 a + c2 a^2)``, 1 at ``a = 0``.
        rest: heights of the portrait's own margins.
        iris_diameter_px: unit of heights.
    """

    middle_px: FloatArray
    along: FloatArray
    half_width_px: float
    upper: FloatArray
    lower: FloatArray
    rest: Lids
    iris_diameter_px: float

    @classmethod
    def fit(
        cls,
        points_px: FloatArray,
        corners: tuple[int, int],
        upper: tuple[int, ...],
        lower: tuple[int, ...],
        iris_diameter_px: float,
    ) -> LidShape:
        """From face mesh points: ``corners`` are picture-left then picture-right."""
        a, b = points_px[corners[0], :2], points_px[corners[1], :2]
        middle, half = (a + b) / 2, float(np.linalg.norm(b - a)) / 2
        along = (b - a) / (2 * half)
        normal = np.array([-along[1], along[0]])

        def curve(indices: tuple[int, ...], sign: float) -> FloatArray:
            offset = points_px[list(indices), :2] - middle
            x, height = offset @ along / half, sign * (offset @ normal)
            window = 1 - x**2
            basis = np.column_stack([window, window * x, window * x**2])
            return np.asarray(np.linalg.lstsq(basis, height, rcond=None)[0])

        over, under = curve(upper, -1.0), curve(lower, 1.0)
        rest = Lids(float(over[0]) / iris_diameter_px, float(under[0]) / iris_diameter_px)
        return cls(middle, along, half, over / over[0], under / under[0], rest, iris_diameter_px)

    def local(self, x_px: Float32Array, y_px: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Portrait points as ``(a, b)``: -1..1 between the canthi, and px below their line."""
        dx, dy = x_px - np.float32(self.middle_px[0]), y_px - np.float32(self.middle_px[1])
        cx, cy = (np.float32(v) for v in self.along)
        return (dx * cx + dy * cy) / np.float32(self.half_width_px), dy * cx - dx * cy

    def portrait(self, a: Float32Array, b: Float32Array) -> tuple[Float32Array, Float32Array]:
        """The way back from :meth:`local`."""
        cx, cy = (np.float32(v) for v in self.along)
        x = a * np.float32(self.half_width_px)
        return np.float32(self.middle_px[0]) + x * cx - b * cy, np.float32(self.middle_px[1]) + x * cy + b * cx

    def margins(self, a: Float32Array, upper_height: float, lower_height: float) -> tuple[Float32Array, Float32Array]:
        """Upper and lower margin at each ``a``, px below the canthus line, for heights in iris diameters."""
        unit = self.iris_diameter_px
        return -_curve(a, self.upper) * np.float32(upper_height * unit), _curve(a, self.lower) * np.float32(
            lower_height * unit
        )

    def source_of(self, a: Float32Array, b: Float32Array, upper: Float32Array, lower: Float32Array) -> Float32Array:
        """The portrait's ``b`` that shows at ``b`` when the margins stand at ``upper`` and ``lower``."""
        unit = self.iris_diameter_px
        outset, rigid = np.float32(_OUTSET_IRIS * unit), np.float32(RIGID_MARGIN_IRIS * unit)
        rest_upper, rest_lower = self.margins(a, self.rest.upper_height, self.rest.lower_height)
        window = np.clip((1.15 - np.abs(a)) / 0.3, 0, 1)
        rest_upper, rest_lower = rest_upper - outset * window, rest_lower + outset * window
        top = np.float32(-(self.rest.upper_height + UPPER_REACH_IRIS) * unit)
        bottom = np.float32((self.rest.lower_height + LOWER_REACH_IRIS) * unit)
        above = _stretch(-b, -upper, -rest_upper, rigid, -top)
        below = _stretch(b, lower, rest_lower, rigid, bottom)
        return np.where(b < (upper + lower) / 2, -above, below)


def _curve(a: Float32Array, coefficients: FloatArray) -> Float32Array:
    c0, c1, c2 = (np.float32(c) for c in coefficients)
    inside = np.clip(a, -1, 1)
    height: Float32Array = (1 - inside * inside) * np.maximum(c0 + inside * (c1 + inside * c2), np.float32(0.1))
    return height


def _stretch(
    height: Float32Array, margin: Float32Array, rest: Float32Array, rigid: np.float32, reach: np.float32
) -> Float32Array:
    """Where skin at ``height`` above the line comes from, when the margin moves from ``rest`` to ``margin``.

    A rigid strip rides on the margin; between it and ``reach`` the skin is stretched evenly; beyond, it rests.
    """
    share = (height - margin - rigid) / np.maximum(reach - margin - rigid, np.float32(1))
    stretched = rest + rigid + share * (reach - rest - rigid)
    on_margin = np.maximum(rest + height - margin, rest)
    near = np.where(share < 0, on_margin, stretched)
    return np.where(height > reach, height, near)
