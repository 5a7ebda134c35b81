"""Where faces stand in a picture, which way up, and which one to follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.planar_picture import Picture, part_halved
from shared.tracking.quiet import quiet_mediapipe, quiet_stderr

Image = NDArray[np.uint8]

_SEARCH_SIDE_PX: Final = 480
_MIN_SCORE: Final = 0.5
_MIN_FAR_SCORE: Final = 0.85
"""For a small face: drawings and titles reached 0.72, upright faces of 14 people 0.87 and more."""
_MIN_COUNTED_SCORE: Final = 0.65
"""To be counted as a further person: below it posters and folds of cloth come in."""
_TURN_MARGIN: Final = 0.05
"""By how much a turned picture must score better before the film is taken as turned. On 16 films the detector gave
the median upright face 0.93 to 0.99, turned by a quarter 0.60 to 0.92, and upside down 0.52 to 0.78."""
_CENTRE_WEIGHT: Final = 0.5
_CLOSER_LOOK: Final = 1.5
"""Face sizes to each side that are looked at again, where the far model saw a face."""
_MESH_PER_DETECTION: Final = 1.25
"""Size of the mesh's box (forehead to chin) over the detector's (brows to chin)."""


@dataclass(frozen=True)
class FaceBox:
    """A face in the picture as it was given.

    Attributes:
        centre_x_px, centre_y_px, size_px: middle and longer side of its box, forehead to chin.
        quarter_turns: how often the picture must be turned by 90 degrees counter-clockwise to set it upright.
        score: 0 to 1.
    """

    centre_x_px: float
    centre_y_px: float
    size_px: float
    quarter_turns: int
    score: float

    def distance_px(self, x_px: float, y_px: float) -> float:
        """From the middle of the face to a point."""
        return float(np.hypot(self.centre_x_px - x_px, self.centre_y_px - y_px))


class FaceFinder:
    """Finds faces with BlazeFace in a shrunk copy of the picture. One instance per film.

    Its short-range model tells faces the right way up from turned ones but needs faces of a tenth of the picture;
    the full-range one finds smaller ones, and the first then looks at that place alone.
    """

    def __init__(self) -> None:
        self._near = _model(0)
        self._far: Any = None

    def close(self) -> None:
        """Free the detectors."""
        self._near.close()
        if self._far is not None:
            self._far.close()

    def upright_faces(self, image_bgr: Picture, quarter_turns: int = 0) -> list[FaceBox]:
        """All near faces that stand upright after ``quarter_turns``."""
        return _detect(self._near, image_bgr, quarter_turns)

    def faces_any_way_up(self, image_bgr: Picture, *, thorough: bool = True) -> list[FaceBox]:
        """All faces in the orientation in which the best of them is most like a face.

        The mesh fits a false upright face, with plausible eyes, into one that is upside down; only the
        comparison tells.

        Args:
            image_bgr: the picture.
            thorough: look for small and for turned faces even where nothing like an upright one is seen
                (eight times the work).
        """
        upright = self.upright_faces(image_bgr)
        if not upright and not thorough:
            return []
        return self._near_faces_any_way_up(image_bgr, upright) or self._far_face(image_bgr)

    def _near_faces_any_way_up(self, image_bgr: Picture, upright: list[FaceBox]) -> list[FaceBox]:
        turned = [self.upright_faces(image_bgr, quarter_turns) for quarter_turns in (1, 2, 3)]
        best_turned = max(turned, key=_best_score)
        return best_turned if _best_score(best_turned) > _best_score(upright) + _TURN_MARGIN else upright

    def _far_face(self, image_bgr: Picture) -> list[FaceBox]:
        if self._far is None:  # seldom needed, and a sixth of the time that a film takes to start
            self._far = _model(1)
        candidates = [face for turns in range(4) for face in _detect(self._far, image_bgr, turns)]
        if not candidates:
            return []
        best = max(candidates, key=lambda face: face.score)
        left_px, right_px = (round(best.centre_x_px + side * _CLOSER_LOOK * best.size_px) for side in (-1, 1))
        top_px, bottom_px = (round(best.centre_y_px + side * _CLOSER_LOOK * best.size_px) for side in (-1, 1))
        left_px, top_px = max(left_px, 0), max(top_px, 0)
        closer = np.ascontiguousarray(image_bgr[top_px:bottom_px, left_px:right_px])
        return [
            replace(face, centre_x_px=face.centre_x_px + left_px, centre_y_px=face.centre_y_px + top_px)
            for face in self._near_faces_any_way_up(closer, self.upright_faces(closer))
            if face.score >= _MIN_FAR_SCORE
        ]


def _model(selection: int) -> Any:
    """BlazeFace for near (0) or far faces (1), warmed up while what it says of itself is not heard."""
    with quiet_stderr():
        model = quiet_mediapipe().solutions.face_detection.FaceDetection(_MIN_SCORE, model_selection=selection)
        model.process(np.zeros((64, 64, 3), dtype=np.uint8))
    return model


def _detect(model: Any, image_bgr: Picture, quarter_turns: int) -> list[FaceBox]:
    height, width = image_bgr.shape[:2]
    turned = np.ascontiguousarray(np.rot90(shrunk(image_bgr, _SEARCH_SIDE_PX), quarter_turns))
    found = model.process(cv2.cvtColor(turned, cv2.COLOR_BGR2RGB)).detections or ()
    return [_face_box(detection, quarter_turns, width, height) for detection in found]


def count_people(faces: list[FaceBox]) -> int:
    """How many of them are surely faces; at least one where there is any."""
    return max(sum(face.score >= _MIN_COUNTED_SCORE for face in faces), int(bool(faces)))


def larger_central_face(faces: list[FaceBox], width_px: int, height_px: int) -> FaceBox:
    """The face to follow among several: the larger, and of equal ones the nearer to the middle."""
    half_diagonal = float(np.hypot(width_px, height_px)) / 2.0

    def weight(face: FaceBox) -> float:
        return face.size_px * (1.0 - _CENTRE_WEIGHT * face.distance_px(width_px / 2, height_px / 2) / half_diagonal)

    return max(faces, key=weight)


def turn_back(points: FloatArray, quarter_turns: int, width_px: int, height_px: int) -> FloatArray:
    """Points ``(n, >= 2)`` px of a picture turned by ``quarter_turns``, where they were before.

    Args:
        points: x and y in the turned picture; further columns (depth) are kept.
        quarter_turns: as for :func:`numpy.rot90`.
        width_px, height_px: size before turning.

    >>> image = np.arange(6).reshape(2, 3)
    >>> turned = np.rot90(image, 1)
    >>> x, y = turn_back(np.array([[1.0, 0.0]]), 1, 3, 2)[0].astype(int)
    >>> bool(image[y, x] == turned[0, 1])
    True
    """
    x, y = points[:, 0].copy(), points[:, 1].copy()
    back = points.copy()
    if quarter_turns == 1:
        back[:, 0], back[:, 1] = width_px - 1 - y, x
    elif quarter_turns == 2:
        back[:, 0], back[:, 1] = width_px - 1 - x, height_px - 1 - y
    elif quarter_turns == 3:
        back[:, 0], back[:, 1] = y, height_px - 1 - x
    return back


def shrunk(image: Picture, side_px: int) -> Image:
    """The picture with its longer side at most ``side_px``.

    Halved until near, then interpolated: a fifth of the time of averaging areas at an odd ratio, and as little
    aliasing.
    """
    small = part_halved(image, (slice(None), slice(None)), halvings_to(max(image.shape[:2]), side_px))
    ratio = side_px / max(small.shape[:2])
    if ratio >= 1:
        return small
    size = (round(small.shape[1] * ratio), round(small.shape[0] * ratio))
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def halvings_to(from_px: int, side_px: int) -> int:
    """How often a side can be halved and not fall below ``side_px``.

    >>> [halvings_to(side_px, 480) for side_px in (300, 480, 959, 960, 1930)]
    [0, 0, 0, 1, 2]
    """
    return max(0, (from_px // side_px).bit_length() - 1)


def _best_score(faces: list[FaceBox]) -> float:
    return max((face.score for face in faces), default=0.0)


def _face_box(detection: Any, quarter_turns: int, width: int, height: int) -> FaceBox:
    box = detection.location_data.relative_bounding_box
    turned_width, turned_height = (height, width) if quarter_turns % 2 else (width, height)
    centre = np.array([[(box.xmin + box.width / 2) * turned_width, (box.ymin + box.height / 2) * turned_height]])
    x, y = turn_back(centre, quarter_turns, width, height)[0]
    size = _MESH_PER_DETECTION * max(box.width * turned_width, box.height * turned_height)
    return FaceBox(float(x), float(y), float(size), quarter_turns, float(detection.score[0]))
