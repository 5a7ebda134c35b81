"""Which eye cannot be seen, though the mesh draws it.

The mesh invents a plausible eye behind a hand, hair or an eye patch. The limbus instrument looks for the rim in the
picture: where it finds none in one eye for a second while the other is seen well, the first is taken as covered.
Covering an eye of the portrait with skin or white brought its confidence to 0.04 and less; in 12 films of people
the two eyes' one-second medians were never that far apart. **Limit**: a disc of even black, which has a rim of its
own, is taken for an iris (confidence 0.5).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import median_filter

from shared.model import BoolArray, FloatArray

_WINDOW_S: Final = 1.0
"""Longer than blinks and winks."""
_NOT_SEEN: Final = 0.3
_SEEN_WELL: Final = 0.7


def covered_frames(confidence: FloatArray, other_confidence: FloatArray, time_s: FloatArray) -> BoolArray:
    """Frames in which one eye is covered while the other is seen.

    >>> time_s = np.arange(90) / 30
    >>> covered = covered_frames(np.where(time_s < 1.5, 0.0, 0.9), np.full(90, 1.0), time_s)
    >>> int(covered.sum())
    45

    Args:
        confidence: ``(N,)`` limbus confidence of the eye asked about; nan counts as 0.
        other_confidence: ``(N,)`` of the other eye.
        time_s: ``(N,)``.
    """
    if len(time_s) < 2:
        return np.zeros(len(time_s), dtype=np.bool_)
    window = max(round(_WINDOW_S * (len(time_s) - 1) / (time_s[-1] - time_s[0])), 1)
    usual = median_filter(np.nan_to_num(confidence), window, mode="nearest")
    other = median_filter(np.nan_to_num(other_confidence), window, mode="nearest")
    return np.asarray((usual < _NOT_SEEN) & (other > _SEEN_WELL), dtype=np.bool_)
