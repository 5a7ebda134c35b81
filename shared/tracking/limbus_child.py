"""The other end of :mod:`shared.tracking.limbus_process`: ``python -m shared.tracking.limbus_child``.

Reads what was cut out of each frame from its standard input (:func:`send`); then writes what it measured, pickled, or
in words what went wrong. A module of its own, because it must load little: the face mesh, the decoder and scipy would
take a second to start.
"""

from __future__ import annotations

import pickle
import signal
import struct
import sys
from collections.abc import Generator
from contextlib import closing
from typing import BinaryIO, Final

from shared.tracebacks import describe
from shared.tracking.limbus_cut import LimbusCut
from shared.tracking.limbus_measurement import LimbusMeasurement, MeasuredFrames
from shared.tracking.threads import one_opencv_thread, run_ahead, short_turns

PICKLE_PROTOCOL: Final = 5
_LENGTH: Final = struct.Struct("<Q")
"""Goes before each frame: read as a whole, it takes no turns with the measuring thread meanwhile. 0 after the last."""
_AHEAD: Final = 64
"""Frames read ahead, some 10 MB: the sender need not wait while irises are learnt, which takes as long as they come."""


def send(frames: BinaryIO, cut: LimbusCut | None) -> None:
    """What the parent writes: a frame, or that there are no more."""
    content = b"" if cut is None else pickle.dumps(cut, PICKLE_PROTOCOL)
    frames.write(_LENGTH.pack(len(content)))
    frames.write(content)
    frames.flush()


def serve(frames: BinaryIO, answers: BinaryIO) -> None:
    """Measure what comes, answer once; end without a word where the input breaks off, for then nobody listens."""
    answer: MeasuredFrames | str
    try:
        answer = _measured(frames)
    except EOFError:
        return
    except Exception as error:
        answer = describe(error)
    pickle.dump(answer, answers, PICKLE_PROTOCOL)
    answers.flush()


def _measured(frames: BinaryIO) -> MeasuredFrames:
    measurement = LimbusMeasurement()
    with short_turns(), one_opencv_thread(), closing(run_ahead(_contents(frames), _AHEAD)) as contents:
        for content in contents:
            measurement.take(pickle.loads(content))  # noqa: S301 - written by the process that started this
    return measurement.finish()


def _contents(frames: BinaryIO) -> Generator[bytes, None, None]:
    while length := _LENGTH.unpack(_exactly(frames, _LENGTH.size))[0]:
        yield _exactly(frames, length)


def _exactly(frames: BinaryIO, length: int) -> bytes:
    content = frames.read(length)
    if len(content) < length:
        raise EOFError
    return content


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt from the terminal is the parent's to handle
    serve(sys.stdin.buffer, sys.stdout.buffer)
