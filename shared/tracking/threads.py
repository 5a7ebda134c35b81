"""Running a generator ahead of its consumer, in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_POLL_S: Final = 0.05
"""How soon a waiting thread notices that its consumer has gone."""


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
