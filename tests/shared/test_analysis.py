from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.analysis import analyse, limbus_gaze
from shared.errors import InvalidParameterError
from shared.model import EyeTrace, PspStatus, Segment, Task, Trace
from shared.parameters import Gates, Parameters
from shared.version import ANALYSIS_VERSION
from tests.shared.traces import at, damaged_traces, recording

some_parameters = st.builds(
    Parameters,
    vpp_thresh=st.floats(0, 2),
    blink_thresh=st.floats(0, 1),
    blink_method=st.sampled_from(["adaptive", "fixed"]),
    task=st.sampled_from(Task),
    range_flag=st.booleans(),
    segments=st.sampled_from([(), (Segment(0, 1, "up", 25.0), Segment(1, 2, "fixation"))]),
)


@given(damaged_traces(), some_parameters)
@settings(max_examples=150, deadline=None)
def test_any_damaged_trace_gives_a_consistent_result(trace: Trace, parameters: Parameters) -> None:
    result = analyse(trace, parameters)
    assert (result.psp_suspected is None) == (result.vertical_peak_to_peak is None)
    if result.vertical_peak_to_peak is not None:
        assert result.psp_suspected == (result.vertical_peak_to_peak < parameters.vpp_thresh)
        assert np.isfinite(result.vertical_peak_to_peak)
    if result.psp_status is PspStatus.SUSPECTED:
        assert result.psp_suspected is True
    for metric in result.metrics:
        assert (metric.value is None) != (metric.reason is None), metric
        assert metric.value is None or np.isfinite(metric.value), metric
    assert result.usable.shape == result.blink_mask.shape == (len(trace),)
    assert not (result.usable & (result.blink_mask | ~trace.valid)).any()


@pytest.mark.parametrize("count", [0, 1, 2, 19])
def test_a_trace_of_almost_nothing_is_inconclusive(count: int) -> None:
    result = analyse(at(recording(), slice(0, count)))
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert result.psp_suspected is None
    assert result.frames_processed == count


def test_a_trace_without_a_single_valid_frame_is_inconclusive() -> None:
    trace = recording()
    result = analyse(replace(trace, valid=np.zeros(len(trace), dtype=np.bool_)))
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert result.psp_suspected is None


def test_switching_every_gate_off_leaves_the_bare_rule() -> None:
    gates = Gates(disabled=tuple(f"G{i}" for i in range(1, 10)))
    still = recording(up_deg=0, down_deg=0, side_deg=0, duration_s=5)
    assert analyse(still).psp_status is PspStatus.INCONCLUSIVE
    assert analyse(still, Parameters(gates=gates)).psp_status is PspStatus.SUSPECTED


def test_blinks_do_not_widen_the_range() -> None:
    """A closing lid drags the landmark iris down by far more than a small gaze movement."""
    trace = recording(up_deg=2, down_deg=2, blink_every_s=2.0)
    shut = trace.left.lid_opening < 0.5

    def dragged(eye: EyeTrace) -> EyeTrace:
        return replace(eye, v_offset=np.where(shut, eye.v_offset + 0.5, eye.v_offset))

    before = analyse(trace).vertical_peak_to_peak
    after = analyse(replace(trace, left=dragged(trace.left), right=dragged(trace.right))).vertical_peak_to_peak
    assert before == after


def test_the_result_is_stamped() -> None:
    trace = replace(recording(), tracker={"face": "mesh 1"})
    parameters = Parameters(vpp_thresh=0.05)
    result = analyse(trace, parameters)
    assert result.analysis_version == ANALYSIS_VERSION
    assert result.tracker == {"face": "mesh 1"}
    assert Parameters.from_mapping(result.parameters) == parameters
    assert result.fps == pytest.approx(30)
    assert result.duration_s == pytest.approx(40)


def test_the_same_trace_gives_the_same_result_twice() -> None:
    one, two = analyse(recording()), analyse(recording())
    assert one.metrics == two.metrics
    assert one.quality == two.quality
    assert one.blinks == two.blinks


def test_saccades_carry_frame_numbers_of_the_film() -> None:
    trace = recording(frame_rate_hz=60, blink_every_s=0)
    stepped = replace(trace, frame_idx=trace.frame_idx * 3)
    saccades = analyse(stepped).saccades
    assert saccades
    for saccade in saccades:
        assert saccade.start_frame is not None
        assert trace.time_s[saccade.start_frame // 3] == pytest.approx(saccade.start_s, abs=1 / 60)


def test_no_saccades_where_the_limbus_instrument_saw_nothing() -> None:
    result = analyse(recording(limbus=False))
    assert result.saccades == ()
    assert result.metric("vertical_range_deg").reason is not None


@pytest.mark.parametrize("together", [True, False])
def test_rims_that_jump_apart_give_no_range_and_prove_no_effort(together: bool) -> None:
    """Eyes that jump together may do so. Jumps of one rim alone are none of the eye's."""
    trace = recording(up_deg=1, down_deg=1)
    rng = np.random.default_rng(1)
    steps = np.repeat(rng.normal(0, 10, (len(trace) // 10 + 1, 2)), 10, axis=0)[: len(trace)]
    jumping = [
        replace(eye, limbus_v_deg=eye.limbus_v_deg + steps[:, 0 if together else side])
        for side, eye in enumerate((trace.left, trace.right))
    ]
    result = analyse(replace(trace, left=jumping[0], right=jumping[1]), Parameters(task=Task.VERTICAL_HORIZONTAL))
    vertical = next(metric for metric in result.metrics if metric.name == "vertical_range_deg")
    effort = next(check for check in result.quality if check.code == "NO_VERTICAL_EFFORT")
    assert (vertical.value is not None) == together
    assert ("jump apart" in (vertical.reason or "")) != together
    assert ("the patient looked up and down" in effort.message) == together


@pytest.mark.parametrize("iris_px", [13.0, 15.0])
def test_in_irises_below_14_px_no_saccades_are_looked_for_and_nothing_proves_effort(iris_px: float) -> None:
    trace = recording(up_deg=3, down_deg=3)
    small = [
        replace(eye, iris_diameter_px=np.full(len(trace), iris_px), limbus_v_deg=0.5 * eye.limbus_v_deg)
        for eye in (trace.left, trace.right)
    ]
    result = analyse(replace(trace, left=small[0], right=small[1]), Parameters(task=Task.VERTICAL_HORIZONTAL))
    smallest = result.metric("smallest_saccade_deg")
    effort = next(check for check in result.quality if check.code == "NO_VERTICAL_EFFORT")
    assert (result.saccades == ()) == (iris_px < 14)
    assert (smallest.value is None) == (iris_px < 14)
    assert ("too small" in effort.message) == (iris_px < 14)


def test_limbus_gaze_is_hidden_outside_usable_frames() -> None:
    trace = recording()
    usable = trace.time_s > 20
    horizontal, vertical, measured = limbus_gaze(trace, usable)
    assert np.isnan(horizontal[~usable]).all()
    assert np.isfinite(vertical[usable]).all()
    assert np.array_equal(measured, usable)


def test_a_duration_that_the_frame_rate_cannot_carry_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="blink_max_duration_s"):
        analyse(recording(frame_rate_hz=10), Parameters(blink_max_duration_s=0.05))


def test_a_film_too_slow_for_the_default_duration_is_inconclusive_not_an_error() -> None:
    assert analyse(recording(frame_rate_hz=1)).psp_status is PspStatus.INCONCLUSIVE
