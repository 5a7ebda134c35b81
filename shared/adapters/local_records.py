"""Patients and reviewers' decisions in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from shared.adapters.layout import check_user_id
from shared.adapters.local_schema import Database
from shared.errors import ConflictError, NotFoundError
from shared.ports import Decision, Patient


class LocalPatientStore:
    """:class:`shared.ports.PatientStore` in a SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, patient: Patient) -> None:
        """Add one. Raises ConflictError where the code exists, InvalidRequestError where it is malformed."""
        check_user_id(patient.user_id)
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO patient (user_id, note, created_at) VALUES (?, ?, ?)",
                    (patient.user_id, patient.note, patient.created_at),
                )
        except sqlite3.IntegrityError:
            raise ConflictError(
                "This patient code exists already. Open that patient, or choose another code."
            ) from None

    def get(self, user_id: str) -> Patient:
        """One patient. Raises NotFoundError."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM patient WHERE user_id = ?", (user_id,)).fetchone()
        if row is None:
            raise NotFoundError()
        return _patient_of(row)

    def search(self, text: str = "", *, limit: int = 200) -> Sequence[Patient]:
        """Patients whose code or note contains ``text`` (any case), newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """SELECT * FROM patient
                   WHERE instr(casefold(user_id), casefold(:text)) OR instr(casefold(note), casefold(:text))
                   ORDER BY created_at DESC, rowid DESC LIMIT :limit""",
                {"text": text.strip(), "limit": limit},
            )
            return [_patient_of(row) for row in rows]


class LocalDecisionStore:
    """:class:`shared.ports.DecisionStore` in a SQLite file; triggers refuse to change or remove a row.

    Decisions outlive the analysis they were made on: they are the audit trail, and name no patient.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, decision: Decision) -> None:
        """Add one."""
        payload = json.dumps(dict(decision.payload), allow_nan=False, ensure_ascii=False)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO decision (analysis_id, reviewer, action, payload, decided_at) VALUES (?, ?, ?, ?, ?)",
                (decision.analysis_id, decision.reviewer, decision.action, payload, decision.decided_at),
            )

    def of(self, analysis_id: str) -> Sequence[Decision]:
        """All decisions on one analysis, oldest first; equal times in the order of adding."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM decision WHERE analysis_id = ? ORDER BY decided_at, decision_id", (analysis_id,)
            )
            return [
                Decision(
                    row["analysis_id"], row["reviewer"], row["action"], json.loads(row["payload"]), row["decided_at"]
                )
                for row in rows
            ]


def _patient_of(row: sqlite3.Row) -> Patient:
    return Patient(row["user_id"], row["note"], row["created_at"])
