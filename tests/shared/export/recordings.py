"""A shipped demo result with its trace, as exports get them."""

from pathlib import Path
from typing import Any

from shared import read_trace
from shared.documents import read_document
from shared.model import Trace

DEMO = Path(__file__).parents[3] / "dashboard" / "demo"


def demo(name: str = "psp_like") -> tuple[dict[str, Any], Trace]:
    """Document and trace of a demo case."""
    return read_document(DEMO / f"{name}.json"), read_trace(DEMO / f"{name}.csv")
