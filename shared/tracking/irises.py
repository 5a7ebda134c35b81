"""What is known of a person's irises once they have been learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import CANTHUS_MIDPOINT_PX, PATCH_IRIS_PX
from shared.tracking.eye_tones import EyeColours
from shared.tracking.limbus_edges import DARK_IRIS_SCLERA_LEVEL


@dataclass(frozen=True, eq=False)
class LimbusCalibration:
    """What the recording has taught about a person's irises, per eye.

    Attributes:
        radius_px: ``(2,)`` radius of the circle to fit in patches: that of the edges as they are searched.
        true_radius_px: ``(2,)`` radius of the limbus itself, which blur leaves where it is.
        rest_px: ``(2, 2)`` usual limbus centre in patches: where the circle is seen face-on.
        sclera_level: relative brightness half-way between iris and sclera.
        pupil_contrast: how much darker than its iris the pupil is (log scale of the eye); small in dark irises.
        colours: of irises and sclera if the irises are less red, else None.
    """

    radius_px: FloatArray
    true_radius_px: FloatArray
    rest_px: FloatArray
    sclera_level: float = DARK_IRIS_SCLERA_LEVEL
    pupil_contrast: float = 0.0
    colours: EyeColours | None = None

    @classmethod
    def nominal(cls) -> LimbusCalibration:
        """Before anything is known: the landmark diameter, looking straight out of the lids' middle."""
        radius = np.full(2, PATCH_IRIS_PX / 2)
        return cls(radius, radius, np.tile(CANTHUS_MIDPOINT_PX - [0.0, 2.0], (2, 1)))
