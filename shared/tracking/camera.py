"""The camera as far as a film tells: where its picture's middle is, and about how wide it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray

_FOCAL_LENGTH_SIDES: Final = 1.25
"""Focal length of a usual phone or web camera in units of the longer side of its picture."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes:
        focal_px: focal length.
        middle_px: ``(2,)`` where its axis meets the picture.
    """

    focal_px: float
    middle_px: FloatArray

    @classmethod
    def of_picture(cls, size: tuple[int, int]) -> Camera:
        """The usual camera for pictures of ``size`` (width, height), px."""
        return cls(_FOCAL_LENGTH_SIDES * max(size), np.array(size) / 2)

    def sight(self, points_px: FloatArray) -> FloatArray:
        """``(..., 2)`` how far sideways and down the line of sight to picture points leads, per length away.

        >>> Camera(100.0, np.array([50.0, 50.0])).sight(np.array([60.0, 50.0])).tolist()
        [0.1, 0.0]
        """
        return np.asarray((points_px - self.middle_px) / self.focal_px)

    def in_space(self, mesh: FloatArray) -> FloatArray:
        """Points of a face in space, ``(..., 3)`` from the camera's axis, as large as the face looks in the picture.

        In these units the face is one focal length away. What lies deeper is larger than it looks: an ear, by a tenth.

        Args:
            mesh: ``(..., 3)`` where points are seen, px, and their depths behind the face's own, in the same unit.

        >>> Camera(100.0, np.array([50.0, 50.0])).in_space(np.array([60.0, 50.0, 20.0])).tolist()
        [12.0, 0.0, 20.0]
        """
        depth = mesh[..., 2:]
        across = (mesh[..., :2] - self.middle_px) * (1 + depth / self.focal_px)
        return np.concatenate([across, depth], axis=-1)
