"""The limbus instrument: eye-in-head angles from the rim of the iris, frame by frame, in one pass over a film.

It learns a person's irises, face and reference skin from the first open-eyed frames, which it keeps as small
patches until then; after that each frame leaves only numbers behind. What needs the whole recording (median
gaze, head stillness, smoothing of the head) is done in :meth:`LidAwareLimbus.finish`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray, IntArray
from shared.planar_picture import Picture
from shared.tracking.canthi import CanthusPatches, CanthusReference, cut_canthi
from shared.tracking.canthus_depth import centre_depth_iris
from shared.tracking.eye_crop import (
    CORNERS,
    LOWER_LID,
    UPPER_LID,
    EyePatches,
    canthus_span_px,
    crop_eyes,
    mesh_iris_diameter_px,
)
from shared.tracking.eye_in_head import eye_in_head_rad
from shared.tracking.frame_records import FrameRecords
from shared.tracking.head_pose import HeadPose, mean_shape
from shared.tracking.head_reference import corner_middles, rotation_from_median_deg, smooth_rotation, stillness
from shared.tracking.instrument import LimbusArrays
from shared.tracking.lid_occlusion import height_carried
from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_confidence import fit_confidence
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS, LimbusFit, LimbusFitter
from shared.tracking.limbus_trust import without_untrusted
from shared.tracking.skin_reference import SkinPatch, SkinReference

_OPEN_FRAMES_TO_LEARN: Final = 45
"""Open-eyed frames from which a person's irises and face are learnt (1.5 s at 30 frames/s)."""
_MOST_FRAMES_WAITING: Final = 120
"""Learning starts here even if the eyes were mostly shut: memory must not grow with the film."""
_FEWEST_FRAMES_TO_LEARN: Final = 3
_BLOCK: Final = 8
"""Frames measured in one pass over their arrays: spreads what each call of numpy costs, and stays in the cache."""
_SMALLEST_SPAN_PX: Final = 30.0
"""Outer canthus distance below which an iris has some 4 px: nothing to fit."""
_OPEN_LID_GAP: Final = 0.12
"""Landmark lid gap over corner distance from which a frame may teach: clearly open in every eye shape."""
_TRUSTED: Final = 0.45
"""Confidence from which a frame takes part in the median gaze."""
_FEWEST_COMMON_FRAMES: Final = 20
"""Fewest frames with both eyes trusted for a zero that both have in common."""
_TURN_SHARE: Final = 0.35 / ROTATION_RADIUS_IRIS
"""Share of a head turn that the place of the limbus against the eye corners does not show by itself: the eyeball's
centre lies 0.35 iris diameters behind them."""
_IRIS_SHARE: Final = (0.09, 0.18)
"""Iris diameter over outer canthus distance: bounds that every face lies well within."""


@dataclass(frozen=True, eq=False)
class _Cut:
    """What is cut out of one frame before it is measured."""

    index: int
    landmarks: FloatArray
    eyes: EyePatches
    canthi: CanthusPatches
    skin: SkinPatch


LIMBUS_RECORD: Final = (
    ("index", np.int64),
    ("limbus_px", np.float64, (2, 2)),
    ("confidence", np.float64, (2,)),
    ("canthi_px", np.float64, (2, 2, 2)),
    ("skin", np.float64, (2, 3)),
    ("rotation", np.float64, (3, 3)),
    ("iris_px", np.float64, (2,)),
    ("height_carried", np.bool_, (2,)),
)
"""What one frame leaves behind, all that grows with the film. Eyes in the order right, left."""
_Record = tuple[int, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, BoolArray]


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What the first frames taught."""

    fitter: LimbusFitter
    canthi: CanthusReference
    skin: SkinReference
    pose: HeadPose
    reference_middles_px: FloatArray
    reference_iris_px: float
    centre_depth_iris: FloatArray
    usual_middles_px: FloatArray


class LidAwareLimbus:
    """Measures the limbus. Call :meth:`observe` on every frame in order, then :meth:`finish` once."""

    name = "limbus rim, lid-aware 2"

    def __init__(self) -> None:
        self._waiting: list[_Cut] = []
        self._numbers = FrameRecords(LIMBUS_RECORD)
        self._iris_share: float | None = None
        self._learnt: _Learnt | None = None
        self._open_waiting = 0
        self._picture_size = (0, 0)

    def observe(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> None:
        """Take in one frame.

        Args:
            image_bgr: ``(H, W, 3)`` upright, at full resolution.
            landmarks: ``(478, 3)`` px, or None where there is no face.
            index: position among the measured frames, from 0.
        """
        if landmarks is None or not np.isfinite(landmarks).all():
            return
        cut = self._cut(image_bgr, np.asarray(landmarks, dtype=np.float64), index)
        if cut is None:
            return
        if self._learnt is not None:
            self._waiting.append(cut)
            if len(self._waiting) >= _BLOCK:
                self._measure_waiting(self._learnt)
            return
        self._picture_size = (image_bgr.shape[1], image_bgr.shape[0])
        self._waiting.append(cut)
        self._open_waiting += _eyes_open(cut)
        if self._open_waiting >= _OPEN_FRAMES_TO_LEARN or len(self._waiting) >= _MOST_FRAMES_WAITING:
            self._learn()

    def finish(self, time_s: FloatArray, valid: BoolArray) -> tuple[LimbusArrays, LimbusArrays]:
        """Gaze of the patient's (left, right) eye.

        Args:
            time_s: ``(N,)`` times of all frames observed.
            valid: ``(N,)`` frames to trust; the others come out missing.
        """
        if self._learnt is None and len(self._waiting) >= _FEWEST_FRAMES_TO_LEARN:
            self._learn()
        if self._learnt is not None:
            self._measure_waiting(self._learnt)
        numbers = self._numbers.as_array()
        numbers = numbers[numbers["index"] < len(valid)]
        numbers = numbers[valid[numbers["index"]]]
        if self._learnt is None or not len(numbers):
            return _missing(len(valid)), _missing(len(valid))
        rows = numbers["index"]
        right, left = _gaze(numbers, np.asarray(time_s, dtype=np.float64)[rows], self._learnt)
        return _spread(left, rows, len(valid)), _spread(right, rows, len(valid))

    def _cut(self, image_bgr: Picture, landmarks: FloatArray, index: int) -> _Cut | None:
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
        shape = mean_shape(np.stack([cut.landmarks for cut in teaching]))
        pose = HeadPose(shape, self._picture_size)
        reference = teaching[_most_typical(pose.rotations(np.stack([cut.landmarks for cut in teaching])))]
        canthi = CanthusReference(reference.canthi)
        fitter = LimbusFitter(calibrate_limbus([cut.eyes for cut in teaching]))
        iris_px = float(2 * fitter.calibration.true_radius_px.mean() / reference.eyes.scale)
        corners, _ = canthi.locate([cut.canthi for cut in teaching])
        self._learnt = _Learnt(
            fitter=fitter,
            canthi=canthi,
            skin=SkinReference(reference.skin, reference.landmarks),
            pose=pose,
            reference_middles_px=reference.landmarks[CORNERS, :2].mean(axis=1),
            reference_iris_px=iris_px,
            centre_depth_iris=centre_depth_iris(shape, canthi, iris_px / canthus_span_px(reference.landmarks)),
            usual_middles_px=np.median(
                [_middles_in_patches(at, cut.eyes) for at, cut in zip(corners, teaching, strict=True)], axis=0
            ),
        )
        self._measure_waiting(self._learnt)

    def _measure_waiting(self, learnt: _Learnt) -> None:
        for start in range(0, len(self._waiting), _BLOCK):
            for numbers in _measure(self._waiting[start : start + _BLOCK], learnt):
                self._numbers.append(numbers)
        self._waiting.clear()


def _eyes_open(cut: _Cut) -> bool:
    """Both eyes clearly open and in the picture, by the landmarks."""
    upper, lower = cut.landmarks[UPPER_LID[:, 2:7], 1], cut.landmarks[LOWER_LID[:, 2:7], 1]
    gap = np.abs(lower - upper).mean(axis=1) * cut.eyes.scale
    return bool((gap > 2 * _OPEN_LID_GAP * cut.eyes.half_width_px).all() and cut.eyes.inside.all())


def _most_typical(rotations: FloatArray) -> int:
    """Index of the rotation nearest the median one."""
    stack = rotations.reshape(len(rotations), 9)
    known = np.isfinite(stack).all(axis=1)
    if not known.any():
        return 0
    distance = np.linalg.norm(stack - np.median(stack[known], axis=0), axis=1)
    return int(np.argmin(np.where(known, distance, np.inf)))


def _measure(cuts: Sequence[_Cut], learnt: _Learnt) -> list[_Record]:
    """Reduce frames to :data:`LIMBUS_RECORD`. What a frame's are does not depend on the frames measured with it."""
    edges = limbus_edges([cut.eyes for cut in cuts], learnt.fitter.calibration.sclera_level)
    rotations = learnt.pose.rotations(np.stack([cut.landmarks for cut in cuts]))
    canthi, _ = learnt.canthi.locate([cut.canthi for cut in cuts])
    fits = learnt.fitter.fit_frames(
        edges,
        np.stack([cut.eyes.iris_px for cut in cuts]),
        np.stack([cut.eyes.inside.astype(np.float64) for cut in cuts]),
        np.stack([_tilt(learnt, *frame) for frame in zip(cuts, canthi, rotations, strict=True)]),
    )
    skin = np.full((len(cuts), 2, 3), np.nan)
    if learnt.skin.usable:
        skin, _ = learnt.skin.locate([cut.skin for cut in cuts])
    confidence = [fit_confidence(fit, found.margins) for fit, found in zip(fits, edges, strict=True)]
    return [
        _numbers(cut, fit, sure, learnt, canthi=canthi[i], skin=skin[i], rotation=rotations[i])
        for i, (cut, fit, sure) in enumerate(zip(cuts, fits, confidence, strict=True))
    ]


def _numbers(
    cut: _Cut,
    fit: LimbusFit,
    confidence: FloatArray,
    learnt: _Learnt,
    *,
    canthi: FloatArray,
    skin: FloatArray,
    rotation: FloatArray,
) -> _Record:
    confidence = confidence * cut.eyes.inside
    limbus = cut.eyes.image_points(fit.centre_px)
    limbus[confidence <= 0] = np.nan
    iris_px = 2 * learnt.fitter.calibration.true_radius_px / cut.eyes.scale
    return cut.index, limbus, confidence, canthi.reshape(2, 2, 2), skin, rotation, iris_px, height_carried(fit)


def _tilt(learnt: _Learnt, cut: _Cut, canthi: FloatArray, rotation: FloatArray) -> FloatArray:
    """Sine of the tilt of each limbus beyond what its place in the patch shows, ``(2, 2)``.

    Patches are cut about the landmark corners, which follow a vertical movement of the eye by up to a half; the
    corners found in the picture do not.
    """
    drift = learnt.usual_middles_px - _middles_in_patches(canthi, cut.eyes)
    lever_px = 2 * ROTATION_RADIUS_IRIS * learnt.fitter.calibration.true_radius_px
    return np.asarray(drift / lever_px[:, None] + _TURN_SHARE * _turn_in_patches(rotation, cut.eyes))


def _middles_in_patches(canthi: FloatArray, eyes: EyePatches) -> FloatArray:
    """Middle of each eye's corners ``(4, 2)`` in patch px, ``(2, 2)``: the inverse of a similarity."""
    middles = canthi.reshape(2, 2, 2).mean(axis=1) - eyes.to_image[:, :, 2]
    return np.asarray(np.einsum("eji,ej->ei", eyes.to_image[:, :, :2], middles) * eyes.scale**2)


def _turn_in_patches(rotation: FloatArray, eyes: EyePatches) -> FloatArray:
    """Sine of the head's turn away from the mean pose along the axes of each patch, ``(2, 2)``; 0 where unknown."""
    forward = np.nan_to_num(-rotation[:2, 2])
    axes = eyes.to_image[:, :, :2] * eyes.scale
    return np.asarray(np.einsum("eij,i->ej", axes, forward))


def _gaze(numbers: NDArray[np.void], time_s: FloatArray, learnt: _Learnt) -> tuple[LimbusArrays, LimbusArrays]:
    """Angles of the (right, left) eye over the measured frames."""
    rotation = smooth_rotation(numbers["rotation"], time_s)
    still = stillness(rotation_from_median_deg(rotation), time_s)
    middles, _ = corner_middles(
        numbers["canthi_px"],
        numbers["skin"],
        learnt.reference_middles_px,
        still=still,
        time_s=time_s,
        iris_px=learnt.reference_iris_px,
    )
    measured = np.isfinite(numbers["limbus_px"]).all(axis=2) & np.isfinite(middles).all(axis=2)
    measured &= np.isfinite(rotation[:, :1, 0])
    straight = _frames_of_zero(measured, measured & (numbers["confidence"] >= _TRUSTED) & numbers["height_carried"])
    angles = [
        eye_in_head_rad(
            numbers["limbus_px"][:, eye],
            middles[:, eye],
            rotation,
            float(learnt.centre_depth_iris[eye]),
            iris_px=numbers["iris_px"].mean(axis=1),
            trusted=straight[:, eye],
        )
        for eye in range(2)
    ]
    right, left = (_eye_gaze(numbers, eye, angles[eye], measured[:, eye]) for eye in range(2))
    return without_untrusted(right, left)


def _frames_of_zero(measured: BoolArray, trusted: BoolArray) -> BoolArray:
    """``(n, 2)`` frames whose median gaze is zero: those in which both eyes are trusted, if there are enough.

    With frames of its own for each eye, one that the lids hide more often would seem to look higher than its fellow.
    """
    both = trusted.all(axis=1, keepdims=True)
    if both.sum() >= _FEWEST_COMMON_FRAMES:
        return np.repeat(both, 2, axis=1)
    return np.where(trusted.any(axis=0), trusted, measured)


def _eye_gaze(numbers: NDArray[np.void], eye: int, angle: FloatArray, measured: BoolArray) -> LimbusArrays:
    in_iris = ROTATION_RADIUS_IRIS * np.sin(angle)
    degrees = np.rad2deg(angle)
    return LimbusArrays(
        h_iris=in_iris[:, 0],
        v_iris=in_iris[:, 1],
        h_deg=degrees[:, 0],
        v_deg=degrees[:, 1],
        confidence=np.where(measured, numbers["confidence"][:, eye], 0.0),
        occluded=np.where(numbers["height_carried"][:, eye], 0.0, 1.0),
    )


def _missing(frame_count: int) -> LimbusArrays:
    """No measurement in any frame: confidence 0, all else nan."""
    nan = np.full(frame_count, np.nan)
    nothing = np.zeros(frame_count)
    return LimbusArrays(h_iris=nan, v_iris=nan, h_deg=nan, v_deg=nan, confidence=nothing, occluded=nan)


def _spread(gaze: LimbusArrays, rows: IntArray, frame_count: int) -> LimbusArrays:
    """Put measured frames where they belong among all frames."""
    out = {}
    for name, empty in vars(_missing(frame_count)).items():
        out[name] = empty.copy()
        out[name][rows] = getattr(gaze, name)
    return LimbusArrays(**out)
