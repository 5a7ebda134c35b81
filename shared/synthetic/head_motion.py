"""Known head movement: turning, nodding, tilting and drifting before the camera."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from shared.model import FloatArray


@dataclass(frozen=True)
class Swing:
    """A value that swings about ``offset``: ``offset + amplitude * sin(2 pi rate_hz t + phase)``."""

    amplitude: float = 0.0
    rate_hz: float = 0.3
    offset: float = 0.0
    phase_rad: float = 0.0

    def at(self, time_s: FloatArray) -> FloatArray:
        """The value at each time."""
        value: FloatArray = self.offset + self.amplitude * np.sin(2 * np.pi * self.rate_hz * time_s + self.phase_rad)
        return value


@dataclass(frozen=True, eq=False)
class HeadMotion:
    """Head pose at each frame, ``(N,)`` each.

    Attributes:
        yaw_deg, pitch_deg, roll_deg: as in :class:`shared.model.Trace`.
        x_iris, y_iris, z_iris: shift of the head to picture right, down, and away, in iris diameters.
    """

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    roll_deg: FloatArray
    x_iris: FloatArray
    y_iris: FloatArray
    z_iris: FloatArray

    def is_still(self, frame: int) -> bool:
        """Whether the head stands exactly as in the portrait."""
        arrays = (self.yaw_deg, self.pitch_deg, self.roll_deg, self.x_iris, self.y_iris, self.z_iris)
        return all(abs(float(a[frame])) < 1e-9 for a in arrays)


@dataclass(frozen=True)
class HeadScript:
    """How the head moves; by default not at all."""

    yaw: Swing = field(default_factory=Swing)
    pitch: Swing = field(default_factory=Swing)
    roll: Swing = field(default_factory=Swing)
    x: Swing = field(default_factory=Swing)
    y: Swing = field(default_factory=Swing)
    z: Swing = field(default_factory=Swing)

    def at(self, time_s: FloatArray) -> HeadMotion:
        """The pose at each time."""
        swings = (self.yaw, self.pitch, self.roll, self.x, self.y, self.z)
        return HeadMotion(*(swing.at(time_s) for swing in swings))
