"""The eye corners as the picture shows them: skin around each registered to a reference frame.

Landmark eye corners follow the gaze (by a quarter to a half of the iris's movement), so a gaze measured
against them reads too small. The skin beside the corner does not. Mostly skin on the far side of the corner from
the eye is used (:data:`BESIDE`): lids and eyeball move with the gaze. Where spectacles cover that skin, what lies
about the corner itself is seen through their lenses (:data:`ABOUT`). What a head turn does to the skin's picture is
taken out, see :mod:`shared.tracking.canthus_surface`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.kernels.library import FLOATS, FLOATS32, INT, REAL, Kernel
from shared.model import BoolArray, FloatArray
from shared.planar_picture import Picture
from shared.tracking.camera import Camera
from shared.tracking.canthus_surface import CanthusSurface
from shared.tracking.eye_crop import CORNERS, Float32Array
from shared.tracking.face_patches import cut_grey, face_similarity

SPAN_PX: Final = 160.0
"""Distance of the outer eye corners at the scale of these patches."""
_PATCH_PX: Final = 51
_MARGIN_PX: Final = 10
"""Farthest that a corner is looked for from its landmark."""
_OUTWARD_PX: Final = 10.0
"""How far patches are moved away from the eye: nearer to it a quarter of the lids' movement leaks into them."""
_ITERATIONS: Final = 8
_ENOUGH_PX: Final = 0.01
_LEAST_ERROR_PX: Final = 0.5
"""Of a patch's place however well it fits: landmark depths are no better."""


@dataclass(frozen=True)
class Window:
    """Which part of a patch is compared.

    Attributes:
        side_px: length of the square's side, odd.
        toward_eye_px: from the patch's middle to the square's.
        width_px: standard deviation of the weights about the square's middle.
    """

    side_px: int
    toward_eye_px: int
    width_px: float

    def columns(self, away: float) -> slice:
        """Of the square in a patch that lies in the direction ``away``, -1 or 1, from the eye."""
        middle = _PATCH_PX // 2 - round(away) * self.toward_eye_px
        return slice(middle - self.side_px // 2, middle + self.side_px // 2 + 1)

    @property
    def rows(self) -> slice:
        """Of the square."""
        return slice(_PATCH_PX // 2 - self.side_px // 2, _PATCH_PX // 2 + self.side_px // 2 + 1)

    @property
    def weights(self) -> Float32Array:
        """``(side_px**2,)``, 1 in the middle."""
        half = self.side_px // 2
        axis = np.linspace(-1, 1, self.side_px)
        sharpness = 0.5 * (half / self.width_px) ** 2
        window = np.exp(-(axis[:, None] ** 2 + axis**2) * sharpness)
        return np.asarray(window.ravel(), dtype=np.float32)


BESIDE: Final = Window(side_px=31, toward_eye_px=0, width_px=15 / np.sqrt(3.0))
"""Skin beside the corner: least of the lids is in it."""
ABOUT: Final = Window(side_px=19, toward_eye_px=9, width_px=3.5)
"""What lies about the corner: within the rim of spectacles, whose lenses are wider than the eye by some 8 mm each side
(14 px), of which a head turned by 10 degrees shows 3 mm less."""
_locate_corners: Final = Kernel(
    "locate_corners",
    *(FLOATS32, INT, INT, FLOATS32, INT),
    *(FLOATS32, FLOATS32, FLOATS32, FLOATS, REAL, INT, REAL),
    *(FLOATS32, FLOATS, FLOATS),
)
_FLAT_CORNERS: Final = CORNERS.ravel()
_AWAY: Final = np.array([-1.0, 1.0, -1.0, 1.0])
"""Direction along the corner line that leads away from the eye, per corner."""


@dataclass(frozen=True, eq=False)
class CanthusPatches:
    """Skin beside the four eye corners of one frame.

    Attributes:
        grey: ``(4 * _PATCH_PX, _PATCH_PX)`` patches, one above the other.
        to_image: ``(4, 2, 3)`` similarity from patch to image.
        mesh_px: ``(4, 2)`` landmark corners in the patch.
    """

    grey: Float32Array
    to_image: FloatArray
    mesh_px: FloatArray


def cut_canthi(image_bgr: Picture, landmarks: FloatArray) -> CanthusPatches:
    """Cut the skin beside each eye corner out of a frame, around the landmark corners."""
    corners = landmarks[_FLAT_CORNERS, :2]
    size = (_PATCH_PX, _PATCH_PX)
    base = face_similarity(landmarks, np.zeros(2), size, SPAN_PX)
    outward = _AWAY[:, None] * _OUTWARD_PX * base[:, 0]
    to_image = np.repeat(base[None], 4, axis=0)
    to_image[:, :, 2] += corners + outward
    grey = np.concatenate([cut_grey(image_bgr, matrix, size) for matrix in to_image])
    mesh = np.full((4, 2), (_PATCH_PX - 1) / 2)
    mesh[:, 0] -= _AWAY * _OUTWARD_PX
    return CanthusPatches(grey, to_image, mesh)


@dataclass(frozen=True, eq=False)
class FoundCanthi:
    """The four eye corners of n frames, in the order of :data:`CORNERS`.

    Attributes:
        corners_px: ``(n, 4, 2)`` image px; where a patch was not found, the landmark corner.
        error_px: ``(n, 4)`` about how wrong each may be, patch px: what of the skin's picture stays unexplained,
            over how much that picture changes in a shift of one.
        found: ``(n, 4)`` whether the patch was found.
    """

    corners_px: FloatArray
    error_px: FloatArray
    found: BoolArray


class CanthusReference:
    """Finds the corners of later frames where they were in a reference frame.

    Translation with gain and bias, by inverse compositional Gauss-Newton, all four corners at once.

    Args:
        reference: patches of the reference frame.
        shape: ``(468, 3)`` mean face.
        rotation: ``(3, 3)`` of the head in the reference frame.
        camera: through which the head is seen.
        window: what of the patches is compared.
    """

    def __init__(
        self,
        reference: CanthusPatches,
        shape: FloatArray,
        rotation: FloatArray,
        camera: Camera,
        window: Window = BESIDE,
    ) -> None:
        stack = reference.grey.reshape(4, _PATCH_PX, _PATCH_PX)
        along_y, along_x = np.gradient(stack, axis=(1, 2))
        columns = [window.columns(away) for away in _AWAY]
        parts = (along_x, along_y, stack, np.ones_like(stack))
        squares = [np.stack([part[i, window.rows, columns[i]] for part in parts], -1) for i in range(4)]
        flat = np.stack(squares).reshape(4, -1, 4)
        weights = window.weights
        self._template = np.ascontiguousarray(flat[..., 2])
        self._window = weights / weights.sum()
        weighted = flat * weights[:, None]
        normal = np.swapaxes(weighted, 1, 2) @ flat + np.diag([1e-2, 1e-2, 1e-1, 1e-3]) * weights.sum()
        solver = np.linalg.solve(normal.astype(np.float64), np.swapaxes(weighted, 1, 2).astype(np.float64))
        self._solver = np.ascontiguousarray(solver[:, :2], dtype=np.float32)
        self._steepness: FloatArray = (flat[..., :2].astype(np.float64) ** 2).mean(axis=2) @ self._window
        places = [np.meshgrid(np.arange(_PATCH_PX)[at], np.arange(_PATCH_PX)[window.rows]) for at in columns]
        self._surface = CanthusSurface(
            shape,
            rotation,
            reference.to_image,
            reference.mesh_px,
            np.asarray(places, dtype=np.float64).reshape(4, 2, -1),
            span_px=SPAN_PX,
            camera=camera,
        )

    @property
    def contrast(self) -> FloatArray:
        """``(4,)`` of what is compared at each corner: root mean square of its slope, grey levels per px."""
        return np.sqrt(self._steepness)

    def locate(self, patches: Sequence[CanthusPatches], rotations: FloatArray) -> FoundCanthi:
        """Corners of frames, each for itself.

        Args:
            patches: of the frames.
            rotations: ``(n, 3, 3)`` of the head in them; nan where unknown.
        """
        grey = np.stack([frame.grey for frame in patches]).reshape(-1, 4, _PATCH_PX, _PATCH_PX)
        to_image = np.stack([frame.to_image for frame in patches])
        mesh_px = np.stack([frame.mesh_px for frame in patches])
        places, steps = self._surface.seen(rotations, to_image, mesh_px)
        places = (places + mesh_px[..., None]).astype(np.float32)
        shift, unexplained = np.empty((len(grey), 4, 2)), np.empty((len(grey), 4))
        limit = _MARGIN_PX - 1.0
        _locate_corners(
            grey,
            len(grey),
            _PATCH_PX,
            np.ascontiguousarray(places),
            places.shape[-1],
            self._template,
            self._window,
            self._solver,
            np.ascontiguousarray(steps),
            limit,
            _ITERATIONS,
            _ENOUGH_PX,
            np.empty(places.shape[-1], dtype=np.float32),
            shift,
            unexplained,
        )
        found = (np.abs(shift) < limit).all(axis=2)
        shift[~found] = 0.0
        corners_px = (to_image[..., :2] @ (mesh_px + shift)[..., None])[..., 0] + to_image[..., 2]
        error_px = np.sqrt(_LEAST_ERROR_PX**2 + unexplained / np.maximum(self._steepness, 1e-6))
        return FoundCanthi(corners_px, np.where(found, np.minimum(error_px, _MARGIN_PX), _MARGIN_PX), found)
