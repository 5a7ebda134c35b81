"""Rotation of the head from the face landmarks, against the recording's own mean face."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from shared.kernels.library import FLOATS, INT, Kernel
from shared.model import FloatArray
from shared.tracking.camera import Camera
from shared.tracking.eye_crop import OUTER_CANTHI

_MESH_POINTS: Final = 468
"""Landmarks without the irises, which move in the head."""
_TURN_SCALE: Final = 1.3
"""Landmarks follow only part of a turn of the head: on renderings with known rotation yaw and pitch came out as 0.64
to 0.82 of the truth on all of seven faces, roll as it is."""
_ROUNDS: Final = 6
"""Always all of them, so that a frame's answer does not depend on the others; four leave less than 1e-6."""
_DAMPING: Final = 1e-9
_LARGEST_TURN: Final = 0.5
_pose_equations: Final = Kernel("pose_equations", FLOATS, INT, FLOATS, FLOATS, FLOATS, INT, FLOATS, FLOATS)


def mean_shape(meshes: FloatArray, camera: Camera) -> FloatArray:
    """Median face of several frames in space, after turning, scaling and shifting each onto the first.

    Taken as it is seen, a face would be too narrow at its depths: in turns of rendered heads yaw then came out smaller
    than pitch, by 8 %, and the skin beside the eyes too steep.

    Args:
        meshes: ``(n, 478, 3)`` px.
        camera: through which it is seen.

    Returns:
        ``(468, 3)`` px at the scale of the first frame, centred, eye corners level.
    """
    points = camera.in_space(meshes[:, :_MESH_POINTS])
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
    """Estimates rotation: the one that makes the mean face's picture fit the landmarks best, each frame for itself.

    Gauss-Newton over rotation and place, many frames at once, from the turn that the mesh's own depths show.

    Args:
        shape: mean face, see :func:`mean_shape`.
        camera: through which it is seen.
    """

    def __init__(self, shape: FloatArray, camera: Camera) -> None:
        self._shape = np.ascontiguousarray(shape)
        self._camera = camera

    def rotations(self, landmarks: FloatArray) -> FloatArray:
        """``(n, 3, 3)`` rotations from the mean face to each frame's, camera axes (x right, y down, z away).

        All nan in frames where none was found.

        Args:
            landmarks: ``(n, 478, 3)`` px.
        """
        meshes = landmarks[:, :_MESH_POINTS]
        seen = self._camera.sight(meshes[..., :2])
        with np.errstate(all="ignore"):
            rotation, place = self._first_guess(meshes, seen)
            for _ in range(_ROUNDS):
                turn, shift = _pose_step(self._shape, rotation, place, seen)
                rotation, place = _turned(rotation, turn), place + shift
        found = np.isfinite(rotation).all(axis=(1, 2)) & np.isfinite(place).all(axis=1) & (place[:, 2] > 0)
        out = np.full_like(rotation, np.nan)
        for frame in np.flatnonzero(found):
            out[frame] = _enlarge_turn(rotation[frame])
        return out

    def _first_guess(self, meshes: FloatArray, seen: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turned as the mesh is, depths included; where and as far away as it is large in the picture."""
        centred = meshes - meshes.mean(axis=1, keepdims=True)
        known = np.isfinite(centred).all(axis=(1, 2))
        u, sizes, vt = np.linalg.svd(
            np.where(known[:, None, None], np.swapaxes(centred, 1, 2) @ self._shape, np.eye(3))
        )
        sizes[:, 2] *= np.sign(np.linalg.det(u @ vt))
        u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
        px_per_unit = sizes.sum(axis=1) / (self._shape**2).sum()
        distance = self._camera.focal_px / px_per_unit
        middle = seen.mean(axis=1)
        return u @ vt, distance[:, None] * np.concatenate([middle, np.ones((len(middle), 1))], axis=1)


def _pose_step(
    shape: FloatArray, rotation: FloatArray, place: FloatArray, seen: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Turn (rotation vector, camera axes) and shift that bring the pictured shape nearer to the points seen.

    Args:
        shape: ``(p, 3)``.
        rotation, place: ``(n, 3, 3)`` and ``(n, 3)``, where the shape stands.
        seen: ``(n, p, 2)`` points in the picture, in focal lengths from its middle.
    """
    normal, right = np.empty((len(rotation), 6, 6)), np.empty((len(rotation), 6))
    stands = (np.ascontiguousarray(part) for part in (rotation, place, seen))
    _pose_equations(shape, len(shape), *stands, len(rotation), normal, right)
    diagonal = np.arange(6)
    normal[:, diagonal, diagonal] *= 1 + _DAMPING
    normal[:, diagonal, diagonal] += _DAMPING**2
    solvable = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
    step = np.full((len(normal), 6), np.nan)
    step[solvable] = np.linalg.solve(normal[solvable], right[solvable][..., None])[..., 0]
    return step[:, :3], step[:, 3:]


def _turned(rotation: FloatArray, turn: FloatArray) -> FloatArray:
    """``(n, 3, 3)`` rotations followed by turns given as ``(n, 3)`` rotation vectors, at most half a radian each."""
    angle = np.maximum(np.linalg.norm(turn, axis=1), 1e-12)
    x, y, z = (turn / angle[:, None]).T
    angle = np.minimum(angle, _LARGEST_TURN)
    nothing = np.zeros_like(x)
    cross = np.moveaxis(np.array([[nothing, -z, y], [z, nothing, -x], [-y, x, nothing]]), -1, 0)
    sine, rest = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(rotation + sine * (cross @ rotation) + rest * (cross @ (cross @ rotation)))


def _enlarge_turn(rotation: FloatArray) -> FloatArray:
    """The same roll with the out-of-plane part of the rotation enlarged."""
    roll = np.arctan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1])
    cosine, sine = np.cos(roll), np.sin(roll)
    level = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    turn, _ = cv2.Rodrigues(level.T @ rotation)
    enlarged, _ = cv2.Rodrigues(np.asarray(turn, dtype=np.float64) * np.array([[_TURN_SCALE], [_TURN_SCALE], [1.0]]))
    return np.asarray(level @ np.asarray(enlarged, dtype=np.float64))
