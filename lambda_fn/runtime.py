"""What a function holds between calls: connections, never a patient's data and never a tracker's state."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lambda_fn.faults import Faults
from shared.adapters.aws import AwsStore, open_aws_store
from shared.adapters.aws_messages import JobQueue, WorkerFunction
from shared.adapters.settings import Settings, read_settings


@dataclass(frozen=True)
class Runtime:
    """The store, and where work is passed on to.

    Attributes:
        settings: of this function.
        store: bucket and table.
        queue: of jobs; None where this function works on them itself.
        worker: the function that analyses; None where this is it.
        faults: for tests of crashes.
    """

    settings: Settings
    store: AwsStore
    queue: JobQueue | None
    worker: WorkerFunction | None
    faults: Faults


def runtime() -> Runtime:
    """The runtime of the present environment; connections are opened once and kept for warm calls."""
    return _runtime(read_settings())


@functools.lru_cache(maxsize=1)
def _runtime(settings: Settings) -> Runtime:
    faults = Faults(settings.fault_point)
    return Runtime(
        settings=settings,
        store=open_aws_store(settings, cache_folder=Path(tempfile.gettempdir()), reach=faults.reach),
        queue=JobQueue(settings, settings.queue_url) if settings.queue_url else None,
        worker=WorkerFunction(settings, settings.worker_function_name) if settings.worker_function_name else None,
        faults=faults,
    )
