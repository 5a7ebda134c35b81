"""One person's visit to the screening station: a folder that only lives as long as the visit, and a process beside it.

Nothing of a visit enters the store unless the person agrees (:func:`keep`). Whatever way a visit ends, its folder goes
with it: discarded, the token expired, the server stopped, or killed (then the next start finds the folder unlocked).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
import uuid
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from dashboard.services import Services
from dashboard.station.visit_files import DOCUMENT_NAME, FILM_STEM, TRACE_NAME
from dashboard.tokens import TokenRegistry
from dashboard.uploading.uploads import Upload
from shared.errors import ConflictError, StorageError
from shared.parameters import Parameters
from shared.ports import Job, JobStatus

FOLDER_NAME: Final = "visits"
SOURCE: Final = "screening"
LIFETIME_S: Final = 5 * 60.0
"""Without a sign of life from the page."""
MAX_RECORDING_BYTES: Final = 300 * 1024 * 1024
_CHECK_TIMEOUT_S: Final = 15.0
_LOCK_NAME: Final = "lock"
_RECORDING_NAME: Final = "recording.part"
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600
_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_ENDED: Final = "The measurement ended unexpectedly and nothing was kept. Start again."
_OWNER: Final = "screening-station"
_LEASE_S: Final = 60.0


@dataclass(frozen=True)
class VisitState:
    """Where a visit is. ``stage`` is ready, recording, analysing, done or failed.

    Attributes:
        frames_done: frames measured so far.
        message: why it failed; empty otherwise.
    """

    stage: str = "ready"
    frames_done: int = 0
    message: str = ""


class _Talk:
    """The pipe to the process. Apart from the visit, so that the listening thread does not keep that alive."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._has_ended = False
        self.state = VisitState()
        threading.Thread(target=self._listen, daemon=True, name="visit").start()

    def send(self, **message: Any) -> None:
        line = json.dumps(message).encode() + b"\n"
        pipe = self._process.stdin
        with self._sending, contextlib.suppress(OSError, ValueError):
            if pipe is not None:
                pipe.write(line)
                pipe.flush()

    def ask(self, **message: Any) -> Any:
        """Send, and wait for the answer; None where none came in time."""
        with self._changed:
            self._asked += 1
            number = self._asked
        self.send(**message, number=number)
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or self._has_ended, timeout=_CHECK_TIMEOUT_S)
            return self._answers.pop(number, None)

    def change(self, **values: Any) -> None:
        with self._changed:
            self.state = replace(self.state, **values)

    def _listen(self) -> None:
        pipe = self._process.stdout
        for line in pipe or ():
            with contextlib.suppress(ValueError):
                self._take(json.loads(line))
        with self._changed:
            self._has_ended = True
            if self.state.stage != "done":
                self.state = replace(self.state, stage="failed", message=self.state.message or _ENDED)
            self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        with self._changed:
            if "check" in message:
                self._answers = {message["number"]: message["check"]}
                self._changed.notify_all()
            elif "progress" in message:
                self.state = replace(self.state, frames_done=message["progress"][1])
            elif "done" in message:
                self.state = replace(self.state, stage="done")
            elif "error" in message:
                self.state = replace(self.state, stage="failed", message=message["error"][1])


class Visit:
    """One person at the station, from camera check to result."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and start the process.

        Args:
            folder: where visits lie; made if need be.

        Raises:
            StorageError: it cannot be written.
        """
        self.folder = folder / secrets.token_hex(16)
        try:
            self.folder.mkdir(mode=_PRIVATE_FOLDER, parents=True)
            lock = os.open(self.folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
        except OSError:
            raise StorageError from None
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.station.process", str(self.folder)],
            cwd=_REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
            start_new_session=True,
        )
        talk = self._talk = _Talk(process)
        self._end = weakref.finalize(self, _end, self.folder, lock, process)
        self.upload = Upload(
            self.folder,
            max_bytes=MAX_RECORDING_BYTES,
            name=_RECORDING_NAME,
            on_growth=lambda size_bytes: _film_grew(talk, size_bytes),
        )

    @property
    def state(self) -> VisitState:
        """Where the visit is."""
        return self._talk.state

    def check(self, jpeg: bytes, *, time_s: float, scale: float, frame_rate_hz: float) -> dict[str, Any] | None:
        """What :class:`~dashboard.station.camera_check.CameraCheck` says of a picture; None where none or too late."""
        picture = base64.b64encode(jpeg).decode()
        answer: dict[str, Any] | None = self._talk.ask(
            check=picture, time_s=time_s, scale=scale, frame_rate_hz=frame_rate_hz
        )
        return answer

    def finish(self, log: Any) -> None:
        """The recording is whole; have it judged.

        Raises:
            ConflictError: it is not whole.
        """
        self.upload.arrived()
        if self.state.stage == "recording":
            self._talk.change(stage="analysing")
            self._talk.send(finish=log)

    @property
    def document(self) -> dict[str, Any]:
        """The result as the command line writes it. Raises ConflictError before there is one."""
        if self.state.stage != "done":
            raise ConflictError("There is no result yet.")
        content: dict[str, Any] = json.loads((self.folder / DOCUMENT_NAME).read_text(encoding="utf-8"))
        return content

    @property
    def film(self) -> Path:
        """The film with its index, once there is a result."""
        return next(path for path in self.folder.glob(f"{FILM_STEM}.*"))

    @property
    def trace(self) -> bytes:
        """The trace CSV, once there is a result."""
        return (self.folder / TRACE_NAME).read_bytes()

    def end(self) -> None:
        """Stop the process and remove all of the visit. May be called twice."""
        self._end()


VISITS: Final[TokenRegistry[Visit]] = TokenRegistry(lifetime_s=LIFETIME_S)
"""Visits that the page and the routes of one server process share."""


def keep(services: Services, visit: Visit, *, code: str, label: str, now: float) -> Job:
    """Put film and result into the store, with the person's consent.

    Raises:
        InvalidRequestError: a malformed code. StorageError: could not be kept.
    """
    content = visit.document
    parameters = Parameters.from_mapping(content["summary"]["parameters"])
    services.ensure_patient(code, now=now)
    analysis_id = uuid.uuid4().hex
    with visit.film.open("rb") as stream:
        video = services.store.videos.put(code, analysis_id, visit.film.name, stream)
    job = Job(
        analysis_id=analysis_id,
        user_id=code,
        video=video,
        parameters=parameters.as_dict(),
        status=JobStatus.QUEUED,
        created_at=now,
        updated_at=now,
        recorded_at=now,
        source=SOURCE,
        label=label,
    )
    services.store.jobs.create(job)
    # A worker that was quicker measures the film again, with the same outcome.
    if services.store.jobs.claim(_OWNER, now=now, lease_s=_LEASE_S, analysis_id=analysis_id) is not None:
        services.store.results.save(code, analysis_id, trace_csv=visit.trace, document=content)
        services.store.jobs.complete(analysis_id, _OWNER, content["summary"], now=time.time())
    return job


def suggested_code(now: float) -> str:
    """A code that tells nothing of the person: the day and four random digits."""
    return f"S-{time.strftime('%Y%m%d', time.gmtime(now))}-{secrets.token_hex(2)}"


def sweep_visits(folder: Path) -> int:
    """Remove the folders of visits whose server died; how many."""
    return sum(_remove_if_unlocked(path) for path in folder.glob("*") if path.is_dir())


def _film_grew(talk: _Talk, size_bytes: int) -> None:
    if talk.state.stage == "ready":
        talk.change(stage="recording")
        talk.send(film=_RECORDING_NAME)
    talk.send(size_bytes=size_bytes)


def _end(folder: Path, lock: int, process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _remove_if_unlocked(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
