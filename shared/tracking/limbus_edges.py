"""The edges that may be limbus: gradients between the lids, freed of lid shadow and of the lids' own edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, REAL, Kernel
from shared.model import FloatArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_WIDTH_PX, EyePatches, Float32Array
from shared.tracking.eye_tones import EyeColours, EyeTones, red_light, red_over_green
from shared.tracking.lid_margins import APERTURE_SHARES, FEWEST_IN_APERTURE, LidMargins
from shared.tracking.pupil import pupil_contrast

_ADDED_TO_GREY: Final = 10.0
"""Noise in the dark would make edges of log brightness."""
_SHADOW_COLUMNS: Final = np.linspace(-0.85, 0.85, 28)
"""Where the upper lid's shadow is looked at, as a share of the half eye width from its middle. It is looked for down to
9 px (a quarter of an iris) below the lid."""
_SHADOW_RANK: Final = 0.85
"""The shadow's profile is the tone at each depth below the lid than which this share of the columns is darker."""
_FEWEST_AT_A_DEPTH: Final = 6
_SHADOW_GAIN_LIMIT: Final = 2.2
_TONE_COLUMNS: Final = np.linspace(-0.8, 0.8, 28)
"""As for the shadow, for the range of tones."""
_UPPER_CLEARANCE_PX: Final = 1.0
_LOWER_CLEARANCE_PX: Final = 2.0
"""The lower lid's wet rim is bright and broad: edges nearer than this to it are not limbus."""
_CANTHUS_CLEARANCE_PX: Final = 2.0
_LID_EDGE_REACH_PX: Final = 4.5
_LID_EDGE_RAMP_PX: Final = 1.5
_LID_EDGE_DIRECTION: Final = 0.8
_LID_EDGE_DIRECTION_RAMP: Final = 0.1
_SKIN_PX: Final = -2.0, -5.0
_WHITE_PX: Final = 2.0
"""So far within the lids lies what is surely skin (from, to), or may be sclera."""
_FEWEST_SKIN: Final = 50
_FEWEST_WHITE: Final = 30
_TELLING_COLOUR: Final = 0.12
"""Difference of log(red / blue) between lid skin and sclera from which colour tells them apart."""
_SKIN_SHARE: Final = 0.3
_SKIN_RAMP: Final = 0.3
"""A colour is skin up to this share of the way from skin to sclera, and sclera from so much further on."""
_LOGARITHM_SCALE: Final = 100.0
_STRONG_RANK: Final = 0.85
_FEWEST_STRONG: Final = 9
"""An edge is strong that is stronger than this share of those beside sclera; else the edge of a wide pupil, stronger
than any rim and much of a narrow opening, would make the rim look weak. Strips of sclera narrower than 5 px do not
count, they are lid left inside the margins; and edges of the rim lie no further from sclera than 7 px."""
DARK_IRIS_SCLERA_LEVEL: Final = 0.475
"""Relative log brightness (0: darkest, 1: brightest part of the eye) that parts sclera from most irises."""
_SCLERA_RAMP: Final = 0.25
"""Range of relative brightness about that level over which a pixel comes to count as sclera."""

_NUMBERS: Final = np.array(
    [
        CANTHUS_MIDPOINT_PX[0],
        _ADDED_TO_GREY,
        _SHADOW_RANK,
        _FEWEST_AT_A_DEPTH,
        _SHADOW_GAIN_LIMIT,
        *APERTURE_SHARES,
        FEWEST_IN_APERTURE,
        _UPPER_CLEARANCE_PX,
        _LOWER_CLEARANCE_PX,
        _CANTHUS_CLEARANCE_PX,
        _LID_EDGE_REACH_PX,
        _LID_EDGE_RAMP_PX,
        _LID_EDGE_DIRECTION,
        _LID_EDGE_DIRECTION_RAMP,
        _SCLERA_RAMP,
        *_SKIN_PX,
        _WHITE_PX,
        _FEWEST_SKIN,
        _FEWEST_WHITE,
        _TELLING_COLOUR,
        _SKIN_SHARE,
        _SKIN_RAMP,
        _LOGARITHM_SCALE,
        _STRONG_RANK,
        _FEWEST_STRONG,
    ]
)
"""In the order in which the kernel has them."""
_PICTURES: Final = (FLOATS32, FLOATS32, FLOATS32, INT)
_LIDS: Final = (FLOATS, FLOATS, FLOATS, INT, INT, INT, INT)
_CONSTANTS: Final = (FLOATS, FLOATS, INT, INT, REAL, FLOATS)
_RESULTS: Final = (FLOATS32, FLOATS32, FLOATS32, FLOATS, FLOATS)
_edges: Final = Kernel("limbus_edges", *_PICTURES, *_LIDS, *_CONSTANTS, *_RESULTS)


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

    What lies in the upper lid's shadow is brightened first, so that shaded sclera does not look like iris: as much as
    the shadow's profile says, which may only brighten with depth. Tones are then held between the aperture's darkest
    and brightest ones. Edges near a lid margin that run along it weigh nothing. Sclera is what is bright, open, and
    nearer to the eye's own sclera than to the skin of its lids by colour, where that tells them apart: the margins
    found are a pixel or two off in places, and the strip of lid that this leaves inside them is as bright as sclera;
    its dark-to-bright edge would pass for limbus.

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
    light = tones.without_catch_lights if colours is None else red_light(patches)
    like_sclera = light if colours is None else colours.like_sclera(red_over_green(patches))
    height, columns = len(light) // 2, light.shape[1]
    top = min(max(math.floor(margins.y_px[:, 0].min()) - 4, 0), height - 12)
    rows = min(max(math.ceil(margins.y_px[:, 1].max()) + 5, top + 12), height) - top
    field = np.empty((2 * rows, columns, 3), dtype=np.float32)
    planes = np.empty((5, 2 * rows, columns), dtype=np.float32)
    log_range, cap = np.empty(2), np.empty(2)
    _edges(
        *(light, tones.red_over_blue, like_sclera, colours is not None),
        *(margins.y_px, margins.normal, patches.half_width_px, height, columns, top, rows),
        *(_SHADOW_COLUMNS, _TONE_COLUMNS, _TONE_COLUMNS.size, logarithmic, sclera_level, _NUMBERS),
        *(np.empty(5 * rows * columns + 16 * (columns + 16), dtype=np.float32), field, planes, log_range, cap),
    )
    sclera, relative, log_tone, openness, tone = planes
    by_eye = (2, rows, columns)
    return LimbusEdges(
        field=field,
        sclera=sclera,
        relative=relative,
        log_range=log_range,
        pupil=pupil_contrast(tone.reshape(by_eye), openness.reshape(by_eye)).reshape(2 * rows, columns),
        log_tone=log_tone,
        openness=openness,
        top_px=top,
        cap=cap,
        margins=margins,
    )
