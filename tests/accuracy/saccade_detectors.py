"""Detectors that are compared: this project's, a fixed velocity threshold, and REMoDNaV where it is installed.

REMoDNaV (Dar, Wagner & Hanke, Behav Res Methods 2021, doi 10.3758/s13428-020-01428-x) is no dependency. Install it in
an environment of its own (``pip install remodnav``) and name that environment's Python in ``REMODNAV_PYTHON``.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shared.events.saccades import detect_saccades
from shared.events.velocity import local_velocity, runs
from shared.model import FloatArray

IVT_THRESHOLD_DEG_S = 45.0
REMODNAV_PYTHON = "REMODNAV_PYTHON"
REMODNAV = "REMoDNaV 1.1.2"

Interval = tuple[float, float, float]
"""Start, end (s), amplitude (deg)."""
Detector = Callable[[FloatArray, FloatArray, FloatArray], list[Interval]]


def ours(time_s: FloatArray, x_deg: FloatArray, y_deg: FloatArray) -> list[Interval]:
    """The detector of this project."""
    return [(s.start_s, s.end_s, s.amplitude_deg) for s in detect_saccades(time_s, x_deg, y_deg)]


def velocity_threshold(time_s: FloatArray, x_deg: FloatArray, y_deg: FloatArray) -> list[Interval]:
    """I-VT, the baseline: smoothed velocity over a fixed 45 deg/s."""
    half_s = max(0.010, 1.01 * float(np.median(np.diff(time_s))))
    speed = np.hypot(local_velocity(time_s, x_deg, half_s), local_velocity(time_s, y_deg, half_s))
    fast = np.nan_to_num(speed) > IVT_THRESHOLD_DEG_S
    found = []
    for first, beyond in runs(fast):
        last = beyond - 1
        amplitude = float(np.hypot(x_deg[last] - x_deg[first], y_deg[last] - y_deg[first]))
        found.append((float(time_s[first]), float(time_s[last]), amplitude))
    return found


class Remodnav:
    """REMoDNaV with its defaults, in a process of its own that answers one line for each line asked.

    Its smoothing (19 ms) must span an odd number of samples, three at least: where it does not, the next that does.
    """

    def __init__(self, python: Path) -> None:
        script = Path(__file__).with_name("remodnav_process.py")
        self._process = subprocess.Popen(
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, time_s: FloatArray, x_deg: FloatArray, y_deg: FloatArray) -> list[Interval]:
        """Its saccades and intersaccades, without its glissades."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        rate_hz = 1.0 / float(np.median(np.diff(time_s)))
        asked = {"rate_hz": rate_hz, "x_deg": _listed(x_deg), "y_deg": _listed(y_deg)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return [
            (float(time_s[0]) + start_s, float(time_s[0]) + end_s, size) for start_s, end_s, size in answer["found"]
        ]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def _listed(deg: FloatArray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in deg]


@contextmanager
def compared_detectors() -> Iterator[dict[str, Detector]]:
    """All detectors by name; REMoDNaV is among them where ``REMODNAV_PYTHON`` names an environment that has it."""
    detectors: dict[str, Detector] = {"this project": ours, "I-VT 45 deg/s": velocity_threshold}
    named = os.environ.get(REMODNAV_PYTHON)
    if not named:
        yield detectors
        return
    peer = Remodnav(Path(named))
    try:
        yield {**detectors, REMODNAV: peer}
    finally:
        peer.close()
