"""From measured frames to eye-in-head angles: what needs the whole recording.

Median gaze, head stillness and the smoothing of the head's rotation are known only at a film's end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray, IntArray
from shared.tracking.corner_depths import depths_before_skin, seen_aside
from shared.tracking.eye_in_head import eye_in_head_rad
from shared.tracking.head_reference import corner_middles, rotation_from_median_deg, smooth_rotation, stillness
from shared.tracking.instrument import LimbusArrays, LimbusFilm
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS
from shared.tracking.limbus_measurement import MeasuredFrames, ReferenceFace
from shared.tracking.limbus_trust import without_untrusted
from shared.tracking.pupil_height import heights_by_pupil
from shared.tracking.rest_tilt import shift_by_rest
from shared.tracking.slipping_corner import stray_px
from shared.tracking.spectacles import depth_beside_corners, large_enough_to_tell

_BESIDE, _ABOUT = 0, 1
"""The two windows by which corners are found, in their order in the records."""
_TRUSTED: Final = 0.45
"""Confidence from which a frame takes part in the median gaze."""
_FEWEST_COMMON_FRAMES: Final = 20
"""Fewest frames with both eyes trusted for a zero that both have in common."""


def gaze(measured: MeasuredFrames, time_s: FloatArray, valid: BoolArray) -> LimbusFilm:
    """Gaze of the patient's eyes over all frames of a film.

    Args:
        measured: what is left of the frames.
        time_s: ``(N,)`` times of all frames.
        valid: ``(N,)`` frames to trust; the others come out missing.
    """
    trusted = np.append(valid, False)[np.minimum(measured.numbers["index"], len(valid))]
    numbers = measured.numbers if trusted.all() else measured.numbers[trusted]
    if measured.face is None or not len(numbers):
        return LimbusFilm(_missing(len(valid)), _missing(len(valid)))
    rows = numbers["index"]
    found = _angles(numbers, np.asarray(time_s, dtype=np.float64)[rows], measured.face)
    left, right = (_spread(eye, rows, len(valid)) for eye in (found.left, found.right))
    return LimbusFilm(left, right, found.spectacles)


def _angles(numbers: NDArray[np.void], time_s: FloatArray, face: ReferenceFace) -> LimbusFilm:
    """Gaze over the measured frames."""
    rotation = smooth_rotation(numbers["rotation"], time_s)
    still = stillness(rotation_from_median_deg(rotation), time_s)
    iris_px = numbers["iris_px"].mean(axis=1)
    corners, spectacles = _corners(numbers, face, rotation, iris_px, still)
    middles, _ = corner_middles(
        corners,
        numbers["skin"],
        face.middles_px,
        still=still,
        time_s=time_s,
        iris_px=face.iris_px,
    )
    measured = np.isfinite(numbers["limbus_px"]).all(axis=2) & np.isfinite(middles).all(axis=2)
    measured &= np.isfinite(rotation[:, :1, 0])
    straight = _frames_of_zero(measured, measured & (numbers["confidence"] >= _TRUSTED))
    shift_px, tilt = shift_by_rest(numbers, straight, ROTATION_RADIUS_IRIS)
    limbus_px, carried = heights_by_pupil(
        numbers, numbers["limbus_px"] + shift_px, tilt[..., 1], measured, ROTATION_RADIUS_IRIS
    )
    angles = [
        eye_in_head_rad(
            limbus_px[:, eye],
            middles[:, eye],
            rotation,
            sight=face.camera.sight(middles[:, eye]),
            iris_px=iris_px,
            trusted=straight[:, eye],
        )
        for eye in range(2)
    ]
    right, left = (_eye_gaze(numbers, eye, angles[eye], measured[:, eye], carried[:, eye]) for eye in range(2))
    right, left = without_untrusted(right, left)
    return LimbusFilm(left, right, spectacles if spectacles or large_enough_to_tell(face.iris_px) else None)


def _corners(
    numbers: NDArray[np.void], face: ReferenceFace, rotation: FloatArray, iris_px: FloatArray, still: FloatArray
) -> tuple[FloatArray, bool]:
    """``(n, 2, 2, 2)`` eye corners, and whether spectacles were seen.

    Corners are found by the skin beside them, or by what lies about them where that skin is hidden.
    """
    beside, about = (_placed(numbers, face, window) for window in (_BESIDE, _ABOUT))
    both = numbers["canthi_found"].all(axis=1)[..., None]
    apart = np.where(both, numbers["canthi_px"][:, _BESIDE] - numbers["canthi_px"][:, _ABOUT], np.nan)
    sight = face.camera.sight(about.mean(axis=1))
    slides = depth_beside_corners(beside, about, apart, rotation, sight=sight, iris_px=iris_px, still=still)
    window = _ABOUT if face.rim_seen or slides.hides_skin else _BESIDE
    found_px, known = numbers["canthi_px"][:, window], numbers["canthi_found"][:, window].all(axis=1)
    aside = seen_aside(sight, rotation)
    depths = depths_before_skin(
        found_px, known & (still < 1), face.corners, numbers["rotation"], aside=aside, iris_px=iris_px
    )
    if depths.any():
        turned = np.nan_to_num(aside - np.nanmedian(aside, axis=0))
        found_px = found_px - depths[:, None] * turned[:, None] * iris_px[:, None, None]
    error_px = numbers["canthi_error_px"][:, window].astype(np.float64)
    stray = stray_px(found_px, error_px, known, face.corners, numbers["rotation"])
    placed = face.corners.place(found_px, np.hypot(error_px, stray), numbers["rotation"])
    return placed.reshape(-1, 2, 2, 2), face.rim_seen or slides.is_spectacles


def _placed(numbers: NDArray[np.void], face: ReferenceFace, window: int) -> FloatArray:
    """``(n, 4, 2)`` rigid frame over the corners found by one of the windows."""
    error_px = numbers["canthi_error_px"][:, window].astype(np.float64)
    return face.corners.place(numbers["canthi_px"][:, window], error_px, numbers["rotation"])


def _frames_of_zero(measured: BoolArray, trusted: BoolArray) -> BoolArray:
    """``(n, 2)`` frames whose median gaze is zero: those in which both eyes are trusted, if there are enough.

    With frames of its own for each eye, one that the lids hide more often would seem to look higher than its fellow.
    For the same reason frames count whose height is withheld: without them zero would be far up in faces with narrow
    lids, which carry a height in up-gaze only. Their heights are rough, but a median does not mind.
    """
    both = trusted.all(axis=1, keepdims=True)
    if both.sum() >= _FEWEST_COMMON_FRAMES:
        return np.repeat(both, 2, axis=1)
    return np.where(trusted.any(axis=0), trusted, measured)


def _eye_gaze(
    numbers: NDArray[np.void], eye: int, angle: FloatArray, measured: BoolArray, carried: BoolArray
) -> LimbusArrays:
    in_iris = ROTATION_RADIUS_IRIS * np.sin(angle)
    degrees = np.rad2deg(angle)
    return LimbusArrays(
        h_iris=in_iris[:, 0],
        v_iris=in_iris[:, 1],
        h_deg=degrees[:, 0],
        v_deg=degrees[:, 1],
        confidence=np.where(measured, numbers["confidence"][:, eye], 0.0),
        occluded=np.where(carried, 0.0, 1.0),
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
