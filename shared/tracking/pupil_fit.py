"""Sub-pixel fit of the pupil: the circle around which the iris begins.

Between narrow lids the limbus shows as two short upright arcs, which hardly say how high the eye stands, while the
pupil shows whole. Only pupils clearly darker than their iris are fitted; what their height means for that of the
limbus is learnt at a film's end, see :mod:`shared.tracking.pupil_height`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_WIDTH_PX, Float32Array, PictureStack
from shared.tracking.limbus_edges import LimbusEdges
from shared.tracking.limbus_fit import LimbusFit
from shared.tracking.rim_edges import REACH_PX, robust_circle, sub_step_peak
from shared.tracking.rim_ellipse import tilted_circle, unit_circle
from shared.tracking.rim_profile import PROFILE_PX, matched_edge

_RIM: Final = unit_circle(48)
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
        stack, top = _gradients(edges)
        points, normal = tilted_circle(np.stack([fit.tilt for fit in fits])[:, :, None], _RIM)
        start = _darkest_middles(edges, fits)[:, :, None, None]
        strengths = np.stack([_strength(stack, start + radius * points, normal, top) for radius in _RADII_PX])
        self.radius_px = _RADII_PX[strengths.argmax(axis=0)]
        self.strength = np.maximum(strengths.max(axis=0), 1e-3)
        self.radius_px = np.median(self.fit_frames(edges, fits).radius_px, axis=0)

    def fit_frames(self, edges: Sequence[LimbusEdges], fits: Sequence[LimbusFit]) -> PupilFit:
        """Pupils of frames whose limbi have been fitted; no frame's result depends on another's."""
        stack, top = _gradients(edges)
        tilt = np.stack([fit.tilt for fit in fits])[:, :, None]
        centre = _darkest_middles(edges, fits)[:, :, None]
        usual = self.radius_px[:, None]
        radius: FloatArray = np.broadcast_to(usual, centre.shape[:3])
        cap = self.strength[:, None, None]
        near = np.exp(-((REACH_PX / _NEAR_PX) ** 2))
        for round_number in range(1 + _PROFILE_ROUNDS):
            points, normal = tilted_circle(tilt, _RIM)
            reach = PROFILE_PX if round_number else REACH_PX.astype(np.float64)
            rim = centre[..., None, :] + radius[..., None, None] * points
            across = rim[..., None, :] + np.multiply(reach[:, None], normal[..., None, :])
            outward, openness = _outward(stack, across, normal, top)
            if round_number:
                offset, weight = matched_edge(outward, openness, cap)
            else:
                offset, strength = sub_step_peak(
                    np.maximum(outward, 0).astype(np.float32), np.broadcast_to(near, outward.shape)
                )
                weight = np.where(strength < _WEAKEST * cap, 0.0, np.minimum(strength / cap, 1))
            step = robust_circle(normal, offset, weight, radius - usual, _FIRMNESS)
            centre = centre + np.clip(step.shift_px, -_LARGEST_STEP_PX, _LARGEST_STEP_PX)
            radius = np.clip(
                radius + np.clip(step.growth_px, -_LARGEST_GROWTH_PX, _LARGEST_GROWTH_PX), _RADII_PX[0] / 2, None
            )
        seen = (step.spread_px < _WIDEST_SPREAD_PX) & (np.abs(radius / usual - 1) < _RADIUS_TOLERANCE)
        seen &= step.weight.sum(axis=-1) > _FEWEST_RAYS
        height_sd = np.hypot(_EDGE_SD_PX * step.height_sd, _SPREAD_SHARE * step.spread_px)
        return PupilFit(centre[:, :, 0], radius[:, :, 0], np.where(seen, height_sd, 0.0)[:, :, 0])


def _gradients(edges: Sequence[LimbusEdges]) -> tuple[PictureStack, FloatArray]:
    """Gradients of log tone between the lids, x, y and openness, and the patch row at which each frame begins."""
    pictures = []
    for frame in edges:
        tone = np.float32(100) * frame.log_tone
        along_x, along_y = (cv2.Sobel(tone, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1)))
        pictures.append(np.stack([along_x * frame.openness, along_y * frame.openness, frame.openness], axis=-1))
    return PictureStack(pictures), np.array([float(frame.top_px) for frame in edges])


def _strength(stack: PictureStack, rim: FloatArray, normal: FloatArray, top_px: FloatArray) -> FloatArray:
    """``(2,)`` median over frames of how strong an edge stands along these rims."""
    outward, _ = _outward(stack, rim[..., None, :], normal, top_px)
    return np.asarray(np.median(outward.mean(axis=(-2, -1))[:, :, 0], axis=0))


def _outward(
    stack: PictureStack, points: FloatArray, normal: FloatArray, top_px: FloatArray
) -> tuple[FloatArray, Float32Array]:
    """Gradient along the normals, and openness, at patch points ``(frames, 2, 1, rays, samples, 2)``."""
    values = stack.sample(points[..., 0], points[..., 1] - top_px[:, None, None, None, None])
    outward = values[..., 0] * normal[..., 0, None] + values[..., 1] * normal[..., 1, None]
    return np.asarray(outward, dtype=np.float64), values[..., 2]


def _darkest_middles(edges: Sequence[LimbusEdges], fits: Sequence[LimbusFit]) -> FloatArray:
    """``(n, 2, 2)`` where something dark stands most clearly amid something brighter, above or below the limbus."""
    places = np.empty((len(edges), 2, 2))
    for i, (frame, fit) in enumerate(zip(edges, fits, strict=True)):
        contrast = frame.pupil.reshape(2, -1, PATCH_WIDTH_PX)
        columns = np.clip(np.rint(fit.centre_px[:, 0]), _BESIDE_PX, PATCH_WIDTH_PX - 1 - _BESIDE_PX).astype(np.intp)
        for eye, column in enumerate(columns):
            strip = contrast[eye, :, column - _BESIDE_PX : column + _BESIDE_PX + 1]
            row, beside = np.unravel_index(strip.argmax(), strip.shape)
            places[i, eye] = column - _BESIDE_PX + beside, frame.top_px + row
    return places
