"""Rotation of the head from the face mesh, for the quality gates.

Each frame's mesh is laid over the recording's own mean face (3-D Procrustes on all points: on renderings with
known rotation the slope of this estimate was 0.85 to 1.24 where perspective-n-point gave 0.7 to 0.8, and vertical
gaze leaked into pitch by 1 to 2 percent). The mean face itself is set upright by its mirror symmetry and
its forehead-to-chin line, so zero pitch is approximate while changes of pitch are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.frame_records import FrameRecords

_MESH_POINTS: Final = 468
"""Points without the irises, which move in the head."""
_MIRROR_PAIRS: Final = np.array([[33, 263], [133, 362], [234, 454], [127, 356], [61, 291], [58, 288], [98, 327]])
"""(patient's right, patient's left) of points that mirror each other: eyes, temples, mouth, jaw, nose."""
_FOREHEAD: Final = 10
_CHIN: Final = 152
_MEAN_FACE_FRAMES: Final = 200
"""First frames with a face that make the mean face; more change nothing that can be measured."""
_BLOCK: Final = 64
"""Frames worked on at once."""
HEAD_RECORD: Final = (("deg", np.float64, (3,)),)
"""What one frame leaves behind."""


@dataclass(frozen=True, eq=False)
class HeadRotation:
    """Head rotation over N frames, degrees, signs as in :class:`shared.model.Trace`; nan without a face."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    roll_deg: FloatArray


def head_rotation(points_px: FloatArray) -> HeadRotation:
    """Yaw, pitch and roll of every frame.

    Args:
        points_px: ``(N, 478, 3)`` px, depth scaled like width; nan where no face was found.
    """
    head = HeadRotations()
    for mesh in points_px:
        head.add(mesh)
    return head.finish()


class HeadRotations:
    """The same, told one frame after the other: after the first frames no mesh is kept."""

    def __init__(self) -> None:
        self._waiting: list[FloatArray | None] = []
        self._faces_waiting = 0
        self._face: tuple[FloatArray, FloatArray] | None = None
        self._angles = FrameRecords(HEAD_RECORD)

    def add(self, mesh: FloatArray | None) -> None:
        """Take in one frame.

        Args:
            mesh: ``(478, 3)`` px; None or nan where no face was found.
        """
        found = mesh is not None and bool(np.isfinite(mesh[0, 0]))
        self._waiting.append(mesh[:_MESH_POINTS].astype(np.float32) if mesh is not None and found else None)
        self._faces_waiting += found
        if self._faces_waiting >= (_MEAN_FACE_FRAMES if self._face is None else _BLOCK):
            self._measure_waiting()

    def finish(self) -> HeadRotation:
        """Angles of all frames."""
        self._measure_waiting()
        return HeadRotation(*self._angles.hand_over()["deg"].T.copy())

    def _measure_waiting(self) -> None:
        """Turn the meshes that wait into angles."""
        found = [i for i, mesh in enumerate(self._waiting) if mesh is not None]
        angles = np.full((len(self._waiting), 3), np.nan)
        if found:
            meshes = np.stack([mesh for mesh in self._waiting if mesh is not None]).astype(np.float64)
            if self._face is None:
                mean_face = _mean_face(meshes)
                self._face = mean_face, _axes(mean_face)
            mean_face, axes = self._face
            angles[found] = _angles_deg(_rotations_from(mean_face, meshes) @ axes)
        for frame in angles:
            self._angles.append((frame,))
        self._waiting.clear()
        self._faces_waiting = 0


def _mean_face(meshes: FloatArray) -> FloatArray:
    """``(468, 3)`` median shape at the pose and scale of the middle one, centred."""
    sample = meshes - meshes.mean(axis=1, keepdims=True)
    reference = sample[len(sample) // 2]
    rotations = _rotations_from(reference, sample)
    sizes = np.linalg.norm(sample, axis=(1, 2))
    aligned = np.einsum("nij,npi->npj", rotations, sample) * (np.linalg.norm(reference) / sizes)[:, None, None]
    return np.asarray(np.median(aligned, axis=0))


def _rotations_from(face: FloatArray, meshes: FloatArray) -> FloatArray:
    """``(n, 3, 3)`` rotations that bring ``face`` nearest to each mesh (Kabsch)."""
    centred = meshes - meshes.mean(axis=1, keepdims=True)
    covariance = np.swapaxes(centred, 1, 2) @ (face - face.mean(axis=0))
    u, _, vt = np.linalg.svd(covariance)
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return np.asarray(u @ vt)


def _axes(face: FloatArray) -> FloatArray:
    """The face's own axes as columns: toward the patient's left, toward the chin, into the head."""
    toward_left = (face[_MIRROR_PAIRS[:, 1]] - face[_MIRROR_PAIRS[:, 0]]).sum(axis=0)
    toward_left /= np.linalg.norm(toward_left)
    down = face[_CHIN] - face[_FOREHEAD]
    down -= (down @ toward_left) * toward_left
    down /= np.linalg.norm(down)
    return np.column_stack([toward_left, down, np.cross(toward_left, down)])


def _angles_deg(axes: FloatArray) -> FloatArray:
    """``(n, 3)`` yaw, pitch, roll of ``(n, 3, 3)`` face axes in camera axes (x right, y down, z away).

    The turn in the picture is taken out first, so yaw and pitch mean the same on a head of any tilt.
    """
    toward_left, down, inward = axes[:, :, 0], axes[:, :, 1], axes[:, :, 2]
    yaw = np.arcsin(np.clip(toward_left[:, 2], -1.0, 1.0))
    pitch = np.arctan2(down[:, 2], inward[:, 2])
    roll = np.arctan2(toward_left[:, 1], toward_left[:, 0])
    return np.asarray(np.degrees(np.column_stack([yaw, pitch, roll])))
