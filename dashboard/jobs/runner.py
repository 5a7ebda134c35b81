"""The worker of local mode: takes jobs from the data folder and has them analysed, one at a time.

Three processes, each of which may die without harm to the others::

    server   ensure_runner(): starts the worker, starts it again if it dies
      └─ worker   claims a job, passes its progress on to the store, honours cancel, settles the outcome
           └─ job process   analyses one film (dashboard/jobs/job_process.py)

Each holds the reading end of a pipe from its parent and ends when that pipe closes, so nothing is left running
after a server that was killed, however it was killed. The dashboard and the worker speak through the store alone.

What happens to a job when ...

* its process crashes: back into the queue; the third time it fails with ``WORKER_LOST`` (``job_rules``);
* its process gives no sign of life for ``STALL_S``: killed, fails with ``STALLED``;
* the worker is killed: its lease runs out and the next claim takes it;
* the server shuts down: back into the queue at once, the attempt not counted;
* a person cancels: the process is killed, the job fails with ``CANCELLED``;
* a person deletes it: the process is killed, and what it had written meanwhile is removed.

No Streamlit here: ``python -m dashboard.jobs.runner --data DIR`` runs alone too.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import fcntl
import json
import logging
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.adapters.job_rules import CANCELLED
from shared.adapters.local import LocalStore, open_local_store
from shared.errors import ConflictError, EyeReviewError, NotFoundError, StorageError
from shared.ports import Job, JobError, JobStatus, Progress

LEASE_S: Final = 30.0
STALL_S: Final = 300.0
_IDLE_POLL_S: Final = 0.25
_REPORT_INTERVAL_S: Final = 0.25
_HEARTBEAT_S: Final = 0.5
_TROUBLE_PAUSE_S: Final = 2.0
_LONGEST_RESTART_PAUSE_S: Final = 30.0
_STEADY_S: Final = 60.0
_SHUTDOWN_S: Final = 5.0
_LOCK_NAME: Final = "worker.lock"
_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_STALLED: Final = JobError(
    "STALLED",
    "The analysis stood still for several minutes and was stopped. The video is kept; start it again, "
    "and if it stands still once more, export the video anew and upload that.",
    retryable=True,
)
_INTERNAL: Final = JobError(EyeReviewError.code, EyeReviewError.default_message)
_log = logging.getLogger("dashboard.jobs.runner")

JobCommand = Callable[[Path, str, int], Sequence[str]]
"""Data folder, analysis id and file descriptor to report to -> command line of the job process."""


def job_command(folder: Path, analysis_id: str, report_to: int) -> Sequence[str]:
    """Command line that analyses one job."""
    return [
        *(sys.executable, "-m", "dashboard.jobs.job_process"),
        *("--data", str(folder), "--analysis", analysis_id, "--report-to", str(report_to)),
    ]


@dataclass
class _News:
    """What a job process has told so far."""

    progress: Progress = field(default_factory=lambda: Progress("reading"))
    done: bool = False
    error: JobError | None = None

    def take(self, line: bytes) -> None:
        """Take in one line; what is no message of ours (a crash report) goes to the log."""
        try:
            message = json.loads(line)
        except ValueError:
            message = {"log": line.decode(errors="replace")}
        if "progress" in message:
            self.progress = Progress(*message["progress"])
        elif "done" in message:
            self.done = True
        elif "error" in message:
            self.error = JobError(*message["error"])
        else:
            _log.error("job process: %s", message.get("log"))


class Worker:
    """Claims jobs of one data folder and sees each through to its end."""

    def __init__(
        self,
        folder: Path,
        *,
        stop: threading.Event,
        command: JobCommand = job_command,
        lease_s: float = LEASE_S,
        stall_s: float = STALL_S,
    ) -> None:
        """Open the data folder.

        Args:
            folder: the data folder.
            stop: set it to make the worker give its job back and return.
            command: how a job process is started.
            lease_s: how long a job stays this worker's without a sign of life, s.
            stall_s: how long a job process may be silent, s.
        """
        self._folder = folder.absolute()
        self._store: LocalStore = open_local_store(self._folder)
        self._owner = f"worker-{os.getpid()}-{secrets.token_hex(4)}"
        self._stop = stop
        self._command = command
        self._lease_s = lease_s
        self._stall_s = stall_s

    def run(self) -> None:
        """Work until told to stop, as the only worker of the folder; waits while there is another."""
        with _only_worker(self._folder / _LOCK_NAME, self._stop) as alone:
            while alone and not self._stop.is_set():
                try:
                    worked = self.run_next()
                except StorageError as error:
                    _log.error("%s", error.user_message)
                    self._stop.wait(_TROUBLE_PAUSE_S)
                    continue
                if not worked:
                    self._stop.wait(_IDLE_POLL_S)

    def run_next(self) -> bool:
        """Finish what lost workers left, then take the next job and see it to its end; False if there is none."""
        self._store.reconcile(now=time.time())
        job = self._store.jobs.claim(self._owner, now=time.time(), lease_s=self._lease_s)
        if job is None:
            return False
        _log.info("analysis %s: attempt %d", job.analysis_id, job.attempt)
        try:
            self._see_through(job)
        except ConflictError:
            self._leave(job)
        return True

    def _see_through(self, job: Job) -> None:
        """Run the job's process and settle the job. Raises ConflictError where the job is no longer ours."""
        news = _News()
        with _job_process(self._command, self._folder, job.analysis_id) as reader:
            error = self._watch(job, reader, news)
        if error is None and self._stop.is_set() and not news.done:
            self._store.jobs.release(job.analysis_id, self._owner, now=time.time(), attempt_counts=False)
            return
        self._settle(job, news, error or news.error)

    def _watch(self, job: Job, reader: int, news: _News) -> JobError | None:
        """Pass progress on until the process ends or must be ended; the error to end the job with, if any."""
        buffer = b""
        last_news_s = last_report_s = time.monotonic()
        reported = news.progress
        while not self._stop.is_set():
            if select.select([reader], [], [], _REPORT_INTERVAL_S)[0]:
                data = os.read(reader, 65536)
                if not data:
                    return None
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    news.take(line)
                if news.done or news.error:
                    return None  # not waiting for its exit: native libraries have been seen to hang there
                last_news_s = time.monotonic()
            now_s = time.monotonic()
            if now_s - last_news_s > self._stall_s:
                return _STALLED
            is_due = now_s - last_report_s >= (_REPORT_INTERVAL_S if news.progress != reported else _HEARTBEAT_S)
            if is_due:
                last_report_s, reported = now_s, news.progress
                if self._report(job, news.progress):
                    return CANCELLED
        return None

    def _report(self, job: Job, progress: Progress) -> bool:
        """Store progress; True when a person asked to cancel. A store that is busy is tried again next time."""
        try:
            return self._store.jobs.report(
                job.analysis_id, self._owner, progress, now=time.time(), lease_s=self._lease_s
            )
        except StorageError as error:
            _log.warning("%s", error.user_message)
            return False

    def _settle(self, job: Job, news: _News, error: JobError | None) -> None:
        now = time.time()
        if error is not None:
            self._store.jobs.fail(job.analysis_id, self._owner, error, now=now)
            _log.info("analysis %s: %s", job.analysis_id, error.code)
        elif news.done:
            document = self._store.results.document(job.user_id, job.analysis_id)
            self._store.jobs.complete(job.analysis_id, self._owner, document["summary"], now=now)
            _log.info("analysis %s: completed", job.analysis_id)
        else:
            _log.error("analysis %s: its process died", job.analysis_id)
            self._store.jobs.release(job.analysis_id, self._owner, now=now, attempt_counts=True)

    def _leave(self, job: Job) -> None:
        """Remove what was written for a job that was deleted meanwhile; touch nothing of one that others hold."""
        with contextlib.suppress(NotFoundError):
            if self._store.jobs.get(job.analysis_id).status is not JobStatus.DELETING:
                return
        self._store.results.delete(job.user_id, job.analysis_id)
        self._store.videos.delete(job.video)


@contextlib.contextmanager
def _job_process(command: JobCommand, folder: Path, analysis_id: str) -> Iterator[int]:
    """The pipe on which a running job process reports; the process is dead when the block ends."""
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            command(folder, analysis_id, writer),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # libraries name files there
            pass_fds=(writer,),
            cwd=_REPOSITORY,
            start_new_session=True,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    with process:
        try:
            yield reader
        finally:
            process.kill()
            os.close(reader)


@contextlib.contextmanager
def _only_worker(path: Path, stop: threading.Event) -> Iterator[bool]:
    """Wait for the folder's worker lock; False when told to stop before it was ours. It ends with the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _wait_for_lock(descriptor, stop)
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop.wait(_IDLE_POLL_S)
        else:
            return True
    return False


class Runner:
    """The server's side: keeps one worker process of a data folder running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, daemon=True, name="runner")

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, or None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker; a job in work goes back into the queue."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _SHUTDOWN_S)

    def _keep_running(self) -> None:
        pause_s = 0.5
        while not self._stop.is_set():
            started_s = time.monotonic()
            self._run_once()
            if self._stop.is_set():
                return
            pause_s = 0.5 if time.monotonic() - started_s > _STEADY_S else min(2 * pause_s, _LONGEST_RESTART_PAUSE_S)
            _log.warning("the worker ended and is started again")
            self._stop.wait(pause_s)

    def _run_once(self) -> None:
        command = [sys.executable, "-m", "dashboard.jobs.runner", "--data", str(self._folder), "--stop-with-stdin"]
        # A session of its own: Ctrl-C in the terminal reaches the server alone, which then stops the worker in order.
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=_REPOSITORY, start_new_session=True) as process:
            self._process = process
            while process.poll() is None:
                if self._stop.wait(_IDLE_POLL_S):
                    self._end(process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()  # tells it to stop; see main()
        try:
            process.wait(_SHUTDOWN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_runners: dict[Path, Runner] = {}
_runners_lock = threading.Lock()


def ensure_runner(folder: Path) -> Runner:
    """The runner of a data folder, started at the first call in this process and stopped with it.

    Several servers on one folder each have a worker, of which all but one wait (``worker.lock``).
    """
    key = folder.resolve()
    with _runners_lock:
        runner = _runners.get(key)
        if runner is None:
            runner = _runners[key] = Runner(key)
            runner.start()
            atexit.register(runner.stop)
        return runner


def _stop_with_stdin(stop: threading.Event) -> None:
    """Set ``stop`` when the pipe from the server closes; end the hard way if that does not help."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):
                pass
        stop.set()
        threading.Event().wait(_SHUTDOWN_S)
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="stop-with-stdin").start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Work on the jobs of a data folder until stopped."""
    parser = argparse.ArgumentParser(
        prog="dashboard.jobs.runner", description="Analyse the queued films of a data folder."
    )
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.stop_with_stdin:
        _stop_with_stdin(stop)
    try:
        Worker(options.data, stop=stop).run()
    except StorageError as error:
        _log.error("%s", error.user_message)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
