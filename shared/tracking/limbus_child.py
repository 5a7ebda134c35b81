"""The other end of :mod:`shared.tracking.limbus_process`: ``python -m shared.tracking.limbus_child``.

Reads what was cut out of each frame from its standard input, pickled, and None after the last one; then writes what
it measured, or in words what went wrong. A module of its own, because it must load little: the face mesh, the decoder
and scipy would take a second to start.
"""

from __future__ import annotations

import pickle
import signal
import sys
from collections.abc import Generator
from contextlib import closing
from typing import BinaryIO, Final

from shared.tracebacks import describe
from shared.tracking.limbus_cut import LimbusCut
from shared.tracking.limbus_measurement import LimbusMeasurement, MeasuredFrames
from shared.tracking.threads import one_opencv_thread, run_ahead, short_turns

PICKLE_PROTOCOL: Final = 5
_AHEAD: Final = 64
"""Frames read ahead, some 10 MB: the sender need not wait while irises are learnt, which takes as long as they come."""


def serve(frames: BinaryIO, answers: BinaryIO) -> None:
    """Measure what comes, answer once; end without a word where the input breaks off, for then nobody listens."""
    answer: MeasuredFrames | str
    try:
        answer = _measured(frames)
    except (EOFError, pickle.UnpicklingError):
        return
    except Exception as error:
        answer = describe(error)
    pickle.dump(answer, answers, PICKLE_PROTOCOL)
    answers.flush()


def _measured(frames: BinaryIO) -> MeasuredFrames:
    measurement = LimbusMeasurement()
    with short_turns(), one_opencv_thread(), closing(run_ahead(_cuts(frames), _AHEAD)) as cuts:
        for cut in cuts:
            measurement.take(cut)
    return measurement.finish()


def _cuts(frames: BinaryIO) -> Generator[LimbusCut, None, None]:
    while isinstance(cut := pickle.load(frames), LimbusCut):  # noqa: S301 - written by the process that started this
        yield cut


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt from the terminal is the parent's to handle
    serve(sys.stdin.buffer, sys.stdout.buffer)
