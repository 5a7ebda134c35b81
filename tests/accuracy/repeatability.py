"""How far the ranges of the same gaze differ between films of other light, distance, noise and compression.

One rendered face, the same movements, filmed eight times. The spread is the instrument's own; a person's difference
from day to day is not in it. ``shared/change.py`` takes its SDs from here.
"""

from __future__ import annotations

import numpy as np

from shared.change import LEAST_SD, RELATIVE_SD
from shared.model import Task
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.synthetic.film import Film
from shared.synthetic.gaze_script import Script
from shared.synthetic.puppet import Look
from shared.synthetic.scripts import healthy, psp_like
from tests.accuracy.context import Context
from tests.accuracy.table import Cell, Table

title = "Repeatability: the same gaze filmed anew"
needs_material = False

FILMED: tuple[tuple[Look, float, int], ...] = (
    (Look(), 29.0, 23),
    (Look(brightness=0.8), 29.0, 26),
    (Look(brightness=1.15), 27.0, 23),
    (Look(noise_sd=4.0), 29.0, 26),
    (Look(noise_sd=3.0, brightness=0.9), 25.0, 23),
    (Look(), 34.0, 28),
    (Look(flicker=0.02), 32.0, 26),
    (Look(noise_sd=2.0, flicker=0.01), 24.0, 23),
)
"""Look of the film, iris diameter in px, compression (H.264 CRF)."""


def tables(context: Context) -> list[Table]:
    """SD over the films, absolute and relative, beside what the program takes it for."""
    return [_table("full range of gaze", healthy(16.0), context), _table("small range of gaze", psp_like(), context)]


def _table(name: str, gaze: Script, context: Context) -> Table:
    values: dict[str, list[float]] = {metric: [] for metric in RELATIVE_SD}
    for seed, (look, iris_diameter_px, crf) in enumerate(FILMED):
        path = context.scratch / f"repeat-{seed}.mp4"
        Film(gaze, look=look, iris_diameter_px=iris_diameter_px, crf=crf, seed=100 + seed).write(path)
        result = analyze_video(path, Parameters(task=Task.VERTICAL_HORIZONTAL)).result
        path.unlink()
        for metric, kept in values.items():
            value = result.metric(metric).value
            if value is not None:
                kept.append(value)
    rows: list[list[Cell]] = []
    for metric, kept in values.items():
        mean, sd = float(np.mean(kept)), float(np.std(kept, ddof=1))
        taken = max(RELATIVE_SD[metric] * mean, LEAST_SD[metric])
        rows.append([metric, f"{len(kept)} of {len(FILMED)}", mean, sd, f"{sd / mean:.1%}", taken])
    return Table(
        f"{name}: {len(FILMED)} films of one rendered face",
        ["metric", "measured in", "mean", "SD", "SD / mean", "SD taken"],
        rows,
    )
