"""The trace as a CSV: the published original's columns first, then ours.

One header line, UTF-8, ``\\n``, empty cells for what was not measured, no comment lines, no text columns. Numbers
have a fixed count of decimals, so the same trace is the same bytes. :func:`rounded` gives a trace as its CSV will
be read back, to the last bit: what is analysed from it is what a re-analysis of the CSV will say.

``L`` and ``R`` are the **patient's own** left and right eye. In the original's CSVs ``L`` was image-left; a file
without ``schema_version`` is taken for one of those, and its eyes are exchanged on reading.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import pandas as pd

from shared.errors import UnreadableTableError
from shared.model import BoolArray, EyeTrace, FloatArray, Result, Trace
from shared.tracking.landmark import open_lid_ratio
from shared.version import SCHEMA_VERSION

Columns = dict[str, FloatArray]


@dataclass(frozen=True)
class Column:
    """One column of the CSV.

    Attributes:
        name: as in the header.
        unit: empty for pure numbers.
        meaning: one sentence.
        decimals: digits after the point.
    """

    name: str
    unit: str
    meaning: str
    decimals: int


def _both_eyes(suffix: str, unit: str, meaning: str, decimals: int) -> tuple[Column, Column]:
    return (
        Column(f"L_{suffix}", unit, f"Patient's left eye: {meaning}", decimals),
        Column(f"R_{suffix}", unit, f"Patient's right eye: {meaning}", decimals),
    )


def _one_eye_of_original(side: str, eye: str) -> tuple[Column, ...]:
    return (
        Column(f"{side}_iris_cx", "px", f"{eye}: landmark iris centre from the picture's left edge.", 3),
        Column(f"{side}_iris_cy", "px", f"{eye}: landmark iris centre from the picture's upper edge.", 3),
        Column(f"{side}_eye_open", "", f"{eye}: lid gap / distance of the eye corners.", 5),
        Column(
            f"{side}_v_offset",
            "open lid gaps",
            f"{eye}: iris centre from the corner line, perpendicular to it, down positive; landmark instrument.",
            5,
        ),
    )


ORIGINAL_COLUMNS: Final[tuple[Column, ...]] = (
    Column("frame_idx", "frames", "Number of the frame in decode order, from 0.", 0),
    Column("time_sec", "s", "Presentation time of the frame, from the first.", 6),
    *_one_eye_of_original("L", "Patient's left eye"),
    *_one_eye_of_original("R", "Patient's right eye"),
    Column("eye_open", "", "Mean of both eyes' eye_open.", 5),
    Column("v_offset", "open lid gaps", "Mean of both eyes' v_offset: what vpp_thresh is compared with.", 5),
)
"""The published original's columns, in its order."""

_H_SIGN: Final = "positive toward the patient's left"


def _limbus_columns(suffix: str, unit: str, decimals: int) -> tuple[Column, ...]:
    approximate = "approximate, " if unit == "deg" else ""
    origin = f"in the head, {approximate}0 = the recording's median gaze; limbus instrument."
    return tuple(
        Column(f"{side}_{axis}_{suffix}", unit, f"Patient's {eye} eye: {meaning}, {origin}", decimals)
        for side, eye in (("L", "left"), ("R", "right"))
        for axis, meaning in (("h", f"horizontal, {_H_SIGN}"), ("v", "vertical, down positive"))
    )


COLUMNS: Final[tuple[Column, ...]] = (
    *ORIGINAL_COLUMNS,
    *_both_eyes(
        "h_offset",
        "corner distances",
        f"iris centre from the middle of the corners along their line, {_H_SIGN}; landmark instrument.",
        5,
    ),
    Column("h_offset", "corner distances", "Mean of both eyes' h_offset.", 5),
    *_limbus_columns("deg", "deg", 3),
    Column("h_deg", "deg", "Mean of both eyes' h_deg.", 3),
    Column("v_deg", "deg", "Mean of both eyes' v_deg.", 3),
    *_limbus_columns("iris", "iris diameters", 5),
    *_both_eyes("iris_diameter_px", "px", "horizontal iris diameter by landmarks.", 3),
    *_both_eyes("limbus_confidence", "", "how well the iris rim was seen, 0 (not) to 1.", 4),
    *_both_eyes("lid_occluded", "", "1: the lids hide how high the eye stands; v_deg is empty there.", 0),
    *_both_eyes("lid_opening", "iris diameters", "mean lid gap over three lid pairs.", 5),
    Column("valid", "", "1: a face was found and both eyes' geometry is plausible. Blinks are not excluded.", 0),
    Column("blink", "", "1: inside a blink.", 0),
    Column("usable", "", "1: valid and outside blinks and their padding; such frames enter the ranges.", 0),
    Column("face_count", "faces", "Faces in the picture as far as looked for; 0 none, -1 not looked for here.", 0),
    Column("head_yaw_deg", "deg", "Head turned, nose toward the patient's left positive; approximate.", 3),
    Column("head_pitch_deg", "deg", "Head nodded, nose down positive; approximate.", 3),
    Column("head_roll_deg", "deg", "Head tilted, toward the patient's left shoulder positive.", 3),
    Column("spectacles", "", "1: spectacles were seen before the eyes, 0: none were; the same in all rows.", 0),
    Column("schema_version", "", "Version of these columns.", 0),
)
"""The data dictionary."""

_DECIMALS: Final[Mapping[str, int]] = {column.name: column.decimals for column in COLUMNS}
_EYE_COLUMNS: Final[Mapping[str, str]] = {
    "iris_cx": "iris_x_px",
    "iris_cy": "iris_y_px",
    "eye_open": "eye_open",
    "v_offset": "v_offset",
    "h_offset": "h_offset",
    "h_deg": "limbus_h_deg",
    "v_deg": "limbus_v_deg",
    "h_iris": "limbus_h_iris",
    "v_iris": "limbus_v_iris",
    "iris_diameter_px": "iris_diameter_px",
    "limbus_confidence": "limbus_confidence",
    "lid_occluded": "limbus_occluded",
    "lid_opening": "lid_opening",
}
"""Column without its side -> array of :class:`EyeTrace`."""
_MEANS: Final = ("eye_open", "v_offset", "h_offset", "h_deg", "v_deg")
"""Columns that also stand there as the mean of both eyes."""


def write_trace(trace: Trace, result: Result | None, target: Path | TextIO) -> None:
    """Write the CSV of a trace to a file or an open text stream.

    Args:
        trace: what tracking measured.
        result: of analysing that trace; fills ``blink`` and ``usable``, which stay empty without one.
        target: where to.
    """
    text = _csv_text(trace, result)
    if isinstance(target, Path):
        target.write_bytes(text.encode())
    else:
        target.write(text)


def trace_csv(trace: Trace, result: Result | None = None) -> bytes:
    """The CSV of a trace, see :func:`write_trace`."""
    return _csv_text(trace, result).encode()


def read_trace(source: Path | bytes) -> Trace:
    """Read a CSV of this program, or of the published original (then ``legacy`` is set).

    A legacy trace keeps its offsets as they are: they were divided by the momentary lid gap, and its times are
    frame number / frame rate.

    Raises:
        UnreadableTableError: not such a CSV, no rows, cells that are no numbers, times that do not increase.
    """
    columns = _parse(source)
    if "schema_version" in columns:
        return _trace_of(columns)
    exchanged = {_other_side(name): values for name, values in columns.items()}
    return replace(_trace_of(exchanged), legacy=True)


def rounded(trace: Trace) -> Trace:
    """The trace as :func:`read_trace` will give it back from its CSV, with its film and tracker still known."""
    again = _trace_of(_columns_of(trace, None))
    return replace(again, meta=trace.meta, tracker=trace.tracker, legacy=trace.legacy)


def _csv_text(trace: Trace, result: Result | None) -> str:
    columns = _columns_of(trace, result)
    texts = [_texts(columns[column.name], column.decimals) for column in COLUMNS]
    header = ",".join(column.name for column in COLUMNS)
    return "\n".join([header, *map(",".join, zip(*texts, strict=True))]) + "\n"


def _texts(values: FloatArray, decimals: int) -> list[str]:
    pattern = f"%.{decimals}f"
    return ["" if value != value else pattern % value for value in values.tolist()]  # noqa: PLR0124 - nan


def _columns_of(trace: Trace, result: Result | None) -> Columns:
    """All columns, rounded; ``nan`` for empty cells."""
    missing = np.full(len(trace), np.nan)
    columns: Columns = {
        "frame_idx": trace.frame_idx.astype(np.float64),
        "time_sec": trace.time_s,
        "valid": trace.valid.astype(np.float64),
        "blink": missing if result is None else result.blink_mask.astype(np.float64),
        "usable": missing if result is None else result.usable.astype(np.float64),
        "face_count": trace.face_count.astype(np.float64),
        "head_yaw_deg": trace.head_yaw_deg,
        "head_pitch_deg": trace.head_pitch_deg,
        "head_roll_deg": trace.head_roll_deg,
        "spectacles": missing if trace.spectacles is None else np.full(len(trace), float(trace.spectacles)),
        "schema_version": np.full(len(trace), float(SCHEMA_VERSION)),
    }
    for side, eye in (("L", trace.left), ("R", trace.right)):
        for suffix, name in _EYE_COLUMNS.items():
            columns[f"{side}_{suffix}"] = getattr(eye, name)
        eye_open = _round(eye.eye_open, f"{side}_eye_open")
        columns[f"{side}_h_offset"] = eye.h_offset * open_lid_ratio(eye_open, trace.valid)
    columns = {name: _round(values, name) for name, values in columns.items()}
    for suffix in _MEANS:
        columns[suffix] = _round(_mean(columns[f"L_{suffix}"], columns[f"R_{suffix}"]), suffix)
    return columns


def _round(values: FloatArray, name: str) -> FloatArray:
    # Adding 0 turns -0.0 into 0.0, which would be written as "-0.000".
    return np.asarray(np.round(values, _DECIMALS[name]) + 0.0)


def _mean(left: FloatArray, right: FloatArray) -> FloatArray:
    one = np.where(np.isfinite(left), left, right)
    other = np.where(np.isfinite(right), right, left)
    return np.asarray((one + other) / 2.0)


def _trace_of(columns: Mapping[str, FloatArray]) -> Trace:
    frame_count = len(columns["time_sec"])
    missing = np.full(frame_count, np.nan)

    def column(name: str) -> FloatArray:
        return columns.get(name, missing)

    valid = _flags(columns, "valid")
    return Trace(
        frame_idx=columns["frame_idx"].astype(np.int64),
        time_s=columns["time_sec"],
        left=_eye_of("L", column, valid),
        right=_eye_of("R", column, valid),
        valid=valid,
        face_count=np.where(np.isfinite(column("face_count")), column("face_count"), -1).astype(np.int64),
        head_yaw_deg=column("head_yaw_deg"),
        head_pitch_deg=column("head_pitch_deg"),
        head_roll_deg=column("head_roll_deg"),
        spectacles=_of_the_film(column("spectacles")),
    )


def _of_the_film(values: FloatArray) -> bool | None:
    """What a column says of the whole film, the same in all rows; None where it is empty or absent."""
    return bool(values[0]) if len(values) and np.isfinite(values[0]) else None


def _flags(columns: Mapping[str, FloatArray], name: str) -> BoolArray:
    """The column ``valid``; in a legacy file, whether both eyes were measured."""
    if name in columns:
        return np.asarray(columns[name] == 1.0, dtype=np.bool_)
    return np.asarray(np.isfinite(columns["L_v_offset"]) & np.isfinite(columns["R_v_offset"]), dtype=np.bool_)


def _eye_of(side: str, column: Callable[[str], FloatArray], valid: BoolArray) -> EyeTrace:
    arrays = {name: column(f"{side}_{suffix}") for suffix, name in _EYE_COLUMNS.items()}
    arrays["h_offset"] = arrays["h_offset"] / open_lid_ratio(arrays["eye_open"], valid)
    return EyeTrace(**arrays)


def _parse(source: Path | bytes) -> Columns:
    try:
        table = pd.read_csv(
            io.BytesIO(source) if isinstance(source, bytes) else source,
            encoding="utf-8-sig",
            float_precision="round_trip",
            low_memory=False,
        )
    except (ValueError, OSError, UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise UnreadableTableError from None
    needed = [column.name for column in ORIGINAL_COLUMNS]
    if absent := [name for name in needed if name not in table.columns]:
        raise UnreadableTableError(
            f"This CSV is not an eye trace: it has no column {absent[0]}. Use the CSV that an analysis wrote."
        )
    if table.empty:
        raise UnreadableTableError("This CSV has no rows. Use the CSV of an analysis that measured at least one frame.")
    columns = {name: _numbers(table[name]) for name in table.columns if name in _DECIMALS}
    _check(columns)
    return columns


def _numbers(cells: pd.Series) -> FloatArray:
    try:
        numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        raise UnreadableTableError(
            f"Column {cells.name} of this CSV holds something that is not a number. Use the CSV as it was written."
        ) from None
    return np.where(np.isinf(numbers), np.nan, numbers)


def _check(columns: Columns) -> None:
    versions = columns.get("schema_version")
    if versions is not None and not np.all(versions == float(SCHEMA_VERSION)):
        raise UnreadableTableError(
            "This CSV was written by another version of the program. Analyse the video again to get a current one."
        )
    frame_idx = columns["frame_idx"]
    if not np.all(np.isfinite(frame_idx)) or np.any(frame_idx < 0) or np.any(np.diff(frame_idx) <= 0):
        raise UnreadableTableError("The frame numbers of this CSV do not increase. Use the CSV as it was written.")
    time_s = columns["time_sec"]
    if not np.all(np.isfinite(time_s)) or np.any(np.diff(time_s) <= 0):
        raise UnreadableTableError("The times of this CSV do not increase. Use the CSV as it was written.")


def _other_side(name: str) -> str:
    swapped = {"L": "R", "R": "L"}
    return f"{swapped[name[0]]}{name[1:]}" if name[:2] in {"L_", "R_"} else name
