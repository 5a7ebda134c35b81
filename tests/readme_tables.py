"""The README's data dictionary, made from the code: ``python -m tests.readme_tables`` writes it anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from shared.bounds import Bound
from shared.documents import FIELDS
from shared.parameters import BOUNDS, GATE_BOUNDS, Parameters
from shared.tables import COLUMNS

README = Path(__file__).resolve().parents[1] / "README.md"


def csv_table() -> str:
    """Columns of the trace CSV."""
    rows = [f"| `{c.name}` | {c.unit} | {c.meaning} |" for c in COLUMNS]
    return "\n".join(["| column | unit | meaning |", "|---|---|---|", *rows])


def json_table() -> str:
    """Keys of the JSON document."""
    rows = [f"| `{f.name}` | {f.unit} | {f.meaning} |" for f in FIELDS]
    return "\n".join(["| key | unit | meaning |", "|---|---|---|", *rows])


def parameter_table() -> str:
    """Parameters with bounds, defaults and sources."""
    defaults = Parameters().as_dict()
    rows = [_bound_row(name, defaults[name], bound) for name, bound in BOUNDS.items()]
    rows += [_bound_row(f"gates.{name}", defaults["gates"][name], bound) for name, bound in GATE_BOUNDS.items()]
    return "\n".join(
        ["| parameter | default | bounds | unit | meaning | source of the default |", "|" + "---|" * 6, *rows]
    )


def _bound_row(name: str, default: object, bound: Bound) -> str:
    limits = "true, false" if bound.kind is bool else f"{bound.low:g} to {bound.high:g}"
    shown = str(default).lower() if bound.kind is bool else f"{default:g}"
    return f"| `{name}` | {shown} | {limits} | {bound.unit} | {bound.meaning} | {bound.source} |"


TABLES = {"csv": csv_table, "json": json_table, "parameters": parameter_table}


def with_tables(text: str) -> str:
    """``text`` with the tables between its markers made anew."""
    for name, table in TABLES.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = between.sub(lambda found, table=table: f"{found[1]}{table()}\n{found[2]}", text)
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
