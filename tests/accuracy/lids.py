"""What lids do that is no blink, on simulated traces with the noise of our instruments: nothing may be reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from shared.events.blinks import detect_blinks
from shared.model import Blink
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import BlinkStep, Camera, Script, Step
from tests.accuracy.context import Context
from tests.accuracy.people import ELDERLY, MODERATE, measured_instruments
from tests.accuracy.scoring import Score, score
from tests.accuracy.table import Cell, Table
from tests.simulated_traces import trace_of

title = "Lids: blinks and what is none, simulated"
needs_material = False

RATES_HZ: Final = (30.0, 60.0, 240.0)
RECORDINGS: Final = 5
_TIMES_S: Final = np.arange(3.0, 57.0, 6.0)

NO_BLINKS: Final[Mapping[str, Script]] = {
    "wink, left eye": Script(60.0, blinks=tuple(BlinkStep(t, eye="left") for t in _TIMES_S)),
    "squint to 0.6 for 0.8 s": Script(60.0, blinks=tuple(BlinkStep(t, 0.4, 0.1, 0.8, 0.1) for t in _TIMES_S)),
    "eyes held shut for 1.5 s": Script(60.0, blinks=tuple(BlinkStep(t, 1.0, 0.1, 1.5, 0.2) for t in _TIMES_S)),
    "glance 30 deg down for 0.25 s": Script(
        60.0, tuple(step for t in _TIMES_S for step in (Step(t, 0.0, 30.0), Step(t + 0.25, 0.0, 0.0)))
    ),
    "30 deg down for 2 s": Script(
        60.0, tuple(step for t in _TIMES_S for step in (Step(t, 0.0, 30.0), Step(t + 2.0, 0.0, 0.0)))
    ),
}
"""Nine of each in a minute."""


def _reports(script: Script, rate_hz: float, seed: int) -> tuple[Blink, ...]:
    truth = simulate(script, Camera(rate_hz), seed=seed)
    trace = trace_of(truth, measured_instruments(np.random.default_rng(seed)), seed=seed)
    return detect_blinks(trace, Parameters())


def _cohort(rate_hz: float) -> Score:
    """Blinks of people who do the task, against the truth."""
    scores = []
    for group in (ELDERLY, MODERATE):
        for number in range(RECORDINGS):
            script = group.person(number)
            truth = simulate(script, Camera(rate_hz), seed=number).recorded()
            marked = [(blink.start_frame, blink.end_frame) for blink in truth.blinks]
            reported = [(blink.start_frame, blink.end_frame) for blink in _reports(script, rate_hz, number)]
            scores.append(score(marked, reported, leave_out=[]))
    return sum(scores[1:], scores[0])


def tables(context: Context) -> list[Table]:
    """Reports on each kind, and hits in simulated people beside."""
    rows: list[list[Cell]] = []
    for name, script in NO_BLINKS.items():
        counts = [sum(len(_reports(script, rate, seed)) for seed in range(RECORDINGS)) for rate in RATES_HZ]
        rows.append([name, len(_TIMES_S) * RECORDINGS, *counts])
    beside = [_cohort(rate) for rate in RATES_HZ]
    shown = [f"{one.hits} hit, {one.false} false, {one.missed} missed" for one in beside]
    rows.append(["blinks of simulated people", beside[0].hits + beside[0].missed, *shown])
    return [
        Table(
            "Reports of blinks",
            ["what the lids do", "how often", *(f"{rate:g} frames/s" for rate in RATES_HZ)],
            rows,
            "Lids follow gaze by a third of their opening in 40 degrees (Read et al. 2006). Eyes held shut gave 19 "
            "reports when this table was first made; noise on shut lids no longer counts.",
        )
    ]
