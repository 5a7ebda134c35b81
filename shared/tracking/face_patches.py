"""Small upright grey patches of skin, cut at a scale and turn that follow the face.

Patches of two frames then differ only by what the landmarks got wrong, a pixel or two, which registration finds.
"""

from __future__ import annotations

import cv2
import numpy as np

from shared.model import FloatArray
from shared.planar_picture import Picture, part_in_grey
from shared.tracking.eye_crop import OUTER_CANTHI, Float32Array, averaged, canthus_span_px, region_around


def face_similarity(landmarks: FloatArray, centre: FloatArray, size: tuple[int, int], span_px: float) -> FloatArray:
    """``(2, 3)`` similarity from patch to image: x along the line of the outer eye corners.

    Args:
        landmarks: ``(478, 3)`` px.
        centre: ``(2,)`` image point that lies in the patch's middle.
        size: (width, height) of the patch.
        span_px: distance of the outer eye corners in the patch.
    """
    along = landmarks[OUTER_CANTHI[1], :2] - landmarks[OUTER_CANTHI[0], :2]
    axis = along / np.hypot(*along) * (canthus_span_px(landmarks) / span_px)
    matrix = np.array([[axis[0], -axis[1], 0.0], [axis[1], axis[0], 0.0]])
    middle = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
    matrix[:, 2] = centre - matrix[:, :2] @ middle
    return matrix


def cut_grey(image_bgr: Picture, to_image: FloatArray, size: tuple[int, int]) -> Float32Array:
    """Grey patch ``(height, width)`` of a frame, lightly smoothed, averaged down where the frame is finer."""
    rows, columns = region_around(to_image, size, image_bgr.shape)
    window = round(float(np.hypot(to_image[0, 0], to_image[1, 0])))
    grey, late_px = averaged(part_in_grey(image_bgr, (rows, columns)), window)
    matrix = to_image.copy()
    matrix[:, 2] += late_px - columns.start, late_px - rows.start
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(grey, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 1.0))


def apply(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Affine map of ``(..., 2)`` points."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def invert(matrix: FloatArray) -> FloatArray:
    """Inverse of ``(..., 2, 3)`` affine maps."""
    (a, b, x), (c, d, y) = np.moveaxis(matrix, (-2, -1), (0, 1))
    determinant = a * d - b * c
    rows = np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / determinant
    return np.moveaxis(rows, (0, 1), (-2, -1))


def compose(outer: FloatArray, inner: FloatArray) -> FloatArray:
    """The affine maps that do ``inner`` first, then ``outer``; ``(..., 2, 3)`` each."""
    linear = outer[..., :2]
    moved = linear @ inner[..., 2:] + outer[..., 2:]
    return np.concatenate([np.broadcast_to(linear @ inner[..., :2], (*moved.shape[:-1], 2)), moved], axis=-1)
