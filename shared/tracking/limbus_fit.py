"""Sub-pixel fit of the limbus: the rim between iris and sclera, seen as the ellipse that a tilted circle makes.

Two stages. A search scores every place on a coarse grid by the edges along the rim that point outward and have
sclera beyond them; a rim must be seen on both sides of the iris. Both eyes share the vertical part of that
search, because they move up and down together and one of them is often seen better. Then each eye's rim is
located edge by edge and its centre fitted on its own, so that a true difference between the eyes survives; at last
the whole profile of those edges settles where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.model import FloatArray, IntArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_IRIS_PX, Float32Array, PictureStack, sample
from shared.tracking.irises import LimbusCalibration
from shared.tracking.limbus_edges import LimbusEdges
from shared.tracking.rest_tilt import flattened
from shared.tracking.rim_edges import REACH_PX, RimStep, robust_circle, sub_step_peak
from shared.tracking.rim_ellipse import MIN_FORESHORTENING, tilted_circle, unit_circle
from shared.tracking.rim_profile import PROFILE_PX, matched_edge
from shared.tracking.search_grid import GRID_X, GRID_Y, at_heights, peak

ROTATION_RADIUS_IRIS: Final = 0.897
"""Distance from the eye's centre of rotation to the centre of the limbus, iris diameters.

10.5 mm with an iris of 11.7 mm: the common centre of rotation lies 13.3 mm behind the corneal apex and the
plane of the limbus 2.8 mm. Fry and Hill found separate centres (lever arms 9.5 mm vertically, 12.2 mm
horizontally); one centre is kept because a head rotation can only be taken out about one point, and both
differ from it by less than the 20 % that an uncalibrated recording leaves open.
"""

_COARSE_RAYS: Final = 36
_FINE_RAYS: Final = 60
_BEYOND_RIM_PX: Final = 4.0
"""How far outside the rim sclera is asked for, patch px."""
_UNSEEN_RAYS: Final = 2.4
"""Added to the number of rays that could be seen, so that one lucky ray is no rim."""
_START_OFFSETS_PX: Final = np.array([[0.0, -6.0], [0.0, 0.0], [0.0, 6.0]])
"""Fits start here about the coarse place: between narrow lids its height is often ambiguous."""
_FAINT_PUPIL: Final = 0.25
CLEAR_PUPIL: Final = 0.65
"""Usual pupil contrast from which pupils are heeded at all, and fully: from there on they are fitted, too."""
_PUPIL_EVIDENCE: Final = 0.7
"""What a clear pupil adds to a place's evidence; a fully seen rim has about 1."""
_PUPIL_SUPPORT: Final = 3.0
"""The same in rays, when one of several fitted rims is chosen."""
_WIDE_SPREAD_PX: Final = 0.8
"""Scatter of the rim points at which a fit counts half: edges of several things, not of one circle."""
_OTHER_HEIGHT_PX: Final = 4.0
"""Rims further apart in height (8 degrees) are two answers, not one."""
_FREE_HEIGHT_DIFFERENCE_PX: Final = 3.0
_DISAGREEMENT_COST: Final = 0.15
"""The eyes may differ in height by about 6 degrees for nothing, and by more where a rim shows it clearly:
weight of well-seen rays that each further px of difference must be worth."""
_FIRST_WIDTHS: Final = (0.2, 0.13)
_LAST_WIDTHS: Final = (0.13,)
"""How far edges may lie from the expected rim, as shares of the radius, round by round."""
_PROFILE_ROUNDS: Final = 2
_LARGEST_STEP_PX: Final = 4.0
_RADIUS_FIRMNESS: Final = 3.0
"""How firmly a frame's radius is held to the one learnt: as by so many fully weighted edges."""
_LARGEST_GROWTH_PX: Final = 1.0
_RADIUS_RANGE: Final = (0.9, 1.1)
"""Shares of the usual radius between which a frame's own must lie."""


_COARSE_RIM: Final = unit_circle(_COARSE_RAYS)
_FINE_RIM: Final = unit_circle(_FINE_RAYS)
_FLATTENED: Final = flattened(_FINE_RIM)
_LEFT: Final = (slice(_COARSE_RAYS // 4, 3 * _COARSE_RAYS // 4),)
_RIGHT: Final = (slice(0, _COARSE_RAYS // 4), slice(3 * _COARSE_RAYS // 4, _COARSE_RAYS))
"""Coarse rays to either side of the iris."""


@dataclass(frozen=True, eq=False)
class LimbusFit:
    """The rims of both eyes in one frame.

    Attributes:
        centre_px: ``(2, 2)`` limbus centre, patch px.
        radius_px: ``(2,)`` radius of the circle fitted, patch px.
        score: ``(2,)`` coarse evidence, 0 to about 1.5.
        sides: ``(2, 2)`` weight of the rays that carried the fit, image-left and image-right side.
        spread_px: ``(2,)`` robust scatter of the rim points about the fit.
        contrast: ``(2,)`` log ratio of the brightness outside and inside the rim, where edges carried the fit.
        height_sd: ``(2,)`` standard deviation of the centre's height for edges with one of 1 px.
        rival: ``(2,)`` support of the best rim found at quite another height, as a share of this one's.
        tilt: ``(2, 2)`` sine along the patch axes of the tilt with which the circle was fitted.
        tilt_answer: ``(2, 2, 3)`` how the centre, patch px, answers to :func:`shared.tracking.rest_tilt.squares` of
            the tilt.
    """

    centre_px: FloatArray
    radius_px: FloatArray
    score: FloatArray
    sides: FloatArray
    spread_px: FloatArray
    contrast: FloatArray
    height_sd: FloatArray
    rival: FloatArray
    tilt: FloatArray
    tilt_answer: FloatArray


@dataclass(frozen=True, eq=False)
class _Rims:
    """Rims fitted from several starts, ``(frames, 2, starts, ...)``; names as in :class:`LimbusFit`."""

    centre_px: FloatArray
    radius_px: FloatArray
    sides: FloatArray
    spread_px: FloatArray
    height_sd: FloatArray


@dataclass(frozen=True, eq=False)
class _Seen:
    """How frames see the circles: ``tilt`` as in :meth:`LimbusFitter.fit_frames`, and ``size`` ``(n, 2, 1)``."""

    tilt: FloatArray
    size: FloatArray


class _Stack:
    """The edges of several frames, ready to be sampled all at once. First axis: frames."""

    def __init__(self, edges: Sequence[LimbusEdges]) -> None:
        self.field = PictureStack([frame.field for frame in edges])
        self.sclera = PictureStack([frame.sclera for frame in edges])
        self.relative = PictureStack([frame.relative for frame in edges])
        self.pupil = PictureStack([frame.pupil for frame in edges])
        self.top_px = np.array([float(frame.top_px) for frame in edges])
        self.cap = np.stack([frame.cap for frame in edges])
        self.log_range = np.stack([frame.log_range for frame in edges])


class LimbusFitter:
    """Fits limbi with one calibration; keeps the search grid that belongs to it.

    Many frames are fitted in one pass over their arrays, for speed alone: no frame's result depends on another's.
    """

    def __init__(self, calibration: LimbusCalibration, radius_firmness: float = _RADIUS_FIRMNESS) -> None:
        self.calibration = calibration
        self._firmness = radius_firmness
        rest_y, radius = calibration.rest_px[:, 1], calibration.radius_px
        centre_y = CANTHUS_MIDPOINT_PX[1] + GRID_Y
        tilt = (centre_y - rest_y[:, None]) / (ROTATION_RADIUS_IRIS * PATCH_IRIS_PX)
        flattening = np.sqrt(np.maximum(MIN_FORESHORTENING, 1 - tilt**2))[:, None, :, None]
        cosine, sine = _COARSE_RIM.T[:, :, None, None]
        normal_x, normal_y = np.broadcast_arrays(cosine * flattening, sine)
        length = np.hypot(normal_x, normal_y)
        shape = (2, _COARSE_RAYS, len(GRID_Y), len(GRID_X))
        wide = radius[:, None, None, None]
        x = np.broadcast_to(GRID_X + wide * cosine, shape)
        y = np.broadcast_to(centre_y[:, None] + wide * flattening * sine, shape)
        flat = (2, _COARSE_RAYS, -1)
        self._normal_x = np.broadcast_to(normal_x / length, shape).reshape(flat).astype(np.float32)
        self._normal_y = np.broadcast_to(normal_y / length, shape).reshape(flat).astype(np.float32)
        self._x = x.reshape(flat).astype(np.float32)
        self._y = y.reshape(flat).astype(np.float32)
        self._beyond_x = _BEYOND_RIM_PX * self._normal_x
        self._beyond_y = _BEYOND_RIM_PX * self._normal_y

    def fit(self, edges: LimbusEdges, seed_px: FloatArray, usable: FloatArray) -> LimbusFit:
        """Both limbi of one frame, head and landmarks as when the eyes were learnt; see :meth:`fit_frames`."""
        return self.fit_frames([edges], seed_px[None], usable[None], np.zeros((1, 2, 2)), np.ones((1, 2)))[0]

    def fit_frames(
        self,
        edges: Sequence[LimbusEdges],
        seed_px: FloatArray,
        usable: FloatArray,
        tilt: FloatArray,
        size: FloatArray,
    ) -> list[LimbusFit]:
        """Both limbi of several frames.

        Args:
            edges: of the frames.
            seed_px: ``(n, 2, 2)`` landmark iris centres in the patch; only x is used.
            usable: ``(n, 2)`` 1 where the eye is open and in the picture; others do not guide their fellow.
            tilt: ``(n, 2, 2)`` sine along the patch axes of how far the limbus is tilted, beyond what its place
                against ``rest_px`` shows: by the head's turn, and as patches follow landmarks that follow gaze.
            size: ``(n, 2)`` of the irises in these patches, as shares of the learnt radii.
        """
        stack = _Stack(edges)
        usable = usable[:, :, None, None]
        rim = np.stack([self.evidence(*frame) for frame in zip(edges, seed_px, strict=True)]) * usable
        pupil = self._pupil_evidence(stack, seed_px) * usable
        evidence = np.asarray(rim + _PUPIL_EVIDENCE * pupil, dtype=np.float32)
        joint = evidence + self._fellow_evidence(evidence)
        centre = peak(joint)
        centre[..., 0] += seed_px[..., 0]
        centre[..., 1] += CANTHUS_MIDPOINT_PX[1]
        return self._refine(stack, centre, rim.max(axis=(2, 3)), _Seen(tilt, size[:, :, None]))

    def evidence(self, edges: LimbusEdges, seed_px: FloatArray) -> Float32Array:
        """Evidence for a rim around every grid place of one frame, ``(eye, y, x)``, each eye for itself."""
        x = self._x + seed_px[:, :1, None].astype(np.float32)
        y = self._y - edges.top_px
        at_rim = sample(edges.field, x, y)
        beyond = sample(edges.sclera, x + self._beyond_x, y + self._beyond_y)
        along_x, along_y = at_rim[..., 0], at_rim[..., 1]
        outward = along_x * self._normal_x + along_y * self._normal_y
        magnitude = np.sqrt(along_x**2 + along_y**2) + 1e-6
        cap = edges.cap.astype(np.float32)[:, None, None]
        strength = beyond * _within_0_1(outward / cap) * _within_0_1((outward / magnitude - 0.75) / 0.2)
        seen = at_rim[..., 2] * beyond
        on_right, on_left = (
            _sum_over(strength, side) / (_sum_over(seen, side) + _UNSEEN_RAYS) for side in (_RIGHT, _LEFT)
        )
        both = np.sqrt(on_right * on_left) + 0.25 * (on_right + on_left)
        return np.asarray(both.reshape(2, len(GRID_Y), len(GRID_X)))

    def _pupil_evidence(self, stack: _Stack, seed_px: FloatArray) -> Float32Array:
        """How much each grid place looks like the middle of the pupil, ``(frame, eye, y, x)``, 0 to 1."""
        shape = (len(seed_px), 2, len(GRID_Y), len(GRID_X))
        x = np.broadcast_to(GRID_X, shape) + seed_px[:, :, :1, None]
        y = np.broadcast_to((GRID_Y + CANTHUS_MIDPOINT_PX[1] - stack.top_px[:, None])[:, None, :, None], shape)
        return self._pupil_share(stack.pupil.sample(x, y))

    def _pupil_share(self, contrast: Float32Array) -> Float32Array:
        """Contrast as a share of this person's pupil's, times how far that pupil is to be trusted."""
        usual = self.calibration.pupil_contrast
        trust = float(np.clip((usual - _FAINT_PUPIL) / (CLEAR_PUPIL - _FAINT_PUPIL), 0, 1))
        return np.asarray(np.clip(contrast / max(usual, _FAINT_PUPIL), 0, 1) * trust, dtype=np.float32)

    def _fellow_evidence(self, evidence: Float32Array) -> FloatArray:
        """What the other eye says about each height, ``(frame, eye, y, 1)``."""
        rest_y = self.calibration.rest_px[:, 1]
        best = evidence.max(axis=3)
        shared = [at_heights(best[:, 1 - eye], GRID_Y - rest_y[eye] + rest_y[1 - eye]) for eye in range(2)]
        return np.stack(shared, axis=1)[..., None]

    def _refine(self, stack: _Stack, coarse: FloatArray, score: FloatArray, seen: _Seen) -> list[LimbusFit]:
        """Refine from several starting heights, keep the pair of rims that explains most edges."""
        starts = coarse[:, :, None, :] + _START_OFFSETS_PX
        rims = self._fit_rims(stack, starts, seen, widths=_FIRST_WIDTHS)
        pupil = _sample_rays(stack.pupil, rims.centre_px[..., None, None, :], stack.top_px)[..., 0, 0]
        choice, rival = self._choose(rims, self._pupil_share(pupil))
        chosen = np.take_along_axis(rims.centre_px, choice[:, :, None, None], axis=2)
        final, answer = self._settle(stack, self._fit_rims(stack, chosen, seen, widths=_LAST_WIDTHS), seen)
        contrast = self._contrast(stack, final.centre_px, seen)
        tilt = self._tilt(final.centre_px, seen)
        return [
            LimbusFit(
                centre_px=final.centre_px[i, :, 0],
                radius_px=final.radius_px[i, :, 0],
                score=np.asarray(score[i], dtype=np.float64),
                sides=final.sides[i, :, 0],
                spread_px=final.spread_px[i, :, 0],
                contrast=contrast[i, :, 0],
                height_sd=final.height_sd[i, :, 0],
                rival=rival[i],
                tilt=tilt[i, :, 0],
                tilt_answer=answer[i, :, 0],
            )
            for i in range(len(coarse))
        ]

    def _choose(self, rims: _Rims, pupil: Float32Array) -> tuple[IntArray, FloatArray]:
        """Each eye's rim: the pair with most support, less what the eyes differ in height.

        Returns:
            ``(frames, 2)`` indices, and the support of each eye's best rim at another height as a share of this one's.
        """
        support = rims.sides.sum(axis=3) / (1 + (rims.spread_px / _WIDE_SPREAD_PX) ** 2) + _PUPIL_SUPPORT * pupil
        height = rims.centre_px[..., 1] - self.calibration.rest_px[:, None, 1]
        apart = np.abs(height[:, 0, :, None] - height[:, 1, None, :])
        disagreement = np.maximum(apart - _FREE_HEIGHT_DIFFERENCE_PX, 0)
        total = support[:, 0, :, None] + support[:, 1, None, :] - _DISAGREEMENT_COST * disagreement
        best = total.reshape(len(total), -1).argmax(axis=1)
        choice = np.stack(np.unravel_index(best, total.shape[1:]), axis=-1)
        at = choice[:, :, None]
        elsewhere = np.abs(height - np.take_along_axis(height, at, axis=2)) > _OTHER_HEIGHT_PX
        rival = np.where(elsewhere, support, 0).max(axis=2)
        return choice, rival / np.maximum(np.take_along_axis(support, at, axis=2)[..., 0], 1e-6)

    def _fit_rims(self, stack: _Stack, centre: FloatArray, seen: _Seen, *, widths: Sequence[float]) -> _Rims:
        """Locate the rim ray by ray, fit the circle by robust least squares; one round for each width.

        ``centre`` is ``(frames, 2, starts, 2)``, and so begins every array of the answer.
        """
        usual = self.calibration.radius_px[:, None] * seen.size
        radius = np.broadcast_to(usual, centre.shape[:3])
        cap = stack.cap[:, :, None, None]
        top = stack.top_px[:, None, None, None]
        for width in widths:
            points, normal = self._ellipse(centre, radius, seen, _FINE_RIM)
            nx, ny = (normal[..., axis, None].astype(np.float32) for axis in range(2))
            x = points[..., 0, None].astype(np.float32) + REACH_PX * nx
            y = (points[..., 1] - top)[..., None].astype(np.float32) + REACH_PX * ny
            values = stack.field.sample(x, y)
            along_x, along_y = values[..., 0], values[..., 1]
            outward = along_x * nx + along_y * ny
            magnitude = np.sqrt(along_x**2 + along_y**2) + np.float32(1e-6)
            radial = _within_0_1((outward / magnitude - np.float32(0.6)) / np.float32(0.3))
            near = np.exp(-((REACH_PX / (width * usual[..., None, None])) ** 2)).astype(np.float32)
            offset, strength = sub_step_peak(np.maximum(outward, 0) * radial, near)
            beyond = points + (offset + _BEYOND_RIM_PX)[..., None] * normal
            sclera = _sample_rays(stack.sclera, beyond[..., None, :], stack.top_px)[..., 0]
            weight = np.minimum(strength / cap, 1) * sclera
            weight[strength < 0.1 * cap] = 0
            step = robust_circle(normal, offset, weight, radius - usual, self._firmness)
            centre, radius = self._moved(centre, radius, step, usual)
        on_right = normal[..., 0] > 0
        return _Rims(
            centre_px=centre,
            radius_px=radius,
            sides=np.stack([(step.weight * ~on_right).sum(-1), (step.weight * on_right).sum(-1)], axis=-1),
            spread_px=step.spread_px,
            height_sd=step.height_sd,
        )

    def _settle(self, stack: _Stack, rims: _Rims, seen: _Seen) -> tuple[_Rims, FloatArray]:
        """The same rims placed by the whole profile of their edges; how well they were seen stays as it was found.

        Also how each centre answers to its tilt, ``(frames, 2, starts, 2, 3)``.
        """
        usual = self.calibration.radius_px[:, None] * seen.size
        centre, radius = rims.centre_px, rims.radius_px
        cap = stack.cap[:, :, None, None]
        for _ in range(_PROFILE_ROUNDS):
            points, normal = self._ellipse(centre, radius, seen, _FINE_RIM)
            across = points[..., None, :] + PROFILE_PX[:, None] * normal[..., None, :]
            values = _sample_rays(stack.field, across, stack.top_px)
            along_x, along_y, openness = values[..., 0], values[..., 1], values[..., 2]
            outward = np.asarray(along_x * normal[..., 0, None] + along_y * normal[..., 1, None], dtype=np.float64)
            shift, weight = matched_edge(outward, openness, cap)
            beyond = points + (shift + _BEYOND_RIM_PX)[..., None] * normal
            weight = weight * _sample_rays(stack.sclera, beyond[..., None, :], stack.top_px)[..., 0]
            step = robust_circle(normal, shift, weight, radius - usual, self._firmness)
            centre, radius = self._moved(centre, radius, step, usual)
        answer = radius[..., None, None] * step.answer(normal, _FLATTENED)
        return replace(rims, centre_px=centre, radius_px=radius), answer

    def _moved(
        self, centre: FloatArray, radius: FloatArray, step: RimStep, usual: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Centre and radius after a step, held to what one round may change and to what an iris can be."""
        growth = np.clip(step.growth_px, -_LARGEST_GROWTH_PX, _LARGEST_GROWTH_PX)
        return (
            centre + np.clip(step.shift_px, -_LARGEST_STEP_PX, _LARGEST_STEP_PX),
            np.clip(radius + growth, _RADIUS_RANGE[0] * usual, _RADIUS_RANGE[1] * usual),
        )

    def _contrast(self, stack: _Stack, centre: FloatArray, seen: _Seen) -> FloatArray:
        """Mean of log brightness a little outside the rim, where sclera shows, less that inside."""
        radius = np.broadcast_to(self.calibration.radius_px[:, None] * seen.size, centre.shape[:3])
        points, normal = self._ellipse(centre, radius, seen, _COARSE_RIM)
        places = points[..., None, :] + np.array([-1.5, 1.0])[:, None] * _BEYOND_RIM_PX * normal[..., None, :]
        tone = _sample_rays(stack.relative, places, stack.top_px)
        weight = _sample_rays(stack.sclera, places[..., 1:, :], stack.top_px)[..., 0]
        difference = (tone[..., 1] - tone[..., 0]) * weight
        mean = difference.sum(-1) / np.maximum(weight.sum(-1), 1e-6)
        return np.asarray(mean * stack.log_range[:, :, None])

    def _ellipse(
        self, centre: FloatArray, radius: FloatArray, seen: _Seen, rim: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Rim points and unit normals ``(frames, 2, starts, rays, 2)`` of the limbus circle on the eyeball."""
        points, normal = tilted_circle(self._tilt(centre, seen), rim)
        return centre[..., None, :] + radius[..., None, None] * points, normal

    def _tilt(self, centre: FloatArray, seen: _Seen) -> FloatArray:
        """Sine of the tilt along the patch axes of circles centred there, ``(frames, 2, starts, 2)``."""
        lever_px = 2 * ROTATION_RADIUS_IRIS * (self.calibration.true_radius_px[:, None] * seen.size)[..., None]
        return np.asarray((centre - self.calibration.rest_px[:, None]) / lever_px + seen.tilt[:, :, None])


def _within_0_1(values: FloatArray) -> FloatArray:
    """Limited to 0 and 1; in place."""
    np.maximum(values, 0, out=values)
    return np.minimum(values, 1, out=values)


def _sum_over(values: Float32Array, rays: Sequence[slice]) -> Float32Array:
    """Sum over some of the rays of ``(eye, ray, place)``."""
    return np.asarray(sum(values[:, part].sum(axis=1) for part in rays))


def _sample_rays(pictures: PictureStack, points: FloatArray, top_px: FloatArray) -> Float32Array:
    """Values at patch points ``(frames, 2, starts, rays, samples, 2)``: the same shape without the last axis."""
    return pictures.sample(points[..., 0], points[..., 1] - top_px[:, None, None, None, None])
