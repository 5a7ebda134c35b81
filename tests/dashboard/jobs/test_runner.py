"""Jobs come to their end whatever dies on the way, and no process is left over.

Crashes and hangs are played by small processes in place of the one that analyses, started by the same code; the
last tests run the whole chain on real films.
"""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from dashboard.jobs.runner import JobCommand, Runner, Worker, ensure_runner
from shared.adapters.job_rules import MAX_ATTEMPTS
from shared.adapters.local import LocalStore, open_local_store
from shared.deletion import delete_analysis
from shared.errors import NotFoundError
from shared.parameters import Parameters
from shared.ports import Job, JobStatus, Progress
from shared.tracebacks import describe
from tests.contract.conftest import make_job
from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
PRELUDE = """
import json, os, sys, threading
from pathlib import Path
folder, analysis_id, report_to = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def tell(**message): os.write(report_to, json.dumps(message).encode() + b"\\n")
def end_with_worker():
    os.read(0, 1); os._exit(1)
threading.Thread(target=end_with_worker, daemon=True).start()
(folder / f"{analysis_id}.pid").write_text(str(os.getpid()))
"""
STORES_A_RESULT = """
from shared.adapters.local import open_local_store
store = open_local_store(folder)
job = store.jobs.get(analysis_id)
document = {"summary": {"by": "stand-in"}, "sha256": job.video.sha256}
store.results.save(job.user_id, analysis_id, trace_csv=b"a\\n1\\n", document=document)
"""
HANGS = 'tell(progress=["tracking", 7, 90])\nthreading.Event().wait()'
CRASHES = "os.kill(os.getpid(), 11)"


def stand_in(script: str) -> JobCommand:
    """A job process that does what ``script`` says."""

    def command(folder: Path, analysis_id: str, report_to: int) -> Sequence[str]:
        return [sys.executable, "-c", PRELUDE + script, str(folder), analysis_id, str(report_to)]

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> LocalStore:
    return open_local_store(folder)


def queue(store: LocalStore, analysis_id: str = "a1", film: bytes = b"film", file_name: str = "film.mp4") -> Job:
    video = store.videos.put("P-1", analysis_id, file_name, io.BytesIO(film))
    job = make_job(analysis_id, video=video, parameters=Parameters().as_dict(), created_at=time.time())
    store.jobs.create(job)
    return job


def process_ends(folder: Path, analysis_id: str = "a1") -> Callable[[], bool]:
    pid = int((folder / f"{analysis_id}.pid").read_text())
    return lambda: not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not state.strip().startswith("Z") and bool(state.strip())


@contextmanager
def working(folder: Path, command: JobCommand, stall_s: float = 60.0) -> Iterator[threading.Event]:
    """A worker at work in a thread of this process; what is set to stop it."""
    stop = threading.Event()
    worker = Worker(folder, stop=stop, command=command, stall_s=stall_s)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def is_tracking(store: LocalStore, analysis_id: str = "a1") -> Callable[[], bool]:
    return lambda: store.jobs.get(analysis_id).progress == Progress("tracking", 7, 90)


def has_status(store: LocalStore, status: JobStatus, analysis_id: str = "a1") -> Callable[[], bool]:
    return lambda: store.jobs.get(analysis_id).status is status


def test_an_empty_queue_is_no_work(folder: Path) -> None:
    assert Worker(folder, stop=threading.Event(), command=stand_in("")).run_next() is False


def test_a_job_is_completed_with_the_stored_summary(folder: Path, store: LocalStore) -> None:
    queue(store)
    worker = Worker(folder, stop=threading.Event(), command=stand_in(STORES_A_RESULT + "tell(done=True)"))
    assert worker.run_next() is True
    job = store.jobs.get("a1")
    assert (job.status, job.summary, job.attempt) == (JobStatus.COMPLETED, {"by": "stand-in"}, 1)
    assert worker.run_next() is False


def test_a_process_that_hangs_after_its_work_does_not_hold_up_the_queue(folder: Path, store: LocalStore) -> None:
    queue(store)
    script = STORES_A_RESULT + "tell(done=True)\nthreading.Event().wait()"
    Worker(folder, stop=threading.Event(), command=stand_in(script)).run_next()
    assert store.jobs.get("a1").status is JobStatus.COMPLETED
    assert process_ends(folder)()


def test_a_process_that_says_why_it_failed_fails_its_job_with_that(folder: Path, store: LocalStore) -> None:
    queue(store)
    script = 'tell(error=["TOO_SHORT", "The video has too few frames.", False])'
    Worker(folder, stop=threading.Event(), command=stand_in(script)).run_next()
    job = store.jobs.get("a1")
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.message, job.error.retryable) == (
        *("TOO_SHORT", "The video has too few frames."),
        False,
    )
    assert store.videos.local_path(job.video).read_bytes() == b"film"


def test_a_crashing_film_fails_after_its_attempts_and_the_queue_goes_on(folder: Path, store: LocalStore) -> None:
    queue(store, "crash")
    queue(store, "sound")
    script = f"if analysis_id == 'crash': {CRASHES}\n" + STORES_A_RESULT + "tell(done=True)"
    worker = Worker(folder, stop=threading.Event(), command=stand_in(script))
    while worker.run_next():
        pass
    crashed = store.jobs.get("crash")
    assert crashed.error is not None
    assert (crashed.status, crashed.error.code, crashed.attempt) == (JobStatus.FAILED, "WORKER_LOST", MAX_ATTEMPTS)
    assert store.jobs.get("sound").status is JobStatus.COMPLETED


def test_a_process_that_crashes_after_storing_its_result_is_not_run_again(folder: Path, store: LocalStore) -> None:
    queue(store)
    worker = Worker(folder, stop=threading.Event(), command=stand_in(STORES_A_RESULT + CRASHES))
    while worker.run_next():
        pass
    job = store.jobs.get("a1")
    assert (job.status, job.attempt, job.summary) == (JobStatus.COMPLETED, 1, {"by": "stand-in"})


def test_a_process_that_stands_still_is_ended(folder: Path, store: LocalStore) -> None:
    queue(store)
    Worker(folder, stop=threading.Event(), command=stand_in(HANGS), stall_s=0.5).run_next()
    job = store.jobs.get("a1")
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == ("STALLED", True)
    assert process_ends(folder)()


def test_progress_reaches_the_store_and_keeps_the_lease(folder: Path, store: LocalStore) -> None:
    queue(store)
    with working(folder, stand_in(HANGS)):
        wait_until(is_tracking(store))
        before = store.jobs.get("a1")
        wait_until(lambda: (store.jobs.get("a1").lease_until or 0.0) > (before.lease_until or 0.0))
        assert store.jobs.claim("other", now=time.time(), lease_s=1.0) is None


def test_cancel_ends_the_process_and_keeps_the_film(folder: Path, store: LocalStore) -> None:
    job = queue(store)
    with working(folder, stand_in(HANGS)):
        wait_until(is_tracking(store))
        store.jobs.request_cancel("a1", now=time.time())
        wait_until(has_status(store, JobStatus.FAILED))
        assert process_ends(folder)()
    cancelled = store.jobs.get("a1")
    assert cancelled.error is not None
    assert cancelled.error.code == "CANCELLED"
    assert store.videos.local_path(job.video).is_file()


def test_deleting_a_running_analysis_ends_its_process_and_leaves_no_file(folder: Path, store: LocalStore) -> None:
    queue(store)
    with working(folder, stand_in(STORES_A_RESULT + HANGS)):
        wait_until(is_tracking(store))
        delete_analysis(store, "a1", now=time.time())
        wait_until(process_ends(folder))
        wait_until(lambda: not list(folder.glob("users/P-1/eye/a1/*")))
    with pytest.raises(NotFoundError):
        store.jobs.get("a1")


def test_shutting_down_gives_the_job_back_and_does_not_count_the_attempt(folder: Path, store: LocalStore) -> None:
    queue(store)
    with working(folder, stand_in(HANGS)):
        wait_until(is_tracking(store))
    job = store.jobs.get("a1")
    assert (job.status, job.attempt, job.lease_owner) == (JobStatus.QUEUED, 0, None)
    assert process_ends(folder)()


def test_the_second_worker_of_a_folder_waits_for_the_first(folder: Path, store: LocalStore) -> None:
    queue(store, "a1")
    with working(folder, stand_in(STORES_A_RESULT + "tell(done=True)")):
        wait_until(has_status(store, JobStatus.COMPLETED, "a1"))
        with working(folder, stand_in(CRASHES)):
            queue(store, "a2")
            wait_until(has_status(store, JobStatus.COMPLETED, "a2"))
    assert store.jobs.get("a2").attempt == 1


KILLED_WORKER = """
import sys, threading
from pathlib import Path
from dashboard.jobs.runner import Worker
from tests.dashboard.jobs.test_runner import HANGS, stand_in
Worker(Path(sys.argv[1]), stop=threading.Event(), command=stand_in(HANGS), lease_s=1.0).run()
"""


def test_a_killed_workers_process_ends_and_its_job_is_finished_by_the_next(folder: Path, store: LocalStore) -> None:
    queue(store)
    with subprocess.Popen([sys.executable, "-c", KILLED_WORKER, str(folder)], cwd=REPOSITORY) as worker:
        wait_until(is_tracking(store))
        worker.kill()
    wait_until(process_ends(folder))
    assert store.jobs.get("a1").status is JobStatus.RUNNING
    with working(folder, stand_in(STORES_A_RESULT + "tell(done=True)")):
        wait_until(has_status(store, JobStatus.COMPLETED))
    assert store.jobs.get("a1").attempt == 2


# --- the server's side ------------------------------------------------------------------------------------------

SERVER = """
import sys, threading
from pathlib import Path
from dashboard.jobs.runner import ensure_runner
from tests.waiting import wait_until
runner = ensure_runner(Path(sys.argv[1]))
assert ensure_runner(Path(sys.argv[1])) is runner
wait_until(lambda: runner.worker_pid)
print(runner.worker_pid, flush=True)
if sys.argv[2] == "stay":
    threading.Event().wait()
"""


@pytest.mark.parametrize("end", ["killed", "ended in order"])
def test_the_worker_ends_with_its_server(folder: Path, end: str) -> None:
    arguments = [sys.executable, "-c", SERVER, str(folder), "stay" if end == "killed" else "leave"]
    with subprocess.Popen(arguments, cwd=REPOSITORY, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        if end == "killed":
            server.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


def test_a_worker_that_died_is_started_again_and_works(folder: Path, store: LocalStore) -> None:
    runner = Runner(folder)
    runner.start()
    try:
        wait_until(lambda: runner.worker_pid)
        first = runner.worker_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: runner.worker_pid not in {None, first})
        queue(store, film=b"this is no film")
        wait_until(has_status(store, JobStatus.FAILED), timeout_s=60)
    finally:
        runner.stop()
    assert runner.worker_pid is None


# --- real films -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film_without_a_face(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of slowly changing grey in a format that browsers do not play."""
    path = tmp_path_factory.mktemp("films") / "grey.avi"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(60):
            picture = np.full((240, 320, 3), 60 + number, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode(None))
    return path.read_bytes()


def test_real_films_are_analysed_and_broken_ones_fail_with_their_code(
    folder: Path, store: LocalStore, film_without_a_face: bytes
) -> None:
    queue(store, "grey", film_without_a_face, "grey.avi")
    queue(store, "text", b"this is no film", "film.mp4")
    queue(store, "swapped", film_without_a_face, "grey.avi")
    altered = bytearray(film_without_a_face)
    altered[-1] ^= 1
    store.videos.local_path(store.jobs.get("swapped").video).write_bytes(altered)
    runner = ensure_runner(folder)
    try:
        for analysis_id in ("text", "swapped"):
            wait_until(has_status(store, JobStatus.FAILED, analysis_id), timeout_s=120)
    finally:
        runner.stop()

    grey = store.jobs.get("grey")
    assert grey.status is JobStatus.COMPLETED, grey.error
    assert grey.summary is not None
    assert (grey.summary["psp_status"], grey.summary["psp_suspected"]) == ("inconclusive", None)
    document = store.results.document("P-1", "grey")
    assert document["summary"] == json.loads(json.dumps(grey.summary))
    assert (document["file"], document["sha256"]) == ("grey.avi", grey.video.sha256)
    assert store.results.trace_csv("P-1", "grey").count(b"\n") == 61
    with av.open(str(store.videos.playback_path(grey.video))) as copy:
        assert copy.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in copy.decode(video=0)) == 60

    text, swapped = store.jobs.get("text").error, store.jobs.get("swapped").error
    assert text is not None
    assert text.code in {"NOT_A_VIDEO", "UNREADABLE_VIDEO"}
    assert swapped is not None
    assert swapped.code == "STORAGE_ERROR"


def test_an_error_is_described_for_the_log_without_its_text() -> None:
    try:
        Path("Kim_Minsu.mp4").stat()
    except OSError as error:
        text = describe(error)
    assert text.startswith("FileNotFoundError at test_runner.py:")
    assert "Kim" not in text
