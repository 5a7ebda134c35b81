from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis import analyse
from shared.gaze.fixation_area import fixation_area, fixation_area_of_noise
from shared.gaze.landmark import measure_landmark
from shared.gaze.limbus import LimbusGaze
from shared.gaze.ranges import GazeRange
from shared.metrics import Events, ObservedTime, along_axis, compute_metrics
from shared.model import Blink, Metric, Saccade, Segment, SquareWaveJerk
from shared.parameters import Parameters
from tests.shared.traces import recording, with_both

FULL = GazeRange(-20.0, 20.0, 0.0, 0.5, 900)
LIMBUS = LimbusGaze(FULL, FULL, 0.1, 0.1, 1.0)
EMPTY = recording(duration_s=0.0)
LANDMARK = measure_landmark(EMPTY, EMPTY.valid, EMPTY.valid)


def blink(start_s: float = 1.0, duration_s: float = 0.2, **more: object) -> Blink:
    return Blink(0, 1, start_s, start_s + duration_s, **{"kind": "complete", "depth": 0.9, **more})  # type: ignore[arg-type]


def saccade(
    direction_deg: float, amplitude_deg: float = 10.0, velocity: float | None = 300.0, **more: object
) -> Saccade:
    return Saccade(1.0, 1.1, amplitude_deg, direction_deg, peak_velocity_deg_s=velocity, duration_s=0.055, **more)  # type: ignore[arg-type]


def jerks(count: int, amplitude_deg: float = 2.0) -> tuple[SquareWaveJerk, ...]:
    return tuple(SquareWaveJerk(float(n), n + 0.3, amplitude_deg, 0.0, 0.25) for n in range(count))


def metrics(
    *,
    limbus: LimbusGaze = LIMBUS,
    blinks: tuple[Blink, ...] = (),
    saccades: tuple[Saccade, ...] = (),
    square_wave_jerks: tuple[SquareWaveJerk, ...] = (),
    observed: ObservedTime | None = None,
) -> dict[str, Metric]:
    events = Events(blinks, saccades, square_wave_jerks)
    seen = observed or ObservedTime(120.0, 60.0, fixation_only=False, frame_rate_hz=120.0)
    return {m.name: m for m in compute_metrics(LANDMARK, limbus, events, seen)}


def observed(**more: float) -> ObservedTime:
    return replace(ObservedTime(120.0, 60.0, fixation_only=False, frame_rate_hz=120.0), **more)


def test_names_are_unique_and_each_metric_has_a_value_or_a_reason() -> None:
    for result in (analyse(recording()), analyse(EMPTY)):
        assert len({m.name for m in result.metrics}) == len(result.metrics)
        for metric in result.metrics:
            assert (metric.value is None) != (metric.reason is None)
            assert metric.reason is None or metric.reason.split(": ")[0].isupper()


def test_every_reference_names_its_source() -> None:
    everything = metrics(
        blinks=(blink(),),
        saccades=tuple(saccade(d) for d in (90.0, 270.0, 0.0) for _ in range(3)),
        square_wave_jerks=jerks(4),
    )
    references = [m.reference for m in everything.values() if m.reference is not None]
    assert len(references) >= 9
    for reference in references:
        assert any(sign in reference.source for sign in ("doi", "PMC", "19", "20"))
        assert reference.population


def test_limbus_ranges_are_in_degrees_and_say_that_they_are_not_calibrated() -> None:
    result = analyse(recording(up_deg=15, down_deg=25))
    assert result.metric("vertical_range_deg").value == pytest.approx(40, abs=0.6)
    assert result.metric("horizontal_range_deg").value == pytest.approx(36, abs=0.6)
    assert result.metric("up_range_deg").value == pytest.approx(15, abs=0.6)
    assert result.metric("down_range_deg").value == pytest.approx(25, abs=0.6)
    assert result.metric("vertical_horizontal_ratio").value == pytest.approx(40 / 36, abs=0.05)
    assert "uncalibrated" in result.metric("vertical_range_deg").qualifier


def test_a_limbus_seen_in_part_gives_a_lower_bound_and_seen_too_little_gives_none() -> None:
    trace = recording()

    def seen_for(share: float) -> Metric:
        gone = np.arange(len(trace)) % 100 >= 100 * share
        nan = {n: np.where(gone, np.nan, getattr(trace.left, n)) for n in ("limbus_h_deg", "limbus_v_deg")}
        return analyse(with_both(trace, **nan)).metric("vertical_range_deg")

    assert "lower bound" not in seen_for(0.9).qualifier
    assert "lower bound" in seen_for(0.7).qualifier
    reason = seen_for(0.3).reason
    assert reason is not None
    assert reason.startswith("LIMBUS_NOT_MEASURED")


def test_a_range_that_no_eye_has_is_a_wrong_fit() -> None:
    wild = replace(LIMBUS, horizontal=GazeRange(-70.0, 60.0, 0.0, 0.1, 900))
    found = metrics(limbus=wild)
    for name in ("vertical_range_deg", "horizontal_range_deg", "vertical_horizontal_ratio"):
        reason = found[name].reason
        assert reason is not None
        assert reason.startswith("LIMBUS_NOT_MEASURED")


def test_no_ratio_over_a_horizontal_range_that_is_nothing() -> None:
    still = replace(LIMBUS, horizontal=GazeRange(-1.0, 1.0, 0.0, 0.1, 900))
    reason = metrics(limbus=still)["vertical_horizontal_ratio"].reason
    assert reason is not None
    assert reason.startswith("NO_HORIZONTAL_CONTROL")


class TestBlinks:
    def test_rate_is_over_the_time_in_which_the_lids_were_seen(self) -> None:
        rate = metrics(blinks=(blink(),) * 8, observed=observed(lids_s=60.0))["blink_rate_per_min"]
        assert (rate.value, rate.qualifier) == (8.0, "")

    def test_no_blink_in_a_minute_is_a_rate_of_zero_not_a_missing_one(self) -> None:
        assert metrics()["blink_rate_per_min"].value == 0.0

    def test_a_short_or_slow_film_qualifies_the_rate_and_a_very_short_one_has_none(self) -> None:
        short = metrics(observed=observed(lids_s=59.0))["blink_rate_per_min"]
        assert short.qualifier == "recording shorter than 60 s"
        assert "30 frames/s" in metrics(observed=observed(frame_rate_hz=25.0))["blink_rate_per_min"].qualifier
        assert metrics(observed=observed(frame_rate_hz=29.97))["blink_rate_per_min"].qualifier == ""
        assert metrics(observed=observed(lids_s=4.0))["blink_rate_per_min"].value is None

    def test_share_of_incomplete_blinks(self) -> None:
        some = (blink(), blink(kind="incomplete"), blink(kind="incomplete"), blink())
        assert metrics(blinks=some)["incomplete_blink_percent"].value == 50.0
        assert metrics()["incomplete_blink_percent"].value is None

    def test_median_duration_leaves_out_clipped_blinks(self) -> None:
        some = (blink(duration_s=0.2), blink(duration_s=0.3), blink(duration_s=0.01, clipped=True))
        answer = metrics(blinks=some)["blink_duration_ms"]
        assert answer.value == pytest.approx(250.0)
        assert answer.qualifier == ""
        rough = metrics(blinks=some, observed=observed(frame_rate_hz=30.0))["blink_duration_ms"]
        assert rough.qualifier == "+-33 ms at 30 frames/s"


class TestSquareWaveJerks:
    def test_rate_amplitude_and_ratio_to_blinks(self) -> None:
        found = metrics(square_wave_jerks=jerks(30, 2.0), blinks=(blink(),) * 6)
        assert found["square_wave_jerk_rate_per_min"].value == 30.0
        assert found["square_wave_jerk_amplitude_deg"].value == 2.0
        assert found["square_wave_jerk_blink_ratio"].value == 10.0

    def test_without_a_blink_the_ratio_is_over_half_a_blink_a_minute(self) -> None:
        assert metrics(square_wave_jerks=jerks(6))["square_wave_jerk_blink_ratio"].value == 12.0

    def test_the_rate_is_a_lower_bound_below_60_frames_a_second(self) -> None:
        slow = metrics(square_wave_jerks=jerks(5), observed=observed(frame_rate_hz=29.97))
        assert "lower bound" in slow["square_wave_jerk_rate_per_min"].qualifier
        assert "lower bound" not in metrics(square_wave_jerks=jerks(5))["square_wave_jerk_rate_per_min"].qualifier

    @pytest.mark.parametrize(
        ("limbus", "seen", "code"),
        [
            (replace(LIMBUS, vertical=None), observed(), "LIMBUS_NOT_MEASURED"),
            (LIMBUS, observed(frame_rate_hz=25.0), "LOW_FRAME_RATE_FOR_VELOCITY"),
            (replace(LIMBUS, horizontal_noise=0.6), observed(), "TOO_NOISY"),
            (replace(LIMBUS, horizontal_noise=None), observed(), "TOO_NOISY"),
            (LIMBUS, observed(gaze_s=4.0), "TASK_TOO_SHORT"),
        ],
    )
    def test_what_the_recording_cannot_carry_has_a_reason(
        self, limbus: LimbusGaze, seen: ObservedTime, code: str
    ) -> None:
        found = metrics(limbus=limbus, observed=seen, square_wave_jerks=jerks(5))
        for name in ("rate_per_min", "amplitude_deg", "blink_ratio"):
            reason = found[f"square_wave_jerk_{name}"].reason
            assert reason is not None
            assert reason.startswith(code)


class TestVelocity:
    def test_median_peak_velocity_against_the_band_at_its_amplitude(self) -> None:
        some = tuple(saccade(90.0, 10.0, v) for v in (100.0, 200.0, 900.0))
        answer = metrics(saccades=some)["vertical_peak_velocity_deg_s"]
        assert answer.value == 200.0
        assert answer.reference is not None
        assert (answer.reference.low, answer.reference.high) == (203.0, 403.0)

    def test_no_band_outside_the_published_amplitudes(self) -> None:
        some = tuple(saccade(90.0, 3.0) for _ in range(3))
        assert metrics(saccades=some)["vertical_peak_velocity_deg_s"].reference is None

    def test_index_averages_up_and_down_with_equal_weight(self) -> None:
        up, down = saccade(270.0, 10.0, 100.0), saccade(90.0, 10.0, 300.0)
        answer = metrics(saccades=(up, down, down, down))["amplitude_velocity_index"]
        assert answer.value == pytest.approx((1000 + 3000) / 2)
        assert "one direction" not in answer.qualifier
        assert "one direction" in metrics(saccades=(down,) * 3)["amplitude_velocity_index"].qualifier

    def test_saccades_without_a_velocity_too_small_or_oblique_do_not_count(self) -> None:
        some = (saccade(90.0, velocity=None), saccade(90.0, 1.9), saccade(45.0), saccade(90.0), saccade(115.0))
        reason = metrics(saccades=some)["vertical_peak_velocity_deg_s"].reason
        assert reason is not None
        assert reason.startswith("TOO_FEW_SACCADES: 2 vertical")

    def test_below_60_frames_a_second_there_is_a_duration_but_no_velocity(self) -> None:
        some = tuple(saccade(90.0) for _ in range(3))
        found = metrics(saccades=some, observed=observed(frame_rate_hz=30.0))
        assert found["vertical_peak_velocity_deg_s"].value is None
        assert found["amplitude_velocity_index"].value is None
        assert found["vertical_saccade_duration_ms"].value == pytest.approx(55.0)

    @given(st.floats(0, 359.9), st.floats(2, 40))
    def test_a_saccade_belongs_to_at_most_one_axis(self, direction_deg: float, amplitude_deg: float) -> None:
        one = (saccade(direction_deg, amplitude_deg),)
        assert len(along_axis(one, "vertical")) + len(along_axis(one, "horizontal")) <= 1


def test_every_metric_says_how_it_is_computed_and_what_it_came_from() -> None:
    result = analyse(recording(frame_rate_hz=60), Parameters(segments=(Segment(20, 40, "fixation"),)))
    for metric in result.metrics:
        assert metric.definition.endswith("."), metric.name
        assert (metric.count is not None) == (metric.value is not None), metric.name
    vertical = result.metric("vertical_range_deg")
    assert vertical.counted == "frames"
    assert vertical.count == result.usable.sum()
    speed = result.metric("vertical_peak_velocity_deg_s")
    assert speed.counted == "saccades"
    assert speed.end_s is not None
    assert speed.end_s < 21


def test_a_quiet_eye_has_the_area_of_its_noise_and_a_restless_one_more() -> None:
    rng = np.random.default_rng(3)
    quiet, restless = rng.normal(0, 0.3, (2, 5000)), rng.normal(0, [[0.6], [0.3]], (2, 5000))
    assert fixation_area(*quiet) == pytest.approx(fixation_area_of_noise(0.3, 0.3), rel=0.05)
    assert fixation_area(*restless) == pytest.approx(2 * fixation_area(*quiet), rel=0.1)
    assert fixation_area(quiet[0], quiet[0]) == pytest.approx(0, abs=1e-6), "gaze along one line covers no area"


def test_fixation_area_needs_annotated_fixation() -> None:
    trace = recording(side_deg=0)
    assert (analyse(trace).metric("fixation_area_deg2").reason or "").startswith("NO_FIXATION")
    fixated = analyse(trace, Parameters(segments=(Segment(21, 40, "fixation"),))).metric("fixation_area_deg2")
    # Noise of 0.1 deg in each eye is 0.07 in their mean.
    assert fixated.value == pytest.approx(fixation_area_of_noise(0.1 / 2**0.5, 0.1 / 2**0.5), rel=0.15)
    assert fixated.counted == "frames"


def test_up_is_held_to_down_only_where_straight_ahead_is_known() -> None:
    trace = recording(up_deg=10, down_deg=20)
    assert (analyse(trace).metric("up_down_ratio").reason or "").startswith("NO_FIXATION")
    known = analyse(trace, Parameters(segments=(Segment(21, 40, "fixation"),)))
    assert known.metric("up_down_ratio").value == pytest.approx(0.5, abs=0.03)


def test_velocity_ratio_holds_each_saccade_to_its_own_size_and_axis() -> None:
    # Healthy means: 303 deg/s at 10 deg vertical, 352 at 15 deg horizontal (Hopf et al. 2018).
    vertical = tuple(saccade(90.0, 10.0, 303.0 / 2) for _ in range(3))
    horizontal = tuple(saccade(0.0, 15.0, 352.0) for _ in range(3))
    both = metrics(saccades=vertical + horizontal)["vertical_horizontal_velocity_ratio"]
    assert both.value == pytest.approx(0.5)
    alone = metrics(saccades=vertical)["vertical_horizontal_velocity_ratio"]
    assert (alone.reason or "").startswith("TOO_FEW_SACCADES")
    slow_film = metrics(saccades=vertical + horizontal, observed=observed(frame_rate_hz=30.0))
    assert (slow_film["vertical_horizontal_velocity_ratio"].reason or "").startswith("LOW_FRAME_RATE")


def test_slowness_survives_a_low_frame_rate() -> None:
    slow = tuple(replace(saccade(90.0, 10.0, None), duration_s=2 * 1.65 * 10 / 203) for _ in range(3))
    assert metrics(saccades=slow, observed=observed(frame_rate_hz=30.0))[
        "vertical_saccade_slowness"
    ].value == pytest.approx(2.0)


def test_closing_velocity_takes_a_fast_camera_and_complete_blinks() -> None:
    quick, short = blink(closing_velocity_per_s=15.0), blink(kind="incomplete", closing_velocity_per_s=3.0)
    fast = observed(frame_rate_hz=240.0)
    assert metrics(blinks=(quick, short), observed=fast)["blink_closing_velocity_per_s"].value == 15.0
    assert metrics(blinks=(quick,))["blink_closing_velocity_per_s"].reason is not None
    assert metrics(blinks=(short,), observed=fast)["blink_closing_velocity_per_s"].reason is not None
