"""The process beside one person's visit to the screening station: ``python -m dashboard.station.process FOLDER``.

It judges pictures of the preview, measures the film while it is still being recorded, and leaves film, trace and
result in ``FOLDER``. In a process of its own for the reasons given in :mod:`dashboard.jobs.job_process`. It is
spoken to in lines of JSON on its standard input and answers likewise; it ends when its input closes.

    {"check": "<base64 JPEG>", "number": 3, "time_s": 1.2, "scale": 2.0, "frame_rate_hz": 30}
                                   what :mod:`dashboard.station.camera_check` says: {"check": {...}, "number": 3}
    {"film": "name in FOLDER"}     the recording begins
    {"size_bytes": 123456}         so much of it is there
    {"finish": {...}}              it is whole (:mod:`.recording_log`): {"done": true} or {"error": [...]}
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.jobs.job_process import Reporter
from dashboard.jobs.priority import give_way
from dashboard.station.camera_check import CameraCheck, decode
from dashboard.station.film_clock import film_clock
from dashboard.station.recording_log import RecordingLog, checked_log
from dashboard.station.visit_files import DOCUMENT_NAME, FILM_STEM, TRACE_NAME
from shared.documents import document, dumps
from shared.errors import EyeReviewError
from shared.live_video import GrowingFile, read_live_frames, unknown_meta
from shared.model import Task, Trace
from shared.parameters import Parameters
from shared.pipeline import sha256_of
from shared.ports import Progress
from shared.remux import with_index
from shared.tables import rounded, trace_csv
from shared.tracebacks import describe
from shared.tracking.face import MediaPipeFaceMesh
from shared.tracking.tracker import track_frames
from shared.video import measured_meta, probe


class StationReporter(Reporter):
    """Also says what the camera check found."""

    def check(self, judged: dict[str, Any] | None, number: int) -> None:
        """The answer to check ``number``; None where the picture could not be read."""
        self._send(check=judged, number=number)


class FilmInProgress:
    """Measures a growing film in a thread; :meth:`trace` waits for the end."""

    def __init__(self, path: Path, reporter: Reporter) -> None:
        self.path = path
        self.file = GrowingFile(path)
        self._reporter = reporter
        self._trace: Trace | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._measure, daemon=True, name="film")
        self._thread.start()

    def trace(self) -> Trace:
        """The measured film. Raises what stopped the measurement."""
        self.file.end()
        self._thread.join()
        if self._trace is None:
            raise self._error or EyeReviewError()
        return self._trace

    def _measure(self) -> None:
        try:
            frames = read_live_frames(self.file)
            self._trace = track_frames(frames, unknown_meta(), Parameters(), progress=self._reporter.progress)
        except Exception as error:
            self._error = error


def finish(folder: Path, film: FilmInProgress, log: RecordingLog, reporter: Reporter) -> None:
    """Wait for the measurement, judge it, and write film, trace and result.

    Raises:
        EyeReviewError: any of :mod:`shared.errors`.
    """
    # Imported late: it brings all of the analysis, which is not needed while the camera is being checked.
    from shared.analysis import analyse  # noqa: PLC0415

    trace = film.trace()
    reporter.progress(Progress("analysing", len(trace), len(trace)))
    whole = with_index(film.path, folder, FILM_STEM)
    meta = measured_meta(probe(whole), trace.time_s, int(trace.frame_idx[-1]) + 1)
    trace = rounded(replace(trace, meta=meta))
    clock = film_clock(log.captured_s, trace.time_s, log.ordered_s)
    wanted = {"task": Task.VERTICAL_HORIZONTAL.value, "target_log": log.target_log(clock)}
    result = analyse(trace, Parameters.from_mapping(wanted))
    (folder / TRACE_NAME).write_bytes(trace_csv(trace, result))
    content = document(result, file_name=whole.name, sha256=sha256_of(whole))
    (folder / DOCUMENT_NAME).write_text(dumps(content), encoding="utf-8")
    film.path.unlink(missing_ok=True)
    reporter.done()


class StationProcess:
    """Does what it is told, line by line."""

    def __init__(self, folder: Path, reporter: StationReporter) -> None:
        self._folder = folder
        self._reporter = reporter
        self._check: CameraCheck | None = None
        self._film: FilmInProgress | None = None

    def obey(self, command: dict[str, Any]) -> None:
        """Carry out one command."""
        if "check" in command:
            self._judge(command)
        elif "film" in command:
            self._film = FilmInProgress(self._folder / Path(command["film"]).name, self._reporter)
        elif "size_bytes" in command and self._film is not None:
            self._film.file.grow(command["size_bytes"])
        elif "finish" in command and self._film is not None:
            self._finish(self._film, command["finish"])

    def _judge(self, command: dict[str, Any]) -> None:
        if self._check is None:
            self._check = CameraCheck(MediaPipeFaceMesh())
        image = decode(base64.b64decode(command["check"]))
        judged = None
        if image is not None:
            values = {name: float(command[name]) for name in ("time_s", "scale", "frame_rate_hz")}
            judged = self._check.judge(image, **values)
        self._reporter.check(judged, command["number"])

    def _finish(self, film: FilmInProgress, log: Any) -> None:
        try:
            finish(self._folder, film, checked_log(log), self._reporter)
        except EyeReviewError as error:
            self._reporter.error(error)
        except Exception as error:
            self._reporter.log(describe(error))
            self._reporter.error(EyeReviewError())


def _commands() -> Iterator[dict[str, Any]]:
    for line in sys.stdin.buffer:
        yield json.loads(line)


def main() -> int:
    """Serve one visit."""
    give_way()  # or the browser would lose frames of the film
    # Libraries print to standard output; what is ours goes through a copy of it.
    ours = os.dup(1)
    os.dup2(2, 1)
    station = StationProcess(Path(sys.argv[1]), StationReporter(ours))
    for command in _commands():
        station.obey(command)
    os._exit(0)  # a film that nobody waits for any more may still be measured in its thread


if __name__ == "__main__":
    raise SystemExit(main())
