"""A film in, trace and result out: what every door of the program (dashboard, Lambda, command line) calls."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from shared.analysis import analyse
from shared.model import Result, Trace
from shared.parameters import Parameters
from shared.ports import Progress
from shared.tables import rounded
from shared.tracking.limbus import LidAwareLimbus
from shared.tracking.limbus_process import quickest_limbus
from shared.tracking.tracker import expected_frames, track_frames
from shared.video import Frame, probe, read_frames

_HASH_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, eq=False)
class VideoAnalysis:
    """What was made of one film.

    Attributes:
        trace: as its CSV will be read back, so that re-analysing the CSV gives ``result`` again.
        result: of analysing ``trace``.
        file_name: of the film, without its folder.
        sha256: of the film's bytes, hexadecimal.
    """

    trace: Trace
    result: Result
    file_name: str
    sha256: str


def analyze_video(
    path: Path,
    parameters: Parameters | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    enough: Callable[[], bool] | None = None,
    second_process: bool = True,
) -> VideoAnalysis:
    """Measure a film and judge what was measured.

    A film without a face, or one that cannot be judged, is no error: its result is inconclusive, with reasons.

    Args:
        path: the film.
        parameters: defaults where None.
        progress: told the stage (reading, tracking, analysing) and how many frames are done.
        cancelled: asked at every frame whether to stop.
        enough: asked at every frame whether to end the film there and judge what there is.
        second_process: measure in two processes where that is quicker; the numbers are the same. For a caller that
            fills the processors with several films at a time it is not.

    Raises:
        UnreadableVideoError: or one of its kinds: the file cannot be measured at all.
        InvalidParameterError: a duration was set that is shorter than this film's frame interval.
        CancelledError: ``cancelled`` said so.
    """
    path = Path(path)
    chosen = parameters or Parameters()
    report = progress or _ignore
    report(Progress("reading"))
    probed = probe(path)
    frames = read_frames(path, step=chosen.step, max_frames=chosen.max_frames, probed=probed)
    if enough is not None:
        frames = _until(frames, enough)
    limbus = partial(quickest_limbus, expected_frames(probed, chosen)) if second_process else LidAwareLimbus
    trace = rounded(
        track_frames(frames, probed, chosen, progress=progress, cancelled=cancelled, limbus=limbus, live=False)
    )
    report(Progress("analysing", len(trace), len(trace)))
    result = analyse(trace, chosen)
    return VideoAnalysis(trace, result, path.name, sha256_of(path))


def _until(frames: Generator[Frame, None, None], enough: Callable[[], bool]) -> Generator[Frame, None, None]:
    with closing(frames):
        for frame in frames:
            if enough():
                return
            yield frame


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal; read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _ignore(_: Progress) -> None:
    """Nobody asked for progress."""
