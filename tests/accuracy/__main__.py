"""Prints the accuracy tables: ``python -m tests.accuracy [--section NAME]``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import tests.accuracy
from shared.version import ANALYSIS_VERSION
from tests.accuracy.context import MATERIAL, Context


def sections() -> dict[str, ModuleType]:
    """Modules of this package that have tables, by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(tests.accuracy.__path__) if info.name != "__main__")
    modules = {name: importlib.import_module(f"tests.accuracy.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "tables")}


def print_section(module: ModuleType, context: Context) -> None:
    """Title and tables of one section, or why there are none."""
    print(f"\n## {module.title}\n")
    if module.needs_material and context.material is None:
        print("Not measured here: the folder ../shared/material with real clips is absent.")
        return
    print("\n\n".join(table.markdown() for table in module.tables(context)), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for."""
    found = sections()
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description="Accuracy tables.")
    parser.add_argument("--section", choices=sorted(found), action="append", help="only this one; may be repeated")
    chosen = parser.parse_args(arguments).section or sorted(found)
    material = MATERIAL if (MATERIAL / "annotations.json").is_file() else None
    print(f"# Accuracy, {datetime.now(UTC):%Y-%m-%d}, analysis {ANALYSIS_VERSION}")
    with tempfile.TemporaryDirectory() as scratch:
        context = Context(material, Path(scratch))
        for name in chosen:
            print_section(found[name], context)
    return 0


if __name__ == "__main__":
    sys.exit(main())
