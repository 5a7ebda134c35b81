"""The limbus instrument: eye-in-head angles from the rim of the iris, frame by frame, in one pass over a film.

It learns a person's irises, face and reference skin from the first open-eyed frames, which it keeps as small
patches until then; after that each frame leaves only numbers behind. What needs the whole recording (median
gaze, head stillness, smoothing of the head) is done in :meth:`LimbusInstrument.finish`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray, IntArray
from shared.tracking.canthi import CanthusPatches, CanthusReference, cut_canthi
from shared.tracking.eye_crop import (
    CORNERS,
    LOWER_LID,
    PATCH_IRIS_PX,
    UPPER_LID,
    EyePatches,
    Image,
    canthus_span_px,
    crop_eyes,
    mesh_iris_diameter_px,
)
from shared.tracking.eye_in_head import eye_in_head_rad
from shared.tracking.eye_tones import eye_tones
from shared.tracking.head_pose import HeadPose, mean_shape
from shared.tracking.head_reference import corner_middles, rotation_from_median_deg, smooth_rotation, stillness
from shared.tracking.lid_margins import find_lid_margins
from shared.tracking.limbus_edges import LimbusEdges, find_limbus_edges
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS, LimbusCalibration, LimbusFit, LimbusFitter
from shared.tracking.skin_reference import SkinPatch, SkinReference

_OPEN_FRAMES_TO_LEARN: Final = 45
"""Open-eyed frames from which a person's irises and face are learnt (1.5 s at 30 frames/s)."""
_MOST_FRAMES_WAITING: Final = 120
"""Learning starts here even if the eyes were mostly shut: memory must not grow with the film."""
_FEWEST_FRAMES_TO_LEARN: Final = 3
_SMALLEST_SPAN_PX: Final = 30.0
"""Outer canthus distance below which an iris has some 4 px: nothing to fit."""
_RADIUS_FRAMES: Final = 16
_RADIUS_ROUNDS: Final = 3
_BLUR_SHRINK: Final = 0.985
"""Smoothing moves the dark disc's edge outward by about 1.5 % of its radius."""
_RADIUS_BOUNDS_PX: Final = (12.5, 19.5)
"""The landmark diameter is never further off than this."""
_OPEN_LID_GAP: Final = 0.12
"""Landmark lid gap over corner distance from which a frame may teach: clearly open in every eye shape."""
_SHUT_IRIS: Final = 0.12
"""Lid opening, in iris diameters, below which there is no rim to see."""
_TRUSTED: Final = 0.45
"""Confidence from which a frame takes part in the median gaze."""
_IRIS_SHARE: Final = (0.09, 0.18)
"""Iris diameter over outer canthus distance: bounds that every face lies well within."""


@dataclass(frozen=True, eq=False)
class LimbusGaze:
    """One eye over N frames; every array ``(N,)``, nan where not measured.

    Attributes:
        h_iris, v_iris: displacement of the limbus in the head, iris diameters, 0 = median gaze.
        h_deg, v_deg: the same in approximate degrees; h toward the patient's left, v down.
        confidence: 0 (no fit) to 1.
        iris_diameter_px: fitted limbus diameter in the picture.
    """

    h_iris: FloatArray
    v_iris: FloatArray
    h_deg: FloatArray
    v_deg: FloatArray
    confidence: FloatArray
    iris_diameter_px: FloatArray

    @classmethod
    def missing(cls, frame_count: int) -> LimbusGaze:
        """No measurement in any frame: confidence 0, all else nan."""
        nan = np.full(frame_count, np.nan)
        return cls(nan, nan, nan, nan, np.zeros(frame_count), nan)


@dataclass(frozen=True, eq=False)
class _Cut:
    """What is cut out of one frame before it is measured."""

    index: int
    landmarks: FloatArray
    eyes: EyePatches
    canthi: CanthusPatches
    skin: SkinPatch


@dataclass(frozen=True, eq=False)
class _Numbers:
    """What one frame leaves behind. Eyes in the order right, left."""

    index: int
    limbus_px: FloatArray
    confidence: FloatArray
    canthi_px: FloatArray
    skin: FloatArray
    rotation: FloatArray
    iris_px: FloatArray


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What the first frames taught."""

    fitter: LimbusFitter
    canthi: CanthusReference
    skin: SkinReference
    pose: HeadPose
    reference_middles_px: FloatArray
    reference_iris_px: float


class LimbusInstrument:
    """Measures the limbus. Call :meth:`observe` on every frame in order, then :meth:`finish` once."""

    def __init__(self) -> None:
        self._waiting: list[_Cut] = []
        self._numbers: list[_Numbers] = []
        self._iris_share: float | None = None
        self._learnt: _Learnt | None = None
        self._open_waiting = 0
        self._picture_size = (0, 0)

    def observe(self, image_bgr: Image, landmarks: FloatArray | None, index: int) -> None:
        """Take in one frame.

        Args:
            image_bgr: ``(H, W, 3)`` upright, at full resolution.
            landmarks: ``(478, 3)`` px, or None where there is no face.
            index: frame number; must grow from call to call.
        """
        if landmarks is None or not np.isfinite(landmarks).all():
            return
        cut = self._cut(image_bgr, np.asarray(landmarks, dtype=np.float64), index)
        if cut is None:
            return
        if self._learnt is not None:
            self._numbers.append(_measure(cut, self._learnt))
            return
        self._picture_size = (image_bgr.shape[1], image_bgr.shape[0])
        self._waiting.append(cut)
        self._open_waiting += _eyes_open(cut)
        if self._open_waiting >= _OPEN_FRAMES_TO_LEARN or len(self._waiting) >= _MOST_FRAMES_WAITING:
            self._learn()

    def finish(self, frame_idx: IntArray, time_s: FloatArray) -> tuple[LimbusGaze, LimbusGaze]:
        """Gaze of the (right, left) eye in the frames asked for.

        Args:
            frame_idx: ``(N,)`` frame numbers, growing.
            time_s: ``(N,)`` their times.
        """
        if self._learnt is None and len(self._waiting) >= _FEWEST_FRAMES_TO_LEARN:
            self._learn()
        wanted = np.asarray(frame_idx, dtype=np.int64)
        numbers = [n for n in self._numbers if n.index in set(wanted.tolist())]
        missing = LimbusGaze.missing(len(wanted))
        if self._learnt is None or not numbers:
            return missing, missing
        rows = np.searchsorted(wanted, [n.index for n in numbers])
        right, left = _gaze(numbers, np.asarray(time_s, dtype=np.float64)[rows], self._learnt)
        return _spread(right, rows, len(wanted)), _spread(left, rows, len(wanted))

    def _cut(self, image_bgr: Image, landmarks: FloatArray, index: int) -> _Cut | None:
        span = canthus_span_px(landmarks)
        if span < _SMALLEST_SPAN_PX:
            return None
        if self._iris_share is None:
            self._iris_share = float(np.clip(mesh_iris_diameter_px(landmarks) / span, *_IRIS_SHARE))
        eyes = crop_eyes(image_bgr, landmarks, self._iris_share * span)
        if eyes is None:
            return None
        return _Cut(index, landmarks, eyes, cut_canthi(image_bgr, landmarks), SkinPatch(image_bgr, landmarks))

    def _learn(self) -> None:
        """Learn irises, face and reference skin from the waiting frames, then measure those."""
        teaching = [cut for cut in self._waiting if _eyes_open(cut)]
        if len(teaching) < _FEWEST_FRAMES_TO_LEARN:
            teaching = self._waiting
        pose = HeadPose(mean_shape(np.stack([cut.landmarks for cut in teaching])), self._picture_size)
        reference = teaching[_most_typical([pose.rotation(cut.landmarks) for cut in teaching])]
        fitter = LimbusFitter(_calibrate(teaching))
        self._learnt = _Learnt(
            fitter=fitter,
            canthi=CanthusReference(reference.canthi),
            skin=SkinReference(reference.skin, reference.landmarks),
            pose=pose,
            reference_middles_px=reference.landmarks[CORNERS, :2].mean(axis=1),
            reference_iris_px=float(2 * fitter.calibration.radius_px.mean() / reference.eyes.scale),
        )
        self._numbers.extend(_measure(cut, self._learnt) for cut in self._waiting)
        self._waiting.clear()


def _eyes_open(cut: _Cut) -> bool:
    """Both eyes clearly open and in the picture, by the landmarks."""
    upper, lower = cut.landmarks[UPPER_LID[:, 2:7], 1], cut.landmarks[LOWER_LID[:, 2:7], 1]
    gap = np.abs(lower - upper).mean(axis=1) * cut.eyes.scale
    return bool((gap > 2 * _OPEN_LID_GAP * cut.eyes.half_width_px).all() and cut.eyes.inside.all())


def _most_typical(rotations: list[FloatArray]) -> int:
    """Index of the rotation nearest the median one."""
    stack = np.stack(rotations).reshape(len(rotations), 9)
    known = np.isfinite(stack).all(axis=1)
    if not known.any():
        return 0
    distance = np.linalg.norm(stack - np.median(stack[known], axis=0), axis=1)
    return int(np.argmin(np.where(known, distance, np.inf)))


def _edges(eyes: EyePatches) -> LimbusEdges:
    """Limbus edges of both eyes between the lids as found in the picture."""
    tones = eye_tones(eyes)
    return find_limbus_edges(eyes, tones, find_lid_margins(eyes, tones))


def _calibrate(teaching: list[_Cut]) -> LimbusCalibration:
    """Radius and usual place of both irises, from frames spread evenly over the teaching ones."""
    chosen = np.unique(np.linspace(0, len(teaching) - 1, _RADIUS_FRAMES).round().astype(int))
    prepared = [(_edges(teaching[i].eyes), teaching[i].eyes) for i in chosen]
    calibration = LimbusCalibration.nominal()
    for _ in range(_RADIUS_ROUNDS):
        fitter = LimbusFitter(calibration)
        fits = [fitter.fit(edges, eyes.iris_px, eyes.inside.astype(np.float64)) for edges, eyes in prepared]
        seen = np.stack([fit.radius_px for fit in fits])
        radius = float(np.median(seen[np.isfinite(seen)])) if np.isfinite(seen).any() else PATCH_IRIS_PX / 2
        radius = float(np.clip(radius, *_RADIUS_BOUNDS_PX))
        calibration = LimbusCalibration(np.full(2, radius), np.median([fit.centre_px for fit in fits], axis=0))
    return LimbusCalibration(calibration.radius_px * _BLUR_SHRINK, calibration.rest_px)


def _measure(cut: _Cut, learnt: _Learnt) -> _Numbers:
    """Reduce one frame to numbers."""
    edges = _edges(cut.eyes)
    fit = learnt.fitter.fit(edges, cut.eyes.iris_px, cut.eyes.inside.astype(np.float64))
    confidence = _confidence(fit, edges) * cut.eyes.inside
    canthi, _ = learnt.canthi.locate(cut.canthi)
    skin = np.full((2, 3), np.nan)
    if learnt.skin.usable:
        skin, _ = learnt.skin.locate(cut.skin)
    limbus = cut.eyes.image_points(fit.centre_px)
    limbus[confidence <= 0] = np.nan
    return _Numbers(
        index=cut.index,
        limbus_px=limbus,
        confidence=confidence,
        canthi_px=canthi.reshape(2, 2, 2),
        skin=skin,
        rotation=learnt.pose.rotation(cut.landmarks),
        iris_px=2 * learnt.fitter.calibration.radius_px / cut.eyes.scale,
    )


def _confidence(fit: LimbusFit, edges: LimbusEdges) -> FloatArray:
    """How far each fit deserves trust, 0 to 1: much of the rim seen, points on one ellipse, lids open.

    A rim seen on one side only, as in far lateral gaze, still says where the iris is, its radius being known:
    it gets at most half.
    """
    support = np.clip(fit.sides.max(axis=1) / 4.0, 0, 1) * (0.5 + 0.5 * np.clip(fit.sides.min(axis=1) / 4.0, 0, 1))
    agreement = np.clip((3.0 - fit.spread_px) / 2.0, 0, 1)
    evidence = np.clip(fit.score / 0.2, 0, 1)
    opening = np.clip((edges.margins.opening_px() / PATCH_IRIS_PX - _SHUT_IRIS) / 0.15, 0, 1)
    return np.asarray(np.nan_to_num(support * evidence * agreement * opening))


def _gaze(numbers: list[_Numbers], time_s: FloatArray, learnt: _Learnt) -> tuple[LimbusGaze, LimbusGaze]:
    """Angles of the (right, left) eye over the measured frames."""
    rotation = smooth_rotation(np.stack([n.rotation for n in numbers]), time_s)
    still = stillness(rotation_from_median_deg(rotation), time_s)
    middles, _ = corner_middles(
        np.stack([n.canthi_px for n in numbers]),
        np.stack([n.skin for n in numbers]),
        learnt.reference_middles_px,
        still=still,
        time_s=time_s,
        iris_px=learnt.reference_iris_px,
    )
    right, left = (_eye_gaze(numbers, eye, middles[:, eye], rotation) for eye in range(2))
    return right, left


def _eye_gaze(numbers: list[_Numbers], eye: int, middle_px: FloatArray, rotation: FloatArray) -> LimbusGaze:
    confidence = np.array([n.confidence[eye] for n in numbers])
    limbus = np.stack([n.limbus_px[eye] for n in numbers])
    iris = np.stack([n.iris_px for n in numbers])
    measured = np.isfinite(limbus).all(axis=1) & np.isfinite(middle_px).all(axis=1) & np.isfinite(rotation[:, 0, 0])
    trusted = measured & (confidence >= _TRUSTED)
    if not trusted.any():
        trusted = measured
    angle = eye_in_head_rad(limbus, middle_px, rotation, iris.mean(axis=1), trusted)
    in_iris = ROTATION_RADIUS_IRIS * np.sin(angle)
    degrees = np.rad2deg(angle)
    return LimbusGaze(
        h_iris=in_iris[:, 0],
        v_iris=in_iris[:, 1],
        h_deg=degrees[:, 0],
        v_deg=degrees[:, 1],
        confidence=np.where(measured, confidence, 0.0),
        iris_diameter_px=iris[:, eye],
    )


def _spread(gaze: LimbusGaze, rows: IntArray, frame_count: int) -> LimbusGaze:
    """Put measured frames where they belong among all frames."""
    out = {}
    for name, empty in vars(LimbusGaze.missing(frame_count)).items():
        out[name] = empty.copy()
        out[name][rows] = getattr(gaze, name)
    return LimbusGaze(**out)
