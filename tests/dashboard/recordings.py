"""Recordings for the dashboard's tests: known traces, really analysed and really stored."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import numpy as np

from dashboard.services import Services
from shared.adapters.local import LocalStore, open_local_store
from shared.analysis import analyse
from shared.documents import document
from shared.model import BoolArray, EyeTrace, FloatArray, Task, Trace, VideoMeta
from shared.parameters import Parameters
from shared.ports import Job, JobError
from shared.tables import trace_csv

NOW = 1_790_000_000.0
BLINKS_AT_S = (3.1, 7.3, 12.6, 16.9)
_RATE_HZ = 30.0


def known_trace(
    *,
    vertical: float = 0.03,
    duration_s: float = 20.0,
    iris_px: float = 60.0,
    lost_s: tuple[float, float] | None = None,
) -> Trace:
    """Steps up and down by ``vertical`` and left and right by 0.4 open lid gaps, four blinks, no limbus fit.

    Args:
        vertical: distance of the two vertical targets, open lid gaps.
        duration_s: length.
        iris_px: size of the iris in the picture.
        lost_s: stretch without a face.
    """
    time_s = np.arange(round(duration_s * _RATE_HZ)) / _RATE_HZ
    rng = np.random.default_rng(4)
    half = time_s < duration_s / 2
    v = np.where(half, vertical / 2 * np.sign(np.sin(np.pi * time_s)), 0.0)
    h = np.where(half, 0.0, 0.2 * np.sign(np.sin(np.pi * time_s)))
    opening = np.full(len(time_s), 0.9)
    for start_s in BLINKS_AT_S:
        inside = (time_s >= start_s) & (time_s <= start_s + 0.2)
        opening[inside] -= 0.8 * np.sin(np.pi * (time_s[inside] - start_s) / 0.2)
    valid = np.ones(len(time_s), dtype=bool)
    if lost_s is not None:
        valid = (time_s < lost_s[0]) | (time_s > lost_s[1])
    level = np.where(valid, 0.0, np.nan)
    return Trace(
        frame_idx=np.arange(len(time_s)),
        time_s=time_s,
        left=_eye(v, h, opening, iris_px, rng),
        right=_eye(v, h, opening, iris_px, rng),
        valid=valid,
        face_count=valid.astype(np.int64),
        head_yaw_deg=level,
        head_pitch_deg=level,
        head_roll_deg=level,
        meta=VideoMeta(1920, 1080, len(time_s), duration_s, _RATE_HZ, codec="h264", container="mp4"),
        tracker={"test": "1"},
    )


def _eye(v: FloatArray, h: FloatArray, opening: FloatArray, iris_px: float, rng: np.random.Generator) -> EyeTrace:
    noise = rng.normal(0, 0.001, (2, len(v)))
    full = np.full(len(v), 500.0)
    return EyeTrace.empty(
        len(v),
        iris_x_px=full,
        iris_y_px=full,
        iris_diameter_px=np.full(len(v), iris_px),
        eye_open=opening * 0.33,
        lid_opening=opening,
        h_offset=h + noise[0],
        v_offset=v + noise[1],
    )


def open_store(folder: Path) -> LocalStore:
    """A store in ``folder``."""
    return open_local_store(folder)


def add_finished(
    services: Services,
    trace: Trace,
    *,
    code: str = "P-1",
    day: date = date(2026, 9, 1),
    label: str = "visit 1",
    task: Task = Task.VERTICAL_HORIZONTAL,
    film: bytes = b"not really a film",
    blink_method: str = "adaptive",
) -> Job:
    """A recording whose analysis is stored as the worker would have stored it."""
    parameters = Parameters.from_mapping({"task": task.value, "blink_method": blink_method})
    job = add_queued(services, code=code, day=day, label=label, film=film, task=task)
    result = analyse(trace, parameters)
    content = document(result, file_name=job.video.file_name, sha256=job.video.sha256)
    store = services.store
    store.jobs.claim("test", now=NOW, lease_s=60, analysis_id=job.analysis_id)
    store.results.save(code, job.analysis_id, trace_csv=trace_csv(trace, result), document=content)
    store.jobs.complete(job.analysis_id, "test", content["summary"], now=NOW)
    return store.jobs.get(job.analysis_id)


def add_queued(
    services: Services,
    *,
    code: str = "P-1",
    day: date = date(2026, 9, 1),
    label: str = "",
    film: bytes = b"not really a film",
    task: Task = Task.VERTICAL_HORIZONTAL,
) -> Job:
    """A recording that waits for its analysis."""
    return services.submit(
        code=code,
        file_name="film.mp4",
        stream=io.BytesIO(film),
        day=day,
        parameters={"task": task.value},
        label=label,
        now=NOW,
    )


def add_failed(services: Services, *, code: str = "P-1", error: JobError) -> Job:
    """A recording whose analysis failed."""
    job = add_queued(services, code=code)
    services.store.jobs.claim("test", now=NOW, lease_s=60, analysis_id=job.analysis_id)
    services.store.jobs.fail(job.analysis_id, "test", error, now=NOW)
    return services.store.jobs.get(job.analysis_id)


def mask_of(trace: Trace, start_s: float, end_s: float) -> BoolArray:
    """Frames of ``trace`` in a stretch of time."""
    return (trace.time_s >= start_s) & (trace.time_s <= end_s)
