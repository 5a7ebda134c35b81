"""The sign of life of a worker: it prolongs the lease, passes on how far the job is, and hears of a cancel."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Final

from shared.adapters.aws_jobs import AwsJobStore
from shared.errors import ConflictError, StorageError
from shared.ports import Job, Progress

_INTERVAL_S: Final = 2.0


class Heartbeat:
    """Reports on a job from a thread of its own while the block runs."""

    def __init__(self, jobs: AwsJobStore, job: Job, owner: str, *, lease_s: float) -> None:
        self._jobs = jobs
        self._job = job
        self._owner = owner
        self._lease_s = lease_s
        self.progress = Progress("reading")
        """As told last."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")
        self.cancel_requested = False
        """A person asked to stop."""
        self.lost = False
        """The job is no longer this worker's."""

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and tell the store once more how far the job came, so that a failed one says it."""
        self._ended.set()
        self._thread.join()
        if not self.lost:
            self._report()

    def tell(self, progress: Progress) -> None:
        """How far the job is; passed on at the next beat."""
        self.progress = progress

    def must_stop(self) -> bool:
        """Whether there is no more point in working on."""
        return self.cancel_requested or self.lost

    def _beat(self) -> None:
        while not self._ended.wait(min(_INTERVAL_S, self._lease_s / 4)):
            self._report()
            if self.lost:
                return

    def _report(self) -> None:
        try:
            asked = self._jobs.report(
                self._job.analysis_id, self._owner, self.progress, now=time.time(), lease_s=self._lease_s
            )
        except ConflictError:
            self.lost = True
        except StorageError:
            return  # may pass; the lease outlasts several beats
        else:
            self.cancel_requested = self.cancel_requested or asked
