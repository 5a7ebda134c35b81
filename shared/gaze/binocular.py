"""One gaze signal out of two eyes."""

from __future__ import annotations

import numpy as np

from shared.model import BoolArray, FloatArray, Trace


def binocular(trace: Trace, name: str, usable: BoolArray) -> tuple[FloatArray, BoolArray]:
    """One gaze signal out of two eyes, and the frames of it that may be used.

    The eyes rest at different offsets, so a frame in which one eye is missing would look like a gaze shift.
    Frames with both eyes are used where they are the majority, otherwise the eye that is measured more often.

    Args:
        trace: N frames.
        name: array of :class:`~shared.model.EyeTrace`.
        usable: ``(N,)`` frames to choose from.

    Returns:
        ``(N,)`` signal and ``(N,)`` usable frames in which it is finite.
    """
    left, right = getattr(trace.left, name), getattr(trace.right, name)
    left_ok, right_ok = usable & np.isfinite(left), usable & np.isfinite(right)
    both = left_ok & right_ok
    if 2 * both.sum() >= (left_ok | right_ok).sum():
        signal, entered = trace.mean_of_eyes(name), both
    elif left_ok.sum() >= right_ok.sum():
        signal, entered = left, left_ok
    else:
        signal, entered = right, right_ok
    return signal, entered & np.isfinite(signal)
