"""Face landmarks behind one small interface, so that another model can replace MediaPipe's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.planar_picture import Picture, part_halved
from shared.tracking.face_search import (
    FaceBox,
    FaceFinder,
    count_people,
    halvings_to,
    larger_central_face,
    shrunk,
    turn_back,
)
from shared.tracking.mesh_graph import MeshGraph
from shared.tracking.quiet import quiet_mediapipe

__all__ = ["NOT_LOOKED_FOR", "FaceLandmarker", "FaceLandmarks", "MediaPipeFaceMesh", "quiet_mediapipe"]

Image = NDArray[np.uint8]

NOT_LOOKED_FOR: Final = -1
"""Face count of a frame in which only the followed face was measured."""


@dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """The followed face in one frame.

    Attributes:
        points_px: ``(478, 3)`` px in the picture as given, depth scaled like width.
        face_count: faces in the picture, or :data:`NOT_LOOKED_FOR`.
    """

    points_px: FloatArray
    face_count: int


class FaceLandmarker(Protocol):
    """Finds and follows one face through the frames of one film, in order."""

    name: str
    """Name and version, for the result's stamp."""

    def detect(self, image_bgr: Picture, time_s: float) -> FaceLandmarks | None:
        """Landmarks of the followed face, or None where it is not in this frame."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


_CROP_FACES: Final = 2.0
"""Side of the picture part given to the mesh, in face boxes. The rest of the picture, and whoever is in it, is
not seen; and a small face in a large picture keeps its pixels."""
_CROP_SIDE_PX: Final = 480
"""It is shrunk to this: the model itself looks at 192 px of it."""
_MAX_DRIFT: Final = 0.25
"""How far the face may move from the crop's middle, in halves of its side, before the crop follows."""
_MAX_GROWTH: Final = 1.35
_SETTLING_RUNS: Final = 2
"""Runs on the same picture after the crop moved: the mesh starts from where it last saw the face."""
_LOOK_INTERVAL_S: Final = 0.5
"""Between looks for further people, and, while nobody is seen, for small and turned faces."""
_MAX_JUMP: Final = 1.0
"""Face sizes by which a face may move between measured frames and still be the same person."""
_MEMORY_S: Final = 1.0
"""After a loss: how long only a face near the last place is taken."""


@dataclass(frozen=True)
class _Crop:
    """The square of the picture that the mesh sees; may reach beyond the picture's edge."""

    left_px: int
    top_px: int
    side_px: int
    quarter_turns: int


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What the mesh will see of a frame if the crop is still this one."""

    image_bgr: Picture
    crop: _Crop
    picture_rgb: Image


class MediaPipeFaceMesh:
    """MediaPipe's face mesh with irises, following one person.

    When several faces are in the picture, the larger, central one is followed, and ``face_count`` says so.
    A face that jumps by more than its own size between frames is not taken for the same person. Films that
    are upside down or on their side are measured the right way up and reported as they are.

    It keeps state from frame to frame: one instance per film.
    """

    def __init__(self) -> None:
        mediapipe = quiet_mediapipe()
        self.name = f"mediapipe-face-mesh {mediapipe.__version__}"
        self._finder = FaceFinder()
        self._mesh = MeshGraph()
        self._crop: _Crop | None = None
        self._prepared: _Prepared | None = None
        self._settling_runs = 0
        self._last: FaceBox | None = None
        self._last_seen_s = -np.inf
        self._next_look_s = -np.inf
        self._next_thorough_s = -np.inf

    def close(self) -> None:
        """Free the models."""
        self._mesh.close()
        self._finder.close()

    def detect(self, image_bgr: Picture, time_s: float) -> FaceLandmarks | None:
        """Landmarks of the followed face, or None where it is not in this frame."""
        return self.begin(image_bgr, time_s)()

    def begin(self, image_bgr: Picture, time_s: float) -> Callable[[], FaceLandmarks | None]:
        """Set the model to work on a frame; what it found is asked for later, before the next frame begins."""
        face_count = self._look(image_bgr, time_s)
        if self._crop is None:
            return _nobody
        self._start_mesh(image_bgr, self._crop)
        return partial(self._found, self._crop, face_count, time_s)

    def _found(self, crop: _Crop, face_count: int, time_s: float) -> FaceLandmarks | None:
        points_px = self._mesh_points(crop)
        if points_px is None:
            self._crop = None
            return None
        face = _box_of(points_px, crop.quarter_turns)
        if not self._is_same_person(face):
            self._crop = None
            self._mesh.reset()
            return None
        self._last, self._last_seen_s = face, time_s
        if _has_left(crop, face):
            self._aim(face)
        return FaceLandmarks(points_px, face_count)

    def _look(self, image_bgr: Picture, time_s: float) -> int:
        """Find a face to follow if there is none, count people now and then. Returns the count."""
        if self._crop is not None and time_s < self._next_look_s:
            return NOT_LOOKED_FOR
        self._next_look_s = time_s + _LOOK_INTERVAL_S
        if self._crop is not None:
            return max(count_people(self._finder.upright_faces(image_bgr, self._crop.quarter_turns)), 1)
        faces = self._finder.faces_any_way_up(image_bgr, thorough=time_s >= self._next_thorough_s)
        if time_s >= self._next_thorough_s:
            self._next_thorough_s = time_s + _LOOK_INTERVAL_S
        face = self._face_to_follow(faces, image_bgr, time_s)
        if face is not None:
            self._last = face
            self._aim(face)
        return count_people(faces)

    def _face_to_follow(self, faces: list[FaceBox], image_bgr: Picture, time_s: float) -> FaceBox | None:
        if not faces:
            return None
        if self._last is None or time_s - self._last_seen_s > _MEMORY_S:
            return larger_central_face(faces, image_bgr.shape[1], image_bgr.shape[0])
        x_px, y_px = self._last.centre_x_px, self._last.centre_y_px
        nearest = min(faces, key=lambda face: face.distance_px(x_px, y_px))
        return nearest if nearest.distance_px(x_px, y_px) <= _MAX_JUMP * self._last.size_px else None

    def _is_same_person(self, face: FaceBox) -> bool:
        if self._last is None:
            return True
        moved_px = face.distance_px(self._last.centre_x_px, self._last.centre_y_px)
        return moved_px <= _MAX_JUMP * max(face.size_px, self._last.size_px)

    def _aim(self, face: FaceBox) -> None:
        side_px = 8 * round(_CROP_FACES * face.size_px / 8)  # halves evenly
        left_px, top_px = round(face.centre_x_px - side_px / 2), round(face.centre_y_px - side_px / 2)
        self._crop = _Crop(left_px, top_px, side_px, face.quarter_turns)
        self._settling_runs = _SETTLING_RUNS

    def prepare(self, image_bgr: Picture) -> None:
        """Cut out of the next frame what the model will see, while it works on this one.

        Nothing is lost should the face then turn out to have moved so far that the crop must follow it: it is cut anew.
        """
        if self._crop is not None:
            self._prepared = _Prepared(image_bgr, self._crop, _seen_by_mesh(image_bgr, self._crop))

    def _start_mesh(self, image_bgr: Picture, crop: _Crop) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared.image_bgr is image_bgr and prepared.crop == crop:
            picture = prepared.picture_rgb
        else:
            picture = _seen_by_mesh(image_bgr, crop)
        for _ in range(self._settling_runs):
            self._mesh.start(picture)
            self._mesh.points()
        self._settling_runs = 0
        self._mesh.start(picture)

    def _mesh_points(self, crop: _Crop) -> FloatArray | None:
        shares = self._mesh.points()
        if shares is None:
            return None
        points_px = turn_back(shares * crop.side_px, crop.quarter_turns, crop.side_px, crop.side_px)
        points_px[:, :2] += crop.left_px, crop.top_px
        return points_px


def prepare(landmarker: FaceLandmarker, image_bgr: Picture) -> None:
    """What can be done for the next frame while this one is looked at; nothing, with models of other kinds."""
    if isinstance(landmarker, MediaPipeFaceMesh):
        landmarker.prepare(image_bgr)


def begin(landmarker: FaceLandmarker, image_bgr: Picture, time_s: float) -> Callable[[], FaceLandmarks | None]:
    """:meth:`FaceLandmarker.detect` in two steps; one that cannot do that looks at the frame in the second."""
    if isinstance(landmarker, MediaPipeFaceMesh):
        return landmarker.begin(image_bgr, time_s)
    return partial(landmarker.detect, image_bgr, time_s)


def _nobody() -> None:
    """There is no face to be found."""


def _seen_by_mesh(image_bgr: Picture, crop: _Crop) -> Image:
    """RGB of the crop's part of the picture."""
    return np.asarray(cv2.cvtColor(_cut(image_bgr, crop), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _cut(image_bgr: Picture, crop: _Crop) -> Image:
    """The crop's part of the picture, the right way up, shrunk to at most ``_CROP_SIDE_PX``; black outside it."""
    halvings = halvings_to(crop.side_px, _CROP_SIDE_PX)
    # Whole units of twice the scale: a film's colours are stored at half the size of its brightness.
    rows = _within(crop.top_px, crop.side_px, image_bgr.shape[0], 2 << halvings)
    columns = _within(crop.left_px, crop.side_px, image_bgr.shape[1], 2 << halvings)
    if rows[0] >= rows[1] or columns[0] >= columns[1]:
        return np.zeros((_CROP_SIDE_PX, _CROP_SIDE_PX, 3), dtype=np.uint8)
    # Halved before the black is added: a large crop is mostly outside of the picture.
    small = part_halved(image_bgr, (slice(*rows), slice(*columns)), halvings)
    top, left = (rows[0] - crop.top_px) >> halvings, (columns[0] - crop.left_px) >> halvings
    side_px = crop.side_px >> halvings
    borders = (top, side_px - top - small.shape[0], left, side_px - left - small.shape[1])
    if any(borders):
        small = np.asarray(cv2.copyMakeBorder(small, *borders, cv2.BORDER_CONSTANT), dtype=np.uint8)
    return np.asarray(np.ascontiguousarray(np.rot90(shrunk(small, _CROP_SIDE_PX), crop.quarter_turns)), dtype=np.uint8)


def _within(first_px: int, side_px: int, length_px: int, unit_px: int) -> tuple[int, int]:
    """Start and stop of a crop's part inside the picture, at whole units from the crop's own start.

    >>> _within(-50, 2112, 1920, 4), _within(100, 800, 1920, 4)
    ((2, 1918), (100, 900))
    """
    start_px = first_px + -(-max(-first_px, 0) // unit_px) * unit_px
    inside_px = max(min(first_px + side_px, length_px) - start_px, 0)
    return start_px, start_px + inside_px // unit_px * unit_px


def _box_of(points_px: FloatArray, quarter_turns: int) -> FaceBox:
    low, high = points_px[:, :2].min(axis=0), points_px[:, :2].max(axis=0)
    x_px, y_px = (low + high) / 2.0
    return FaceBox(float(x_px), float(y_px), float((high - low).max()), quarter_turns, 1.0)


def _has_left(crop: _Crop, face: FaceBox) -> bool:
    """Whether the face has moved or grown so far that the crop should be laid anew."""
    half_px = crop.side_px / 2.0
    drift_px = face.distance_px(crop.left_px + half_px, crop.top_px + half_px)
    growth = face.size_px * _CROP_FACES / crop.side_px
    return drift_px > _MAX_DRIFT * half_px or not 1 / _MAX_GROWTH < growth < _MAX_GROWTH
