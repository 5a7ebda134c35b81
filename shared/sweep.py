"""The decision over a grid of thresholds: where does it hold, where does it flip, where is it inconclusive?

Every cell is what :func:`shared.analysis.analyse` says with those two thresholds. Blinks and ranges depend on
``blink_thresh`` alone, so they are found once a row; the rule and the gates are then asked for each cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.analysis import Looked, look
from shared.model import PspStatus, Trace
from shared.parameters import Parameters
from shared.quality import run_checks
from shared.screening import blocking, psp_status, psp_suspected


@dataclass(frozen=True)
class SweepGrid:
    """Results for each ``blink_thresh`` (rows) and each ``vpp_thresh`` (columns).

    Attributes:
        vpp_thresholds: V values, open lid gaps.
        blink_thresholds: B values. With the adaptive blink method they change nothing and all rows are equal.
        status: B rows of V.
        suspected: the bare rule, B rows of V; None where the range could not be measured.
        blocked_by: code of the weightiest check that makes a cell inconclusive, B rows of V; None where judged
            or where the range itself is missing.
        vertical_peak_to_peak: one for each ``blink_thresh``, open lid gaps; None where not measured.
        blink_count: one for each ``blink_thresh``.
    """

    vpp_thresholds: tuple[float, ...]
    blink_thresholds: tuple[float, ...]
    status: tuple[tuple[PspStatus, ...], ...]
    suspected: tuple[tuple[bool | None, ...], ...]
    blocked_by: tuple[tuple[str | None, ...], ...]
    vertical_peak_to_peak: tuple[float | None, ...]
    blink_count: tuple[int, ...]


@dataclass(frozen=True)
class _Cell:
    status: PspStatus
    suspected: bool | None
    blocked_by: str | None


def sweep(
    trace: Trace, vpp_thresholds: Sequence[float], blink_thresholds: Sequence[float], parameters: Parameters
) -> SweepGrid:
    """Decide for every pair of thresholds.

    Args:
        trace: what tracking measured.
        vpp_thresholds: columns, open lid gaps.
        blink_thresholds: rows; they act with ``parameters.blink_method == "fixed"``.
        parameters: everything else.

    Raises:
        InvalidParameterError: a threshold is out of bounds.
    """
    columns, rows = tuple(map(float, vpp_thresholds)), tuple(map(float, blink_thresholds))
    for column in columns:
        Parameters.from_mapping({"vpp_thresh": column})
    for row in rows:
        Parameters.from_mapping({"blink_thresh": row})
    if parameters.blink_method == "fixed":
        looks = [look(trace, replace(parameters, blink_thresh=row)) for row in rows]
    else:
        looks = [look(trace, parameters)] * len(rows)
    cells: list[list[_Cell]] = []
    for index, looked in enumerate(looks):
        same = index > 0 and looked is looks[index - 1]
        cells.append(cells[-1] if same else [_cell(looked, replace(parameters, vpp_thresh=v)) for v in columns])
    ranges = [looked.evidence.landmark.vertical for looked in looks]
    return SweepGrid(
        vpp_thresholds=columns,
        blink_thresholds=rows,
        status=tuple(tuple(cell.status for cell in row) for row in cells),
        suspected=tuple(tuple(cell.suspected for cell in row) for row in cells),
        blocked_by=tuple(tuple(cell.blocked_by for cell in row) for row in cells),
        vertical_peak_to_peak=tuple(vertical.peak_to_peak if vertical else None for vertical in ranges),
        blink_count=tuple(len(looked.blinks) for looked in looks),
    )


def _cell(looked: Looked, parameters: Parameters) -> _Cell:
    checks = run_checks(looked.evidence, parameters)
    suspected = psp_suspected(looked.evidence.landmark.vertical, parameters)
    blocked = blocking(checks, parameters)
    return _Cell(psp_status(suspected, checks, parameters), suspected, blocked[0].code if blocked else None)
