from dataclasses import replace

import numpy as np
import pytest

from shared.analysis import analyse
from shared.gaze.landmark import measure_landmark
from shared.gaze.limbus import measure_limbus
from shared.model import CheckStatus, EyeTrace, PspStatus, Task, Trace
from shared.parameters import Parameters
from tests.shared.gaze.frames import everything, nothing
from tests.shared.traces import recording, with_both


def test_limbus_range_is_p97_5_minus_p2_5_and_coverage_counts_fits() -> None:
    trace = recording()
    gone = trace.time_s > 30
    eyes = [
        EyeTrace(**{**vars(eye), "limbus_v_deg": np.where(gone, np.nan, eye.limbus_v_deg)})
        for eye in (trace.left, trace.right)
    ]
    limbus = measure_limbus(replace(trace, left=eyes[0], right=eyes[1]), everything(len(trace)), nothing(len(trace)))
    mean = trace.mean_of_eyes("limbus_v_deg")[~gone]
    assert limbus.vertical is not None
    assert limbus.vertical.peak_to_peak == pytest.approx(np.subtract(*np.percentile(mean, [97.5, 2.5])))
    assert limbus.coverage == pytest.approx(0.75, abs=0.01)


def test_an_empty_trace_measures_nothing() -> None:
    empty = recording(duration_s=0.0)
    landmark = measure_landmark(empty, nothing(0), nothing(0))
    assert landmark.vertical is None
    assert landmark.noise is None
    assert landmark.shifts.count(0.1) == (0, 0)
    assert measure_limbus(empty, nothing(0), nothing(0)).coverage == 0


class TestHiddenRim:
    """Lids that hide the height of the iris leave a lower bound, not a small range."""

    @staticmethod
    def hidden(trace: Trace, below_deg: float) -> Trace:
        """The rim is hidden in every frame in which gaze is lower than that."""
        low = trace.left.limbus_v_deg > below_deg
        v_deg = np.where(low, np.nan, trace.left.limbus_v_deg)
        return with_both(trace, limbus_v_deg=v_deg, limbus_occluded=low.astype(float))

    def test_down_and_the_whole_range_become_lower_bounds_and_up_stands(self) -> None:
        result = analyse(self.hidden(recording(), 10.0))
        for name in ("vertical_range_deg", "down_range_deg", "vertical_horizontal_ratio"):
            assert result.metric(name).is_lower_bound, name
            assert "the lids hid how high the iris stands" in result.metric(name).qualifier
        assert not result.metric("up_range_deg").is_lower_bound
        assert not result.metric("horizontal_range_deg").is_lower_bound

    def test_a_range_that_was_seen_in_full_is_no_bound(self) -> None:
        trace = recording()
        assert (
            not analyse(with_both(trace, limbus_occluded=np.zeros(len(trace))))
            .metric("vertical_range_deg")
            .is_lower_bound
        )
        assert not analyse(trace).metric("vertical_range_deg").is_lower_bound, "unknown is not hidden"

    def test_a_small_lower_bound_is_no_finding(self) -> None:
        parameters = Parameters(task=Task.VERTICAL_HORIZONTAL)
        trace = recording(up_deg=4, down_deg=20)
        found = {f.code: f for f in analyse(self.hidden(trace, 5.0), parameters).findings}
        assert found["SUPPORT_VERTICAL_RANGE"].state == "not_measured"
        assert found["O1"].state == "not_measured"
        assert "lids hid" in found["O1"].message

    def test_a_hidden_rim_warns_above_the_threshold_and_blocks_below_it(self) -> None:
        parameters = Parameters(task=Task.VERTICAL_HORIZONTAL)
        large = analyse(self.hidden(recording(), 10.0), parameters)
        small = analyse(self.hidden(recording(up_deg=2, down_deg=2), 1.0), parameters)
        states = [next(c for c in result.quality if c.code == "LID_OCCLUDED").status for result in (large, small)]
        assert states == [CheckStatus.WARNING, CheckStatus.FAIL]
        assert large.psp_status is PspStatus.NOT_SUSPECTED
        assert small.psp_status is PspStatus.INCONCLUSIVE

    def test_a_rim_hidden_most_of_the_time_is_no_measurement_and_says_why(self) -> None:
        reason = analyse(self.hidden(recording(), -30.0)).metric("vertical_range_deg").reason or ""
        assert reason.startswith(("LIMBUS_NOT_MEASURED", "LID_OCCLUDED"))
        partly = analyse(self.hidden(recording(), -0.05)).metric("vertical_range_deg").reason or ""
        assert partly.startswith("LID_OCCLUDED")
        assert "below eye height" in partly

    def test_a_lower_bound_contradicts_nothing(self) -> None:
        trace = self.hidden(recording(up_deg=3, down_deg=20), 2.0)
        flagged = Parameters(task=Task.VERTICAL_HORIZONTAL, range_flag=True)
        for parameters in (Parameters(), flagged):
            check = next(c for c in analyse(trace, parameters).quality if c.code == "INSTRUMENTS_DISAGREE")
            assert check.status is not CheckStatus.FAIL
        assert analyse(trace, flagged).psp_status is PspStatus.INCONCLUSIVE
