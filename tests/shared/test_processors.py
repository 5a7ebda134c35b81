"""Processors that may be used: by affinity, and in a container by its quota."""

import os
from pathlib import Path

import pytest

from shared import processors


@pytest.mark.parametrize(
    ("quota", "expected"), [("100000 100000", 1), ("50000 100000", 1), ("150000 100000", 1), ("max 100000", 2), ("", 2)]
)
def test_a_quota_of_processor_time_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, expected: int
) -> None:
    monkeypatch.setattr(processors, "_CPU_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert processors.usable_processors() == 2
    (tmp_path / "cpu.max").write_text(quota)
    assert processors.usable_processors() == expected
