"""Generators run ahead in a thread: order, errors, and an early end."""

import sys
import threading
from collections.abc import Generator

import cv2
import pytest

from shared.tracking.threads import one_opencv_thread, run_ahead, short_turns


def test_items_come_in_order() -> None:
    assert list(run_ahead((n for n in range(100)), depth=3)) == list(range(100))


def test_an_error_comes_after_the_items_before_it() -> None:
    def breaking() -> Generator[int, None, None]:
        yield 1
        raise OSError("disk")

    produced = run_ahead(breaking(), depth=3)
    assert next(produced) == 1
    with pytest.raises(OSError, match="disk"):
        next(produced)


def test_closing_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    threads_before = threading.active_count()
    produced = run_ahead(endless(), depth=2)
    assert [next(produced) for _ in range(5)] == [0, 1, 2, 3, 4]
    produced.close()
    assert closed.is_set()
    assert threading.active_count() == threads_before


def test_chained_threads_end_together() -> None:
    def doubled(source: Generator[int, None, None]) -> Generator[int, None, None]:
        try:
            for number in source:
                yield 2 * number
        finally:
            source.close()

    threads_before = threading.active_count()
    chain = run_ahead(doubled(run_ahead((n for n in range(10_000)), depth=2)), depth=2)
    assert next(chain) == 0
    chain.close()
    assert threading.active_count() == threads_before


def test_short_turns_end_with_the_last_who_asked_for_them() -> None:
    usual_s = sys.getswitchinterval()
    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() < usual_s
        assert sys.getswitchinterval() < usual_s
    assert sys.getswitchinterval() == pytest.approx(usual_s)


def test_short_turns_end_with_an_error_too() -> None:
    usual_s = sys.getswitchinterval()
    with pytest.raises(OSError, match="disk"), short_turns():
        raise OSError("disk")
    assert sys.getswitchinterval() == pytest.approx(usual_s)


def test_opencv_works_in_one_thread_until_the_last_who_asked_for_it() -> None:
    usual = cv2.getNumThreads()
    with one_opencv_thread():
        with one_opencv_thread():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == usual
