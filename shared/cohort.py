"""Many recordings under two sets of parameters: whose result changes, and how well a quantity agrees with labels.

Works on traces alone; no film is touched and nothing that is stored is changed.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.analysis import analyse
from shared.errors import EyeReviewError, UnreadableTableError
from shared.model import PspStatus, Trace
from shared.parameters import Parameters
from shared.roc import Roc, roc

QUANTITIES: Final = ("vertical_range_lid_gaps", "vertical_range_deg", "vertical_horizontal_ratio", "blink_rate_per_min")
"""Metrics of which small values speak for PSP, by their names in the result."""

_POSITIVE: Final = frozenset({"1", "true", "yes", "psp", "positive", "patient"})
_NEGATIVE: Final = frozenset({"0", "false", "no", "healthy", "control", "negative"})


@dataclass(frozen=True)
class Recording:
    """A recording of a cohort: what it is called, whose it is, its own parameters, and what reads its trace."""

    name: str
    patient: str
    parameters: Mapping[str, Any]
    read: Callable[[], Trace]


@dataclass(frozen=True)
class Score:
    """What one set of parameters makes of one recording.

    Attributes:
        status: of the screening; INCONCLUSIVE too where it could not be analysed at all.
        suspected: the bare rule; None where the range could not be measured.
        reason: code of the first thing that keeps it from being judged, empty where judged.
        quantities: name -> value for :data:`QUANTITIES`; None where not measured.
        blink_count: blinks found.
    """

    status: PspStatus
    suspected: bool | None
    reason: str
    quantities: Mapping[str, float | None]
    blink_count: int


@dataclass(frozen=True)
class CohortRow:
    """One recording under both sets."""

    recording: str
    patient: str
    a: Score
    b: Score

    @property
    def changes(self) -> bool:
        """Whether the two sets say different things."""
        return self.a.status is not self.b.status


def score(trace: Trace, parameters: Parameters) -> Score:
    """Analyse one trace and keep what a cohort table shows."""
    try:
        result = analyse(trace, parameters)
    except EyeReviewError as error:
        return Score(PspStatus.INCONCLUSIVE, None, error.code, dict.fromkeys(QUANTITIES), 0)
    measured = {metric.name: metric.value for metric in result.metrics}
    blocked = [reason.code for reason in result.reasons[1:]] if result.psp_status is PspStatus.INCONCLUSIVE else []
    return Score(
        status=result.psp_status,
        suspected=result.psp_suspected,
        reason=blocked[0] if blocked else "",
        quantities={name: measured.get(name) for name in QUANTITIES},
        blink_count=len(result.blinks),
    )


def with_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Parameters:
    """A recording's own parameters with some of them changed.

    Raises:
        InvalidParameterError: a change is out of bounds.
    """
    return Parameters.from_mapping({**base, **changes})


def compare_cohort(recordings: Iterable[Recording], a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[CohortRow]:
    """Score every recording with both sets, one after the other, so that a caller can show how far it is.

    Args:
        recordings: each is judged by its own parameters (its task, its segments), changed as ``a`` and ``b`` say.
        a, b: changes by name of the parameter.

    Raises:
        InvalidParameterError: a change is out of bounds.
    """
    for recording in recordings:
        first, second = with_changes(recording.parameters, a), with_changes(recording.parameters, b)
        trace = recording.read()
        one = score(trace, first)
        yield CohortRow(recording.name, recording.patient, one, one if first == second else score(trace, second))


def flag_changes(rows: Sequence[CohortRow]) -> Counter[tuple[PspStatus, PspStatus]]:
    """How many recordings go from which status (A) to which (B)."""
    return Counter((row.a.status, row.b.status) for row in rows)


def read_labels(content: bytes) -> dict[str, bool]:
    """Labels from a CSV with a column ``recording`` or ``patient`` and a column ``label``.

    Labels are psp, patient, positive, yes, 1 or healthy, control, negative, no, 0, in any case.

    Raises:
        UnreadableTableError: no such columns, a label that is neither, or two labels for one name.
    """
    try:
        table = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        lines = list(table)
    except (UnicodeDecodeError, csv.Error):
        raise UnreadableTableError("The labels are not a CSV in UTF-8. Save them as 'CSV UTF-8'.") from None
    columns = {name.strip().lower(): name for name in table.fieldnames or () if name}
    key = columns.get("recording") or columns.get("patient")
    if key is None or "label" not in columns:
        raise UnreadableTableError("The labels need a column 'recording' or 'patient', and a column 'label'.")
    labels: dict[str, bool] = {}
    for line in lines:
        name, word = (line[key] or "").strip(), (line[columns["label"]] or "").strip().lower()
        if not name and not word:
            continue
        if word not in _POSITIVE | _NEGATIVE:
            raise UnreadableTableError("A label is neither psp nor healthy. Use one of: psp, healthy, 1, 0.")
        if labels.setdefault(name, word in _POSITIVE) != (word in _POSITIVE):
            raise UnreadableTableError("One name has two different labels. Leave one line a name.")
    return labels


def label_of(row: CohortRow, labels: Mapping[str, bool]) -> bool | None:
    """The label of a recording: its own, else its patient's, else None."""
    return labels.get(row.recording, labels.get(row.patient))


@dataclass(frozen=True)
class Agreement:
    """How a quantity and the status of one set agree with labels.

    Attributes:
        curve: over the recordings whose quantity was measured.
        not_measured: labelled recordings without a value, kept out of the curve.
        by_label: (label, status) -> recordings. Inconclusive ones stand apart; they are neither right nor wrong.
    """

    curve: Roc
    not_measured: int
    by_label: Mapping[tuple[bool, PspStatus], int]


def agreement(
    rows: Sequence[CohortRow], labels: Mapping[str, bool], quantity: str, score_of: Callable[[CohortRow], Score]
) -> Agreement:
    """Compare one set's quantity with the labels.

    Args:
        rows: of :func:`compare_cohort`.
        labels: of :func:`read_labels`.
        quantity: one of :data:`QUANTITIES`.
        score_of: which of the two sets.

    Raises:
        InvalidRequestError: fewer than two measured recordings in a group.
    """
    labelled = [(score_of(row), label) for row in rows if (label := label_of(row, labels)) is not None]
    measured = [(value, label) for item, label in labelled if (value := item.quantities[quantity]) is not None]
    curve = roc(
        np.array([value for value, _ in measured], dtype=np.float64),
        np.array([label for _, label in measured], dtype=np.bool_),
    )
    return Agreement(
        curve=curve,
        not_measured=len(labelled) - len(measured),
        by_label=Counter((label, item.status) for item, label in labelled),
    )
