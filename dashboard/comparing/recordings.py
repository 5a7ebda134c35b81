"""What the page *Compare thresholds* asks for, free of Streamlit. It reads recordings and never writes to them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dashboard.services import Services, day_of
from shared.analysis import analyse
from shared.cohort import QUANTITIES, CohortRow, Recording, Score, label_of, with_changes
from shared.compare import Differences, differences
from shared.documents import dumps
from shared.model import Blink, Result, Saccade, SquareWaveJerk, Trace
from shared.ports import Job, JobStatus
from shared.sweep import SweepGrid, sweep
from shared.tables import read_trace
from shared.version import ANALYSIS_VERSION

_BYTE_ORDER_MARK: Final = "\ufeff"
_VPP_COLUMNS: Final = 50
_BLINK_ROWS: Final = 20
_WIDEST_BLINK_THRESH: Final = 0.4


@dataclass(frozen=True, eq=False)
class Pair:
    """One recording under both sets."""

    a: Result
    b: Result
    blinks: Differences[Blink]
    saccades: Differences[Saccade]
    square_wave_jerks: Differences[SquareWaveJerk]


def compare_one(trace: Trace, base: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any]) -> Pair:
    """Analyse one trace twice and pair the events.

    Raises:
        InvalidParameterError: a changed parameter is out of bounds.
    """
    one, two = analyse(trace, with_changes(base, a)), analyse(trace, with_changes(base, b))
    return Pair(
        one,
        two,
        differences(one.blinks, two.blinks),
        differences(one.saccades, two.saccades),
        differences(one.square_wave_jerks, two.square_wave_jerks),
    )


def landscape(trace: Trace, base: Mapping[str, Any], changes: Mapping[str, Any], widest: float) -> SweepGrid:
    """The decision over both thresholds, the blink method as in ``changes``.

    Args:
        trace, base, changes: as in :func:`compare_one`.
        widest: greatest ``vpp_thresh`` to show, open lid gaps.
    """
    columns = np.linspace(widest / _VPP_COLUMNS, widest, _VPP_COLUMNS)
    rows = np.linspace(_WIDEST_BLINK_THRESH / _BLINK_ROWS, _WIDEST_BLINK_THRESH, _BLINK_ROWS)
    return sweep(trace, columns.tolist(), rows.tolist(), with_changes(base, changes))


def margin(result: Result) -> float | None:
    """How far the vertical range lies above (+) or below (-) its threshold, open lid gaps."""
    if result.vertical_peak_to_peak is None:
        return None
    return result.vertical_peak_to_peak - float(result.parameters["vpp_thresh"])


def stored_recordings(services: Services, patients: Sequence[str]) -> list[Recording]:
    """The finished recordings of these patients, by patient and date."""

    def named(job: Job) -> Recording:
        def read() -> Trace:
            return read_trace(services.store.results.trace_csv(job.user_id, job.analysis_id))

        return Recording(recording_name(job), job.user_id, job.parameters, read)

    return [
        named(job)
        for code in sorted(patients)
        for job in sorted(services.history(code), key=lambda job: job.recorded_at)
        if job.status is JobStatus.COMPLETED
    ]


def recording_name(job: Job) -> str:
    """A recording for people and for a table of labels: code, date and the head of its id."""
    return f"{job.user_id} {day_of(job.recorded_at).isoformat()} {job.analysis_id[:6]}"


def uploaded_recordings(files: Sequence[tuple[str, bytes]], parameters: Mapping[str, Any]) -> list[Recording]:
    """Trace CSVs that a person brought, named by their files."""

    def named(name: str, content: bytes) -> Recording:
        stem = name.rsplit("/", 1)[-1].removesuffix(".csv")
        return Recording(stem, stem, parameters, lambda: read_trace(content))

    return [named(name, content) for name, content in files]


def cohort_csv(rows: Sequence[CohortRow], labels: Mapping[str, bool]) -> bytes:
    """The cohort as a table for spreadsheets (UTF-8 with byte-order mark)."""
    text = io.StringIO()
    columns = ["recording", "patient", "label", *_columns("a"), *_columns("b"), "changes"]
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        label = label_of(row, labels)
        words = "" if label is None else ("psp" if label else "healthy")
        line = [row.recording, row.patient, words, *_cells(row.a), *_cells(row.b), int(row.changes)]
        writer.writerow([_safe(cell) for cell in line])
    return (_BYTE_ORDER_MARK + text.getvalue()).encode()


def settings_json(a: Mapping[str, Any], b: Mapping[str, Any], recordings: int) -> bytes:
    """Both sets and the version of the numbers, to repeat the comparison."""
    content = {"analysis_version": ANALYSIS_VERSION, "recordings": recordings, "a": dict(a), "b": dict(b)}
    return dumps(content, indent=1).encode()


def _columns(name: str) -> Iterator[str]:
    yield from (f"{name}_status", f"{name}_suspected", f"{name}_reason", f"{name}_blinks")
    yield from (f"{name}_{quantity}" for quantity in QUANTITIES)


def _cells(score: Score) -> Iterator[Any]:
    yield from (score.status.value, "" if score.suspected is None else int(score.suspected), score.reason)
    yield score.blink_count
    for quantity in QUANTITIES:
        value = score.quantities[quantity]
        yield "" if value is None else f"{value:.6g}"


def _safe(cell: Any) -> Any:
    return "'" + cell if isinstance(cell, str) and cell.startswith(("=", "+", "@", "\t", "\r")) else cell
