"""The edges that may be limbus: gradients between the lids, freed of lid shadow and of the lids' own edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_WIDTH_PX, EyePatches, Float32Array
from shared.tracking.eye_tones import EyeTones
from shared.tracking.lid_margins import LidMargins, aperture_percentiles
from shared.tracking.pupil import pupil_contrast

_SHADOW_DEPTH_PX: Final = 9
"""How far below the upper lid its shadow is looked for (a quarter of an iris)."""
_SHADOW_GAIN_LIMIT: Final = 2.2
_UPPER_CLEARANCE_PX: Final = 1.0
_LOWER_CLEARANCE_PX: Final = 2.0
"""The lower lid's wet rim is bright and broad: edges nearer than this to it are not limbus."""
_LID_EDGE_REACH_PX: Final = 4.5
_LID_EDGE_DIRECTION: Final = 0.8
_TELLING_COLOUR: Final = 0.12
"""Difference of log(red / blue) between lid skin and sclera from which colour tells them apart."""
DARK_IRIS_SCLERA_LEVEL: Final = 0.475
"""Relative log brightness (0: darkest, 1: brightest part of the eye) that parts sclera from most irises."""
_SCLERA_RAMP: Final = 0.25
"""Range of relative brightness about that level over which a pixel comes to count as sclera."""


@dataclass(frozen=True, eq=False)
class LimbusEdges:
    """Edges of both eyes that may belong to the limbus. Rows are a window of the patch that holds the eye.

    Attributes:
        field: ``(2 * rows, columns, 3)`` gradient x and y (already weighted) and weight.
        sclera: ``(2 * rows, columns)`` how surely a place is sclera.
        log_range: ``(2,)`` log ratio of those two brightnesses: small where there is only lid skin.
        pupil: ``(2 * rows, columns)`` how much a place looks like a pupil's centre, see :func:`pupil_contrast`.
        top_px: patch row of the window's first row.
        relative: ``(2 * rows, columns)`` brightness on a log scale, 0 and 1 for the eye's darkest and brightest parts.
        cap: ``(2,)`` gradient magnitude at which an edge counts as strong.
        margins: the lid margins used.
    """

    field: Float32Array
    sclera: Float32Array
    relative: Float32Array
    log_range: FloatArray
    pupil: Float32Array
    top_px: int
    cap: FloatArray
    margins: LidMargins

    def lid_gap_at(self, eye: int, x_px: float) -> tuple[float, float]:
        """Upper and lower lid margin at a patch column, patch px."""
        column = int(np.clip(round(x_px), 0, PATCH_WIDTH_PX - 1))
        upper, lower = self.margins.y_px[eye, :, column]
        return float(upper), float(lower)


def find_limbus_edges(
    patches: EyePatches,
    tones: EyeTones,
    margins: LidMargins,
    *,
    sclera_level: float = DARK_IRIS_SCLERA_LEVEL,
    logarithmic: bool = True,
) -> LimbusEdges:
    """Weighted gradients of the flattened log picture between the lid margins.

    Args:
        patches: the eyes.
        tones: their brightness and colour.
        margins: where the lids are.
        sclera_level: relative brightness that parts sclera from this person's irises.
        logarithmic: gradients of log brightness, which shadow and a dark iris do not weaken, but whose edges lie
            a little inside of the true ones; else of brightness itself.
    """
    grey = tones.without_catch_lights
    height = grey.shape[0] // 2
    top = int(np.clip(np.floor(margins.y_px[:, 0].min()) - 4, 0, height - 12))
    bottom = int(np.clip(np.ceil(margins.y_px[:, 1].max()) + 5, top + 12, height))
    window = np.concatenate([grey[top:bottom], grey[height + top : height + bottom]])
    rows = bottom - top
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    flattened = np.empty_like(window)
    sclera = np.empty_like(window)
    relative = np.empty_like(window)
    log_range = np.zeros(2)
    tone = np.empty((2, rows, window.shape[1]), dtype=np.float32)
    below_upper = np.empty_like(window)
    above_lower = np.empty_like(window)
    for eye in range(2):
        half = slice(eye * rows, (eye + 1) * rows)
        below_upper[half] = y - margins.y_px[eye, 0].astype(np.float32)
        above_lower[half] = margins.y_px[eye, 1].astype(np.float32) - y
        half_width = float(patches.half_width_px[eye])
        lit = _remove_lid_shadow(window[half], below_upper[half], above_lower[half], half_width)
        columns = CANTHUS_MIDPOINT_PX[0] + np.linspace(-0.8, 0.8, 28) * half_width
        at = np.clip(np.round(columns), 0, PATCH_WIDTH_PX - 1).astype(int)
        low, high = aperture_percentiles(lit, columns, margins.y_px[eye, 0, at] - top, margins.y_px[eye, 1, at] - top)
        high = max(high, low * 1.02 + 1e-3)
        clipped = np.clip(lit, low, high)
        logarithm = np.log(clipped)
        flattened[half] = 100 * logarithm if logarithmic else clipped
        log_range[eye] = np.log(high / low)
        tone[eye] = np.clip((np.log(lit) - np.log(low)) / np.log(high / low), -1, sclera_level)
        relative[half] = (logarithm - np.log(low)) / np.log(high / low)
        sclera[half] = np.clip((relative[half] - sclera_level) / _SCLERA_RAMP + 0.5, 0, 1)
        colour = tones.red_over_blue[eye * height + top : eye * height + bottom]
        sclera[half] *= _not_skin(colour, below_upper[half], above_lower[half], sclera[half])
    gradient_x = cv2.Sobel(flattened, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    gradient_y = cv2.Sobel(flattened, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    magnitude = np.hypot(gradient_x, gradient_y) + 1e-6

    open_weight = np.clip(below_upper - _UPPER_CLEARANCE_PX, 0, 1) * np.clip(above_lower - _LOWER_CLEARANCE_PX, 0, 1)
    open_weight *= _between_canthi(patches.half_width_px, rows)
    unit_x, unit_y = gradient_x / magnitude, gradient_y / magnitude
    lid_like = np.zeros_like(window)
    for lid, distance in enumerate((below_upper, above_lower)):
        normal = np.repeat(margins.normal[:, lid].astype(np.float32), rows, axis=0)
        along_normal = unit_x * normal[..., 0] + unit_y * normal[..., 1]
        near = np.clip((_LID_EDGE_REACH_PX - distance) / 1.5 + 0.5, 0, 1)
        lid_like = np.maximum(lid_like, near * np.clip((along_normal - _LID_EDGE_DIRECTION) / 0.1, 0, 1))
    weight = open_weight * (1 - lid_like)
    field = np.dstack([gradient_x * weight, gradient_y * weight, weight])
    pupil = np.concatenate([pupil_contrast(tone[eye], open_weight[eye * rows : (eye + 1) * rows]) for eye in range(2)])
    cap = _strong_gradient(magnitude, open_weight, rows)
    return LimbusEdges(field, sclera * open_weight, relative, log_range, pupil, top, cap, margins)


def _remove_lid_shadow(
    grey: Float32Array, below_upper: Float32Array, above_lower: Float32Array, half_width_px: float
) -> Float32Array:
    """Brighten what lies in the upper lid's shadow, so that shaded sclera does not look like iris.

    The shadow's profile is the bright (85th percentile) tone at each depth below the lid; it may only
    brighten with depth.
    """
    columns = np.clip(
        np.round(CANTHUS_MIDPOINT_PX[0] + np.linspace(-0.85, 0.85, 28) * half_width_px), 0, PATCH_WIDTH_PX - 1
    ).astype(int)
    depth, room, lit = below_upper[:, columns], above_lower[:, columns], grey[:, columns] + 10
    profile = np.full(_SHADOW_DEPTH_PX + 1, np.nan)
    bins = np.floor(depth).astype(int)
    allowed = (bins >= 0) & (bins <= _SHADOW_DEPTH_PX) & (room > 1)
    bins, values = bins[allowed], lit[allowed]
    order = np.lexsort((values, bins))
    bins, values = bins[order], values[order]
    starts = np.searchsorted(bins, np.arange(_SHADOW_DEPTH_PX + 2))
    for d in range(_SHADOW_DEPTH_PX + 1):
        if starts[d + 1] - starts[d] >= 6:
            profile[d] = values[starts[d] + int(0.85 * (starts[d + 1] - starts[d] - 1))]
    known = np.isfinite(profile)
    if known.sum() < 3:
        return np.asarray(grey + 10, dtype=np.float32)
    depths = np.arange(_SHADOW_DEPTH_PX + 1)
    profile = np.interp(depths, depths[known], profile[known])
    padded = np.concatenate([profile[:1], profile, profile[-1:]])
    smooth = np.maximum.accumulate(0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:])
    gain = np.clip(smooth[-1] / smooth, 1, _SHADOW_GAIN_LIMIT)
    fine = np.interp(np.arange(0, _SHADOW_DEPTH_PX + 0.125, 0.125), depths + 0.5, gain)
    index = np.clip(below_upper * 8, 0, len(fine) - 1).astype(np.int32)
    return np.asarray((grey + 10) * fine.astype(np.float32)[index], dtype=np.float32)


def _not_skin(
    red_over_blue: Float32Array, below_upper: Float32Array, above_lower: Float32Array, sclera: Float32Array
) -> Float32Array:
    """1 where the colour is nearer to this eye's sclera than to the skin of its lids, 0 where it is skin.

    The margins found are a pixel or two off in places; the strip of lid that this leaves inside them is as bright
    as sclera, and its dark-to-bright edge would pass for limbus.
    """
    band = np.maximum(-below_upper, -above_lower)
    skin = red_over_blue[(band > 2) & (band < 5)]
    white = red_over_blue[(below_upper > 2) & (above_lower > 2) & (sclera > 0.5)]
    if len(skin) < 50 or len(white) < 30:
        return np.ones_like(red_over_blue)
    skin_tone, white_tone = float(np.median(skin)), float(np.median(white))
    if skin_tone - white_tone < _TELLING_COLOUR:
        return np.ones_like(red_over_blue)
    share = (skin_tone - red_over_blue) / (skin_tone - white_tone)
    return np.asarray(np.clip((share - 0.3) / 0.3, 0, 1), dtype=np.float32)


def _between_canthi(half_width_px: FloatArray, rows: int) -> Float32Array:
    """1 between the eye corners, falling to 0 two pixels inside of them; ``(2 * rows, columns)``."""
    distance = np.abs(np.arange(PATCH_WIDTH_PX) - CANTHUS_MIDPOINT_PX[0])
    share = np.clip(half_width_px[:, None] - 2.0 - distance + 0.5, 0, 1).astype(np.float32)
    return np.repeat(share, rows, axis=0)


def _strong_gradient(magnitude: Float32Array, open_weight: Float32Array, rows: int) -> FloatArray:
    """85th percentile of the gradient magnitude between the lids, per eye."""
    cap = np.ones(2)
    for eye in range(2):
        half = slice(eye * rows, (eye + 1) * rows)
        values = magnitude[half][::2][open_weight[half][::2] > 0.5]
        if len(values) > 8:
            rank = int(0.85 * (len(values) - 1))
            cap[eye] = max(float(np.partition(values, rank)[rank]), 1e-3)
    return cap
