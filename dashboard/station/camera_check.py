"""Is this picture good enough to measure eyes in? Asked several times a second before a screening begins.

The same face mesh answers that later measures the film, and the bounds are the gates that the film must pass.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.parameters import Gates
from shared.tracking.face import FaceLandmarker, FaceLandmarks
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, iris_diameter_px
from shared.tracking.pose import head_rotation

Image = NDArray[np.uint8]

_GATES: Final = Gates()
_MARGIN: Final = 0.03
"""Share of the picture that must be left around the face."""
_TURN_SHARE: Final = 0.7
"""Of the gate's bound: people turn farther when the target moves."""
_DARKEST: Final = 55.0
_BRIGHTEST: Final = 225.0
"""Mean grey level of the face, of 255. Proposals."""
_BACKLIGHT: Final = 0.55
"""A face at less than this share of the brightness around it has its light from behind. Proposal."""
_STILL_IRIS: Final = 0.35
"""Standard deviation of the nose tip over the last two seconds, in iris diameters. Proposal."""
_STILL_S: Final = 2.0
_NOSE: Final = 1
_MESH_POINTS: Final = 468


@dataclass(frozen=True)
class CheckItem:
    """One question: ``item`` names it, ``advice`` what to do (a code; empty when all is well)."""

    item: str
    is_good: bool
    advice: str = ""


class CameraCheck:
    """Judges the pictures of one preview, in order."""

    def __init__(self, landmarker: FaceLandmarker) -> None:
        self._landmarker = landmarker
        self._nose: deque[tuple[float, float, float]] = deque()

    def judge(self, image_bgr: Image, *, time_s: float, scale: float, frame_rate_hz: float) -> dict[str, Any]:
        """What to tell the person in front of the camera.

        Args:
            image_bgr: the preview's picture, usually made smaller.
            time_s: when it was taken, increasing.
            scale: the film's width over this picture's.
            frame_rate_hz: as the browser counts it.

        Returns:
            ``items`` in the order in which they should be put right, ``face`` (left, top, width, height as shares of
            the picture) and ``iris_px`` in the film; both None without a face.
        """
        face = self._landmarker.detect(image_bgr, time_s)
        if face is None:
            self._nose.clear()
            items = [CheckItem("face", False, "NO_FACE"), _frame_rate(frame_rate_hz)]
            return {"items": [vars(item) for item in items], "face": None, "iris_px": None}
        box = _face_box(face, image_bgr.shape[1], image_bgr.shape[0])
        iris_px = _iris_px(face) * scale
        items = [
            _in_frame(box, face.face_count),
            CheckItem("size", True) if iris_px >= _GATES.min_iris_diameter_px else CheckItem("size", False, "CLOSER"),
            _light(image_bgr, box),
            _straight(face),
            self._still(face, time_s),
            _frame_rate(frame_rate_hz),
        ]
        return {"items": [vars(item) for item in items], "face": box, "iris_px": round(iris_px, 1)}

    def _still(self, face: FaceLandmarks, time_s: float) -> CheckItem:
        x_px, y_px = face.points_px[_NOSE, :2]
        self._nose.append((time_s, float(x_px), float(y_px)))
        while self._nose[0][0] < time_s - _STILL_S:
            self._nose.popleft()
        moved_px = float(np.hypot(*np.std([place[1:] for place in self._nose], axis=0)))
        return (
            CheckItem("still", True) if moved_px <= _STILL_IRIS * _iris_px(face) else CheckItem("still", False, "STILL")
        )


def decode(jpeg: bytes) -> Image | None:
    """The picture, or None where it is none."""
    image = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    return None if image is None else np.asarray(image, dtype=np.uint8)


def _iris_px(face: FaceLandmarks) -> float:
    points_px = face.points_px[None]
    return float((iris_diameter_px(points_px, LEFT_EYE)[0] + iris_diameter_px(points_px, RIGHT_EYE)[0]) / 2)


def _face_box(face: FaceLandmarks, width_px: int, height_px: int) -> list[float]:
    shares = face.points_px[:_MESH_POINTS, :2] / (width_px, height_px)
    (left, top), (right, bottom) = shares.min(axis=0), shares.max(axis=0)
    return [round(float(value), 4) for value in (left, top, right - left, bottom - top)]


def _in_frame(box: list[float], face_count: int) -> CheckItem:
    left, top, width, height = box
    if min(left, top, 1 - left - width, 1 - top - height) < _MARGIN:
        return CheckItem("face", False, "WHOLE_FACE")
    return CheckItem("face", False, "ONE_PERSON") if face_count > 1 else CheckItem("face", True)


def _light(image_bgr: Image, box: list[float]) -> CheckItem:
    grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    left, top = max(int(box[0] * width), 0), max(int(box[1] * height), 0)
    right, bottom = int((box[0] + box[2]) * width), int((box[1] + box[3]) * height)
    inside = np.zeros(grey.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    if not inside.any() or inside.all():
        return CheckItem("light", True)
    face, around = float(grey[inside].mean()), float(grey[~inside].mean())
    if face < _BACKLIGHT * around:
        return CheckItem("light", False, "BACKLIGHT")
    if face < _DARKEST:
        return CheckItem("light", False, "DARK")
    return CheckItem("light", False, "BRIGHT") if face > _BRIGHTEST else CheckItem("light", True)


def _straight(face: FaceLandmarks) -> CheckItem:
    head = head_rotation(face.points_px[None])
    turn_deg = max(abs(float(head.yaw_deg[0])), abs(float(head.roll_deg[0])))
    bound_deg = _TURN_SHARE * _GATES.max_head_turn_deg
    return CheckItem("straight", True) if turn_deg <= bound_deg else CheckItem("straight", False, "STRAIGHT")


def _frame_rate(frame_rate_hz: float) -> CheckItem:
    return CheckItem("rate", True) if frame_rate_hz >= _GATES.min_frame_rate_hz else CheckItem("rate", False, "SLOW")
