"""Takes out what a limbus fit got wrong and shows.

Rims hardly seen, heights that the lids hide, and eyes that point to different heights.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray
from shared.tracking.instrument import LimbusArrays

LEAST_CONFIDENCE: Final = 0.2
"""Below this a fit is missing rather than measured: closing lids, an iris all but covered."""
LARGEST_HEIGHT_DIFFERENCE_DEG: Final = 7.0
"""Eyes that differ by more in height than they usually do have not both been seen right. A skew deviation is a
constant difference of a few degrees and stays below. Proposal, from rendered narrow lids."""


def without_untrusted(right: LimbusArrays, left: LimbusArrays) -> tuple[LimbusArrays, LimbusArrays]:
    """The same two eyes with untrusted samples missing.

    Where a rim was hardly seen nothing is left and the confidence becomes 0. Where the lids hide how high the eye
    stands only the height is taken out. Where it was seen and the height is doubted because the other eye's differs,
    the confidence stays: that eye is not covered.
    """
    difference = right.v_deg - left.v_deg
    both = _height_seen(right) & _height_seen(left)
    usual = float(np.median(difference[both])) if both.any() else 0.0
    apart = both & (np.abs(difference - usual) > LARGEST_HEIGHT_DIFFERENCE_DEG)
    right_is_worse = right.confidence < left.confidence
    return _without(right, apart & right_is_worse), _without(left, apart & ~right_is_worse)


def _height_seen(eye: LimbusArrays) -> BoolArray:
    return np.asarray((eye.confidence >= LEAST_CONFIDENCE) & (eye.occluded == 0))


def _without(eye: LimbusArrays, doubted: BoolArray) -> LimbusArrays:
    seen = eye.confidence >= LEAST_CONFIDENCE
    kept = seen & ~doubted
    height_kept = kept & (eye.occluded == 0)
    return LimbusArrays(
        h_iris=np.where(kept, eye.h_iris, np.nan),
        v_iris=np.where(height_kept, eye.v_iris, np.nan),
        h_deg=np.where(kept, eye.h_deg, np.nan),
        v_deg=np.where(height_kept, eye.v_deg, np.nan),
        confidence=np.where(seen, eye.confidence, 0.0),
        occluded=np.where(seen, eye.occluded, np.where(np.isnan(eye.occluded), np.nan, 1.0)),
    )
