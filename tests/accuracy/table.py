"""A table of results as markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under column heads, with a sentence on how they were made.

    Attributes:
        caption: what is compared with what.
        columns: heads.
        rows: cells; a float is shown with three digits after the point, None as a dash.
        note: below the table.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def markdown(self) -> str:
        """The table as a markdown block.

        >>> print(Table("Blinks", ["clip", "F1"], [["a", 0.5], ["b", None]]).markdown())
        **Blinks**
        <BLANKLINE>
        | clip | F1 |
        |---|---|
        | a | 0.500 |
        | b | – |
        """
        lines = [f"**{self.caption}**", "", _line(self.columns), "|" + "---|" * len(self.columns)]
        lines += [_line([_shown(cell) for cell in row]) for row in self.rows]
        return "\n".join([*lines, "", self.note] if self.note else lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
