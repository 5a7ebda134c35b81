"""Traces of the real clips, measured once a session and shared between test files and workers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from shared.model import Trace, VideoMeta
from shared.parameters import Parameters
from shared.tables import read_trace, rounded, trace_csv
from shared.tracking.tracker import track

TraceOf = Callable[[str], Trace]


@pytest.fixture(scope="session")
def material_trace(material: Path, tmp_path_factory: pytest.TempPathFactory) -> TraceOf:
    """A function from a clip's name (``lp_d0.mp4``, ``derived/vr_4_mirrored.mp4``) to its trace."""
    base = tmp_path_factory.getbasetemp()
    # With xdist each worker has a folder of its own below the session's.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "material_traces"
    folder.mkdir(exist_ok=True)
    known: dict[str, Trace] = {}

    def trace_of(name: str) -> Trace:
        if name not in known:
            known[name] = _cached(material / "videos" / name, folder / name.replace("/", "_"))
        return known[name]

    return trace_of


def _cached(video: Path, stem: Path) -> Trace:
    table, about = stem.with_suffix(".csv"), stem.with_suffix(".json")
    if not about.exists():
        trace = track(video, Parameters())
        _write_whole(table, trace_csv(trace))
        assert trace.meta is not None
        _write_whole(about, json.dumps(asdict(trace.meta)).encode())
        return rounded(trace)
    return read_trace(table).with_meta(VideoMeta(**json.loads(about.read_text())))


def _write_whole(path: Path, data: bytes) -> None:
    """Never half a file for another worker to read."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)
