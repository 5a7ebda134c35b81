"""Films whose every frame shows its own number as bars, with a trace of the same time stamps, put into the store.

They tell which frame a browser really shows, whatever its clock says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from shared.adapters.local import LocalStore
from shared.analysis import analyse
from shared.documents import document
from shared.model import FloatArray, Trace, VideoMeta
from shared.parameters import Parameters
from shared.ports import Job, JobStatus, Patient
from shared.synthetic.portrait import Image
from shared.synthetic.video_writer import write_video
from shared.tables import trace_csv
from shared.video import read_frames
from tests.shared.traces import recording

BITS: Final = 12
WIDTH_PX: Final = 480
HEIGHT_PX: Final = 270
NOW: Final = 1_790_000_000.0

READ_NUMBER: Final = f"""
(video) => {{
    const canvas = new OffscreenCanvas({WIDTH_PX}, {HEIGHT_PX});
    const context = canvas.getContext("2d", {{ willReadFrequently: true }});
    context.drawImage(video, 0, 0, {WIDTH_PX}, {HEIGHT_PX});
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit += 1) {{
        const pixel = context.getImageData((bit + 0.5) * {WIDTH_PX // BITS}, 20, 1, 1).data;
        number = number * 2 + (pixel[0] > 127 ? 1 : 0);
    }}
    return number;
}}
"""
"""JavaScript: the number that the frame on screen shows."""


def pictures(count: int) -> Iterator[Image]:
    """Grey pictures with the number of the frame in bars along the upper edge, highest bit first."""
    for number in range(count):
        picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 90, dtype=np.uint8)
        for bit in range(BITS):
            ink = 255 if number >> (BITS - 1 - bit) & 1 else 0
            step = WIDTH_PX // BITS
            picture[:40, bit * step : (bit + 1) * step] = ink
        yield picture


def write_long_film(path: Path, count: int, rate_hz: float) -> None:
    """A film of any length whose numbers begin again after the last: encoded once, then repeated as it is."""
    loop = path.with_name(f"loop{path.suffix}")
    write_video(loop, pictures(2**BITS), even_times(2**BITS, rate_hz), keyframe_every=30)
    with av.open(path, "w") as long, ExitStack() as stack:
        stream = None
        for first in range(0, count, 2**BITS):
            short = stack.enter_context(av.open(loop))
            stream = stream or long.add_stream_from_template(short.streams.video[0])
            for packet in islice(short.demux(video=0), min(2**BITS, count - first)):
                shift = round(first / rate_hz / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                long.mux(packet)
    loop.unlink()


def even_times(count: int, rate_hz: float = 30.0) -> FloatArray:
    """A constant frame rate."""
    return np.arange(count) / rate_hz


def phone_times(count: int) -> FloatArray:
    """A variable frame rate with the gaps seen in phone films: 13.7 to 41.7 ms."""
    return np.concatenate([[0.0], np.cumsum(np.random.default_rng(5).uniform(0.0137, 0.0417, count - 1))])


FILMS: Final = {
    "constant": (even_times(600), ".mp4"),
    "variable": (phone_times(600) + 0.4, ".mp4"),
    "webm": (phone_times(600), ".webm"),
}
"""Time stamps and container: constant rate; a phone's rate in a file that does not begin at zero; a browser's own."""


def trace_at(time_s: FloatArray) -> Trace:
    """Up and down, left and right, blinks: sampled at these times."""
    even = recording(duration_s=float(time_s[-1]) + 1.0, frame_rate_hz=30.0)
    nearest = np.clip(np.round(time_s * 30).astype(int), 0, len(even) - 1)
    eyes = {side: _at(getattr(even, side), nearest) for side in ("left", "right")}
    same = {name: getattr(even, name)[nearest] for name in ("valid", "face_count")}
    level = {name: np.zeros(len(time_s)) for name in ("head_yaw_deg", "head_pitch_deg", "head_roll_deg")}
    meta = VideoMeta(WIDTH_PX, HEIGHT_PX, len(time_s), float(time_s[-1]), 30.0, codec="h264", container="mp4")
    return replace(
        even, frame_idx=np.arange(len(time_s)), time_s=time_s, meta=meta, tracker={"test": "1"}, **eyes, **same, **level
    )


def _at(eye: Any, positions: FloatArray) -> Any:
    return type(eye)(**{name: values[positions] for name, values in vars(eye).items()})


def add_films(store: LocalStore, folder: Path) -> dict[str, FloatArray]:
    """Put ``FILMS`` into the store, as ``bars-`` and their names; frame times, s from the first, by name."""
    for name, (time_s, suffix) in FILMS.items():
        add_film(store, folder, f"bars-{name}", time_s, suffix=suffix)
    return {name: time_s - time_s[0] for name, (time_s, _) in FILMS.items()}


def add_film(store: LocalStore, folder: Path, name: str, film_time_s: FloatArray, *, suffix: str = ".mp4") -> str:
    """Put a film with bars and its finished analysis into the store; its analysis_id.

    Args:
        store: of the dashboard under test.
        folder: for the film while it is written.
        name: of the analysis; its patient is ``bars``.
        film_time_s: time stamps in the film's file, which need not begin at 0.
        suffix: of the file.
    """
    path = write_video(folder / f"{name}{suffix}", pictures(len(film_time_s)), film_time_s, keyframe_every=30)
    # Stamps are kept in whole ticks of the container's clock: the trace has what the program's reader gets back.
    return add_analysis(store, name, trace_at(np.array([frame.time_s for frame in read_frames(path)])), path)


def add_analysis(store: LocalStore, name: str, trace: Trace, film: Path) -> str:
    """A completed analysis of ``trace``, never seen as queued by the worker; its analysis_id."""
    if not list(store.patients.search("bars")):
        store.patients.add(Patient("bars", "", NOW))
    with film.open("rb") as stream:
        video = store.videos.put("bars", name, film.name, stream)
    parameters = Parameters.from_mapping({"task": "vertical_horizontal"})
    running = Job(
        analysis_id=name,
        user_id="bars",
        video=video,
        parameters=parameters.as_dict(),
        status=JobStatus.RUNNING,
        created_at=NOW,
        updated_at=NOW,
        recorded_at=NOW,
        lease_owner="test",
        lease_until=NOW + 1e9,
    )
    store.jobs.create(running)
    result = analyse(trace, parameters)
    sha256 = hashlib.sha256(film.read_bytes()).hexdigest()
    content = document(result, file_name=film.name, sha256=sha256)
    store.results.save("bars", name, trace_csv=trace_csv(trace, result), document=content)
    store.jobs.complete(name, "test", content["summary"], now=NOW + 1)
    return name
