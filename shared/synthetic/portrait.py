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
from scipy.interpolate import RBFInterpolator

from shared.errors import NotAVideoError
from shared.model import FloatArray
from shared.tracking.quiet import quiet_mediapipe, quiet_stderr

Image = NDArray[np.uint8]

_HEAD: Final = (slice(0, 300), slice(80, 370))
"""Of ``skimage.data.astronaut()``: head and collar, without flag and model."""

RIGHT_CORNERS: Final = (33, 133)
"""Face mesh points of the patient's right eye (picture left): outer, inner canthus."""

LEFT_CORNERS: Final = (362, 263)
"""Face mesh points of the patient's left eye (picture right): inner, outer canthus."""

RIGHT_UPPER: Final = (246, 161, 160, 159, 158, 157, 173)
RIGHT_LOWER: Final = (7, 163, 144, 145, 153, 154, 155)
LEFT_UPPER: Final = (398, 384, 385, 386, 387, 388, 466)
LEFT_LOWER: Final = (382, 381, 380, 374, 373, 390, 249)
FACE_OUTLINE: Final = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
FACE_OUTLINE_RIGHT: Final = (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
DEPTH_CELL_PX: Final = 4


@dataclass(frozen=True, eq=False)
class Portrait:
    """A level frontal face.

    Attributes:
        image_bgr: ``(H, W, 3)`` picture.
        points_px: ``(478, 3)`` face mesh on it; z as the mesh gives it, px, negative toward the camera.
        iris_diameter_px: mean horizontal iris diameter.
        depth_px: ``(H / 4, W / 4)`` depth of the surface at the centres of 4 px cells.
    """

    image_bgr: Image
    points_px: FloatArray
    iris_diameter_px: float
    depth_px: NDArray[np.float32]


def load_portrait(
    path: Path | None = None, *, iris_diameter_px: float = 28.0, width_px: int = 640, height_px: int = 720
) -> Portrait:
    """Turn a picture of a face level, scale it to the iris size wanted and crop it around the eyes and mouth.

    Raises:
        NotAVideoError: the file holds no picture, or no face was found in it.
    """
    return _load(path, float(iris_diameter_px), width_px, height_px)


@lru_cache(maxsize=4)
def _load(path: Path | None, iris_diameter_px: float, width_px: int, height_px: int) -> Portrait:
    source = _read(path)
    points = find_face_points(source)
    right, left = _eye_middle(points, RIGHT_CORNERS), _eye_middle(points, LEFT_CORNERS)
    tilt_deg = float(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0])))
    scale = iris_diameter_px / iris_width_px(points)
    middle = (points[list(FACE_OUTLINE + FACE_OUTLINE_RIGHT), :2].mean(axis=0) + 2 * (left + right) / 2) / 3
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), tilt_deg, scale).astype(np.float64)
    matrix[:, 2] = matrix[:, 2] + np.array([width_px / 2, height_px * 0.46]) - middle
    image = cv2.warpAffine(
        source, matrix, (width_px, height_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    level = np.column_stack([points[:, :2] @ matrix[:, :2].T + matrix[:, 2], points[:, 2] * scale])
    softened = cv2.GaussianBlur(image, (0, 0), 0.06 * iris_diameter_px)
    crisp = cv2.addWeighted(image, 1.6, softened, -0.6, 0).astype(np.uint8)
    return Portrait(crisp, level, iris_diameter_px, _depth(level, width_px, height_px))


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


def _depth(points: FloatArray, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Surface through the mesh, bent back beyond its outline so that hair and neck turn with the head.

    It goes through the landmarks: smoothed, it would fill the hollows of the eye corners by a fifth of an iris, and the
    eyeballs, which are placed by the landmarks, would lie too deep behind the corners that are seen.
    """
    outline = points[list(FACE_OUTLINE + FACE_OUTLINE_RIGHT)]
    face_width = float(np.ptp(outline[:, 0]))
    centre = outline[:, :2].mean(axis=0)
    rings = []
    for reach, back in ((1.25, 0.10), (1.6, 0.16), (2.4, 0.20)):
        ring = outline.copy()
        ring[:, :2] = centre + reach * (outline[:, :2] - centre)
        ring[:, 2] += back * face_width
        rings.append(ring)
    known = np.concatenate([points[:468], *rings])
    fit = RBFInterpolator(known[:, :2], known[:, 2], kernel="thin_plate_spline", neighbors=60)
    columns, rows = -(-width_px // DEPTH_CELL_PX), -(-height_px // DEPTH_CELL_PX)
    x, y = np.meshgrid((np.arange(columns) + 0.5) * DEPTH_CELL_PX - 0.5, (np.arange(rows) + 0.5) * DEPTH_CELL_PX - 0.5)
    depth = fit(np.column_stack([x.ravel(), y.ravel()])).reshape(rows, columns)
    bounded = np.clip(depth, points[:, 2].min(), 0.4 * face_width).astype(np.float32)
    half = np.ptp(outline[:, :2], axis=0) / 2
    radius = np.hypot((x - centre[0]) / half[0], (y - centre[1]) / half[1])
    # The mesh is jagged where the surface turns away beside the ears; left so, hair would ripple in a head turn.
    rough = np.clip((radius - 0.70) / 0.25, 0, 1)
    fine, coarse = (cv2.GaussianBlur(bounded, (0, 0), sigma) for sigma in (0.5, 0.05 * face_width / 2))
    depth_px: NDArray[np.float32] = (fine + rough * (coarse - fine)).astype(np.float32)
    return depth_px
