"""Answers to a target log and calibration, on gaze with known truth and the noise of our instruments."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.analysis import analyse
from shared.model import Result, TargetLog, TargetStep, Task
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Dynamics, Script, Step
from tests.accuracy.context import Context
from tests.accuracy.people import measured_instruments
from tests.accuracy.table import Cell, Table
from tests.simulated_traces import trace_of

title = "Saccades to known targets, and calibration"
needs_material = False

PEOPLE: Final = 12
RATES_HZ: Final = (30.0, 60.0, 120.0)
LATENCY_S: Final = 0.22
GAIN: Final = 0.85
DURATION_S: Final = 60.0
_PLACES: Final = ((0.0, -12.0), (0.0, 12.0), (14.0, 0.0), (-14.0, 0.0))


def _steps(seed: int) -> tuple[Step, ...]:
    """Out to a random side and back, at times that nobody can foresee."""
    rng = np.random.default_rng(seed)
    at_s, steps = 2.0, [Step(0.2, 0.0, 0.0)]
    while at_s < DURATION_S - 4:
        place = _PLACES[rng.integers(len(_PLACES))]
        for target in (place, (0.0, 0.0)):
            steps.append(Step(at_s, *target))
            at_s += rng.uniform(1.2, 2.0)
    return tuple(steps)


def _seen(seed: int, rate_hz: float) -> tuple[Result, float]:
    """One person's result, and the degrees read for one true degree."""
    steps = _steps(seed)
    dynamics = Dynamics(latency_s=LATENCY_S, vertical_gain=GAIN, horizontal_gain=GAIN)
    script = Script(DURATION_S, steps, dynamics, blink_rate_per_min=15.0, square_wave_rate_per_min=5.0)
    instruments = measured_instruments(np.random.default_rng(seed))
    trace = trace_of(simulate(script, Camera(rate_hz), seed=seed), instruments, seed=seed)
    log = TargetLog(tuple(TargetStep(s.at_s, s.h_deg, s.v_deg) for s in steps), end_s=DURATION_S - 1)
    return analyse(trace, Parameters(task=Task.VERTICAL_HORIZONTAL, target_log=log)), instruments.limbus_scale


def tables(context: Context) -> list[Table]:
    """Errors of single answers and of the calibration's slope."""
    rows: list[list[Cell]] = []
    for rate in RATES_HZ:
        latency_ms, gains, slopes, steps, answered = [], [], [], 0, 0
        for seed in range(PEOPLE):
            result, scale = _seen(seed, rate)
            steps += len(result.target_responses)
            for response in result.target_responses:
                if response.latency_s is None or response.primary_gain is None:
                    continue
                answered += 1
                latency_ms.append(1000 * (response.latency_s - LATENCY_S))
                gains.append(response.primary_gain / scale - GAIN)
            slopes += [one.slope / scale - 1 for one in result.calibration if one.reason is None and one.slope]
        rows.append(
            [
                int(rate),
                steps,
                answered / steps,
                float(np.median(latency_ms)),
                float(np.percentile(np.abs(latency_ms), 95)),
                float(np.median(gains)),
                float(np.percentile(np.abs(gains), 95)),
                len(slopes),
                float(np.max(np.abs(slopes))),
            ]
        )
    return [
        Table(
            f"{PEOPLE} people, latency {1000 * LATENCY_S:.0f} ms, gain {GAIN:g}, 15 blinks and 5 jerks a minute",
            [
                "frames/s",
                "steps",
                "answered",
                "latency error, median ms",
                "95 % within ms",
                "gain error, median",
                "95 % within",
                "slopes",
                "largest slope error",
            ],
            rows,
            "Gain errors after division by the true scale of the degrees, which uncalibrated ones do not know (+-20 "
            "%). Slopes: one for each eye and axis, four a person. Noise as measured on real clips. Latencies read "
            "some 7 ms long because the fit expects the longer braking of real saccades and these are symmetric.",
        )
    ]
