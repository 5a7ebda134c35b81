"""What the tracker asks of the limbus instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.model import BoolArray, FloatArray
from shared.planar_picture import Picture

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class LimbusArrays:
    """What the limbus instrument found for one eye, each ``(N,)``; see :class:`shared.model.EyeTrace`."""

    h_iris: FloatArray
    v_iris: FloatArray
    h_deg: FloatArray
    v_deg: FloatArray
    confidence: FloatArray
    occluded: FloatArray


@dataclass(frozen=True, eq=False)
class LimbusFilm:
    """What the limbus instrument found in a film.

    Attributes:
        left, right: the patient's own eyes.
        spectacles: whether they were seen before the eyes; None where that could not be told.
    """

    left: LimbusArrays
    right: LimbusArrays
    spectacles: bool | None = None


class LimbusInstrument(Protocol):
    """The second instrument, which needs the pictures: shown every frame once, asked for its arrays at the end."""

    name: str
    """Name and version, for the result's stamp."""

    def observe(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> None:
        """See one measured frame.

        Args:
            image_bgr: at full resolution; not to be kept.
            landmarks: ``(478, 3)`` px, None where no face was found.
            index: position among the measured frames, from 0.
        """
        ...

    def finish(self, time_s: FloatArray, valid: BoolArray) -> LimbusFilm:
        """What was found over all frames observed."""
        ...

    def close(self) -> None:
        """Free what the instrument holds; called once, also after an error."""
        ...
