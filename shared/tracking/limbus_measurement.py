"""Rims, eye corners and skin of every frame, from the patches that were cut out of it, in one pass over a film.

A person's irises, face and reference skin are learnt from the first open-eyed frames, whose patches are kept until
then; after that each frame leaves only numbers behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray
from shared.tracking.camera import Camera
from shared.tracking.canthi import ABOUT, CanthusReference, FoundCanthi
from shared.tracking.corner_frame import CornerFrame
from shared.tracking.eye_crop import CORNERS
from shared.tracking.eye_in_head import CENTRE_BEHIND_CORNERS_IRIS
from shared.tracking.frame_records import FrameRecords
from shared.tracking.head_pose import HeadPose, mean_shape
from shared.tracking.iris_size import against_usual, iris_sizes
from shared.tracking.lid_occlusion import height_carried
from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_confidence import fit_confidence
from shared.tracking.limbus_cut import LimbusCut, eyes_open
from shared.tracking.limbus_fit import CLEAR_PUPIL, ROTATION_RADIUS_IRIS, LimbusFit, LimbusFitter
from shared.tracking.pupil_fit import PupilFit, PupilFitter
from shared.tracking.skin_reference import SkinReference
from shared.tracking.spectacles import rim_seen

_OPEN_FRAMES_TO_LEARN: Final = 45
"""Open-eyed frames from which a person's irises and face are learnt (1.5 s at 30 frames/s)."""
_MOST_FRAMES_WAITING: Final = 120
"""Learning starts here even if the eyes were mostly shut: memory must not grow with the film."""
_FEWEST_FRAMES_TO_LEARN: Final = 3
_BLOCK: Final = 16
"""Frames measured in one pass over their arrays: spreads what each call of numpy costs, and stays in the cache."""
_TURN_SHARE: Final = CENTRE_BEHIND_CORNERS_IRIS / ROTATION_RADIUS_IRIS
"""Share of a head turn that the place of the limbus against the eye corners does not show by itself."""

LIMBUS_RECORD: Final = (
    ("index", np.int64),
    ("limbus_px", np.float64, (2, 2)),
    ("confidence", np.float64, (2,)),
    ("canthi_px", np.float64, (2, 4, 2)),
    ("canthi_error_px", np.float32, (2, 4)),
    ("canthi_found", np.bool_, (2, 4)),
    ("skin", np.float64, (2, 3)),
    ("rotation", np.float64, (3, 3)),
    ("iris_px", np.float64, (2,)),
    ("patch_axis", np.float32, (2, 2)),
    ("tilt", np.float32, (2, 2)),
    ("tilt_answer", np.float32, (2, 2, 3)),
    ("height_carried", np.bool_, (2,)),
    ("limbus_height_sd", np.float32, (2,)),
    ("pupil_px", np.float64, (2, 2)),
    ("pupil_sd_px", np.float32, (2,)),
)
"""What one frame leaves behind, all that grows with the film. Eyes in the order right, left. Corners as found by the
skin beside them and by what lies about them, see :class:`shared.tracking.canthi.FoundCanthi`. Axis of each eye's patch,
picture px; tilt and its answer as in :class:`shared.tracking.limbus_fit.LimbusFit`, and so the
height's uncertainty; pupils and theirs as in :class:`shared.tracking.pupil_fit.PupilFit`."""
_Corners = tuple[FloatArray, FloatArray, BoolArray]
_Tilted = tuple[FloatArray, FloatArray, FloatArray]
_Heights = tuple[BoolArray, FloatArray]
_Pupils = tuple[FloatArray, FloatArray]
_Record = tuple[
    int, FloatArray, FloatArray, *_Corners, FloatArray, FloatArray, FloatArray, *_Tilted, *_Heights, *_Pupils
]


@dataclass(frozen=True, eq=False)
class ReferenceFace:
    """What gaze needs to know of the face, all from the first frames.

    Attributes:
        middles_px: ``(2, 2)`` middle between the landmark corners of each eye in the reference frame.
        iris_px: iris diameter in the reference frame.
        camera: through which it was seen.
        corners: its four eye corners in space.
        rim_seen: spectacles show beside its eye corners, see :func:`shared.tracking.spectacles.rim_seen`.
    """

    middles_px: FloatArray
    iris_px: float
    camera: Camera
    corners: CornerFrame
    rim_seen: bool


@dataclass(frozen=True, eq=False)
class MeasuredFrames:
    """What is left of a film: :data:`LIMBUS_RECORD` of each frame with eyes, and the face; None if none was learnt."""

    numbers: NDArray[np.void]
    face: ReferenceFace | None


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What the first frames taught."""

    face: ReferenceFace
    fitter: LimbusFitter
    pupils: PupilFitter | None
    canthi: CanthusReference
    canthi_about: CanthusReference
    skin: SkinReference
    pose: HeadPose
    usual_middles_px: FloatArray
    usual_sizes: FloatArray


class LimbusMeasurement:
    """Measures what was cut out of a film's frames: :meth:`take` each in order, then :meth:`finish` once."""

    def __init__(self) -> None:
        self._waiting: list[LimbusCut] = []
        self._numbers = FrameRecords(LIMBUS_RECORD)
        self._learnt: _Learnt | None = None
        self._open_waiting = 0

    def take(self, cut: LimbusCut) -> None:
        """Take in one frame that shows eyes."""
        self._waiting.append(cut)
        if self._learnt is not None:
            if len(self._waiting) >= _BLOCK:
                self._measure_waiting(self._learnt)
            return
        self._open_waiting += eyes_open(cut)
        if self._open_waiting >= _OPEN_FRAMES_TO_LEARN or len(self._waiting) >= _MOST_FRAMES_WAITING:
            self._learn()

    def finish(self) -> MeasuredFrames:
        """Measure what still waits, and hand over what is left of all frames."""
        if self._learnt is None and len(self._waiting) >= _FEWEST_FRAMES_TO_LEARN:
            self._learn()
        if self._learnt is not None:
            self._measure_waiting(self._learnt)
        return MeasuredFrames(self._numbers.hand_over(), None if self._learnt is None else self._learnt.face)

    def _learn(self) -> None:
        """Learn irises, face and reference skin from the waiting frames, then measure those."""
        teaching = [cut for cut in self._waiting if eyes_open(cut)]
        if len(teaching) < _FEWEST_FRAMES_TO_LEARN:
            teaching = self._waiting
        camera = Camera.of_picture(self._waiting[-1].picture_size)
        shape = mean_shape(np.stack([cut.landmarks for cut in teaching]), camera)
        pose = HeadPose(shape, camera)
        rotations = pose.rotations(np.stack([cut.landmarks for cut in teaching]))
        typical = _most_typical(rotations)
        reference = teaching[typical]
        rotation = rotations[typical] if np.isfinite(rotations[typical]).all() else np.eye(3)
        canthi = CanthusReference(reference.canthi, shape, rotation, camera)
        canthi_about = CanthusReference(reference.canthi, shape, rotation, camera, ABOUT)
        corners = CornerFrame(shape, rotation, reference.landmarks[CORNERS.ravel(), :2], camera)
        found = canthi.locate([cut.canthi for cut in teaching], rotations)
        placed = corners.place(found.corners_px, found.error_px, rotations)
        sizes = _sizes(teaching, placed, camera)
        usual_sizes = np.median(sizes, axis=0)
        shares = against_usual(sizes, usual_sizes)
        fitter = LimbusFitter(calibrate_limbus([cut.eyes for cut in teaching], shares))
        iris_px = float(2 * (fitter.calibration.true_radius_px * shares[typical]).mean() / reference.eyes.scale)
        face = ReferenceFace(
            middles_px=reference.landmarks[CORNERS, :2].mean(axis=1),
            iris_px=iris_px,
            camera=camera,
            corners=corners,
            rim_seen=rim_seen(canthi.contrast, canthi_about.contrast, iris_px),
        )
        self._learnt = _Learnt(
            face=face,
            fitter=fitter,
            pupils=_learn_pupils(fitter, teaching, shares),
            canthi=canthi,
            canthi_about=canthi_about,
            skin=SkinReference(reference.skin, reference.landmarks),
            pose=pose,
            usual_middles_px=np.median(_middles_in_patches(placed, *_patch_places(teaching)), axis=0),
            usual_sizes=usual_sizes,
        )
        self._measure_waiting(self._learnt)

    def _measure_waiting(self, learnt: _Learnt) -> None:
        for start in range(0, len(self._waiting), _BLOCK):
            for numbers in _measure(self._waiting[start : start + _BLOCK], learnt):
                self._numbers.append(numbers)
        self._waiting.clear()


def _most_typical(rotations: FloatArray) -> int:
    """Index of the rotation nearest the median one."""
    stack = rotations.reshape(len(rotations), 9)
    known = np.isfinite(stack).all(axis=1)
    if not known.any():
        return 0
    distance = np.linalg.norm(stack - np.median(stack[known], axis=0), axis=1)
    return int(np.argmin(np.where(known, distance, np.inf)))


def _measure(cuts: Sequence[LimbusCut], learnt: _Learnt) -> list[_Record]:
    """Reduce frames to :data:`LIMBUS_RECORD`. What a frame's are does not depend on the frames measured with it."""
    irises = learnt.fitter.calibration
    edges = limbus_edges([cut.eyes for cut in cuts], irises.sclera_level, irises.colours)
    rotations = learnt.pose.rotations(np.stack([cut.landmarks for cut in cuts]))
    found_beside, found_about = (
        canthi.locate([cut.canthi for cut in cuts], rotations) for canthi in (learnt.canthi, learnt.canthi_about)
    )
    beside = learnt.face.corners.place(found_beside.corners_px, found_beside.error_px, rotations)
    canthi = _both(found_beside, found_about)
    sizes = against_usual(_sizes(cuts, beside, learnt.face.camera), learnt.usual_sizes)
    fits = learnt.fitter.fit_frames(
        edges,
        np.stack([cut.eyes.iris_px for cut in cuts]),
        np.stack([cut.eyes.inside.astype(np.float64) for cut in cuts]),
        _tilt(learnt, cuts, beside, rotations, sizes),
        sizes,
    )
    pupils = None if learnt.pupils is None else learnt.pupils.fit_frames(edges, fits)
    skin = np.full((len(cuts), 2, 3), np.nan)
    if learnt.skin.usable:
        skin, _ = learnt.skin.locate([cut.skin for cut in cuts])
    confidence = [fit_confidence(fit, found.margins) for fit, found in zip(fits, edges, strict=True)]
    return [
        _numbers(
            cut,
            fit,
            sure,
            learnt,
            canthi=(canthi[0][i], canthi[1][i], canthi[2][i]),
            skin=skin[i],
            rotation=rotations[i],
            size=sizes[i],
            pupil=_pupil_in_picture(cut, pupils, i),
        )
        for i, (cut, fit, sure) in enumerate(zip(cuts, fits, confidence, strict=True))
    ]


def _both(beside: FoundCanthi, about: FoundCanthi) -> _Corners:
    """Corners found by the one and by the other: places, errors, whether found; ``(n, 2, 4, ...)``."""
    return (
        np.stack([beside.corners_px, about.corners_px], axis=1),
        np.stack([beside.error_px, about.error_px], axis=1),
        np.stack([beside.found, about.found], axis=1),
    )


def _numbers(
    cut: LimbusCut,
    fit: LimbusFit,
    confidence: FloatArray,
    learnt: _Learnt,
    *,
    canthi: _Corners,
    skin: FloatArray,
    rotation: FloatArray,
    size: FloatArray,
    pupil: _Pupils,
) -> _Record:
    confidence = confidence * cut.eyes.inside
    limbus = cut.eyes.image_points(fit.centre_px)
    limbus[confidence <= 0] = np.nan
    iris_px = 2 * learnt.fitter.calibration.true_radius_px * size / cut.eyes.scale
    tilted = (cut.eyes.to_image[:, :, 0], fit.tilt, fit.tilt_answer)
    heights: _Heights = (height_carried(fit), fit.height_sd)
    return cut.index, limbus, confidence, *canthi, skin, rotation, iris_px, *tilted, *heights, *pupil


def _learn_pupils(fitter: LimbusFitter, teaching: Sequence[LimbusCut], sizes: FloatArray) -> PupilFitter | None:
    """Pupils of the frames that taught the irises; None if these are too dark for them to show."""
    irises = fitter.calibration
    if irises.pupil_contrast < CLEAR_PUPIL:
        return None
    chosen = np.unique(np.linspace(0, len(teaching) - 1, _BLOCK).round().astype(int))
    cuts = [teaching[i] for i in chosen]
    edges = limbus_edges([cut.eyes for cut in cuts], irises.sclera_level, irises.colours)
    seeds = np.stack([cut.eyes.iris_px for cut in cuts])
    usable = np.stack([cut.eyes.inside.astype(np.float64) for cut in cuts])
    return PupilFitter(edges, fitter.fit_frames(edges, seeds, usable, np.zeros((len(cuts), 2, 2)), sizes[chosen]))


def _pupil_in_picture(cut: LimbusCut, pupils: PupilFit | None, index: int) -> _Pupils:
    if pupils is None:
        return np.full((2, 2), np.nan), np.zeros(2)
    return cut.eyes.image_points(pupils.centre_px[index]), pupils.height_sd_px[index]


def _sizes(cuts: Sequence[LimbusCut], corners_px: FloatArray, camera: Camera) -> FloatArray:
    """``(n, 2)`` iris sizes in the patches of frames whose corners are at ``(n, 4, 2)``, in proportion."""
    landmarks = np.stack([cut.landmarks for cut in cuts])
    return iris_sizes(corners_px, landmarks, np.array([cut.eyes.scale for cut in cuts]), camera)


def _tilt(
    learnt: _Learnt, cuts: Sequence[LimbusCut], canthi: FloatArray, rotations: FloatArray, sizes: FloatArray
) -> FloatArray:
    """Sine of the tilt of each limbus beyond what its place in the patch shows, ``(n, 2, 2)``.

    Patches are cut about the landmark corners, which follow a vertical movement of the eye by up to a half; the
    corners found in the picture do not.
    """
    to_image, scale = _patch_places(cuts)
    drift = learnt.usual_middles_px - _middles_in_patches(canthi, to_image, scale)
    lever_px = 2 * ROTATION_RADIUS_IRIS * learnt.fitter.calibration.true_radius_px * sizes
    return np.asarray(drift / lever_px[..., None] + _TURN_SHARE * _turn_in_patches(rotations, to_image, scale))


def _patch_places(cuts: Sequence[LimbusCut]) -> tuple[FloatArray, FloatArray]:
    """Similarities ``(n, 2, 2, 3)`` from eye patch to image, and scale ``(n, 1, 1)``, patch px per image px."""
    scale = np.array([cut.eyes.scale for cut in cuts])[:, None, None]
    return np.stack([cut.eyes.to_image for cut in cuts]), scale


def _middles_in_patches(canthi: FloatArray, to_image: FloatArray, scale: FloatArray) -> FloatArray:
    """Middle of each eye's corners ``(n, 4, 2)`` in patch px, ``(n, 2, 2)``: the inverse of a similarity."""
    middles = canthi.reshape(-1, 2, 2, 2).mean(axis=2) - to_image[..., 2]
    return np.asarray(np.einsum("neji,nej->nei", to_image[..., :2], middles) * scale**2)


def _turn_in_patches(rotations: FloatArray, to_image: FloatArray, scale: FloatArray) -> FloatArray:
    """Sine of the head's turn away from the mean pose along the axes of each patch, ``(n, 2, 2)``; 0 where unknown."""
    forward = np.nan_to_num(-rotations[:, :2, 2])
    return np.asarray(np.einsum("neij,ni->nej", to_image[..., :2] * scale[..., None], forward))
