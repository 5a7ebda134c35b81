"""Removing an analysis from any store, so that a crash on the way never leaves a listed analysis without files."""

from __future__ import annotations

from shared.errors import NotFoundError
from shared.ports import Store


def delete_analysis(store: Store, analysis_id: str, *, now: float) -> None:
    """Remove film, results and row of an analysis, in that order after marking the row ``deleting``.

    Reviewers' decisions stay: they are the audit trail. No error where the analysis is gone already.

    Args:
        store: where it is kept.
        analysis_id: what to remove.
        now: epoch seconds.

    Raises:
        StorageError: not all could be removed. The row stays ``deleting``; the same call may be made again.
    """
    try:
        job = store.jobs.begin_delete(analysis_id, now=now)
    except NotFoundError:
        return
    store.results.delete(job.user_id, analysis_id)
    store.videos.delete(job.video)
    store.jobs.delete(analysis_id)
