"""The still picture that a puppet is made of: a face, level, at the size wanted, with its depth.

By default the official portrait of astronaut Eileen Collins (NASA, public domain), cut out of the copy that
scikit-image ships, so that no picture of a person lies in this project. Any other portrait can be given by path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from shared.errors import NotAVideoError
from shared.model import FloatArray
from shared.synthetic.face_surface import FACE_OUTLINE, LEFT_CORNERS, RIGHT_CORNERS, depth_surface
from shared.tracking.quiet import quiet_mediapipe, quiet_stderr

Image = NDArray[np.uint8]

_HEAD: Final = (slice(0, 300), slice(80, 370))
"""Of ``skimage.data.astronaut()``: head and collar, without flag and model."""

RIGHT_UPPER: Final = (246, 161, 160, 159, 158, 157, 173)
RIGHT_LOWER: Final = (7, 163, 144, 145, 153, 154, 155)
LEFT_UPPER: Final = (398, 384, 385, 386, 387, 388, 466)
LEFT_LOWER: Final = (382, 381, 380, 374, 373, 390, 249)
_TEMPLES_FROM_IRIS: Final = 0.6
"""So far beside an outer eye corner a head's own temples lie at their full depth."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """A level frontal face.

    Attributes:
        image_bgr: ``(H, W, 3)`` picture.
        points_px: ``(478, 3)`` face mesh on it; z as the mesh gives it but for ``relief``, px, negative toward the
            camera.
        iris_diameter_px: mean horizontal iris diameter.
        depth_px: ``(H / 2, W / 2)`` depth of the surface at the centres of 2 px cells.
    """

    image_bgr: Image
    points_px: FloatArray
    iris_diameter_px: float
    depth_px: NDArray[np.float32]


@dataclass(frozen=True)
class Relief:
    """How a head differs in depth from what the face mesh says of its picture, which shows no depth.

    Attributes:
        scale: factor on all depths.
        temples_iris: how much farther the skin beside the outer eye corners lies, iris diameters.
    """

    scale: float = 1.0
    temples_iris: float = 0.0


AS_MESH: Final = Relief()


def load_portrait(
    path: Path | None = None,
    *,
    iris_diameter_px: float = 28.0,
    width_px: int = 640,
    height_px: int = 720,
    relief: Relief = AS_MESH,
) -> Portrait:
    """Turn a picture of a face level, scale it to the iris size wanted and crop it around the eyes and mouth.

    Raises:
        NotAVideoError: the file holds no picture, or no face was found in it.
    """
    return _load(path, float(iris_diameter_px), width_px, height_px, relief)


@lru_cache(maxsize=4)
def _load(path: Path | None, iris_diameter_px: float, width_px: int, height_px: int, relief: Relief) -> Portrait:
    source = _read(path)
    points = find_face_points(source)
    right, left = _eye_middle(points, RIGHT_CORNERS), _eye_middle(points, LEFT_CORNERS)
    tilt_deg = float(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0])))
    scale = iris_diameter_px / iris_width_px(points)
    middle = (points[list(FACE_OUTLINE), :2].mean(axis=0) + 2 * (left + right) / 2) / 3
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), tilt_deg, scale).astype(np.float64)
    matrix[:, 2] = matrix[:, 2] + np.array([width_px / 2, height_px * 0.46]) - middle
    image = cv2.warpAffine(
        source, matrix, (width_px, height_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    level = np.column_stack([points[:, :2] @ matrix[:, :2].T + matrix[:, 2], points[:, 2] * scale])
    level[:, 2] = _deepened(level, relief, iris_diameter_px)
    softened = cv2.GaussianBlur(image, (0, 0), 0.06 * iris_diameter_px)
    crisp = cv2.addWeighted(image, 1.6, softened, -0.6, 0).astype(np.uint8)
    return Portrait(crisp, level, iris_diameter_px, depth_surface(level, width_px, height_px))


def astronaut() -> Image:
    """The public-domain portrait, ``(300, 290, 3)`` BGR."""
    whole_rgb: Image = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(whole_rgb[_HEAD][:, :, ::-1])


def _read(path: Path | None) -> Image:
    if path is None:
        return astronaut()
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise NotAVideoError("This file is not a picture that can be read. Give a JPEG or PNG portrait.")
    return image.astype(np.uint8)


def find_face_points(image_bgr: Image) -> FloatArray:
    """Face mesh of a still picture, ``(478, 3)`` px.

    Raises:
        NotAVideoError: no face was found.
    """
    face_mesh = quiet_mediapipe().solutions.face_mesh
    with (
        quiet_stderr(),
        face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as mesh,
    ):
        found = mesh.process(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    if not found:
        raise NotAVideoError("No face was found in this picture. Give a frontal portrait with open eyes.")
    height, width = image_bgr.shape[:2]
    points = np.array([[p.x, p.y, p.z] for p in found[0].landmark], dtype=np.float64)
    scaled: FloatArray = points * [width, height, width]
    return scaled


def iris_width_px(points_px: FloatArray) -> float:
    """Mean horizontal iris diameter by the rim points of both eyes."""
    widths = [np.linalg.norm(points_px[a, :2] - points_px[b, :2]) for a, b in ((469, 471), (474, 476))]
    return float(np.mean(widths))


def _eye_middle(points: FloatArray, corners: tuple[int, int]) -> FloatArray:
    middle: FloatArray = points[list(corners), :2].mean(axis=0)
    return middle


def _deepened(points: FloatArray, relief: Relief, iris_diameter_px: float) -> FloatArray:
    """Depths of the mesh's points in a head of this relief."""
    right, left = points[RIGHT_CORNERS[0], 0], points[LEFT_CORNERS[1], 0]
    beside_iris = np.maximum(right - points[:, 0], points[:, 0] - left) / iris_diameter_px
    share = np.clip(beside_iris / _TEMPLES_FROM_IRIS, 0, 1)
    temples = relief.temples_iris * iris_diameter_px * share * share * (3 - 2 * share)
    return np.asarray(relief.scale * points[:, 2] + temples)
