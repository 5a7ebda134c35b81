"""Sub-pixel fit of the limbus: the rim between iris and sclera, seen as the ellipse that a tilted circle makes.

Two stages. A search scores every place on a coarse grid by the edges along the rim that point outward and have
sclera beyond them; a rim must be seen on both sides of the iris. Both eyes share the vertical part of that
search, because they move up and down together and one of them is often seen better. Then each eye's rim is
located edge by edge and its centre fitted on its own, so that a true difference between the eyes survives; at last
the whole profile of those edges settles where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, REAL, REAL32, Kernel
from shared.model import FloatArray, IntArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_IRIS_PX, Float32Array, sample
from shared.tracking.irises import LimbusCalibration
from shared.tracking.limbus_edges import LimbusEdges
from shared.tracking.rest_tilt import flattened
from shared.tracking.rim_edges import PEAK, REACH_PX, circle_fit
from shared.tracking.rim_ellipse import MIN_FORESHORTENING, unit_circle
from shared.tracking.rim_profile import BELL, PROFILE_PX
from shared.tracking.search_grid import GRID_STEP_PX, GRID_X, GRID_Y, at_heights, peak

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
_INSIDE_RIM_PX: Final = 6.0
"""How far inside the iris's tone is looked at."""
_FAINTEST: Final = 1e-6
"""Added to a gradient's magnitude, which its direction is divided by."""
_COARSE_COSINE: Final = (0.75, 0.2)
_FINE_COSINE: Final = (0.6, 0.3)
"""Cosine of the angle between gradient and ray from which an edge counts, and how much more lets it count fully."""
_WEAKEST: Final = 0.1
"""Share of a strong edge's gradient below which there is no edge."""
_UNSEEN_RAYS: Final = 2.4
"""Added to the number of rays that could be seen, so that one lucky ray is no rim."""
_OF_EITHER_SIDE: Final = 0.25
"""What a side counts by itself; the rest takes both."""
_EVIDENCE_LIMITS: Final = np.array(
    [_BEYOND_RIM_PX, _FAINTEST, *_COARSE_COSINE, _UNSEEN_RAYS, _OF_EITHER_SIDE], dtype=np.float32
)
_FIT_LIMITS: Final = np.array([_FAINTEST, *_FINE_COSINE, _WEAKEST, _BEYOND_RIM_PX])
"""These as the kernels want them."""
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
_rim_evidence: Final = Kernel(
    "rim_evidence",
    *(FLOATS32, FLOATS32, INT, INT, REAL32),
    *(FLOATS32, FLOATS32, FLOATS32, INT, INT, INT, INT),
    *(FLOATS32, FLOATS32, FLOATS32, FLOATS32),
)
_rim_fit: Final = Kernel(
    "rim_fit",
    *(FLOATS32, FLOATS32, INT, INT, REAL),
    *(FLOATS, FLOATS, INT, FLOATS, INT, FLOATS32, INT, FLOATS32, INT),
    *(FLOATS, FLOATS, FLOATS, FLOATS),
)
_rim_settle: Final = Kernel(
    "rim_settle",
    *(FLOATS32, FLOATS32, INT, INT, REAL),
    *(FLOATS, FLOATS, FLOATS, FLOATS, INT, FLOATS, INT, INT),
    *(FLOATS, REAL, FLOATS, FLOATS),
)
_rim_contrast: Final = Kernel(
    "rim_contrast",
    *(FLOATS32, FLOATS32, INT, INT, REAL),
    *(FLOATS, FLOATS, FLOATS, INT, REAL, REAL, REAL, FLOATS),
)


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


class _Rims:
    """Rims fitted from several starts, ``(frames, 2, starts, ...)``; names as in :class:`LimbusFit`."""

    def __init__(self, fitted: FloatArray) -> None:
        """Of ``(frames, 2, starts, 7)`` as the kernel leaves them."""
        self.circle = fitted[..., :3]
        self.centre_px = fitted[..., :2]
        self.sides = fitted[..., 3:5]
        self.spread_px = fitted[..., 5]
        self.height_sd = fitted[..., 6]


@dataclass(frozen=True, eq=False)
class _Frames:
    """What rims are fitted to.

    Attributes:
        edges: of the frames.
        known: ``(n, 2, 7)`` of each eye what the kernels want: its cap, the usual radius, the smallest and the
            largest that it may have, the place (x, y) at which its limbus is seen face-on, and how many px from there
            would tilt it by a sine of 1.
    """

    edges: Sequence[LimbusEdges]
    known: FloatArray

    def tilt(self, centre_px: FloatArray) -> FloatArray:
        """Sine of the tilt along the patch axes of circles centred there, ``(n, 2, 2)``."""
        return np.asarray((centre_px - self.known[..., 4:6]) / self.known[..., 6:])


class LimbusFitter:
    """Fits limbi with one calibration; keeps the search grid that belongs to it.

    What is to be done once for many frames is done for all of them, for speed alone: no frame's result depends on
    another's.
    """

    def __init__(self, calibration: LimbusCalibration, radius_firmness: float = _RADIUS_FIRMNESS) -> None:
        self.calibration = calibration
        self._circle_fit = circle_fit(radius_firmness, _LARGEST_STEP_PX, _LARGEST_GROWTH_PX)
        rest_y, radius = calibration.rest_px[:, 1:], calibration.radius_px[:, None]
        centre_y = CANTHUS_MIDPOINT_PX[1] + GRID_Y
        tilt = (centre_y - rest_y) / (ROTATION_RADIUS_IRIS * PATCH_IRIS_PX)
        flattening = np.sqrt(np.maximum(MIN_FORESHORTENING, 1 - tilt**2))[:, :, None]
        cosine, sine = _COARSE_RIM.T
        normal = np.stack(np.broadcast_arrays(cosine * flattening, sine), axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        y = centre_y[:, None] + radius[:, None] * flattening * sine
        self._x = (GRID_X[0] + radius * cosine).astype(np.float32)
        self._y = y.astype(np.float32)
        self._normal = normal.astype(np.float32)

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
        usable = usable[:, :, None, None]
        rim = np.stack([self.evidence(*frame) for frame in zip(edges, seed_px, strict=True)]) * usable
        pupil = self._pupil_evidence(edges, seed_px) * usable
        evidence = np.asarray(rim + _PUPIL_EVIDENCE * pupil, dtype=np.float32)
        joint = evidence + self._fellow_evidence(evidence)
        centre = peak(joint)
        centre[..., 0] += seed_px[..., 0]
        centre[..., 1] += CANTHUS_MIDPOINT_PX[1]
        return self._refine(_Frames(edges, self._known(edges, tilt, size)), centre, rim.max(axis=(2, 3)))

    def evidence(self, edges: LimbusEdges, seed_px: FloatArray) -> Float32Array:
        """Evidence for a rim around every grid place of one frame, ``(eye, y, x)``, each eye for itself.

        Of all rays on one side of the iris that could be seen, the share whose edge points outward and has sclera
        beyond it.
        """
        evidence = np.empty((2, len(GRID_Y), len(GRID_X)), dtype=np.float32)
        _rim_evidence(
            *(edges.field, edges.sclera, *_window(edges)),
            *(self._x, self._y, self._normal, _COARSE_RAYS, len(GRID_Y), len(GRID_X), int(GRID_STEP_PX)),
            *(seed_px[:, 0].astype(np.float32), edges.cap.astype(np.float32), _EVIDENCE_LIMITS, evidence),
        )
        return evidence

    def _known(self, edges: Sequence[LimbusEdges], tilt: FloatArray, size: FloatArray) -> FloatArray:
        """As :class:`_Frames` wants it; ``tilt`` and ``size`` as in :meth:`fit_frames`."""
        usual_px = self.calibration.radius_px * size
        lever_px = 2 * ROTATION_RADIUS_IRIS * self.calibration.true_radius_px * size
        face_on = self.calibration.rest_px - lever_px[..., None] * tilt
        caps = np.stack([frame.cap for frame in edges])
        smallest, largest = (share * usual_px for share in _RADIUS_RANGE)
        return np.stack([caps, usual_px, smallest, largest, face_on[..., 0], face_on[..., 1], lever_px], axis=-1)

    def _pupil_evidence(self, edges: Sequence[LimbusEdges], seed_px: FloatArray) -> Float32Array:
        """How much each grid place looks like the middle of the pupil, ``(frame, eye, y, x)``, 0 to 1."""
        x, y = np.broadcast_arrays(seed_px[:, :, :1, None] + GRID_X, CANTHUS_MIDPOINT_PX[1] + GRID_Y[:, None])
        return self._pupil_share(edges, np.stack([x, y], axis=-1))

    def _pupil_share(self, edges: Sequence[LimbusEdges], places: FloatArray) -> Float32Array:
        """Contrast as a share of this person's pupil's, times how far that pupil is to be trusted.

        Args:
            edges: of the frames.
            places: ``(frames, 2, ..., 2)`` patch points.
        """
        contrast = np.empty(places.shape[:-1], dtype=np.float32)
        for i, frame in enumerate(edges):
            contrast[i] = sample(frame.pupil, places[i, ..., 0], places[i, ..., 1] - frame.top_px)
        usual = self.calibration.pupil_contrast
        trust = float(np.clip((usual - _FAINT_PUPIL) / (CLEAR_PUPIL - _FAINT_PUPIL), 0, 1))
        return np.asarray(np.clip(contrast / max(usual, _FAINT_PUPIL), 0, 1) * trust, dtype=np.float32)

    def _fellow_evidence(self, evidence: Float32Array) -> FloatArray:
        """What the other eye says about each height, ``(frame, eye, y, 1)``."""
        rest_y = self.calibration.rest_px[:, 1]
        best = evidence.max(axis=3)
        shared = [at_heights(best[:, 1 - eye], GRID_Y - rest_y[eye] + rest_y[1 - eye]) for eye in range(2)]
        return np.stack(shared, axis=1)[..., None]

    def _refine(self, frames: _Frames, coarse: FloatArray, score: FloatArray) -> list[LimbusFit]:
        """Refine from several starting heights, keep the pair of rims that explains most edges."""
        rims = self._fit_rims(frames, coarse[:, :, None, :] + _START_OFFSETS_PX, widths=_FIRST_WIDTHS)
        choice, rival = self._choose(rims, self._pupil_share(frames.edges, rims.centre_px))
        chosen = np.take_along_axis(rims.centre_px, choice[:, :, None, None], axis=2)
        found = self._fit_rims(frames, chosen, widths=_LAST_WIDTHS)
        circle, answer = self._settle(frames, found.circle[:, :, 0])
        centre = np.ascontiguousarray(circle[..., :2])
        contrast = _contrast(frames, centre)
        tilt = frames.tilt(centre)
        return [
            LimbusFit(
                centre_px=centre[i],
                radius_px=circle[i, :, 2],
                score=np.asarray(score[i], dtype=np.float64),
                sides=found.sides[i, :, 0],
                spread_px=found.spread_px[i, :, 0],
                contrast=contrast[i],
                height_sd=found.height_sd[i, :, 0],
                rival=rival[i],
                tilt=tilt[i],
                tilt_answer=answer[i],
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

    def _fit_rims(self, frames: _Frames, starts: FloatArray, *, widths: Sequence[float]) -> _Rims:
        """Locate the rim ray by ray, fit the circle by robust least squares; one round for each width.

        An edge counts where it points outward and has sclera beyond it. ``starts`` is ``(frames, 2, starts, 2)``.
        """
        reach = REACH_PX / (np.array(widths)[:, None] * frames.known[:, :, None, 1:2])
        near = np.exp(-(reach**2)).astype(np.float32)
        fitted = np.empty((*starts.shape[:3], 7))
        for i, edges in enumerate(frames.edges):
            _rim_fit(
                *(edges.field, edges.sclera, *_window(edges), frames.known[i]),
                *(starts[i], starts.shape[2], _FINE_RIM, _FINE_RAYS, REACH_PX, len(REACH_PX), near[i], len(widths)),
                *(PEAK, _FIT_LIMITS, self._circle_fit, fitted[i]),
            )
        return _Rims(fitted)

    def _settle(self, frames: _Frames, found: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Circles ``(frames, 2, 3)``, x, y and radius, placed by the whole profile of their edges.

        Also how each centre answers to its tilt, ``(frames, 2, 2, 3)``.
        """
        found = np.ascontiguousarray(found)
        settled = np.empty((*found.shape[:2], 9))
        for i, edges in enumerate(frames.edges):
            _rim_settle(
                *(edges.field, edges.sclera, *_window(edges), frames.known[i]),
                *(found[i], _FINE_RIM, _FLATTENED, _FINE_RAYS, PROFILE_PX, len(PROFILE_PX), _PROFILE_ROUNDS),
                *(BELL, _BEYOND_RIM_PX, self._circle_fit, settled[i]),
            )
        return settled[..., :3], settled[..., 3:].reshape(*found.shape[:2], 2, 3)


def _contrast(frames: _Frames, centre_px: FloatArray) -> FloatArray:
    """Mean of log brightness a little outside the rim, where sclera shows, less that inside; ``(n, 2)``."""
    contrast = np.empty((len(frames.edges), 2))
    for i, edges in enumerate(frames.edges):
        _rim_contrast(
            *(edges.relative, edges.sclera, *_window(edges), frames.known[i], centre_px[i]),
            *(_COARSE_RIM, _COARSE_RAYS, _INSIDE_RIM_PX, _BEYOND_RIM_PX, MIN_FORESHORTENING, contrast[i]),
        )
    return contrast * np.stack([edges.log_range for edges in frames.edges])


def _window(edges: LimbusEdges) -> tuple[int, int, int]:
    """Rows and columns of each eye's window, and its top."""
    rows, columns = edges.sclera.shape
    return rows // 2, columns, edges.top_px
