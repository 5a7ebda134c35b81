"""Gaze tables of any tracker in, event files out: what ``python -m shared events`` reads and writes.

A gaze table is a CSV with a header and the columns ``time_sec, x_deg, y_deg`` (others are ignored). An empty cell,
``nan``, or a non-finite number marks a lost sample.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import EmptyFileError, StorageError, UnreadableTableError
from shared.events.saccades import detect_saccades
from shared.events.square_waves import detect_square_wave_jerks
from shared.model import FloatArray, Saccade, SquareWaveJerk

COLUMNS = ("time_sec", "x_deg", "y_deg")
LOST_CELLS = frozenset({"", "nan", "na", "null", "none"})


@dataclass(frozen=True, eq=False)
class GazeTable:
    """A recording of gaze.

    Attributes:
        time_s: ``(N,)`` strictly increasing, s.
        x_deg, y_deg: ``(N,)`` gaze, degrees; both ``nan`` where the sample is lost.
    """

    time_s: FloatArray
    x_deg: FloatArray
    y_deg: FloatArray


def read_gaze(path: Path) -> GazeTable:
    """Read a gaze table.

    Args:
        path: a CSV file in UTF-8, with or without byte-order mark.

    Raises:
        EmptyFileError: zero bytes.
        UnreadableTableError: not text, a column is missing, a cell is no number, or time does not increase.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableTableError("This file is not a text table. Give a CSV in UTF-8 with a header line.") from error
    except OSError as error:
        raise UnreadableTableError(
            "The gaze table could not be opened. Check its name and that it may be read."
        ) from error
    if not text:
        raise EmptyFileError("The gaze table is empty (0 bytes). Export it again.")
    lines = csv.reader(text.splitlines())
    try:
        header = [name.strip() for name in next(lines)]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UnreadableTableError(
                f"The gaze table has no column {', '.join(missing)}. The header must name time_sec, x_deg and y_deg."
            )
        places = [header.index(name) for name in COLUMNS]
        rows = [
            [_number(row[place] if place < len(row) else "", line) for place in places]
            for line, row in enumerate(lines, start=2)
            if any(cell.strip() for cell in row)
        ]
    except (csv.Error, StopIteration) as error:
        raise UnreadableTableError("The gaze table is not a valid CSV. Export it again with a header line.") from error
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return _checked(table[:, 0], table[:, 1], table[:, 2])


def detect_events(gaze: GazeTable) -> tuple[tuple[Saccade, ...], tuple[SquareWaveJerk, ...]]:
    """Saccades and square-wave jerks of a gaze table."""
    saccades = detect_saccades(gaze.time_s, gaze.x_deg, gaze.y_deg)
    return saccades, detect_square_wave_jerks(saccades)


def write_events(path: Path, saccades: Sequence[Saccade], square_wave_jerks: Sequence[SquareWaveJerk]) -> None:
    """Write both lists as JSON, at once or not at all. A number that is missing is ``null``, never NaN.

    Raises:
        StorageError: the file could not be written.
    """
    document = {
        "saccades": [_saccade_entry(saccade) for saccade in saccades],
        "square_wave_jerks": [_finite(asdict(jerk)) for jerk in square_wave_jerks],
    }
    text = json.dumps(document, allow_nan=False, indent=1) + "\n"
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        partial = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            "The events could not be written. Check the folder and the free space, then try again."
        ) from error


def _saccade_entry(saccade: Saccade) -> dict[str, Any]:
    """JSON of one saccade, without frame numbers: samples of a gaze table are no video frames."""
    entry = _finite(asdict(saccade))
    del entry["start_frame"], entry["end_frame"]
    entry["qualifiers"] = list(saccade.qualifiers)
    return entry


def _finite(entry: dict[str, Any]) -> dict[str, Any]:
    """The same with None in place of numbers that are not finite."""
    return {key: None if isinstance(value, float) and not isfinite(value) else value for key, value in entry.items()}


def _number(cell: str, line: int) -> float:
    """The number in a cell, ``nan`` for an empty one."""
    if cell.strip().lower() in LOST_CELLS:
        return float("nan")
    try:
        return float(cell)
    except ValueError as error:
        raise UnreadableTableError(
            f"Line {line} of the gaze table holds something that is not a number. Correct it, or leave the cell empty."
        ) from error


def _checked(time_s: FloatArray, x_deg: FloatArray, y_deg: FloatArray) -> GazeTable:
    """A table whose time is known and increases, with whole samples lost where one coordinate is."""
    if len(time_s) == 0:
        raise UnreadableTableError("The gaze table has a header but no samples. Export it again.")
    if not np.isfinite(time_s).all():
        raise UnreadableTableError("A sample of the gaze table has no time. Fill in time_sec on every line.")
    if (np.diff(time_s) <= 0).any():
        raise UnreadableTableError("The times of the gaze table do not increase. Sort it, in seconds, without repeats.")
    lost = ~(np.isfinite(x_deg) & np.isfinite(y_deg))
    return GazeTable(time_s, np.where(lost, np.nan, x_deg), np.where(lost, np.nan, y_deg))
