"""Patients and reviewers' decisions as further rows of the one table.

patient    analysisId ``patient#<code>``, testType ``patient``, userId ``#patients``, timestamp when added: all
           patients are one Query on the index of users. ``#`` is in no patient code, so nothing collides.
decision   analysisId of the analysis, testType ``decision#<when>#<order>``: in order of time by key. Nothing here
           changes or removes one.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from shared.adapters.aws_table import Table
from shared.adapters.layout import check_user_id
from shared.errors import ConflictError
from shared.ports import Decision, Patient

_PATIENTS: Final = "#patients"
_PATIENT: Final = "patient"
_DECISION: Final = "decision#"


class AwsPatientStore:
    """:class:`shared.ports.PatientStore` in a DynamoDB table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, patient: Patient) -> None:
        """Add one. Raises ConflictError where the code exists, InvalidRequestError where it is malformed."""
        row = {
            "analysisId": f"patient#{check_user_id(patient.user_id)}",
            "testType": _PATIENT,
            "userId": _PATIENTS,
            "timestamp": patient.created_at,
            "patientId": patient.user_id,
            "note": patient.note,
        }
        try:
            self._table.add(row)
        except ConflictError:
            raise ConflictError(
                "This patient code exists already. Open that patient, or choose another code."
            ) from None

    def get(self, user_id: str) -> Patient:
        """One patient. Raises NotFoundError."""
        return _patient_of(self._table.get(f"patient#{user_id}", _PATIENT))

    def search(self, text: str = "", *, limit: int = 200) -> Sequence[Patient]:
        """Patients whose code or note contains ``text`` (any case), newest first."""
        wanted = text.strip().casefold()
        found = (
            patient
            for patient in map(_patient_of, self._table.of_user(_PATIENTS))
            if wanted in patient.user_id.casefold() or wanted in patient.note.casefold()
        )
        return list(islice(found, limit))


class AwsDecisionStore:
    """:class:`shared.ports.DecisionStore` in a DynamoDB table; decisions outlive their analysis."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._last_order = 0

    def append(self, decision: Decision) -> None:
        """Add one."""
        self._table.add(
            {
                "analysisId": decision.analysis_id,
                "testType": f"{_DECISION}{decision.decided_at:020.6f}#{self._order():020d}#{secrets.token_hex(4)}",
                "reviewer": decision.reviewer,
                "action": decision.action,
                "payload": dict(decision.payload),
                "decidedAt": decision.decided_at,
            }
        )

    def of(self, analysis_id: str) -> Sequence[Decision]:
        """All decisions on one analysis, oldest first; equal times in the order of adding."""
        return [_decision_of(row) for row in self._table.of_analysis(analysis_id, _DECISION)]

    def _order(self) -> int:
        """The time of adding, ns, never the same twice in this process."""
        with self._lock:
            self._last_order = max(self._last_order + 1, time.time_ns())
            return self._last_order


def _patient_of(row: Mapping[str, Any]) -> Patient:
    return Patient(row["patientId"], row["note"], row["timestamp"])


def _decision_of(row: Mapping[str, Any]) -> Decision:
    return Decision(row["analysisId"], row["reviewer"], row["action"], row["payload"], row["decidedAt"])
