"""Masks over all frames."""

import numpy as np

from shared.model import BoolArray


def everything(count: int) -> BoolArray:
    """``(count,)`` of True."""
    return np.ones(count, dtype=np.bool_)


def nothing(count: int) -> BoolArray:
    """``(count,)`` of False."""
    return np.zeros(count, dtype=np.bool_)
