"""Geometry that landmark streams and puppets share: a round eye in a head before a perspective camera.

Axes: x to the picture's right (the patient's left), y down, z away from the camera. The face looks toward -z.
Lengths are in iris diameters unless a name says px.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shared.model import FloatArray

IRIS_DIAMETER_MM: Final = 11.7
"""Horizontal visible iris diameter of adults (textbook mean, 11.7 +- 0.5 mm)."""

EYEBALL_RADIUS_IRIS: Final = 12.0 / IRIS_DIAMETER_MM
"""Radius of the sclera sphere, 12 mm."""

LIMBUS_DISTANCE_IRIS: Final = float(np.sqrt(EYEBALL_RADIUS_IRIS**2 - 0.25))
"""From the centre of rotation to the plane of the limbus: 10.5 mm."""

CENTRE_BEHIND_CANTHI_IRIS: Final = 0.35
"""Depth of the centre of rotation behind the line of the canthi, about 4 mm (canonical face)."""


@dataclass(frozen=True)
class Lids:
    """How the lids stand and follow.

    Heights are from the line of the canthi, in iris diameters, at straight-ahead gaze. The upper lid follows a
    vertical iris movement by 0.6 to 0.8, the lower by about a quarter, so looking down narrows the aperture. The
    upper lid rises no farther than ``highest``.
    """

    upper_height: float = 0.48
    lower_height: float = 0.36
    upper_follow: float = 0.70
    lower_follow: float = 0.27
    highest: float = 2.0

    def scaled(self, aperture: float) -> Lids:
        """The same lids held wider (``aperture`` > 1) or narrower."""
        return replace(self, upper_height=self.upper_height * aperture, lower_height=self.lower_height * aperture)

    def heights(self, iris_down: FloatArray, closure: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Upper and lower margin over and under the canthus line; the upper turns negative as it closes.

        Args:
            iris_down: vertical iris displacement from straight ahead, down positive, iris diameters.
            closure: 0 = open, 1 = shut.
        """
        upper = np.clip(self.upper_height - self.upper_follow * iris_down, 0.02, self.highest)
        lower = np.maximum(self.lower_height + self.lower_follow * iris_down, 0.06)
        shut = 0.80 * lower
        return upper * (1 - closure) - shut * closure, lower * (1 - closure) + shut * closure


def gaze_vector(h_deg: FloatArray, v_deg: FloatArray) -> FloatArray:
    """Unit vector of gaze in the head, ``(..., 3)``.

    >>> gaze_vector(np.array(0.0), np.array(90.0)).round(3).tolist()
    [0.0, 1.0, -0.0]
    """
    h, v = np.radians(h_deg), np.radians(v_deg)
    return np.stack([np.sin(h) * np.cos(v), np.sin(v) + 0 * h, -np.cos(h) * np.cos(v)], axis=-1)


def head_rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """Rotation matrix of the head, ``(3, 3)``.

    Positive yaw turns the nose to the patient's left, positive pitch turns it down, positive roll tilts the head
    toward the patient's left shoulder.

    >>> (head_rotation(90, 0, 0) @ [0, 0, -1]).round(3).tolist()
    [1.0, 0.0, -0.0]
    """
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw_deg, pitch_deg, roll_deg])) for f in (np.cos, np.sin))
    yaw = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(yaw @ pitch @ roll, dtype=np.float64)


@dataclass(frozen=True)
class PinholeCamera:
    """A camera that shows the plane z = 0 at scale 1, so that picture px are head px there.

    Attributes:
        focal_px: focal length, also the distance of the plane z = 0.
        centre_x_px, centre_y_px: the picture's centre.
    """

    focal_px: float
    centre_x_px: float
    centre_y_px: float

    @classmethod
    def for_picture(cls, width_px: int, height_px: int) -> PinholeCamera:
        """A phone at arm's length and a half: focal length 1.25 times the longer side."""
        return cls(1.25 * max(width_px, height_px), (width_px - 1) / 2, (height_px - 1) / 2)

    def lift(self, x_px: FloatArray, y_px: FloatArray, z_px: FloatArray) -> FloatArray:
        """Points in space, ``(..., 3)``, that show at ``(x_px, y_px)`` and lie at depth ``z_px``."""
        scale = (self.focal_px + z_px) / self.focal_px
        return np.stack([(x_px - self.centre_x_px) * scale, (y_px - self.centre_y_px) * scale, z_px], axis=-1)

    def project(self, points: FloatArray) -> FloatArray:
        """Picture coordinates, ``(..., 2)``, of points ``(..., 3)``."""
        scale = self.focal_px / (self.focal_px + points[..., 2])
        return np.stack([points[..., 0] * scale + self.centre_x_px, points[..., 1] * scale + self.centre_y_px], axis=-1)
