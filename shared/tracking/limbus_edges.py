"""The edges that may be limbus: gradients between the lids, freed of lid shadow and of the lids' own edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from shared.model import FloatArray, IntArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_WIDTH_PX, EyePatches, Float32Array
from shared.tracking.eye_tones import EyeColours, EyeTones, red_light, red_over_green
from shared.tracking.lid_margins import LidMargins, aperture_percentiles
from shared.tracking.pupil import WIDEST_PX, pupil_contrast

_SHADOW_DEPTH_PX: Final = 9
"""How far below the upper lid its shadow is looked for (a quarter of an iris)."""
_SHADOW_DEPTHS_PX: Final = np.arange(_SHADOW_DEPTH_PX + 1)
_FINE_DEPTHS_PX: Final = np.arange(0, _SHADOW_DEPTH_PX + 0.125, 0.125)
_SHADOW_COLUMNS: Final = np.linspace(-0.85, 0.85, 28)
"""Where the shadow is looked at, as a share of the half eye width from its middle."""
_TONE_COLUMNS: Final = np.linspace(-0.8, 0.8, 28)
"""The same for the range of tones."""
_FEWEST_AT_A_DEPTH: Final = 6
_SHADOW_GAIN_LIMIT: Final = 2.2
_UPPER_CLEARANCE_PX: Final = 1.0
_LOWER_CLEARANCE_PX: Final = 2.0
"""The lower lid's wet rim is bright and broad: edges nearer than this to it are not limbus."""
_LID_EDGE_REACH_PX: Final = 4.5
_LID_EDGE_DIRECTION: Final = 0.8
_TELLING_COLOUR: Final = 0.12
"""Difference of log(red / blue) between lid skin and sclera from which colour tells them apart."""
_NARROWEST_SCLERA: Final = cv2.getStructuringElement(cv2.MORPH_RECT, (5, 5))
"""What is narrower is a strip of lid left inside the margins."""
_RIM_SHAPE: Final = cv2.getStructuringElement(cv2.MORPH_RECT, (15, 15))
"""Edges of the rim lie no further from sclera than half of the difference."""
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
        log_tone: ``(2 * rows, columns)`` log brightness, freed of the lid's shadow.
        openness: ``(2 * rows, columns)`` 1 between lids and corners, 0 elsewhere.
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
    log_tone: Float32Array
    openness: Float32Array
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
    colours: EyeColours | None = None,
    logarithmic: bool = True,
) -> LimbusEdges:
    """Weighted gradients of the flattened log picture between the lid margins.

    Args:
        patches: the eyes.
        tones: their brightness and colour.
        margins: where the lids are.
        sclera_level: relative brightness that parts sclera from this person's irises.
        colours: of this person's irises and sclera if the irises are less red. They are then seen by red light, and
            nothing of their colour counts as sclera: else the edge of a wide pupil would pass for the rim.
        logarithmic: gradients of log brightness, which shadow and a dark iris do not weaken, but whose edges lie
            a little inside of the true ones; else of brightness itself.
    """
    grey = _by_eye(tones.without_catch_lights if colours is None else red_light(patches))
    margin_y = margins.y_px.astype(np.float32)[:, :, None]
    top = int(np.clip(np.floor(margins.y_px[:, 0].min()) - 4, 0, grey.shape[1] - 12))
    bottom = int(np.clip(np.ceil(margins.y_px[:, 1].max()) + 5, top + 12, grey.shape[1]))
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    below_upper, above_lower = y - margin_y[:, 0], margin_y[:, 1] - y
    window = (slice(None), slice(top, bottom))
    lit = _without_lid_shadow(grey[window], below_upper, above_lower, patches.half_width_px)
    darkest, brightest = _tone_range(lit, margins, patches.half_width_px, top)
    log_range = np.log(brightest / darkest)
    log_darkest, log_brightest, log_span = _columns(np.log(darkest), np.log(brightest), log_range)
    log_lit = np.log(lit)
    logarithm = np.minimum(np.maximum(log_lit, log_darkest), log_brightest)
    relative = (logarithm - log_darkest) / log_span
    flattened = np.float32(100) * logarithm if logarithmic else np.clip(lit, *_columns(darkest, brightest))
    gradient_x, gradient_y = _gradient(flattened)
    magnitude = np.sqrt(gradient_x**2 + gradient_y**2) + 1e-6
    open_weight = _within_0_1(below_upper - _UPPER_CLEARANCE_PX) * _within_0_1(above_lower - _LOWER_CLEARANCE_PX)
    open_weight *= _between_canthi(patches.half_width_px)
    weight = open_weight * (1 - _lid_like(gradient_x, gradient_y, magnitude, (below_upper, above_lower), margins))
    sclera = _within_0_1((relative - sclera_level) / _SCLERA_RAMP + 0.5)
    if colours is not None:
        sclera *= colours.like_sclera(_by_eye(red_over_green(patches))[window])
    sclera *= _not_skin(_by_eye(tones.red_over_blue)[window], below_upper, above_lower, sclera)
    sclera *= open_weight
    tone = np.clip((log_lit - log_darkest) / log_span, -1, sclera_level)
    return LimbusEdges(
        field=_stacked(np.stack([gradient_x * weight, gradient_y * weight, weight], axis=-1)),
        sclera=_stacked(sclera),
        relative=_stacked(relative),
        log_range=log_range,
        pupil=_stacked(_pupil_contrast(tone, open_weight)),
        log_tone=_stacked(log_lit),
        openness=_stacked(open_weight),
        top_px=top,
        cap=_strong_gradient(magnitude, open_weight * _beside(sclera)),
        margins=margins,
    )


def _by_eye(picture: Float32Array) -> Float32Array:
    """``(2, rows, columns)`` of two eyes one above the other."""
    return picture.reshape(2, -1, picture.shape[1])


def _stacked(eyes: Float32Array) -> Float32Array:
    """``(2 * rows, columns, ...)`` of ``(2, rows, columns, ...)``."""
    return eyes.reshape(-1, *eyes.shape[2:])


def _columns(*values: FloatArray) -> tuple[Float32Array, ...]:
    """One number per eye, to be used on pictures."""
    return tuple(value.astype(np.float32)[:, None, None] for value in values)


def _within_0_1(values: Float32Array) -> Float32Array:
    return np.minimum(np.maximum(values, 0), 1)


def _nearest_columns(x_px: FloatArray) -> IntArray:
    """Patch columns, for indexing."""
    return np.minimum(np.maximum(np.rint(x_px), 0), PATCH_WIDTH_PX - 1).astype(np.intp)


def _gradient(eyes: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Along x and y, per px."""
    flat = _stacked(eyes)
    along_x = cv2.Sobel(flat, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    along_y = cv2.Sobel(flat, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return (
        np.asarray(along_x, dtype=np.float32).reshape(eyes.shape),
        np.asarray(along_y, dtype=np.float32).reshape(eyes.shape),
    )


def _tone_range(
    lit: Float32Array, margins: LidMargins, half_width_px: FloatArray, top: int
) -> tuple[FloatArray, FloatArray]:
    """Darkest and brightest tones between the lids, ``(2,)`` each."""
    ranges = []
    for eye in range(2):
        columns = CANTHUS_MIDPOINT_PX[0] + _TONE_COLUMNS * half_width_px[eye]
        at = _nearest_columns(columns)
        upper, lower = margins.y_px[eye][:, at] - top
        low, high = aperture_percentiles(lit[eye], columns, upper, lower)
        ranges.append((low, max(high, low * 1.02 + 1e-3)))
    darkest, brightest = np.array(ranges).T
    return darkest, brightest


def _lid_like(
    gradient_x: Float32Array,
    gradient_y: Float32Array,
    magnitude: Float32Array,
    distances: tuple[Float32Array, Float32Array],
    margins: LidMargins,
) -> Float32Array:
    """1 for edges near a lid margin that run along it, 0 for others."""
    likeness = np.zeros_like(magnitude)
    for lid, distance in enumerate(distances):
        normal = margins.normal[:, None, lid].astype(np.float32)
        along_normal = (gradient_x * normal[..., 0] + gradient_y * normal[..., 1]) / magnitude
        near = _within_0_1((_LID_EDGE_REACH_PX - distance) / 1.5 + 0.5)
        np.maximum(likeness, near * _within_0_1((along_normal - _LID_EDGE_DIRECTION) / 0.1), out=likeness)
    return likeness


def _without_lid_shadow(
    grey: Float32Array, below_upper: Float32Array, above_lower: Float32Array, half_width_px: FloatArray
) -> Float32Array:
    """Brighten what lies in the upper lid's shadow, so that shaded sclera does not look like iris.

    The shadow's profile is the bright (85th percentile) tone at each depth below the lid; it may only
    brighten with depth.
    """
    lit = grey + 10
    gains = [_shadow_gain(*eye) for eye in zip(lit, below_upper, above_lower, half_width_px, strict=True)]
    if all(gain is None for gain in gains):
        return lit
    place = np.minimum(np.maximum(below_upper * 8, 0), _FINE_DEPTHS_PX.size - 1).astype(np.intp)
    for eye, gain in enumerate(gains):
        if gain is not None:
            lit[eye] *= gain[place[eye]]
    return lit


def _shadow_gain(
    lit: Float32Array, below_upper: Float32Array, above_lower: Float32Array, half_width_px: float
) -> Float32Array | None:
    """By how much to brighten one eye at each of :data:`_FINE_DEPTHS_PX`; None where the profile cannot be seen."""
    at = _nearest_columns(CANTHUS_MIDPOINT_PX[0] + _SHADOW_COLUMNS * half_width_px)
    # In every column exactly one row lies at each whole depth below the lid.
    rows = np.ceil(-below_upper[0, at]).astype(np.intp) + _SHADOW_DEPTHS_PX[:, None]
    held = np.minimum(np.maximum(rows, 0), len(lit) - 1)
    allowed = (rows == held) & (above_lower[held, at] > 1)
    tones = np.sort(np.where(allowed, lit[held, at], np.inf), axis=1)
    counts = allowed.sum(axis=1)
    known = counts >= _FEWEST_AT_A_DEPTH
    if known.sum() < 3:
        return None
    bright = tones[_SHADOW_DEPTHS_PX[known], (0.85 * (counts[known] - 1)).astype(np.intp)]
    profile = np.interp(_SHADOW_DEPTHS_PX, _SHADOW_DEPTHS_PX[known], bright)
    padded = np.concatenate([profile[:1], profile, profile[-1:]])
    smooth = np.maximum.accumulate(0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:])
    gain = np.minimum(np.maximum(smooth[-1] / smooth, 1), _SHADOW_GAIN_LIMIT)
    return np.interp(_FINE_DEPTHS_PX, _SHADOW_DEPTHS_PX + 0.5, gain).astype(np.float32)


def _not_skin(
    red_over_blue: Float32Array, below_upper: Float32Array, above_lower: Float32Array, sclera: Float32Array
) -> Float32Array:
    """1 where the colour is nearer to this eye's sclera than to the skin of its lids, 0 where it is skin.

    The margins found are a pixel or two off in places; the strip of lid that this leaves inside them is as bright
    as sclera, and its dark-to-bright edge would pass for limbus.
    """
    inside = np.minimum(below_upper, above_lower)
    on_skin = (inside < -2) & (inside > -5)
    on_white = (inside > 2) & (sclera > 0.5)
    share = np.ones_like(red_over_blue)
    for eye, colour in enumerate(red_over_blue):
        skin, white = colour[on_skin[eye]], colour[on_white[eye]]
        if len(skin) < 50 or len(white) < 30:
            continue
        skin_tone, white_tone = _median(skin), _median(white)
        if skin_tone - white_tone >= _TELLING_COLOUR:
            share[eye] = _within_0_1(((skin_tone - colour) / (skin_tone - white_tone) - 0.3) / 0.3)
    return share


def _median(values: Float32Array) -> float:
    """As :func:`numpy.median`, in a third of its time on few values."""
    below, above = (len(values) - 1) // 2, len(values) // 2
    ordered = np.sort(values)
    return float((ordered[below] + ordered[above]) / 2)


def _between_canthi(half_width_px: FloatArray) -> Float32Array:
    """1 between the eye corners, falling to 0 two pixels inside of them; ``(2, 1, columns)``."""
    distance = np.abs(np.arange(PATCH_WIDTH_PX) - CANTHUS_MIDPOINT_PX[0])
    share = np.clip(half_width_px[:, None] - 2.0 - distance + 0.5, 0, 1)
    return np.asarray(share[:, None], dtype=np.float32)


def _pupil_contrast(tone: Float32Array, open_weight: Float32Array) -> Float32Array:
    """:func:`pupil_contrast` of both eyes at once: rows of nothing between them keep them apart."""
    rows, columns = tone.shape[1:]
    apart = np.zeros((2, 2, rows + WIDEST_PX // 2, columns), dtype=np.float32)
    apart[0, :, :rows] = tone
    apart[1, :, :rows] = open_weight
    return _by_eye(pupil_contrast(_stacked(apart[0]), _stacked(apart[1])))[:, :rows]


def _beside(sclera: Float32Array) -> Float32Array:
    """1 on sclera and as far from it as its rim with the iris is broad, 0 elsewhere: not at the pupil.

    Else the edge of a wide pupil, stronger than any rim and much of a narrow opening, would make the rim look weak.
    """
    return np.stack([cv2.dilate(cv2.erode(eye, _NARROWEST_SCLERA), _RIM_SHAPE) for eye in sclera])


def _strong_gradient(magnitude: Float32Array, share: Float32Array) -> FloatArray:
    """85th percentile of the gradient magnitude, per eye, where ``share`` is more than a half."""
    cap = np.ones(2)
    for eye in range(2):
        values = magnitude[eye, ::2][share[eye, ::2] > 0.5]
        if len(values) > 8:
            rank = int(0.85 * (len(values) - 1))
            cap[eye] = max(float(np.partition(values, rank)[rank]), 1e-3)
    return cap
