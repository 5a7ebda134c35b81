"""Pairs of eyes drawn analytically, with every measure known, for tests of lids and limbus."""

from dataclasses import dataclass

import cv2
import numpy as np

from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_HEIGHT_PX, PATCH_IRIS_PX, PATCH_WIDTH_PX, EyePatches
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS

_FINER = 4
SKIN_BGR = (130, 160, 205)
SCLERA_BGR = (205, 212, 220)
DARK_IRIS_BGR = (35, 45, 60)
PALE_IRIS_BGR = (150, 140, 120)
GREEN_IRIS_BGR = (100, 140, 125)
SHADED_SCLERA_BGR = (133, 140, 157)
"""In shadow, as bright as those irises."""
HALF_WIDTH_PX = 40.0


@dataclass(frozen=True)
class DrawnEye:
    """One eye: limbus centre from the middle of the canthi, lid heights over and under the corner line, px."""

    x_px: float = 0.0
    y_px: float = -1.0
    upper_px: float = 15.0
    lower_px: float = 12.0
    radius_px: float = 16.0
    iris_bgr: tuple[int, int, int] = DARK_IRIS_BGR
    sclera_bgr: tuple[int, int, int] = SCLERA_BGR
    pupil_share: float = 0.35
    mesh_lid_error_px: float = 0.0
    catch_lights: bool = False


def draw(right: DrawnEye, left: DrawnEye, *, noise: float = 0.0, grey: bool = False) -> EyePatches:
    """Both eyes as patches, with landmarks that see iris and lids only roughly."""
    eyes = (right, left)
    picture = np.concatenate([_draw_one(eye) for eye in eyes]).astype(np.float64)
    picture += np.random.default_rng(1).normal(0, noise, picture.shape) if noise else 0.0
    bgr = np.clip(picture, 0, 255).astype(np.uint8)
    if grey:
        bgr = cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    to_image = np.tile(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), (2, 1, 1))
    share = np.linspace(-1, 1, 9)
    x = CANTHUS_MIDPOINT_PX[0] + share * HALF_WIDTH_PX
    lids = []
    for sign, name in ((-1, "upper_px"), (1, "lower_px")):
        error = np.array([eye.mesh_lid_error_px for eye in eyes])
        height = np.array([getattr(eye, name) for eye in eyes])
        y = CANTHUS_MIDPOINT_PX[1] + (sign * height + error)[:, None] * (1 - share**2)
        lids.append(np.stack([np.tile(x, (2, 1)), y], axis=-1))
    return EyePatches(
        bgr=bgr,
        to_image=to_image,
        scale=1.0,
        half_width_px=np.full(2, HALF_WIDTH_PX),
        upper_lid_px=lids[0],
        lower_lid_px=lids[1],
        iris_px=CANTHUS_MIDPOINT_PX + np.array([[0.7 * eye.x_px, 0.3 * eye.y_px] for eye in eyes]),
        inside=np.array([True, True]),
    )


def true_centres(right: DrawnEye, left: DrawnEye) -> np.ndarray:
    """``(2, 2)`` limbus centres in the patch."""
    return CANTHUS_MIDPOINT_PX + np.array([[eye.x_px, eye.y_px] for eye in (right, left)])


def _draw_one(eye: DrawnEye) -> np.ndarray:
    rows, columns = np.mgrid[0 : PATCH_HEIGHT_PX * _FINER, 0 : PATCH_WIDTH_PX * _FINER]
    x = (columns + 0.5) / _FINER - 0.5 - CANTHUS_MIDPOINT_PX[0]
    y = (rows + 0.5) / _FINER - 0.5 - CANTHUS_MIDPOINT_PX[1]
    bow = np.maximum(1 - (x / HALF_WIDTH_PX) ** 2, 0)
    aperture = (y > -eye.upper_px * bow) & (y < eye.lower_px * bow)
    tilt = np.array([eye.x_px, eye.y_px + 1.5]) / (ROTATION_RADIUS_IRIS * PATCH_IRIS_PX)
    flattening = np.sqrt(1 - tilt @ tilt)
    dx, dy = x - eye.x_px, y - eye.y_px
    stretch = (dx * tilt[0] + dy * tilt[1]) / (flattening * (1 + flattening))
    distance = np.hypot(dx + stretch * tilt[0], dy + stretch * tilt[1])
    picture = np.empty((*x.shape, 3), dtype=np.float32)
    picture[:] = SKIN_BGR
    picture[aperture] = eye.sclera_bgr
    picture[aperture & (distance < eye.radius_px)] = eye.iris_bgr
    picture[aperture & (distance < eye.pupil_share * eye.radius_px)] = (15, 15, 15)
    if eye.catch_lights:
        for side in (-0.45, 0.1, 0.6):
            spot = np.hypot(x - eye.x_px - side * eye.radius_px, y - eye.y_px - 0.55 * eye.radius_px) < 1.8
            picture[aperture & spot] = (255, 255, 255)
    small = cv2.resize(picture, (PATCH_WIDTH_PX, PATCH_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), 0.8)
