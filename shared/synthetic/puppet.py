"""A film of a real face whose eyes do exactly what a script says.

The skin is a portrait on a depth surface, seen by a perspective camera while the head turns about the neck. The
eyeballs are ray-traced in the turned head; the lids follow vertical gaze, stretch with the skin around them and
close in blinks. What each frame shows is known without error: gaze, lids, head and iris centre.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.synthetic.eye_geometry import (
    CENTRE_BEHIND_CANTHI_IRIS,
    LIMBUS_DISTANCE_IRIS,
    Lids,
    PinholeCamera,
    gaze_vector,
    head_rotation,
)
from shared.synthetic.eyeball import SCLERA_BGR, EyeballLook, draw_eyeball, limbus_centre, make_look
from shared.synthetic.face_surface import DEPTH_CELL_PX, LEFT_CORNERS, RIGHT_CORNERS
from shared.synthetic.gaze import GazeTruth
from shared.synthetic.head_motion import HeadMotion, HeadScript
from shared.synthetic.lid_shape import LOWER_REACH_IRIS, UPPER_REACH_IRIS, LidShape
from shared.synthetic.portrait import (
    LEFT_LOWER,
    LEFT_UPPER,
    RIGHT_LOWER,
    RIGHT_UPPER,
    Image,
    Portrait,
)
from shared.synthetic.turned_skin import Positions, TurnedSkin

Float32Array = NDArray[np.float32]

_OVERSAMPLING: Final = 2
_LASH_BGR: Final = np.array([26, 30, 40], np.float32)
_LID_EDGE_BGR: Final = np.array([150, 165, 205], np.float32)
_CARUNCLE_BGR: Final = np.array([120, 130, 190], np.float32)


@dataclass(frozen=True)
class Look:
    """Appearance of puppet and film.

    Attributes:
        iris_colour: ``dark``, ``brown``, ``hazel`` or ``pale``.
        aperture: lids wider (> 1) or narrower (< 1) than in the portrait.
        lids: following of the lids; heights are taken from the portrait.
        pupil_radius: share of the iris radius.
        limbus_softness: width of the rim's transition, share of the iris radius.
        sclera_bgr: colour of the white of the eye in full light.
        lid_shadow: how dark the shadow right under the upper lid is, 0 to 1.
        lid_shadow_depth: how far that shadow reaches, iris diameters.
        lashes: how dense the upper lashes are, 0 to 1.
        wet_edge: how bright the lower lid's wet edge is, 0 to 1.
        brightness: factor on all light; below 1 is a dark room.
        flicker: standard deviation of the brightness from frame to frame.
        noise_sd: sensor noise, grey levels.
        exposure_share: share of the frame interval during which the shutter is open; 0 = no motion blur of the eye.
        seed: fibres, flicker and noise.
    """

    iris_colour: str = "brown"
    aperture: float = 1.0
    lids: Lids = field(default_factory=Lids)
    pupil_radius: float = 0.36
    limbus_softness: float = 0.14
    sclera_bgr: tuple[float, float, float] = SCLERA_BGR
    lid_shadow: float = 0.50
    lid_shadow_depth: float = 0.13
    lashes: float = 0.72
    wet_edge: float = 0.45
    brightness: float = 1.0
    flicker: float = 0.004
    noise_sd: float = 1.5
    exposure_share: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class PuppetTruth:
    """What every frame of a puppet film shows.

    Attributes:
        gaze: gaze, lids and events of the recorded frames.
        head: pose of each.
        iris_left_px, iris_right_px: ``(N, 2)`` centre of the limbus of the patient's left and right eye.
        iris_diameter_px: of the iris in the portrait.
    """

    gaze: GazeTruth
    head: HeadMotion
    iris_left_px: FloatArray
    iris_right_px: FloatArray
    iris_diameter_px: float


@dataclass(frozen=True, eq=False)
class _Pose:
    """The head of one frame: picture = project(rotation (lift(portrait) - pivot) + pivot + shift)."""

    rotation: FloatArray
    shift: FloatArray
    still: bool


class Puppet:
    """Renders one portrait. Costly things are prepared once; frames can be asked for in any order."""

    def __init__(self, portrait: Portrait, look: Look | None = None) -> None:
        self.portrait = portrait
        self.look = look or Look()
        height, width = portrait.image_bgr.shape[:2]
        self._camera = PinholeCamera.for_picture(width, height)
        self._eyes = tuple(
            LidShape.fit(portrait.points_px, corners, upper, lower, portrait.iris_diameter_px)
            for corners, upper, lower in (
                (RIGHT_CORNERS, RIGHT_UPPER, RIGHT_LOWER),
                (LEFT_CORNERS, LEFT_UPPER, LEFT_LOWER),
            )
        )
        self._eyeball_look: EyeballLook = make_look(
            self.look.iris_colour,
            seed=self.look.seed,
            pupil_radius=self.look.pupil_radius,
            limbus_softness=self.look.limbus_softness,
            sclera_bgr=self.look.sclera_bgr,
        )
        self._centres = (self._eyeball_centre(RIGHT_CORNERS, 468), self._eyeball_centre(LEFT_CORNERS, 473))
        self._pivot = self._neck_pivot()
        self._turned = TurnedSkin(portrait, self._camera)
        rng = np.random.default_rng([self.look.seed, 23])
        self._grain = rng.normal(0, self.look.noise_sd, (height + 64, width + 64, 3)).astype(np.float32)

    def truth(self, gaze: GazeTruth, head: HeadScript | None = None) -> PuppetTruth:
        """Truth of the film of ``gaze`` (its recorded frames) under ``head``."""
        recorded = gaze.recorded()
        motion = (head or HeadScript()).at(recorded.time_s)
        directions = gaze_vector(recorded.h_deg, recorded.v_deg)
        centres = np.empty((2, len(recorded), 2))
        for frame in range(len(recorded)):
            pose = self._pose(motion, frame)
            for eye in (0, 1):
                centre = self._placed(self._centres[eye], pose)
                point = limbus_centre(centre, pose.rotation, directions[frame], self.portrait.iris_diameter_px)
                centres[eye, frame] = self._camera.project(point)
        return PuppetTruth(recorded, motion, centres[1], centres[0], self.portrait.iris_diameter_px)

    def frames(self, truth: PuppetTruth) -> Iterator[Image]:
        """All pictures of the film, BGR, in order."""
        for frame in range(len(truth.gaze)):
            yield self.frame(truth, frame)

    def frame(self, truth: PuppetTruth, frame: int) -> Image:
        """One picture, ``(H, W, 3)`` BGR."""
        return self._film(self._head(truth, frame), frame)

    def _head(self, truth: PuppetTruth, frame: int) -> Image:
        """The picture before light and noise."""
        pose = self._pose(truth.head, frame)
        if pose.still:
            picture, where = self.portrait.image_bgr.copy(), None
        else:
            where = self._turned.portrait_positions(pose.rotation, self._offset(pose))
            picture = self._turned.picture(where)
        moments = self._moments(truth.gaze, frame)
        for eye in (0, 1):
            self._paint_eye(picture, eye, pose, where, moments)
        return picture

    def _moments(self, gaze: GazeTruth, frame: int) -> list[tuple[FloatArray, float, float]]:
        """(gaze vector, closure right, closure left) at one or more instants of the exposure."""
        share = self.look.exposure_share
        count = 1
        if share > 0 and frame + 1 < len(gaze):
            moved = np.hypot(*(np.diff(a[frame : frame + 2])[0] for a in (gaze.h_deg, gaze.v_deg)))
            lids = abs(float(gaze.lid_closure[frame + 1] - gaze.lid_closure[frame]))
            count = 5 if moved * share > 0.7 or lids * share > 0.05 else 1
        offsets = (np.arange(count) - (count - 1) / 2) / count * share
        at = np.clip(frame + offsets, 0, len(gaze) - 1)
        frames = np.arange(len(gaze))
        values = [
            np.interp(at, frames, a) for a in (gaze.h_deg, gaze.v_deg, gaze.lid_closure_right, gaze.lid_closure_left)
        ]
        return [(gaze_vector(h, v), float(right), float(left)) for h, v, right, left in zip(*values, strict=True)]

    def _paint_eye(
        self,
        picture: Image,
        eye: int,
        pose: _Pose,
        where: Positions | None,
        moments: list[tuple[FloatArray, float, float]],
    ) -> None:
        """Replace the surroundings of one eye in ``picture``."""
        shape = self._eyes[eye]
        x0, y0, x1, y1 = self._eye_box(shape, pose)
        x_px, y_px = _fine_grid(x0, y0, x1, y1)
        if where is None:
            on_portrait_x, on_portrait_y = x_px, y_px
        else:
            cell_x = (x_px + np.float32(0.5)) / np.float32(DEPTH_CELL_PX) - np.float32(0.5)
            cell_y = (y_px + np.float32(0.5)) / np.float32(DEPTH_CELL_PX) - np.float32(0.5)
            on_portrait_x, on_portrait_y = (
                cv2.remap(m, cell_x, cell_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
                for m in where
            )
        a, b = shape.local(on_portrait_x, on_portrait_y)
        centre = self._placed(self._centres[eye], pose)
        total = np.zeros((*x_px.shape, 3), np.float32)
        for gaze, closure_right, closure_left in moments:
            ball = draw_eyeball(
                x_px,
                y_px,
                camera=self._camera,
                centre=centre,
                rotation=pose.rotation,
                gaze=gaze,
                iris_diameter_px=self.portrait.iris_diameter_px,
                look=self._eyeball_look,
            )
            total += self._with_lids(ball, eye, a, b, (gaze, closure_left if eye else closure_right))
        fine = total / np.float32(len(moments))
        coarse = cv2.resize(fine, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        picture[y0:y1, x0:x1] = np.clip(coarse + np.float32(0.5), 0, 255).astype(np.uint8)

    def _with_lids(
        self, ball: Float32Array, eye: int, a: Float32Array, b: Float32Array, moment: tuple[FloatArray, float]
    ) -> Float32Array:
        """The eyeball seen between the lids, with the skin around it."""
        gaze, closure = moment
        shape, unit = self._eyes[eye], np.float32(self.portrait.iris_diameter_px)
        rest = shape.rest.scaled(self.look.aperture)
        lids = replace(self.look.lids, upper_height=rest.upper_height, lower_height=rest.lower_height)
        heights = lids.heights(np.array(LIMBUS_DISTANCE_IRIS * gaze[1]), np.array(closure))
        upper, lower = shape.margins(a, float(heights[0]), float(heights[1]))
        skin = self._skin(shape, a, b, upper, lower)
        below_upper, above_lower = (b - upper) / unit, (lower - b) / unit
        edge = np.clip(1 - np.abs(a) ** 6, 0, 1)
        shaded = _shade_ball(ball, a if eye else -a, below_upper, above_lower, self.look)
        opening = np.clip(np.minimum(below_upper, above_lower) / np.float32(0.05) + np.float32(0.5), 0, 1)
        opening *= np.clip((lower - upper) / unit / np.float32(0.06), 0, 1)
        picture = skin + opening[..., None] * (shaded - skin)
        wet_edge = edge * np.exp(-(((above_lower + 0.03) / 0.035) ** 2)) * self.look.wet_edge * (1 - closure)
        picture += wet_edge[..., None].astype(np.float32) * (_LID_EDGE_BGR - picture)
        lash = edge * np.exp(-(((below_upper + 0.035) / 0.055) ** 2)) * (self.look.lashes - 0.12 * closure)
        lash = np.maximum(lash, edge * np.exp(-(((above_lower + 0.08) / 0.04) ** 2)) * 0.16)
        painted: Float32Array = picture + lash[..., None].astype(np.float32) * (_LASH_BGR - picture)
        return painted

    def _skin(
        self, shape: LidShape, a: Float32Array, b: Float32Array, upper: Float32Array, lower: Float32Array
    ) -> Float32Array:
        source_x, source_y = shape.portrait(a, shape.source_of(a, b, upper, lower))
        skin = cv2.remap(self.portrait.image_bgr, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        painted: Float32Array = skin.astype(np.float32)
        return painted

    def _film(self, picture: Image, frame: int) -> Image:
        """Light, flicker and sensor noise."""
        rng = np.random.default_rng([self.look.seed, 29, frame])
        gain = self.look.brightness * (1 + self.look.flicker * float(rng.normal()))
        x, y = (int(v) for v in rng.integers(0, 64, 2))
        height, width = picture.shape[:2]
        grain = self._grain[y : y + height, x : x + width]
        return cv2.addWeighted(picture, gain, grain, 1.0, 0.0, dtype=cv2.CV_8U).astype(np.uint8, copy=False)

    def _pose(self, head: HeadMotion, frame: int) -> _Pose:
        rotation = head_rotation(float(head.yaw_deg[frame]), float(head.pitch_deg[frame]), float(head.roll_deg[frame]))
        shift = np.array([head.x_iris[frame], head.y_iris[frame], head.z_iris[frame]])
        return _Pose(rotation, shift * self.portrait.iris_diameter_px, head.is_still(frame))

    def _placed(self, point: FloatArray, pose: _Pose) -> FloatArray:
        """Points of the portrait's head, ``(..., 3)``, in the turned head."""
        moved: FloatArray = point @ pose.rotation.T + self._offset(pose)
        return moved

    def _offset(self, pose: _Pose) -> FloatArray:
        """What is added to a point of the portrait's head once it is rotated."""
        offset: FloatArray = self._pivot - pose.rotation @ self._pivot + pose.shift
        return offset

    def _eye_box(self, shape: LidShape, pose: _Pose) -> tuple[int, int, int, int]:
        """Picture rectangle that holds all that an eye's lids move: x0, y0, x1, y1."""
        unit = self.portrait.iris_diameter_px
        top = -(shape.rest.upper_height + UPPER_REACH_IRIS) * unit
        bottom = (shape.rest.lower_height + LOWER_REACH_IRIS) * unit
        a = np.array([-1.2, 0.0, 1.2, -1.2, 0.0, 1.2], np.float32)
        b = np.array([top, top, top, bottom, bottom, bottom], np.float32)
        x, y = shape.portrait(a, b)
        if not pose.still:
            x, y = self._turned.picture_positions(x[None], y[None], pose.rotation, self._offset(pose))
        height, width = self.portrait.image_bgr.shape[:2]
        x0, y0 = max(0, int(np.floor(x.min())) - 1), max(0, int(np.floor(y.min())) - 1)
        x1, y1 = min(width, int(np.ceil(x.max())) + 2), min(height, int(np.ceil(y.max())) + 2)
        return x0, y0, x1, y1

    def _eyeball_centre(self, corners: tuple[int, int], iris: int) -> FloatArray:
        """Such that at straight gaze the iris stands where it stands in the portrait."""
        points, unit = self.portrait.points_px, self.portrait.iris_diameter_px
        depth = float(points[list(corners), 2].mean()) + CENTRE_BEHIND_CANTHI_IRIS * unit
        forward = np.array([0.0, 0.0, LIMBUS_DISTANCE_IRIS * unit])
        x, y = points[iris, :2]
        centre: FloatArray = self._camera.lift(np.array(x), np.array(y), np.array(depth - forward[2])) + forward
        return centre

    def _neck_pivot(self) -> FloatArray:
        """Upper neck: below and behind the eyes by rough anatomy (6 iris diameters down, 8 back)."""
        eyes = np.mean(self._centres, axis=0)
        pivot: FloatArray = eyes + self.portrait.iris_diameter_px * np.array([0.0, 6.0, 8.0])
        return pivot


def _shade_ball(
    ball: Float32Array, toward_left: Float32Array, below_upper: Float32Array, above_lower: Float32Array, look: Look
) -> Float32Array:
    """Shadow of the upper lid, dimming into the canthi, and the pink flesh in the inner one.

    ``toward_left`` is -1 at the inner and 1 at the outer canthus.
    """
    from_above = look.lid_shadow * np.exp(-np.maximum(below_upper, 0) / look.lid_shadow_depth)
    shadow = 1 - from_above - 0.10 * np.exp(-np.maximum(above_lower, 0) / 0.08)
    corners = 1 - 0.35 * np.clip((np.abs(toward_left) - 0.55) / 0.45, 0, 1)
    shaded = ball * (shadow * corners).astype(np.float32)[..., None]
    flesh = np.clip((-toward_left - 0.80) / 0.12, 0, 1).astype(np.float32)[..., None] * np.float32(0.85)
    tinted: Float32Array = shaded + flesh * (_CARUNCLE_BGR - shaded)
    return tinted


def _fine_grid(x0: int, y0: int, x1: int, y1: int) -> tuple[Float32Array, Float32Array]:
    """Picture coordinates of sub-pixels of a rectangle."""
    x = x0 + (np.arange((x1 - x0) * _OVERSAMPLING) + 0.5) / _OVERSAMPLING - 0.5
    y = y0 + (np.arange((y1 - y0) * _OVERSAMPLING) + 0.5) / _OVERSAMPLING - 0.5
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x.astype(np.float32), grid_y.astype(np.float32)
