"""A recording read from the store for its report and its exports, with the reviewer's decisions applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.report.data import ReportData, Signature
from shared.documents import document, dumps
from shared.export.archive import archive
from shared.export.bids import Recording, bids_files
from shared.export.captions import captions
from shared.export.event_table import event_csv
from shared.ports import Job, Store
from shared.review import ReviewState, review_state
from shared.review_result import events_with_status, reviewed_result
from shared.tables import read_trace


def report_data(store: Store, job: Job) -> ReportData:
    """All that the report of a finished recording says.

    Raises:
        NotFoundError: it was never finished. StorageError: the stored files are damaged.
    """
    stored = store.results.document(job.user_id, job.analysis_id)
    trace = read_trace(store.results.trace_csv(job.user_id, job.analysis_id))
    state = review_state(stored["events"], store.decisions.of(job.analysis_id))
    reviewed: Mapping[str, Any] | None = None
    if state.touched:
        again = document(reviewed_result(trace, stored, state), file_name=stored["file"], sha256=stored["sha256"])
        reviewed = {**again, "events": events_with_status(state)}
    return ReportData(
        patient_code=job.user_id,
        label=job.label,
        analysis_id=job.analysis_id,
        recorded_at=job.recorded_at,
        document=stored,
        trace=trace,
        reviewed=reviewed,
        signature=_signature(state),
    )


def export_files(data: ReportData, trace_csv: bytes, report: bytes) -> dict[str, bytes]:
    """Every file of one recording, by the name under which it is downloaded."""
    stem = file_stem(data)
    files = {
        f"{stem}.pdf": report,
        f"{stem}_events.csv": event_csv(data.events),
        f"{stem}_trace.csv": trace_csv,
        f"{stem}.json": dumps(data.document, indent=1).encode(),
        f"{stem}.vtt": captions(data.events, data.trace, title=stem).encode(),
    }
    if data.reviewed is not None:
        files[f"{stem}_reviewed.json"] = dumps(data.reviewed, indent=1).encode()
    return files


def bids_zip(recordings: list[ReportData]) -> bytes:
    """A BIDS dataset of these recordings, events as reviewed, in one zip."""
    ordered = sorted(recordings, key=lambda data: data.recorded_at)
    return archive(
        bids_files(
            [Recording(item.patient_code, {**item.document, "events": item.events}, item.trace) for item in ordered]
        )
    )


def file_stem(data: ReportData) -> str:
    """Name of a recording's files: patient code and the head of the analysis id; both are safe in file names."""
    return f"{data.patient_code}_{data.analysis_id[:12]}"


def _signature(state: ReviewState) -> Signature | None:
    return Signature(state.signature.reviewer, state.signature.signed_at) if state.signature else None
