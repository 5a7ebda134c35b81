from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.analysis import analyse
from shared.gaze_range import (
    LANDMARK_PERCENTILES,
    binocular,
    fixation_noise,
    gaze_range,
    measure_landmark,
    measure_limbus,
    quantile,
    shift_signal,
)
from shared.model import CheckStatus, EyeTrace, FloatArray, PspStatus, Task, Trace
from shared.parameters import Parameters
from tests.shared.traces import recording, with_both

RNG = np.random.default_rng(5)


def everything(count: int) -> np.ndarray:
    return np.ones(count, dtype=np.bool_)


def nothing(count: int) -> np.ndarray:
    return np.zeros(count, dtype=np.bool_)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)), st.floats(0, 1))
def test_quantile_is_numpys(values: FloatArray, share: float) -> None:
    assert quantile(np.sort(values), share) == pytest.approx(np.quantile(values, share), rel=1e-12, abs=1e-9)


def test_vertical_range_is_the_guides_p95_minus_p5_of_the_mean_of_both_eyes() -> None:
    trace = recording(seed=3)
    usable = RNG.random(len(trace)) < 0.9
    measured = measure_landmark(trace, usable, nothing(len(trace))).vertical
    mean = (trace.left.v_offset + trace.right.v_offset)[usable] / 2
    assert measured is not None
    assert measured.peak_to_peak == pytest.approx(np.subtract(*np.percentile(mean, [95, 5])), rel=1e-12)


def test_frames_outside_usable_do_not_enter() -> None:
    trace = recording()
    usable = trace.time_s < 10
    wild = replace(trace, left=replace(trace.left, v_offset=np.where(usable, trace.left.v_offset, 99.0)))
    before, after = (measure_landmark(t, usable, nothing(len(trace))).vertical for t in (trace, wild))
    assert before == after


def test_an_eye_that_drops_out_now_and_then_does_not_widen_the_range() -> None:
    trace = recording(up_deg=0, down_deg=0, side_deg=0)
    gone = np.arange(len(trace)) % 5 == 0
    left = replace(trace.left, v_offset=np.where(gone, np.nan, trace.left.v_offset + 1.0))
    measured = measure_landmark(replace(trace, left=left), everything(len(trace)), nothing(len(trace))).vertical
    assert measured is not None
    assert measured.peak_to_peak < 0.01


def test_one_eye_alone_is_measured_where_the_other_is_mostly_missing() -> None:
    trace = recording()
    gone = np.arange(len(trace)) % 10 != 0
    left = replace(trace.left, v_offset=np.where(gone, np.nan, trace.left.v_offset))
    signal, entered = binocular(replace(trace, left=left), "v_offset", everything(len(trace)))
    assert entered.all()
    assert np.array_equal(signal, trace.right.v_offset)


def test_no_range_from_fewer_than_twenty_samples() -> None:
    values = np.linspace(0, 1, 20)
    time_s = np.arange(20) / 30
    assert gaze_range(time_s, values, everything(20), LANDMARK_PERCENTILES, nothing(20)) is not None
    entered = everything(20)
    entered[7] = False
    assert gaze_range(time_s, values, entered, LANDMARK_PERCENTILES, nothing(20)) is None


def test_up_and_down_are_split_at_annotated_fixation() -> None:
    time_s = np.arange(300) / 30
    fixation = time_s < 2
    v_deg = np.where(fixation, 3.0, np.where(time_s % 2 < 1, -10.0, 20.0))
    measured = gaze_range(time_s, v_deg, everything(300), (2.5, 97.5), fixation)
    assert measured is not None
    assert (measured.below, measured.above, measured.peak_to_peak) == (13.0, 17.0, 30.0)


def test_half_width_covers_the_true_range_of_held_gaze_about_nine_times_in_ten() -> None:
    """60 holds of 2 s at random heights, three of them beyond each percentile: few for an interval that wants 95 %.

    Samples repeat within a hold; counting each as independent covers about one time in five.
    """
    true_range = 0.9  # of a uniform distribution, P95 - P5
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.random(60), 60) + rng.normal(0, 1e-4, 3600)
        measured = gaze_range(np.arange(3600) / 30, values, everything(3600), LANDMARK_PERCENTILES, nothing(3600))
        assert measured is not None
        covered += abs(measured.peak_to_peak - true_range) <= measured.half_width
    assert 170 <= covered <= 198


def test_half_width_is_zero_for_a_still_eye_and_shrinks_with_time() -> None:
    still = np.zeros(300)
    time_s = np.arange(300) / 30
    measured = gaze_range(time_s, still, everything(300), LANDMARK_PERCENTILES, nothing(300))
    assert measured is not None
    assert measured.half_width == 0
    half_widths = []
    for count in (300, 30_000):
        values = np.random.default_rng(1).normal(size=count)
        long = gaze_range(np.arange(count) / 30, values, everything(count), LANDMARK_PERCENTILES, nothing(count))
        assert long is not None
        half_widths.append(long.half_width)
    assert half_widths[1] < half_widths[0] / 5


@pytest.mark.parametrize("frame_rate_hz", [30, 240])
def test_noise_is_found_under_saccades_and_drift(frame_rate_hz: int) -> None:
    time_s = np.arange(4000) / frame_rate_hz
    signal = 0.2 * (time_s % 2 > 1) + 0.01 * time_s + np.random.default_rng(2).normal(0, 0.004, 4000)
    assert fixation_noise(time_s, signal, everything(4000)) == pytest.approx(0.004, rel=0.12)


def test_noise_is_not_taken_across_gaps_or_from_too_few_frames() -> None:
    time_s = np.arange(100) / 30
    assert fixation_noise(time_s, np.zeros(100), np.arange(100) % 3 < 2) is None
    assert fixation_noise(time_s[:10], np.zeros(10), everything(10)) is None


def test_shifts_are_counted_to_each_side() -> None:
    time_s = np.arange(900) / 30
    places = np.array([0.0, 0.3, 0.0, -0.3, 0.3, -0.3, 0.0])
    signal = places[np.minimum((time_s / 4).astype(int), 6)] + np.random.default_rng(3).normal(0, 0.004, 900)
    left, right = shift_signal(time_s, signal, everything(900)).count(0.1)
    assert (left, right) == (3, 3)


def test_a_shift_during_a_blink_is_counted_once_and_one_across_a_long_loss_not_at_all() -> None:
    time_s = np.arange(300) / 30
    signal = np.where(time_s < 5, 0.0, 0.3)
    blink = np.abs(time_s - 5) > 0.2
    loss = np.abs(time_s - 5) > 1.0
    assert shift_signal(time_s, signal, blink).count(0.1) == (1, 0)
    assert shift_signal(time_s, signal, loss).count(0.1) == (0, 0)


def test_slow_drift_and_noise_are_no_shifts() -> None:
    time_s = np.arange(900) / 30
    signal = 0.02 * time_s + np.random.default_rng(4).normal(0, 0.01, 900)
    assert shift_signal(time_s, signal, everything(900)).count(0.06) == (0, 0)


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
