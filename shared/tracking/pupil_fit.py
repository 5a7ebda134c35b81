"""Sub-pixel fit of the pupil: the circle around which the iris begins.

Between narrow lids the limbus shows as two short upright arcs, which hardly say how high the eye stands, while the
pupil shows whole. Only pupils clearly darker than their iris are fitted; what their height means for that of the
limbus is learnt at a film's end, see :mod:`shared.tracking.pupil_height`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, REAL, REAL32, Kernel
from shared.model import FloatArray
from shared.tracking.eye_crop import Float32Array, sample
from shared.tracking.limbus_edges import LimbusEdges
from shared.tracking.limbus_fit import LimbusFit
from shared.tracking.rim_edges import PEAK, REACH_PX, circle_fit
from shared.tracking.rim_ellipse import tilted_circle, unit_circle
from shared.tracking.rim_profile import BELL, PROFILE_PX

_RAYS: Final = 48
_RIM: Final = unit_circle(_RAYS)
_GAIN: Final = 100 / 8
"""Log tone is looked at in percent; the sums of Sobel's weights are 8."""
_RADII_PX: Final = np.arange(3.5, 11.0, 0.75)
"""Radii tried: pupils of 2.5 to 8 mm."""
_BESIDE_PX: Final = 4
"""How far to either side of the limbus's centre the pupil may stand: its own decentring, and perspective."""
_NEAR_PX: Final = 3.0
"""How far edges may lie from the expected circle while it is searched."""
_WEAKEST: Final = 0.1
_FIRMNESS: Final = 3.0
"""How firmly the radius is held to the usual one: as by so many fully weighted edges."""
_LARGEST_STEP_PX: Final = 4.0
_LARGEST_GROWTH_PX: Final = 1.5
_PROFILE_ROUNDS: Final = 2
_WIDEST_SPREAD_PX: Final = 0.25
_RADIUS_TOLERANCE: Final = 0.12
"""Where edges scatter more about the circle, or its radius differs by more from the usual one, a catch-light or a lid
has been taken for its edge."""
_FEWEST_RAYS: Final = 8.0
_EDGE_SD_PX: Final = 0.15
"""Standard deviation of an edge's place that stands for what lids and lashes beside it do to it."""
_SPREAD_SHARE: Final = 0.5
"""Of the scatter of the edges, in the error of the centre: neighbouring ones err together."""
_REACH: Final = REACH_PX.astype(np.float64)
_NEAR: Final = np.exp(-((REACH_PX / _NEAR_PX) ** 2))
_LIMITS: Final = np.array([_WEAKEST, _RADII_PX[0] / 2])
_CIRCLE_FIT: Final = circle_fit(_FIRMNESS, _LARGEST_STEP_PX, _LARGEST_GROWTH_PX)
"""These as the kernels want them."""
_pupil_gradients: Final = Kernel("pupil_gradients", FLOATS32, FLOATS32, INT, INT, REAL32, FLOATS32)
_pupil_middle: Final = Kernel("pupil_middle", FLOATS32, INT, INT, REAL, FLOATS, INT, FLOATS)
_pupil_fit: Final = Kernel(
    "pupil_fit",
    *(FLOATS32, INT, INT, REAL, FLOATS, FLOATS),
    *(FLOATS, INT, FLOATS, FLOATS32, INT, FLOATS, INT, INT),
    *(FLOATS, FLOATS, FLOATS, FLOATS, FLOATS),
)


@dataclass(frozen=True, eq=False)
class PupilFit:
    """Pupils of several frames.

    Attributes:
        centre_px: ``(n, 2, 2)`` patch px.
        radius_px: ``(n, 2)``.
        height_sd_px: ``(n, 2)`` standard deviation of the centre's height; 0 where no pupil was seen.
    """

    centre_px: FloatArray
    radius_px: FloatArray
    height_sd_px: FloatArray


class PupilFitter:
    """Fits pupils about as large and as clear as the one learnt.

    Attributes:
        radius_px: ``(2,)`` usual radius, patch px.
        strength: ``(2,)`` gradient at which their edge counts as strong.
    """

    def __init__(self, edges: Sequence[LimbusEdges], fits: Sequence[LimbusFit]) -> None:
        """Learn from frames whose limbi are known."""
        points, normal = tilted_circle(np.stack([fit.tilt for fit in fits]), _RIM)
        middles = _darkest_middles(edges, fits)[:, :, None, None]
        rims = middles + _RADII_PX[:, None, None] * points[:, :, None]
        strengths = [_strengths(*frame) for frame in zip(edges, rims, normal, strict=True)]
        typical = np.median(strengths, axis=0)
        self.radius_px = _RADII_PX[typical.argmax(axis=0)]
        self.strength = np.maximum(typical.max(axis=0), 1e-3)
        self.radius_px = np.median(self.fit_frames(edges, fits).radius_px, axis=0)

    def fit_frames(self, edges: Sequence[LimbusEdges], fits: Sequence[LimbusFit]) -> PupilFit:
        """Pupils of frames whose limbi have been fitted; no frame's result depends on another's.

        Their edges are first looked for at their steepest point, then by their whole profile.
        """
        middles = _darkest_middles(edges, fits)
        usual = np.empty((len(edges), 2, 4))
        usual[..., 0], usual[..., 1] = self.strength, self.radius_px
        usual[..., 2:] = [fit.tilt for fit in fits]
        fitted = np.empty((len(edges), 2, 6))
        for i, frame in enumerate(edges):
            gradients = _gradients(frame)
            _pupil_fit(
                *(gradients, len(gradients) // 2, gradients.shape[1], frame.top_px, usual[i], middles[i]),
                *(_RIM, _RAYS, _REACH, _NEAR, len(_REACH), PROFILE_PX, len(PROFILE_PX), _PROFILE_ROUNDS),
                *(PEAK, BELL, _LIMITS, _CIRCLE_FIT, fitted[i]),
            )
        radius_px, weight, spread_px, height_sd = np.moveaxis(fitted[..., 2:], -1, 0)
        seen = (spread_px < _WIDEST_SPREAD_PX) & (np.abs(radius_px / self.radius_px - 1) < _RADIUS_TOLERANCE)
        seen &= weight > _FEWEST_RAYS
        height_sd_px = np.hypot(_EDGE_SD_PX * height_sd, _SPREAD_SHARE * spread_px)
        return PupilFit(fitted[..., :2], radius_px, np.where(seen, height_sd_px, 0.0))


def _gradients(edges: LimbusEdges) -> Float32Array:
    """Gradients of log tone between the lids, along x and y, and openness: ``(2 * rows, columns, 3)``."""
    gradients = np.empty((*edges.log_tone.shape, 3), dtype=np.float32)
    _pupil_gradients(edges.log_tone, edges.openness, *edges.log_tone.shape, _GAIN, gradients)
    return gradients


def _strengths(edges: LimbusEdges, rims: FloatArray, normal: FloatArray) -> FloatArray:
    """``(radii, 2)`` how strong an edge stands along a frame's rims ``(2, radii, rays, 2)``."""
    gradients = sample(_gradients(edges), rims[..., 0], rims[..., 1] - edges.top_px)[..., :2]
    return np.asarray((gradients * normal[:, None]).sum(axis=-1).mean(axis=-1).T)


def _darkest_middles(edges: Sequence[LimbusEdges], fits: Sequence[LimbusFit]) -> FloatArray:
    """``(n, 2, 2)`` where something dark stands most clearly amid something brighter, above or below the limbus."""
    middles = np.empty((len(edges), 2, 2))
    for frame, fit, places in zip(edges, fits, middles, strict=True):
        rows, columns = frame.pupil.shape
        x_px = np.ascontiguousarray(fit.centre_px[:, 0])
        _pupil_middle(frame.pupil, rows // 2, columns, frame.top_px, x_px, _BESIDE_PX, places)
    return middles
