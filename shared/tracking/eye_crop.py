"""Both eyes of a frame, cut out at full resolution, upright and at one scale.

Every later step works on these patches, so that its lengths are shares of an iris and not of a camera.
The two eyes stand one above the other in one tall picture: one call then filters or samples both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.kernels.library import FLOATS32, INT, Kernel
from shared.model import FloatArray
from shared.planar_picture import Picture

Image = NDArray[np.uint8]
Float32Array = NDArray[np.float32]

EYES: Final = ("right", "left")
"""Order of the eyes along the first axis: the patient's right eye (image left), then the left."""

PATCH_WIDTH_PX: Final = 112
PATCH_HEIGHT_PX: Final = 96
PATCH_IRIS_PX: Final = 32.0
"""Diameter that an iris of the expected size has in a patch, px."""
CANTHUS_MIDPOINT_PX: Final = np.array([55.5, 47.5])
"""Where the middle between the eye corners lies in a patch, (x, y) px."""
FRACTIONS: Final = np.float32(32)
"""Fractions of a pixel that OpenCV tells apart when it samples between pixels."""

CORNERS: Final = np.array([[33, 133], [362, 263]])
"""Landmarks of the eye corners, image-left one first: (eye, corner)."""
UPPER_LID: Final = np.array(
    [[33, 246, 161, 160, 159, 158, 157, 173, 133], [362, 398, 384, 385, 386, 387, 388, 466, 263]]
)
LOWER_LID: Final = np.array([[33, 7, 163, 144, 145, 153, 154, 155, 133], [362, 382, 381, 380, 374, 373, 390, 249, 263]])
"""Landmarks of the lid margins from corner to corner, both included: (eye, point)."""
IRIS: Final = np.array([[468, 469, 470, 471, 472], [473, 474, 475, 476, 477]])
"""Landmarks of the irises, centre first: (eye, point)."""
OUTER_CANTHI: Final = (33, 263)
_sample_eyes: Final = Kernel("sample_eyes", FLOATS32, INT, INT, INT, FLOATS32, FLOATS32, INT, FLOATS32)


@dataclass(frozen=True, eq=False)
class EyePatches:
    """Both eyes of one frame.

    Attributes:
        bgr: ``(2 * PATCH_HEIGHT_PX, PATCH_WIDTH_PX, 3)``, right eye above left eye.
        to_image: ``(2, 2, 3)`` similarity from patch to image coordinates, per eye.
        scale: patch px per image px.
        half_width_px: ``(2,)`` half the distance between the eye corners, patch px.
        upper_lid_px, lower_lid_px: ``(2, 9, 2)`` landmark lid margins, patch px.
        iris_px: ``(2, 2)`` landmark iris centre, patch px.
        inside: ``(2,)`` the whole eye lies inside the picture.
    """

    bgr: Image
    to_image: FloatArray
    scale: float
    half_width_px: FloatArray
    upper_lid_px: FloatArray
    lower_lid_px: FloatArray
    iris_px: FloatArray
    inside: NDArray[np.bool_]

    def image_points(self, patch_points: FloatArray) -> FloatArray:
        """``(2, 2)`` patch points, one per eye, in image px."""
        return np.asarray(np.einsum("eij,ej->ei", self.to_image[:, :, :2], patch_points) + self.to_image[:, :, 2])


def canthus_span_px(landmarks: FloatArray) -> float:
    """Distance of the outer eye corners in three dimensions, px: the size of the face, whatever its turn."""
    return float(np.linalg.norm(landmarks[OUTER_CANTHI[0]] - landmarks[OUTER_CANTHI[1]]))


def mesh_iris_diameter_px(landmarks: FloatArray) -> float:
    """Iris diameter that the landmarks show, mean of both eyes, px. Rough: 2-3 % off on most faces."""
    across = landmarks[IRIS[:, 1], :2] - landmarks[IRIS[:, 3], :2]
    return float(np.hypot(across[:, 0], across[:, 1]).mean())


def crop_eyes(image_bgr: Picture, landmarks: FloatArray, iris_diameter_px: float) -> EyePatches | None:
    """Cut both eyes out of a frame.

    Args:
        image_bgr: ``(H, W, 3)``.
        landmarks: ``(478, 3)`` px.
        iris_diameter_px: expected iris diameter in this frame, px; sets the scale.

    Returns:
        None where the landmarks are too degenerate to say what is an eye.
    """
    if not (np.isfinite(iris_diameter_px) and iris_diameter_px > 2.0):
        return None
    points = landmarks[:, :2]
    first, second = points[CORNERS[:, 0]], points[CORNERS[:, 1]]
    along = second - first
    width = np.hypot(along[:, 0], along[:, 1])
    if not (np.isfinite(width).all() and (width > iris_diameter_px).all()):
        return None
    scale = PATCH_IRIS_PX / iris_diameter_px
    axis = along / width[:, None] / scale
    to_image = np.empty((2, 2, 3))
    to_image[:, 0, 0] = to_image[:, 1, 1] = axis[:, 0]
    to_image[:, 1, 0] = axis[:, 1]
    to_image[:, 0, 1] = -axis[:, 1]
    to_image[:, :, 2] = (first + second) / 2 - to_image[:, :, :2] @ CANTHUS_MIDPOINT_PX
    bgr = np.concatenate([_warp(image_bgr, matrix, scale) for matrix in to_image])
    outline = np.concatenate([points[UPPER_LID], points[LOWER_LID]], axis=1)
    limits = np.array([image_bgr.shape[1], image_bgr.shape[0]], dtype=np.float64)
    return EyePatches(
        bgr=bgr,
        to_image=to_image,
        scale=scale,
        half_width_px=width * scale / 2,
        upper_lid_px=_to_patch(to_image, points[UPPER_LID]),
        lower_lid_px=_to_patch(to_image, points[LOWER_LID]),
        iris_px=_to_patch(to_image, points[IRIS].mean(axis=1, keepdims=True))[:, 0],
        inside=((outline > 0) & (outline < limits - 1)).all(axis=(1, 2)),
    )


def _to_patch(to_image: FloatArray, points: FloatArray) -> FloatArray:
    """``(2, n, 2)`` image points in patch px: the inverse of a similarity is its scaled transpose."""
    linear = to_image[:, :, :2]
    scale_squared = linear[:, 0, 0] ** 2 + linear[:, 1, 0] ** 2
    inverse = np.swapaxes(linear, 1, 2) / scale_squared[:, None, None]
    return np.asarray(np.einsum("eij,enj->eni", inverse, points - to_image[:, None, :, 2]))


def region_around(to_image: FloatArray, size: tuple[int, int], picture_shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a picture that a patch is made of, and a few around it; at least one of each.

    Numbers of Python's, because arrays of four take ten times as long.

    Args:
        to_image: ``(2, 3)`` similarity from patch to image.
        size: (width, height) of the patch.
        picture_shape: (height, width, ...).
    """
    (a, b, x), (c, d, y) = to_image.tolist()
    width, height = size
    columns = _held((x, x + a * width, x + b * height, x + a * width + b * height), picture_shape[1])
    rows = _held((y, y + c * width, y + d * height, y + c * width + d * height), picture_shape[0])
    return rows, columns


def averaged(region: Image, window: int) -> tuple[Image, float]:
    """Means over squares of ``window`` pixels, and how far right and below of its middle each mean stands.

    A square of even size has no pixel in its middle. Where that is not heeded, all that is seen jumps by half a pixel
    when a face comes so much nearer that the size changes by one.
    """
    if window <= 1:
        return region, 0.0
    return np.asarray(cv2.blur(region, (window, window)), dtype=np.uint8), 0.0 if window % 2 else 0.5


def _held(corners: tuple[float, ...], length: int) -> slice:
    low = min(max(math.floor(min(corners)) - 3, 0), length - 1)
    return slice(low, min(max(math.ceil(max(corners)) + 4, low + 1), length))


def _warp(image: Picture, to_image: FloatArray, scale: float) -> Image:
    """One patch. Large irises are shrunk by averaging first, lest fine texture folds into false edges."""
    rows, columns = region_around(to_image, (PATCH_WIDTH_PX, PATCH_HEIGHT_PX), image.shape)
    region, late_px = averaged(image[rows, columns], round(1.0 / scale))
    matrix = to_image.copy()
    matrix[:, 2] += late_px - columns.start, late_px - rows.start
    warped = cv2.warpAffine(
        region,
        matrix,
        (PATCH_WIDTH_PX, PATCH_HEIGHT_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, dtype=np.uint8)


def sample(picture: Float32Array, x: FloatArray | Float32Array, y: FloatArray | Float32Array) -> Float32Array:
    """Values of a two-eye picture at ``(2, ...)`` patch coordinates: the same shape, followed by any channels.

    Args:
        picture: two eyes one above the other, any equal height.
        x, y: patch px, y counted from the top of each eye's own half; both are held inside of it.
    """
    rows, columns, *channels = picture.shape
    values = np.empty((*x.shape, *channels), dtype=np.float32)
    _sample_eyes(
        np.ascontiguousarray(picture),
        rows // 2,
        columns,
        *(channels or [1]),
        np.ascontiguousarray(x, dtype=np.float32),
        np.ascontiguousarray(y, dtype=np.float32),
        x.size // 2,
        values,
    )
    return values
