"""The events of a recording as one table for people: a CSV that spreadsheets open with Korean intact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

COLUMNS: Final = (
    "event",
    "start_s",
    "end_s",
    "duration_s",
    "eye",
    "kind",
    "amplitude_deg",
    "direction_deg",
    "peak_velocity_deg_s",
    "status",
    "reason",
)
_KINDS: Final = {"blinks": "blink", "saccades": "saccade", "square_wave_jerks": "square-wave jerk"}
_BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def rows(events: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every event in order of time, each with the keys of :data:`COLUMNS`; what does not apply is ``None``.

    Args:
        events: ``events`` of a result document. An event that a reviewer judged carries ``status``
            (``accepted``, ``rejected``, ``added``) and ``reason``.
    """
    listed = [(name, event) for name in _KINDS for event in events[name]]
    for name, event in sorted(listed, key=lambda item: (item[1]["start_s"], item[0])):
        duration_s = event.get("duration_s")
        yield {column: event.get(column) for column in COLUMNS} | {
            "event": _KINDS[name],
            "duration_s": event["end_s"] - event["start_s"] if duration_s is None else duration_s,
            "status": event.get("status", "measured"),
        }


def event_csv(events: Mapping[str, Any]) -> bytes:
    """The table as UTF-8 with a byte-order mark, so that Excel-style readers show Korean; cells that a spreadsheet
    would take for a formula are quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows(events))
    return (_BYTE_ORDER_MARK + text.getvalue()).encode()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
