from dataclasses import replace

import numpy as np
import pytest

from shared.analysis import analyse
from shared.documents import document, dumps
from shared.model import Result, Saccade, TargetLog, TargetStep, Task
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import BlinkStep, Camera, Dynamics, Script, steps_between
from shared.targets.responses import MeasuredGaze, target_responses
from tests.simulated_traces import Instruments, trace_of

TARGETS = [(0.0, 0.0), *[(0.0, -12.0), (0.0, 0.0), (0.0, 12.0), (0.0, 0.0), (14.0, 0.0), (0.0, 0.0), (-14.0, 0.0)] * 4]
STEPS = steps_between(0.9, TARGETS, 1.5)
LOG = TargetLog(tuple(TargetStep(step.at_s, step.h_deg, step.v_deg) for step in STEPS), end_s=45.0)


def seen(dynamics: Dynamics, rate_hz: float, *, blinks: tuple[BlinkStep, ...] = (), scale: float = 1.0) -> Result:
    script = Script(45.0, STEPS, dynamics, blinks=blinks)
    trace = trace_of(simulate(script, Camera(rate_hz), seed=3), Instruments(limbus_scale=scale), seed=3)
    return analyse(trace, Parameters(task=Task.VERTICAL_HORIZONTAL, target_log=LOG))


@pytest.mark.parametrize("rate_hz", [30, 60])
@pytest.mark.parametrize("latency_s", [0.2, 0.35])
def test_latency_is_true_within_a_frame_and_gain_within_a_tenth(rate_hz: float, latency_s: float) -> None:
    dynamics = Dynamics(vertical_gain=0.8, horizontal_gain=0.9, latency_s=latency_s)
    result = seen(dynamics, rate_hz)
    for direction, gain in (("up", 0.8), ("down", 0.8), ("left", 0.9), ("right", 0.9)):
        latency = result.metric(f"latency_{direction}_ms").value
        assert latency == pytest.approx(1000 * latency_s, abs=1000 / rate_hz), direction
        assert result.metric(f"primary_gain_{direction}").value == pytest.approx(gain, abs=0.1), direction
        assert result.metric(f"final_gain_{direction}").value == pytest.approx(1.0, abs=0.05), direction
    assert result.metric("target_steps_answered_percent").value == 100


def test_each_single_latency_is_near_the_truth() -> None:
    result = seen(Dynamics(), 60)
    error_s = [r.latency_s - 0.2 for r in result.target_responses if r.latency_s is not None]
    assert len(error_s) == len(TARGETS) - 1
    assert np.median(np.abs(error_s)) < 1 / 60
    assert np.max(np.abs(error_s)) < 2 / 60


def test_a_short_vertical_range_is_a_small_final_gain() -> None:
    result = seen(Dynamics(vertical_limit_deg=4.0, vertical_speed=0.5, latency_s=0.3), 60)
    for direction in ("up", "down"):
        assert result.metric(f"final_gain_{direction}").value == pytest.approx(4 / 12, abs=0.05)
    assert result.metric("final_gain_left").value == pytest.approx(1.0, abs=0.05)


def test_late_answers_are_counted_and_kept() -> None:
    result = seen(Dynamics(latency_s=0.95), 60)
    assert all(r.outcome == "late" for r in result.target_responses)
    latency = result.metric("latency_up_ms")
    assert latency.value == pytest.approx(950, abs=17)
    assert "late" in latency.qualifier


def test_a_blink_over_the_answer_is_not_seen_not_missed() -> None:
    blinks = tuple(BlinkStep(step.at_s + 0.05, closing_s=0.1, closed_s=0.2) for step in STEPS[1:3])
    result = seen(Dynamics(), 60, blinks=blinks)
    assert [r.outcome for r in result.target_responses[:3]] == ["not_seen", "not_seen", "answered"]


def test_no_saccade_is_no_answer() -> None:
    result = seen(Dynamics(vertical_limit_deg=0.0), 60)
    up = [r for r in result.target_responses if r.direction == "up"]
    assert {r.outcome for r in up} == {"none"}
    reason = result.metric("latency_up_ms").reason
    assert reason is not None
    assert reason.startswith("TOO_FEW_RESPONSES")


def test_without_targets_there_are_no_metrics_of_targets() -> None:
    trace = trace_of(simulate(Script(12.0, STEPS)), Instruments())
    result = analyse(trace, Parameters(task=Task.VERTICAL))
    assert result.target_responses == ()
    assert not any("latency" in metric.name for metric in result.metrics)


def test_without_a_limbus_every_metric_of_targets_has_the_reason() -> None:
    trace = trace_of(simulate(Script(12.0, STEPS)), Instruments())
    nothing = np.full(len(trace), np.nan)
    blind = replace(trace, **{eye: replace(getattr(trace, eye), limbus_v_deg=nothing) for eye in ("left", "right")})
    result = analyse(blind, Parameters(task=Task.VERTICAL, target_log=LOG))
    assert result.target_responses == ()
    for name in ("latency_up_ms", "primary_gain_left", "final_gain_down", "target_steps_answered_percent"):
        assert (result.metric(name).reason or "").startswith("LIMBUS_NOT_MEASURED")


def gaze_at(deg: float) -> MeasuredGaze:
    time_s = np.arange(0, 4, 1 / 60)
    return MeasuredGaze(time_s, np.where(time_s < 2, 0.0, deg), np.zeros_like(time_s))


def one_step(*saccades: Saccade) -> str:
    log = TargetLog((TargetStep(0, 0, 0), TargetStep(2, 10, 0)))
    return target_responses(log, gaze_at(10), saccades)[0].outcome


def test_too_early_saccades_anticipate_and_small_or_opposite_ones_do_not_answer() -> None:
    assert one_step(Saccade(2.05, 2.1, 9.0, 0.0)) == "anticipated"
    assert one_step(Saccade(1.9, 2.0, 9.0, 0.0)) == "anticipated"
    assert one_step(Saccade(1.9, 2.0, 1.5, 0.0), Saccade(2.2, 2.25, 8.0, 0.0)) == "answered"
    assert one_step(Saccade(2.2, 2.25, 0.8, 0.0)) == "none"
    assert one_step(Saccade(2.2, 2.25, 9.0, 180.0)) == "none"
    assert one_step(Saccade(2.2, 2.25, 9.0, 80.0)) == "none"
    assert one_step(Saccade(3.2, 3.25, 9.0, 0.0)) == "late"


def test_steps_from_or_to_nothing_and_outside_the_film_are_no_steps() -> None:
    log = TargetLog(
        (
            TargetStep(-3, 0, 0),
            TargetStep(-1, 9, 0),
            TargetStep(1, None, None),
            TargetStep(2, 0, 0),
            TargetStep(9, 5, 0),
        )
    )
    assert target_responses(log, gaze_at(10), ()) == ()
    assert target_responses(log, MeasuredGaze(np.empty(0), np.empty(0), np.empty(0)), ()) == ()


def test_the_document_holds_every_response() -> None:
    content = document(seen(Dynamics(), 30), file_name="f", sha256="0")
    assert dumps(content)
    responses = content["events"]["target_responses"]
    assert len(responses) == len(TARGETS) - 1
    assert responses[0]["direction"] == "up"
    assert content["summary"]["parameters"]["target_log"]["end_s"] == 45.0
