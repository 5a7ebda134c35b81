"""The limbus instrument: eye-in-head angles from the rim of the iris, frame by frame, in one pass over a film.

Three steps: patches are cut out of each frame (:mod:`shared.tracking.limbus_cut`), rims, eye corners and skin are
measured on those (:mod:`shared.tracking.limbus_measurement`), and at the end of the film the numbers of all frames
become angles (:mod:`shared.tracking.limbus_gaze`).
"""

from __future__ import annotations

from typing import Final

from shared.model import BoolArray, FloatArray
from shared.planar_picture import Picture
from shared.tracking.instrument import LimbusFilm
from shared.tracking.limbus_cut import LimbusCutter
from shared.tracking.limbus_gaze import gaze
from shared.tracking.limbus_measurement import LimbusMeasurement

LIMBUS_NAME: Final = "limbus rim, lid-aware 2"
"""Name and version of the instrument, wherever it runs."""


class LidAwareLimbus:
    """The instrument in the caller's own process; see :class:`shared.tracking.instrument.LimbusInstrument`."""

    name = LIMBUS_NAME

    def __init__(self) -> None:
        self._cutter = LimbusCutter()
        self._measurement = LimbusMeasurement()

    def observe(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> None:
        """Take in one frame."""
        cut = self._cutter.cut(image_bgr, landmarks, index)
        if cut is not None:
            self._measurement.take(cut)

    def finish(self, time_s: FloatArray, valid: BoolArray) -> LimbusFilm:
        """What was found over all frames observed."""
        return gaze(self._measurement.finish(), time_s, valid)

    def close(self) -> None:
        """Nothing to free."""
