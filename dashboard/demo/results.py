"""Results that come with the demo films, so that a demo case opens at once on a slow laptop too.

``make demo-videos`` draws the films and analyses them with the command line. A result is used only where it is of
exactly this film, these parameters and this version of the analysis; otherwise the film waits for the worker like
any other. A test analyses a film again and compares.
"""

from __future__ import annotations

from pathlib import Path

from shared.adapters.local import LocalStore
from shared.documents import read_document
from shared.errors import UnreadableTableError
from shared.ports import Job
from shared.version import ANALYSIS_VERSION

_OWNER = "demo-results"
_LEASE_S = 60.0


def adopt_result(store: LocalStore, job: Job, folder: Path, *, now: float) -> bool:
    """Complete a queued demo case with the result beside its film; False where there is none that fits.

    Args:
        store: where the job is queued.
        job: the case.
        folder: ``<name>.csv`` and ``<name>.json`` beside ``<name>.mp4``.
        now: epoch seconds.
    """
    film = folder / job.video.file_name
    table, text = film.with_suffix(".csv"), film.with_suffix(".json")
    if not (table.is_file() and text.is_file()):
        return False
    try:
        document = read_document(text)
    except UnreadableTableError:
        return False
    summary = document["summary"]
    fits = (
        document["sha256"] == job.video.sha256
        and summary["analysis_version"] == ANALYSIS_VERSION
        and summary["parameters"] == dict(job.parameters)
    )
    if not fits or store.jobs.claim(_OWNER, now=now, lease_s=_LEASE_S, analysis_id=job.analysis_id) is None:
        return False
    store.results.save(job.user_id, job.analysis_id, trace_csv=table.read_bytes(), document=document)
    store.jobs.complete(job.analysis_id, _OWNER, summary, now=now)
    return True
