"""Rotation of the head from the face landmarks, against the recording's own mean face."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import OUTER_CANTHI

_MESH_POINTS: Final = 468
"""Landmarks without the irises, which move in the head."""
_TURN_SCALE: Final = 1.3
"""Landmarks follow only part of a turn of the head: on renderings with known rotation yaw and pitch came out as 0.64
to 0.82 of the truth on all of seven faces, roll as it is."""
_FOCAL_LENGTH_SIDES: Final = 1.25
"""Focal length of a usual phone or web camera in units of the longer side of its picture."""


def mean_shape(meshes: FloatArray) -> FloatArray:
    """Median face of several frames after turning, scaling and shifting each onto the first.

    Args:
        meshes: ``(n, 478, 3)`` px.

    Returns:
        ``(468, 3)`` px at the scale of the first frame, centred, eye corners level.
    """
    points = meshes[:, :_MESH_POINTS]
    centred = points - points.mean(axis=1, keepdims=True)
    target = centred[0]
    aligned = np.stack([_procrustes(mesh, target) for mesh in centred])
    shape = np.median(aligned, axis=0)
    along = shape[OUTER_CANTHI[1], :2] - shape[OUTER_CANTHI[0], :2]
    cosine, sine = along / np.hypot(*along)
    level = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray((shape - shape.mean(axis=0)) @ level.T)


def _procrustes(mesh: FloatArray, target: FloatArray) -> FloatArray:
    """``mesh`` after the rotation and scale that bring it nearest ``target``; both centred."""
    u, s, vt = np.linalg.svd(mesh.T @ target)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (s * sign).sum() / (mesh**2).sum()
    return np.asarray(scale * mesh @ (u * sign) @ vt)


class HeadPose:
    """Estimates rotation frame by frame; keeps the previous answer as the next guess.

    Args:
        shape: mean face, see :func:`mean_shape`.
        picture_size: (width, height), px.
    """

    def __init__(self, shape: FloatArray, picture_size: tuple[int, int]) -> None:
        self._shape = np.ascontiguousarray(shape)
        focal = _FOCAL_LENGTH_SIDES * max(picture_size)
        self._camera = np.array([[focal, 0, picture_size[0] / 2], [0, focal, picture_size[1] / 2], [0, 0, 1.0]])
        self._focal = focal
        self._guess: tuple[FloatArray, FloatArray] | None = None

    def rotation(self, landmarks: FloatArray) -> FloatArray:
        """``(3, 3)`` rotation from the mean face to this frame's, camera axes (x right, y down, z away).

        All nan where none was found.
        """
        points = np.ascontiguousarray(landmarks[:_MESH_POINTS, :2])
        rotation, translation = self._guess or self._first_guess(landmarks)
        found, turned, shifted = cv2.solvePnP(
            self._shape,
            points,
            self._camera,
            np.zeros(4),
            rotation.copy(),
            translation.copy(),
            useExtrinsicGuess=True,
            flags=cv2.SOLVEPNP_ITERATIVE,
        )
        rotation, translation = np.asarray(turned, dtype=np.float64), np.asarray(shifted, dtype=np.float64)
        if not (found and np.isfinite(rotation).all() and translation[2, 0] > 0):
            self._guess = None
            return np.full((3, 3), np.nan)
        self._guess = (rotation, translation)
        return _enlarge_turn(np.asarray(cv2.Rodrigues(rotation)[0], dtype=np.float64))

    def _first_guess(self, landmarks: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Facing the camera at the distance and in the place where the landmarks stand, turned in the picture."""
        along = landmarks[OUTER_CANTHI[1], :2] - landmarks[OUTER_CANTHI[0], :2]
        turn = float(np.arctan2(along[1], along[0]))
        middle = landmarks[:_MESH_POINTS, :2].mean(axis=0)
        offset = (middle - self._camera[:2, 2]) / self._focal
        translation = self._focal * np.array([[offset[0]], [offset[1]], [1.0]])
        return np.array([[0.0], [0.0], [turn]]), translation


def _enlarge_turn(rotation: FloatArray) -> FloatArray:
    """The same roll with the out-of-plane part of the rotation enlarged."""
    roll = np.arctan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1])
    cosine, sine = np.cos(roll), np.sin(roll)
    level = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    turn, _ = cv2.Rodrigues(level.T @ rotation)
    enlarged, _ = cv2.Rodrigues(np.asarray(turn, dtype=np.float64) * np.array([[_TURN_SCALE], [_TURN_SCALE], [1.0]]))
    return np.asarray(level @ np.asarray(enlarged, dtype=np.float64))
