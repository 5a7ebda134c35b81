"""The process that analyses one film: ``python -m dashboard.jobs.job_process``.

One process a film, because a decoder or tracker that crashes, hangs or eats memory takes only its own process with
it, and because killing a process is the one way to stop a computation that always works. It tells its worker how
far it is in lines of JSON on a pipe of its own, where no library prints, and ends when its worker does.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dashboard.jobs.priority import give_way
from shared.adapters.local import LocalStore, open_local_store
from shared.errors import EyeReviewError, StorageError
from shared.model import VideoMeta
from shared.parameters import Parameters
from shared.ports import Job, Progress
from shared.tracebacks import describe

_DAMAGED_VIDEO: Final = "The stored video is damaged: it is not what was uploaded. Upload it again."


class Reporter:
    """Writes lines of JSON for the worker: ``progress``, ``done``, ``error`` or ``log``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def progress(self, progress: Progress) -> None:
        """How far the analysis is."""
        self._send(progress=[progress.stage, progress.frames_done, progress.frames_total])

    def done(self) -> None:
        """The result is stored whole."""
        self._send(done=True)

    def error(self, error: EyeReviewError) -> None:
        """Why there is no result, fit to show."""
        self._send(error=[error.code, error.user_message, error.retryable])

    def log(self, text: str) -> None:
        """For the log: never a file name or a patient code."""
        self._send(log=text)

    def _send(self, **message: Any) -> None:
        line = json.dumps(message).encode() + b"\n"
        while line:
            line = line[os.write(self._descriptor, line) :]


def analyse_stored_video(store: LocalStore, job: Job, reporter: Reporter) -> None:
    """Analyse a job's film, make it playable and store the result, the manifest last.

    The playable copy comes before the result, so that a completed analysis can always be watched.

    Raises:
        EyeReviewError: any of :mod:`shared.errors`.
    """
    # Imported here and not above: where a library of the tracker is missing, the job must say so, not die mutely.
    from shared.documents import document  # noqa: PLC0415
    from shared.pipeline import analyze_video  # noqa: PLC0415
    from shared.tables import trace_csv  # noqa: PLC0415

    path = store.videos.local_path(job.video)
    analysis = analyze_video(path, Parameters.from_mapping(job.parameters), progress=reporter.progress)
    if analysis.sha256 != job.video.sha256:
        raise StorageError(_DAMAGED_VIDEO)
    _make_playable(store, job, analysis.trace.meta, reporter)
    reporter.progress(Progress("saving"))
    store.results.save(
        job.user_id,
        job.analysis_id,
        trace_csv=trace_csv(analysis.trace, analysis.result),
        document=document(analysis.result, file_name=job.video.file_name, sha256=analysis.sha256),
    )


def _make_playable(store: LocalStore, job: Job, meta: VideoMeta | None, reporter: Reporter) -> None:
    from shared.playback import needs_proxy, write_proxy  # noqa: PLC0415 - as above

    if meta is None or not needs_proxy(meta):
        return
    frame_count = meta.frame_count

    def progress(frames_done: int) -> None:
        reporter.progress(Progress("saving", frames_done, max(frame_count, frames_done)))

    try:
        with store.videos.proxy_being_written(job.video) as target:
            write_proxy(store.videos.local_path(job.video), target, progress=progress)
    except Exception as error:
        reporter.log(f"no playable copy: {describe(error)}")


def _end_with_worker() -> None:
    """End this process when the pipe from the worker closes: the worker is gone, and with it the right to go on."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="end-with-worker").start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Analyse one job of a data folder; 0 when its outcome was reported, good or bad."""
    parser = argparse.ArgumentParser(prog="dashboard.jobs.job_process")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--analysis", required=True)
    parser.add_argument("--report-to", type=int, required=True, help="file descriptor for the lines of JSON")
    options = parser.parse_args(arguments)
    faulthandler.enable(options.report_to)
    _end_with_worker()
    give_way()  # so that pages and films stay quick while another film is analysed
    reporter = Reporter(options.report_to)
    try:
        store = open_local_store(options.data)
        analyse_stored_video(store, store.jobs.get(options.analysis), reporter)
        reporter.done()
    except EyeReviewError as error:
        reporter.error(error)
    except Exception as error:
        reporter.log(describe(error))
        reporter.error(EyeReviewError())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
