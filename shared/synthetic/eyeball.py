"""Draws an eyeball: a sphere that is ray-traced from the camera, with limbus, iris fibres, pupil and catch-light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.synthetic.eye_geometry import EYEBALL_RADIUS_IRIS, LIMBUS_DISTANCE_IRIS, PinholeCamera

Float32Array = NDArray[np.float32]

IRIS_COLOURS_BGR: Final[dict[str, tuple[float, float, float]]] = {
    "dark": (28, 38, 52),
    "brown": (34, 52, 78),
    "hazel": (62, 96, 112),
    "pale": (142, 136, 118),
}

SCLERA_BGR: Final = (196.0, 206.0, 218.0)
"""White of a healthy eye in full light."""

CORNEA_CENTRE_IRIS: Final = 5.7 / 11.7
"""Centre of the cornea's sphere before the centre of rotation, 5.7 mm."""

CORNEA_RADIUS_IRIS: Final = 7.8 / 11.7
"""Radius of the cornea's front, 7.8 mm."""

_TOWARD_LIGHT: Final = np.array([-0.35, -0.55, -0.76])


@dataclass(frozen=True, eq=False)
class EyeballLook:
    """How the eyeball is painted.

    Attributes:
        iris_bgr: mean colour of the iris.
        sclera_bgr: colour of the white of the eye in full light.
        pupil_radius: share of the iris radius.
        limbus_softness: width of the rim's transition, share of the iris radius.
        texture: ``(rings, angles)`` brightness of the fibres about 1.
    """

    iris_bgr: tuple[float, float, float]
    sclera_bgr: tuple[float, float, float]
    pupil_radius: float
    limbus_softness: float
    texture: Float32Array


def make_look(
    colour: str = "brown",
    *,
    seed: int = 0,
    pupil_radius: float = 0.36,
    limbus_softness: float = 0.14,
    sclera_bgr: tuple[float, float, float] = SCLERA_BGR,
) -> EyeballLook:
    """A look with one of the :data:`IRIS_COLOURS_BGR`; ``seed`` draws the fibres."""
    rng = np.random.default_rng([seed, 17])
    fibres = _ring_noise(rng, across=0.9, along=5.0)
    clouds = _ring_noise(rng, across=9.0, along=4.0)
    texture = 1 + 0.09 * fibres + 0.05 * clouds
    return EyeballLook(IRIS_COLOURS_BGR[colour], sclera_bgr, pupil_radius, limbus_softness, texture.astype(np.float32))


def _ring_noise(rng: np.random.Generator, *, across: float, along: float) -> Float32Array:
    """Smooth noise of unit spread, ``(24, 193)`` (rings, angles), whose last angle meets the first."""
    noise = np.tile(rng.normal(0, 1, (24, 192)).astype(np.float32), (1, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=across, sigmaY=along)[:, 192:385]
    scaled: Float32Array = (smooth / smooth.std()).astype(np.float32)
    return scaled


def draw_eyeball(
    x_px: Float32Array,
    y_px: Float32Array,
    *,
    camera: PinholeCamera,
    centre: FloatArray,
    rotation: FloatArray,
    gaze: FloatArray,
    iris_diameter_px: float,
    look: EyeballLook,
) -> Float32Array:
    """Colour of the eyeball at picture points.

    Args:
        x_px, y_px: ``(H, W)`` picture coordinates.
        camera: through which it is seen.
        centre: ``(3,)`` centre of rotation in space, px, depth measured from the camera's scale-1 plane.
        rotation: ``(3, 3)`` head rotation.
        gaze: ``(3,)`` unit vector in the head.
        iris_diameter_px: size of the iris in space.
        look: colours.

    Returns:
        ``(H, W, 3)`` BGR, 0 to 255.
    """
    radius = np.float32(EYEBALL_RADIUS_IRIS * iris_diameter_px)
    axis = (rotation @ gaze).astype(np.float32)
    normal = _sphere_normals(x_px, y_px, camera, centre, radius)
    along = normal @ axis
    side = (rotation @ np.cross([0.0, 1.0, 0.0], gaze)).astype(np.float32)
    side /= np.float32(np.linalg.norm(side))
    over = np.cross(axis, side).astype(np.float32)
    across, upright = normal @ side, normal @ over
    rho = np.sqrt(across * across + upright * upright) * np.float32(EYEBALL_RADIUS_IRIS * 2)
    rho = np.where(along > 0, rho, np.float32(9))
    colour = _sclera(rho, normal, look)
    iris = _iris(rho, across, upright, look)
    inside = _step(1.0 - rho, look.limbus_softness)[..., None]
    colour += inside * (iris - colour)
    half_way = _TOWARD_LIGHT / np.linalg.norm(_TOWARD_LIGHT) + np.array([0, 0, -1])
    half_way /= np.linalg.norm(half_way)
    spot = camera.project(centre + iris_diameter_px * (CORNEA_CENTRE_IRIS * axis + CORNEA_RADIUS_IRIS * half_way))
    return _catch_light(colour, x_px - np.float32(spot[0]), y_px - np.float32(spot[1]), iris_diameter_px)


def _sphere_normals(
    x_px: Float32Array, y_px: Float32Array, camera: PinholeCamera, centre: FloatArray, radius: np.float32
) -> Float32Array:
    """Outward normals where each picture point's ray first meets the sphere; at its rim where the ray misses."""
    ray = np.empty((*x_px.shape, 3), np.float32)
    ray[..., 0] = (x_px - np.float32(camera.centre_x_px)) / np.float32(camera.focal_px)
    ray[..., 1] = (y_px - np.float32(camera.centre_y_px)) / np.float32(camera.focal_px)
    ray[..., 2] = 1
    ray /= np.sqrt(ray[..., 0] ** 2 + ray[..., 1] ** 2 + 1)[..., None]
    to_centre = centre + np.array([0.0, 0.0, camera.focal_px])
    closest = ray.astype(np.float64) @ to_centre
    miss_squared = float(to_centre @ to_centre) - closest**2
    half_chord = np.sqrt(np.maximum(float(radius) ** 2 - miss_squared, 0))
    offset = (ray * (closest - half_chord)[..., None] - to_centre) / float(radius)
    length = np.sqrt((offset**2).sum(axis=-1, keepdims=True))
    normals: Float32Array = (offset / np.maximum(length, 1)).astype(np.float32)
    return normals


def _step(value: Float32Array, width: float) -> Float32Array:
    """0 below, 1 above, smooth over ``width`` about zero."""
    x = np.clip(value / np.float32(width) + np.float32(0.5), 0, 1)
    smooth: Float32Array = x * x * (3 - 2 * x)
    return smooth


def _sclera(rho: Float32Array, normal: Float32Array, look: EyeballLook) -> Float32Array:
    facing = np.clip(-normal[..., 2], 0, 1)
    light = 0.62 + 0.38 * facing
    rim_tint = 1 - 0.10 * np.exp(-(((rho - 1.0) / 0.22) ** 2))
    shade = (light * rim_tint).astype(np.float32)
    colour: Float32Array = shade[..., None] * np.array(look.sclera_bgr, np.float32)
    return colour


def _iris(rho: Float32Array, across: Float32Array, upright: Float32Array, look: EyeballLook) -> Float32Array:
    rings, angles = look.texture.shape
    angle = (np.arctan2(upright, across) / (2 * np.pi) + 0.5).astype(np.float32)
    fibre = cv2.remap(
        look.texture,
        angle * np.float32(angles - 1),
        np.clip(rho, 0, 1) * np.float32(rings - 1),
        cv2.INTER_LINEAR,
    )
    dark_rim = 1 - 0.55 * _step(rho - 0.88, 0.22)
    collarette = 1 + 0.22 * np.exp(-(((rho - 0.52) / 0.14) ** 2))
    shade = fibre * dark_rim * collarette
    colour = shade[..., None] * np.array(look.iris_bgr, np.float32)
    pupil = _step(look.pupil_radius - rho, 0.10)[..., None]
    painted: Float32Array = colour + pupil * (np.float32(14) - colour)
    return painted


def _catch_light(
    colour: Float32Array, from_spot_x_px: Float32Array, from_spot_y_px: Float32Array, iris_diameter_px: float
) -> Float32Array:
    """The lamp's reflection: it stays on the cornea's sphere, so it moves about half as far as the iris."""
    distance_squared = (from_spot_x_px**2 + from_spot_y_px**2) / np.float32(iris_diameter_px**2)
    glow = np.exp(-((distance_squared / np.float32(0.065**2)) ** 2))[..., None] * np.float32(0.92)
    lit: Float32Array = colour + glow * (np.float32(250) - colour)
    return lit


def limbus_centre(centre: FloatArray, rotation: FloatArray, gaze: FloatArray, iris_diameter_px: float) -> FloatArray:
    """Centre of the limbus in space, ``(3,)``: what a tracker calls the iris centre, once projected."""
    point: FloatArray = centre + LIMBUS_DISTANCE_IRIS * iris_diameter_px * (rotation @ gaze)
    return point
