"""The limbus instrument with its measuring half in a process of its own, :mod:`shared.tracking.limbus_child`.

Decoding and the face mesh work outside of Python; cutting out and measuring are many short calls from Python, which
threads of one process can only make in turn. In two processes they run side by side, with the same numbers to the
bit, as only the place of the work differs.

The patches of each frame go to the child through its standard input, pickled; it answers once, at the end. Pipes
alone are used, because AWS Lambda has no shared memory, and a fresh interpreter, because a fork would copy threads
that hold locks and ``multiprocessing`` would import the caller's main program again. A full pipe makes the sender wait,
so memory does not grow. The child ends when its input does: whatever becomes of the parent, nothing is left running.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from shared.errors import MeasuringStoppedError
from shared.kernels.build import build
from shared.model import BoolArray, FloatArray
from shared.planar_picture import Picture
from shared.processors import usable_processors
from shared.tracebacks import DescribedError
from shared.tracking.instrument import LimbusFilm, LimbusInstrument
from shared.tracking.limbus import LIMBUS_NAME, LidAwareLimbus
from shared.tracking.limbus_child import send
from shared.tracking.limbus_cut import LimbusCut, LimbusCutter
from shared.tracking.limbus_gaze import gaze
from shared.tracking.limbus_measurement import MeasuredFrames

_PIPE_BYTES: Final = 1024 * 1024
"""Room for a few frames, so that neither side waits for the other at every one of them."""
_FEWEST_FRAMES: Final = 150
"""A child needs 0.3 s to start; shorter films are done as soon without one."""
_ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""The matrices are tiny: further threads would only take turns with the parent's."""
_KEPT_MEMORY: Final = {"MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_TRIM_THRESHOLD_": "268435456"}
"""The C library keeps memory for the next block of frames rather than give it back after each."""


class LimbusInOwnProcess:
    """The instrument that measures elsewhere; see :class:`shared.tracking.instrument.LimbusInstrument`.

    Raises:
        OSError: the child could not be started.
    """

    name = LIMBUS_NAME

    def __init__(self) -> None:
        self._cutter = LimbusCutter()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "shared.tracking.limbus_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD, **_KEPT_MEMORY, "PYTHONPATH": os.pathsep.join(_module_folders())},
            pipesize=_PIPE_BYTES,
        )

    @property
    def process_id(self) -> int:
        """Of the child."""
        return self._process.pid

    def observe(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> None:
        """Take in one frame.

        Raises:
            MeasuringStoppedError: the child is gone.
            DescribedError: what the child raised.
        """
        cut = self._cutter.cut(image_bgr, landmarks, index)
        if cut is not None:
            self._send(cut)

    def finish(self, time_s: FloatArray, valid: BoolArray) -> LimbusFilm:
        """What was found over all frames observed. Raises as :meth:`observe` does."""
        self._send(None)
        return gaze(self._answer(), time_s, valid)

    def close(self) -> None:
        """End the child, whatever it is doing, and wait until it is gone."""
        self._process.kill()
        self._process.communicate()

    def _send(self, cut: LimbusCut | None) -> None:
        try:
            send(_pipe(self._process.stdin), cut)
        except BrokenPipeError:
            self._answer()

    def _answer(self) -> MeasuredFrames:
        try:
            answer = pickle.load(_pipe(self._process.stdout))  # noqa: S301 - from a process of ours
        except (EOFError, pickle.UnpicklingError):
            raise MeasuringStoppedError from None
        if isinstance(answer, str):
            raise DescribedError(answer)
        measured: MeasuredFrames = answer
        return measured


def quickest_limbus(frame_count: int) -> LimbusInstrument:
    """The instrument in a process of its own where that saves time, else in this one.

    Args:
        frame_count: frames to be measured; 0 where nobody knows.

    Raises:
        KernelsMissingError: see :func:`shared.kernels.build.build`.
    """
    build()
    if usable_processors() >= 2 and not 0 < frame_count < _FEWEST_FRAMES and sys.executable:
        try:
            return LimbusInOwnProcess()
        except OSError:  # no more processes allowed here: slower, and the same numbers
            pass
    return LidAwareLimbus()


def _module_folders() -> list[str]:
    """Where the child looks for modules: wherever this process does, which may have been told so while it ran."""
    return [str(Path(__file__).parents[2]), *(folder for folder in sys.path if folder)]


def _pipe(pipe: Any) -> BinaryIO:
    """A pipe of a process that was started with it."""
    found: BinaryIO = pipe
    return found
