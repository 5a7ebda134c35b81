"""Whether enough of the rim shows between the lids to say how high the eye stands.

Between narrow lids, most of all in down-gaze, the rim shows as two short upright arcs. They say where the eye stands
from side to side, but hardly how high: circles at quite different heights fit them equally well. Such a frame must
not pass for a measurement, least of all as a large movement.

The limits were set on rendered faces with known gaze (a wide-lidded and a narrow-lidded portrait, three more with
other lids, dark to pale irises): beyond them the height was wrong by more than 5 degrees in one of four eyes,
within them in none of 8400.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray
from shared.tracking.limbus_fit import LimbusFit

_CONTRAST: Final = (0.6, 1.0)
"""Log ratio of sclera and iris: of pale and hazel irises below the first, of dark ones above the second."""
_LEAST_FLANK_RAYS: Final = (3.5, 3.0)
"""Well-seen rays (6 degrees of rim each) on the better side of the iris, at those contrasts: an arc of about 20
degrees. Beside a pale iris the edges of pupil and lids are as strong as the rim's, so it takes more of it."""
_LEAST_RAYS: Final = (5.5, 4.8)
"""The same on both sides together."""
_STRONGEST_RIVAL: Final = 0.75
"""Share of the rim's support with which another rim, 8 degrees or more higher or lower, leaves the height open."""


def height_carried(fit: LimbusFit) -> BoolArray:
    """``(2,)`` per eye, whether the fit's height is a measurement; its horizontal place may be one without."""
    flank, both = (np.interp(fit.contrast, _CONTRAST, least) for least in (_LEAST_FLANK_RAYS, _LEAST_RAYS))
    enough = (fit.sides.max(axis=1) >= flank) & (fit.sides.sum(axis=1) >= both)
    return np.asarray(enough & (fit.rival < _STRONGEST_RIVAL))
