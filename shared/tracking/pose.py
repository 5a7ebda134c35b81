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

_MESH_POINTS: Final = 468
"""Points without the irises, which move in the head."""
_MIRROR_PAIRS: Final = np.array([[33, 263], [133, 362], [234, 454], [127, 356], [61, 291], [58, 288], [98, 327]])
"""(patient's right, patient's left) of points that mirror each other: eyes, temples, mouth, jaw, nose."""
_FOREHEAD: Final = 10
_CHIN: Final = 152
_MEAN_FACE_SAMPLES: Final = 200
"""Frames that make the mean face; more change nothing that can be measured."""
_BLOCK: Final = 1000
"""Frames worked on at once, so that memory does not grow with the film."""


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
    angles = np.full((len(points_px), 3), np.nan)
    found = np.flatnonzero(np.isfinite(points_px[:, 0, 0]))
    if found.size:
        sample = found[np.linspace(0, len(found) - 1, min(len(found), _MEAN_FACE_SAMPLES)).astype(int)]
        mean_face = _mean_face(points_px[sample, :_MESH_POINTS].astype(np.float64))
        axes = _axes(mean_face)
        for frames in np.array_split(found, -(-len(found) // _BLOCK)):
            meshes = points_px[frames, :_MESH_POINTS].astype(np.float64)
            angles[frames] = _angles_deg(_rotations_from(mean_face, meshes) @ axes)
    return HeadRotation(*angles.T)


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
    covariance = np.einsum("npi,pj->nij", centred, face - face.mean(axis=0))
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
