"""The *landmark* instrument: iris landmarks against the eye corners, in units of the open lid gap.

This is the guide's own measure, made sound. Where the published original differs, and why ours does not follow:

* It joined each eye's corners with the *other* eye's iris; here an eye is measured with its own points only.
* It took the vertical difference of image rows, so a tilted head read as gaze; here distances are along and
  perpendicular to the eye's own corner line, which holds for every tilt of the head, upside down included.
* It divided by the momentary lid gap, which explodes in a blink; here the denominator is the recording's
  open-eye lid gap of that eye, carried to each frame through the corner distance, so that distance to the
  camera cancels.

All functions are pure and work on whole recordings: points ``(N, 478, 3)`` px as the face mesh gives them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.model import BoolArray, EyeTrace, FloatArray, IntArray

LANDMARK_COUNT: Final = 478
"""Points of the face mesh with irises."""


@dataclass(frozen=True)
class EyePoints:
    """Which mesh points belong to one eye.

    Attributes:
        toward_right, toward_left: the eye corners; the line from the first to the second runs toward the
            patient's left, so ``down`` lies 90 degrees clockwise of it in the picture at any tilt of the head.
        lid_pairs: (upper, lower) lid points, the middle pair first.
        iris_centre: the iris' middle point.
        iris_rim: its four rim points.
        iris_sides: the two of them on the horizontal diameter (lids never cover these).
    """

    toward_right: int
    toward_left: int
    lid_pairs: tuple[tuple[int, int], ...]
    iris_centre: int
    iris_rim: tuple[int, int, int, int]
    iris_sides: tuple[int, int]

    @property
    def all_points(self) -> tuple[int, ...]:
        """Every mesh point that is used, corners first."""
        lids = tuple(point for pair in self.lid_pairs for point in pair)
        return (self.toward_right, self.toward_left, *self.iris_rim, self.iris_centre, *lids)

    def among(self, kept: tuple[int, ...]) -> EyePoints:
        """The same eye where only some points of the mesh were kept, in this order."""
        at = {point: place for place, point in enumerate(kept)}
        return replace(
            self,
            toward_right=at[self.toward_right],
            toward_left=at[self.toward_left],
            lid_pairs=tuple((at[upper], at[lower]) for upper, lower in self.lid_pairs),
            iris_centre=at[self.iris_centre],
            iris_rim=tuple(at[point] for point in self.iris_rim),  # type: ignore[arg-type]
            iris_sides=tuple(at[point] for point in self.iris_sides),  # type: ignore[arg-type]
        )


RIGHT_EYE: Final = EyePoints(
    toward_right=33,
    toward_left=133,
    lid_pairs=((159, 145), (160, 144), (158, 153)),
    iris_centre=468,
    iris_rim=(469, 470, 471, 472),
    iris_sides=(469, 471),
)
"""The patient's right eye: image left in an unmirrored film."""

LEFT_EYE: Final = EyePoints(
    toward_right=362,
    toward_left=263,
    lid_pairs=((386, 374), (385, 380), (387, 373)),
    iris_centre=473,
    iris_rim=(474, 475, 476, 477),
    iris_sides=(474, 476),
)
"""The patient's left eye."""

OPEN_PERCENTILE: Final = 75.0
"""Share of the not nearly shut frames that the open lid gap exceeds or equals: see :func:`open_lid_ratio`."""

_NEARLY_SHUT: Final = 0.5
"""Of the recording's widest opening; below it a frame says nothing about how far the eye opens."""
_MIN_CORNER_DISTANCE_PX: Final = 6.0
"""Below this, eye geometry is pixel noise: an eye of 6 px has an iris of under 3 px."""
_MAX_IRIS_ECCENTRICITY: Final = 0.5
"""Corner distances that an iris centre may lie from the middle of its corners; 0.35 is the most that real
left and right looks reached, 0.5 would be on a corner."""
_MAX_SIZE_RATIO: Final = 2.0
"""Between the irises of the two eyes, and between an iris and its own median: a far look to the side
foreshortens the iris, and hides part of it in the corner, to 0.55 of its width (clip of a person doing so)."""
_MAX_YAW_DEG: Final = 40.0
"""Beyond this the nose hides the far eye, whose points the mesh then invents."""
_EDGE_MARGIN_PX: Final = 1.0


def iris_centre_px(points_px: FloatArray, eye: EyePoints) -> FloatArray:
    """Iris centres ``(N, 2)``, px: the mean of the four rim points, as in the published original.

    Adding the mesh's own centre point changed the noise at rest by less than a twentieth (clips of 14 people).
    """
    return np.asarray(points_px[:, list(eye.iris_rim), :2].mean(axis=1), dtype=np.float64)


def iris_diameter_px(points_px: FloatArray, eye: EyePoints) -> FloatArray:
    """Horizontal iris diameter ``(N,)``, px."""
    return _distance(points_px, *eye.iris_sides)


def corner_distance_px(points_px: FloatArray, eye: EyePoints) -> FloatArray:
    """Distance between the two eye corners ``(N,)``, px; nan where too small to measure anything by."""
    distance = _distance(points_px, eye.toward_right, eye.toward_left)
    return np.where(distance >= _MIN_CORNER_DISTANCE_PX, distance, np.nan)


def eye_open_ratio(points_px: FloatArray, eye: EyePoints) -> FloatArray:
    """Lid gap / corner distance ``(N,)``: the original's ``eye_open``, compared with ``blink_thresh``."""
    return _distance(points_px, *eye.lid_pairs[0]) / corner_distance_px(points_px, eye)


def open_lid_ratio(eye_open: FloatArray, usable: BoolArray) -> float:
    """The recording's open-eye lid gap in corner distances: the denominator of the offsets.

    The 75th percentile over usable frames that are not nearly shut. Looking down narrows the gap to two
    thirds and blinks to nothing, looking up widens it a little; the upper quartile is still the gap of
    straight gaze when up to three quarters of the recording look down or any number of frames are shut,
    where a median would give another denominator to a recording with more down-gaze in it.

    >>> straight, down, shut = np.full(50, 0.30), np.full(60, 0.20), np.full(40, 0.02)
    >>> open_lid_ratio(np.concatenate([straight, down, shut]), np.full(150, True))
    0.3

    Args:
        eye_open: ``(N,)`` lid gap / corner distance.
        usable: ``(N,)`` frames to look at.

    Returns:
        The ratio; nan where no usable frame has a lid gap.
    """
    values = eye_open[usable & np.isfinite(eye_open)]
    if not values.size:
        return float("nan")
    awake = values[values >= _NEARLY_SHUT * np.percentile(values, 95)]
    ratio = float(np.percentile(awake, OPEN_PERCENTILE))
    return ratio if ratio > 0 else float("nan")


def corner_offsets(points_px: FloatArray, eye: EyePoints) -> tuple[FloatArray, FloatArray]:
    """Iris centre from the middle of its own corners, in corner distances.

    Returns:
        ``(h, v)``, each ``(N,)``: along the corner line, positive toward the patient's left, and
        perpendicular to it, positive toward the chin.
    """
    from_corner = points_px[:, eye.toward_right, :2].astype(np.float64)
    to_corner = points_px[:, eye.toward_left, :2].astype(np.float64)
    along = to_corner - from_corner
    length_squared = corner_distance_px(points_px, eye) ** 2
    iris = iris_centre_px(points_px, eye) - (from_corner + to_corner) / 2.0
    h = (iris * along).sum(axis=1) / length_squared
    v = (iris[:, 1] * along[:, 0] - iris[:, 0] * along[:, 1]) / length_squared
    return h, v


def lid_opening_iris(points_px: FloatArray, eye: EyePoints, usable: BoolArray) -> FloatArray:
    """Mean lid gap over three lid pairs ``(N,)``, in iris diameters.

    Each gap is set against its frame's corner distance and scaled once per recording by the median of
    corner distance / iris diameter, because the iris' own size wavers as lids close over it.
    """
    corners = corner_distance_px(points_px, eye)
    gaps = np.mean([_distance(points_px, upper, lower) for upper, lower in eye.lid_pairs], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        irises_per_corner_distance = corners / iris_diameter_px(points_px, eye)
    sizes = irises_per_corner_distance[usable & np.isfinite(irises_per_corner_distance)]
    scale = float(np.median(sizes)) if sizes.size else float("nan")
    return np.asarray(gaps / corners * scale)


def measure_eye(points_px: FloatArray, eye: EyePoints, usable: BoolArray) -> EyeTrace:
    """Everything the landmark instrument says about one eye of a recording.

    Args:
        points_px: ``(N, 478, 3)`` mesh points, px in the upright picture; nan where no face was found.
        eye: :data:`RIGHT_EYE` or :data:`LEFT_EYE`.
        usable: ``(N,)`` frames with plausible geometry (see :func:`plausible_geometry`): the others are nan
            in the result and take no part in the open lid gap.

    Returns:
        An :class:`EyeTrace` whose limbus arrays are empty.
    """
    shown = np.where(usable[:, None, None], points_px, np.nan)
    eye_open = eye_open_ratio(shown, eye)
    denominator = open_lid_ratio(eye_open, usable)
    h, v = corner_offsets(shown, eye)
    iris = iris_centre_px(shown, eye)
    return EyeTrace.empty(
        len(points_px),
        iris_x_px=iris[:, 0],
        iris_y_px=iris[:, 1],
        iris_diameter_px=iris_diameter_px(shown, eye),
        eye_open=eye_open,
        lid_opening=lid_opening_iris(shown, eye, usable),
        h_offset=h / denominator,
        v_offset=v / denominator,
    )


def plausible_geometry(
    points_px: FloatArray,
    frame_size_px: tuple[int, int],
    yaw_deg: FloatArray,
    eyes: tuple[EyePoints, EyePoints] = (RIGHT_EYE, LEFT_EYE),
) -> BoolArray:
    """Frames ``(N,)`` in which both eyes can be what the mesh says they are.

    Both eyes inside the picture, each iris between its own corners, iris sizes that agree between the eyes
    and over the recording (set against the face's size, so that leaning in is allowed), the head not turned
    so far that the nose hides an eye. Landmarks alone cannot tell a covered eye from a seen one: the mesh
    draws it all the same.

    Args:
        points_px: ``(N, 478, 3)``; nan where no face was found.
        frame_size_px: (width, height).
        yaw_deg: ``(N,)`` head yaw.
        eyes: (right, left); to be given where ``points_px`` has not all points of the mesh.
    """
    right_eye, left_eye = eyes
    face_size = np.linalg.norm(points_px[:, right_eye.toward_right] - points_px[:, left_eye.toward_left], axis=1)
    right = iris_diameter_px(points_px, right_eye)
    left = iris_diameter_px(points_px, left_eye)
    with np.errstate(divide="ignore", invalid="ignore"):
        plausible = _within_ratio(right / left)
        for diameter in (right, left):
            relative = diameter / face_size
            known = relative[np.isfinite(relative)]
            plausible &= _within_ratio(relative / (np.median(known) if known.size else np.nan))
        for eye in eyes:
            h, v = corner_offsets(points_px, eye)
            plausible &= (np.abs(h) < _MAX_IRIS_ECCENTRICITY) & (np.abs(v) < _MAX_IRIS_ECCENTRICITY)
            plausible &= _inside_picture(points_px, eye, frame_size_px)
        plausible &= np.abs(yaw_deg) <= _MAX_YAW_DEG
    return np.asarray(plausible, dtype=np.bool_)


def _within_ratio(ratio: FloatArray) -> BoolArray:
    return np.asarray((ratio < _MAX_SIZE_RATIO) & (ratio > 1.0 / _MAX_SIZE_RATIO), dtype=np.bool_)


def _inside_picture(points_px: FloatArray, eye: EyePoints, frame_size_px: tuple[int, int]) -> BoolArray:
    needed: IntArray = np.array([point for point in eye.all_points if point != eye.iris_centre])
    x, y = points_px[:, needed, 0], points_px[:, needed, 1]
    width, height = frame_size_px
    inside = (x >= _EDGE_MARGIN_PX) & (x <= width - 1 - _EDGE_MARGIN_PX)
    inside &= (y >= _EDGE_MARGIN_PX) & (y <= height - 1 - _EDGE_MARGIN_PX)
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


def _distance(points_px: FloatArray, first: int, second: int) -> FloatArray:
    difference = points_px[:, first, :2].astype(np.float64) - points_px[:, second, :2]
    return np.asarray(np.hypot(difference[:, 0], difference[:, 1]))
