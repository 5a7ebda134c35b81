"""What a report says, gathered from the store: no drawing and no page layout here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.model import CheckStatus, Trace

METRICS_ON_PAGE: Final = (
    "vertical_range_lid_gaps",
    "vertical_range_deg",
    "up_range_deg",
    "down_range_deg",
    "horizontal_range_deg",
    "vertical_horizontal_ratio",
    "vertical_peak_velocity_deg_s",
    "horizontal_peak_velocity_deg_s",
    "vertical_saccade_duration_ms",
    "square_wave_jerk_rate_per_min",
    "blink_rate_per_min",
    "incomplete_blink_percent",
)
"""Metrics that the page has room for, in its order; the JSON export has all of them."""


@dataclass(frozen=True)
class Signature:
    """Who signed the review of this recording, and when (epoch seconds)."""

    reviewer: str
    signed_at: float


@dataclass(frozen=True, eq=False)
class ReportData:
    """One recording as the report shows it.

    Attributes:
        patient_code: the clinic's code; never a name.
        label: free text of the recording, e.g. ``visit 2``.
        analysis_id: where to find it again.
        recorded_at: epoch seconds.
        document: the result as measured (DESIGN 4.2).
        reviewed: the result with the reviewer's decisions applied; None where nobody decided anything.
        trace: its trace.
        signature: None until signed; the page then says DRAFT.
    """

    patient_code: str
    label: str
    analysis_id: str
    recorded_at: float
    document: Mapping[str, Any]
    trace: Trace
    reviewed: Mapping[str, Any] | None = None
    signature: Signature | None = None

    @property
    def summary(self) -> Mapping[str, Any]:
        """The summary as measured."""
        summary: Mapping[str, Any] = self.document["summary"]
        return summary

    @property
    def events(self) -> Mapping[str, Any]:
        """Events as reviewed where somebody reviewed them, else as measured."""
        events: Mapping[str, Any] = (self.reviewed or self.document)["events"]
        return events


@dataclass(frozen=True)
class MetricRow:
    """A line of the table of measurements; ``reviewed`` is None where it equals what was measured."""

    name: str
    label: str
    unit: str
    instrument: str
    value: float | None
    reviewed: float | None
    low: float | None
    high: float | None
    reason: str


def metric_rows(data: ReportData) -> tuple[MetricRow, ...]:
    """The measurements that the page shows, those of :data:`METRICS_ON_PAGE` which the document has."""
    measured = data.summary["metrics"]
    reviewed = data.reviewed["summary"]["metrics"] if data.reviewed else {}
    return tuple(_metric_row(name, measured[name], reviewed.get(name)) for name in METRICS_ON_PAGE if name in measured)


def checks_to_mention(data: ReportData) -> tuple[Mapping[str, Any], ...]:
    """Quality checks that failed, then those that warn."""
    checks = data.summary["quality"]
    wanted = (CheckStatus.FAIL.value, CheckStatus.WARNING.value)
    return tuple(check for status in wanted for check in checks if check["status"] == status)


def _metric_row(name: str, metric: Mapping[str, Any], reviewed: Mapping[str, Any] | None) -> MetricRow:
    reference = metric.get("reference") or {}
    again = reviewed.get("value") if reviewed else None
    return MetricRow(
        name=name,
        label=metric["label"],
        unit=metric["unit"],
        instrument=metric["instrument"],
        value=metric["value"],
        reviewed=None if again == metric["value"] else again,
        low=reference.get("low"),
        high=reference.get("high"),
        reason=(metric.get("reason") or "").partition(": ")[2],
    )
