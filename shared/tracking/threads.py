"""Running a generator ahead of its consumer, in a thread, and threads that take turns often."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import cv2

Item = TypeVar("Item")

_POLL_S: Final = 0.05
"""How soon a waiting thread notices that its consumer has gone."""
_TURN_S: Final = 0.0005


class _Meanwhile(Generic[Item]):
    """A setting of the whole process that holds as long as anyone wants it; then the usual one returns."""

    def __init__(
        self, read: Callable[[], Item], write: Callable[[Item], object], wanted: Callable[[Item], Item]
    ) -> None:
        self._read, self._write, self._wanted = read, write, wanted
        self._lock = threading.Lock()
        self._usual: list[Item] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._usual.append(self._usual[0] if self._usual else self._read())
            self._write(self._wanted(self._usual[0]))
        try:
            yield
        finally:
            with self._lock:
                usual = self._usual.pop()
                if not self._usual:
                    self._write(usual)


short_turns: Final = _Meanwhile(sys.getswitchinterval, sys.setswitchinterval, lambda usual_s: min(_TURN_S, usual_s))
"""Threads of this process take turns every half millisecond meanwhile, ten times as often as Python lets them.

A thread that comes back from the face mesh, which works outside of Python, would otherwise wait for most of a
frame's time before it may hand the mesh its next picture.
"""

one_opencv_thread: Final = _Meanwhile(cv2.getNumThreads, cv2.setNumThreads, lambda _: 1)
"""OpenCV works in the calling thread alone meanwhile.

Its pictures are small here, and its further threads wait for work by spinning: that took a millisecond a frame from
those who had some.
"""


@dataclass(frozen=True)
class _Produced(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None = None


def run_ahead(source: Generator[Item, None, None], depth: int) -> Generator[Item, None, None]:
    """The items of ``source``, made in a thread up to ``depth`` ahead.

    Errors of ``source`` are raised here, after the items before them. When the consumer stops early (closes this
    generator), the thread closes ``source`` and has ended by the time that ``close`` returns.

    >>> list(run_ahead((n * n for n in range(4)), depth=2))
    [0, 1, 4, 9]
    """
    waiting: queue.Queue[_Produced[Item] | _Ended] = queue.Queue(maxsize=depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_produce, args=(source, waiting, stopped), daemon=True)
    thread.start()
    try:
        while isinstance(message := waiting.get(), _Produced):
            yield message.item
        if message.error is not None:
            raise message.error
    finally:
        stopped.set()
        thread.join()


def _produce(
    source: Generator[Item, None, None], waiting: queue.Queue[_Produced[Item] | _Ended], stopped: threading.Event
) -> None:
    end = _Ended()
    try:
        for item in source:
            if not _put(waiting, _Produced(item), stopped):
                break
    except BaseException as error:
        end = _Ended(error)
    finally:
        source.close()
    _put(waiting, end, stopped)


def _put(
    waiting: queue.Queue[_Produced[Item] | _Ended], message: _Produced[Item] | _Ended, stopped: threading.Event
) -> bool:
    while not stopped.is_set():
        try:
            waiting.put(message, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False
