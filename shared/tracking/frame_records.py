"""A few numbers of every frame, packed: what is kept of a film while it is measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_BLOCK_FRAMES: Final = 1024
"""Frames for which room is made at once."""


class FrameRecords:
    """Grows by one fixed-size record a frame and by nothing else.

    Objects of Python would take a kilobyte for what is 200 bytes of numbers, and never give it back.

    >>> records = FrameRecords([("index", np.int64), ("place", np.float64, (2,))])
    >>> records.append((7, [1.5, 2.5]))
    >>> len(records), records.bytes_per_frame, records.hand_over()["place"].tolist()
    (1, 24, [[1.5, 2.5]])
    """

    def __init__(self, fields: Iterable[tuple[Any, ...]]) -> None:
        self._dtype = np.dtype(list(fields))
        self._blocks: list[NDArray[np.void]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def bytes_per_frame(self) -> int:
        """Size of a record."""
        return self._dtype.itemsize

    def append(self, record: tuple[Any, ...]) -> None:
        """Add one frame's values, in the order of the fields."""
        place = self._count % _BLOCK_FRAMES
        if place == 0:
            self._blocks.append(np.empty(_BLOCK_FRAMES, dtype=self._dtype))
        block = self._blocks[-1]
        for name, value in zip(block.dtype.names or (), record, strict=True):
            block[name][place] = value
        self._count += 1

    def hand_over(self) -> NDArray[np.void]:
        """All records, ``(n,)``; a field of it is an ``(n, ...)`` array. None are left here.

        Each block is freed once it is copied, so that a long film is not in memory twice.
        """
        records = np.empty(self._count, dtype=self._dtype)
        for start in range(0, self._count, _BLOCK_FRAMES):
            block = self._blocks.pop(0)
            records[start : start + _BLOCK_FRAMES] = block[: self._count - start]
        self._count = 0
        return records
