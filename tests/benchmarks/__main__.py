"""``make bench``: how fast and how large, on the machine that runs it. Prints Markdown for the README."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.analysis import analyse
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.sweep import sweep
from shared.tables import read_trace, trace_csv
from shared.tracking.tracker import bytes_kept_per_frame
from tests.benchmarks.long_recording import long_trace, looped_puppet
from tests.benchmarks.plain_loop import run as run_plain_loop

FRAMES = 18_000
PAIRS = 5
SIZES = ((720, 1280), (1080, 1920))
LENGTHS = (450, 1920)
"""Frames, 30 a second: a short film, in which what is done once counts, and one as long as the standard task."""

IMPORTS = {
    "`import shared`": "import shared",
    "`shared.analysis`": "import shared.analysis",
    "`shared.pipeline` and the first face mesh": (
        "import shared.pipeline\nfrom shared.tracking.face import MediaPipeFaceMesh\nMediaPipeFaceMesh().close()"
    ),
}

# VmHWM and not ru_maxrss: a child's ru_maxrss begins at what its parent had. The measuring child is gone at the end, so
# its peak is read while it works.
MEMORY_OF_ANALYSIS = """
import sys
from pathlib import Path
from shared import Parameters, analyze_video
def peak_mb(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
child_mb = 0.0
def look(progress):
    global child_mb
    for process in Path("/proc/self/task").glob("*/children"):
        for child in process.read_text().split():
            child_mb = max(child_mb, peak_mb(child))
analyze_video(Path(sys.argv[1]), Parameters(max_frames=200_000), progress=look)
print(peak_mb("self"), child_mb)
"""


def main() -> int:
    """Print all tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter films and fewer repeats")
    parser.add_argument("--only", choices=("analysis", "films", "memory", "starts"), help="one table alone")
    parser.add_argument("--film", type=Path, action="append", help="a film of your own in place of the rendered ones")
    options = parser.parse_args()
    quick = options.quick
    # Python keeps what it compiled, as wherever the program is installed: the measuring child starts in a third less.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"Measured on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables: dict[str, Callable[[], str]] = {
            "analysis": analysis_table,
            "films": lambda: films_table(
                options.film or rendered_films(folder, (150,) if quick else LENGTHS), pairs=1 if quick else PAIRS
            ),
            "memory": lambda: memory_table(folder, seconds=(10, 40) if quick else (120, 1200)),
            "starts": import_table,
        }
        for section in [options.only] if options.only else tables:
            print(tables[section](), flush=True)
    return 0


def median_ms(work: Callable[[], object], repeats: int = 7) -> float:
    """Median running time of ``work``, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def analysis_table() -> str:
    """Analysis without video: a trace of ten minutes at 30 frames/s."""
    trace = long_trace(FRAMES)
    table = trace_csv(trace, analyse(trace))
    grid = (np.linspace(0.01, 0.5, 50), np.linspace(0.08, 0.3, 20))
    rows = {
        "`read_trace` of the CSV": median_ms(lambda: read_trace(table)),
        "`analyse`": median_ms(lambda: analyse(trace)),
        "rescore = read and analyse": median_ms(lambda: analyse(read_trace(table))),
        "`sweep`, 50 x 20 thresholds": median_ms(lambda: sweep(trace, *grid, Parameters()), 3),
    }
    lines = [f"| {FRAMES} frames | ms |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value:.0f} |" for name, value in rows.items()), ""])


def rendered_films(folder: Path, lengths: Sequence[int]) -> list[Path]:
    """One film of each of :data:`SIZES` and each length, frames."""
    return [
        looped_puppet(folder / f"{width} x {height}, {frames} frames.mp4", frames=frames, size_px=(width, height))
        for frames in lengths
        for width, height in SIZES
    ]


def films_table(films: Sequence[Path], *, pairs: int) -> str:
    """Whole analyses against the guide's plain loop, interleaved so that a busy machine hurts both."""
    lines = [
        "| film, both instruments | the guide's plain loop, ms/frame (CPU) | `analyze`, ms/frame (CPU) | ratio (CPU) |",
        "|---|---|---|---|",
    ]
    for film in films:
        frames = run_plain_loop(film)  # also loads what both need
        plain, ours = [], []
        for _ in range(pairs):
            plain.append(elapsed_and_cpu_ms(lambda film=film: run_plain_loop(film)) / frames)
            ours.append(elapsed_and_cpu_ms(lambda film=film: analyze_video(film)) / frames)
        ratio = np.median(np.array(ours) / np.array(plain), axis=0)
        columns = (np.median(plain, axis=0), np.median(ours, axis=0))
        cells = " | ".join(f"{elapsed:.1f} ({cpu:.1f})" for elapsed, cpu in columns)
        lines.append(f"| {film.stem} | {cells} | {ratio[0]:.2f} ({ratio[1]:.2f}) |")
    return "\n".join([*lines, ""])


def elapsed_and_cpu_ms(work: Callable[[], object]) -> NDArray[np.float64]:
    """Time by the clock and time of all cores, of this process and of those it started and saw end, ms."""
    start, cpu_start = time.perf_counter(), _processor_s()
    work()
    return 1e3 * np.array([time.perf_counter() - start, _processor_s() - cpu_start])


def _processor_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_table(folder: Path, *, seconds: tuple[int, ...]) -> str:
    """Peak memory of analysing a short and a long film, each in a process of its own."""
    heading = (
        f"| film of | peak memory, MB (kept per frame: {bytes_kept_per_frame()} bytes) | of the measuring process, MB |"
    )
    lines = [heading, "|---|---|---|"]
    for duration_s in seconds:
        film = looped_puppet(folder / f"{duration_s}s.mp4", frames=duration_s * 30, size_px=(480, 640))
        run = subprocess.run(
            [sys.executable, "-c", MEMORY_OF_ANALYSIS, str(film)], capture_output=True, text=True, check=True
        )
        own_mb, child_mb = (float(word) for word in run.stdout.split()[-2:])
        lines.append(f"| {duration_s} s | {own_mb:.0f} | {child_mb:.0f} |")
    return "\n".join([*lines, ""])


def import_table() -> str:
    """Cold starts in a process of their own, the interpreter's start taken off."""

    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    base = median_ms(run("pass"), 5)
    lines = ["| start | s |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| {name} | {(median_ms(run(c), 5) - base) / 1e3:.2f} |" for name, c in IMPORTS.items())]
    )


if __name__ == "__main__":
    sys.exit(main())
