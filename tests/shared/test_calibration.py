import numpy as np
import pytest

from shared.analysis import analyse
from shared.calibration import (
    MAX_SLOPE_ERROR,
    calibrated_saccades,
    degree_note,
    known_holds,
    measured_saccades,
    repeated_median_line,
)
from shared.metrics import along_axis
from shared.model import AxisCalibration, Result, Saccade, Segment, TargetLog, TargetStep, Task
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Dynamics, Script, steps_between
from tests.simulated_traces import Instruments, trace_of

TARGETS = [(0.0, 0.0), *[(0.0, -12.0), (0.0, 0.0), (0.0, 12.0), (0.0, 0.0), (14.0, 0.0), (0.0, 0.0), (-14.0, 0.0)] * 3]
STEPS = steps_between(0.9, TARGETS, 1.5)
LOG = TargetLog(tuple(TargetStep(step.at_s, step.h_deg, step.v_deg) for step in STEPS), end_s=34.5)


def seen(scale: float = 1.0, dynamics: Dynamics | None = None, log: TargetLog | None = LOG) -> Result:
    truth = simulate(Script(34.5, STEPS, dynamics or Dynamics(), blink_rate_per_min=8), Camera(60), seed=5)
    return analyse(
        trace_of(truth, Instruments(limbus_scale=scale), seed=5),
        Parameters(task=Task.VERTICAL_HORIZONTAL, target_log=log),
    )


@pytest.mark.parametrize("scale", [0.82, 1.0, 1.2])
def test_ranges_and_saccades_are_true_degrees_after_calibration(scale: float) -> None:
    result = seen(scale)
    assert result.metric("vertical_range_deg").value == pytest.approx(24, abs=0.8)
    assert result.metric("horizontal_range_deg").value == pytest.approx(28, abs=0.8)
    vertical = [s.amplitude_deg for s in along_axis(result.saccades, "vertical") if s.amplitude_deg < 16]
    assert np.median(vertical) == pytest.approx(12, abs=0.6)
    for name in ("vertical_range_deg", "down_range_deg", "vertical_peak_velocity_deg_s", "amplitude_velocity_index"):
        assert result.metric(name).qualifier.startswith("calibrated to "), name
    assert {(c.eye, c.axis) for c in result.calibration} == {
        (eye, axis) for eye in ("left", "right") for axis in ("horizontal", "vertical")
    }
    for one in result.calibration:
        assert one.reason is None
        assert one.slope == pytest.approx(scale, abs=0.03)
        assert one.residual_sd_deg is not None
        assert one.residual_sd_deg < 0.5


def test_gains_stay_in_degrees_as_measured() -> None:
    assert seen(0.85).metric("final_gain_up").value == pytest.approx(0.85, abs=0.04)
    assert seen(0.85).metric("primary_gain_left").value == pytest.approx(0.85, abs=0.1)


def test_without_targets_degrees_say_that_they_are_uncalibrated() -> None:
    result = seen(0.85, log=None)
    assert result.calibration == ()
    assert result.metric("vertical_range_deg").value == pytest.approx(0.85 * 24, abs=0.8)
    assert result.metric("vertical_range_deg").qualifier.startswith("uncalibrated, +-20 %")


def test_a_gaze_palsy_is_not_calibrated_away() -> None:
    result = seen(dynamics=Dynamics(vertical_limit_deg=5.0))
    vertical = [one for one in result.calibration if one.axis == "vertical"]
    assert all((one.reason or "").startswith("TARGETS_NOT_REACHED") for one in vertical)
    assert result.metric("vertical_range_deg").value == pytest.approx(10, abs=0.8)
    assert result.metric("vertical_range_deg").qualifier.startswith("uncalibrated")
    assert result.metric("horizontal_range_deg").qualifier.startswith("calibrated")


def test_too_few_targets_are_refused_with_the_count() -> None:
    result = seen(log=TargetLog(LOG.steps[:4], end_s=6.0))
    assert all((one.reason or "").startswith("TOO_FEW_TARGETS") for one in result.calibration)
    assert result.metric("vertical_range_deg").qualifier.startswith("uncalibrated")


def test_gaze_that_wanders_from_target_to_target_is_too_rough() -> None:
    rng = np.random.default_rng(1)
    strayed = tuple(
        TargetStep(s.time_s, (s.x_deg or 0) + rng.uniform(-9, 9), (s.y_deg or 0) + rng.uniform(-9, 9))
        for s in LOG.steps
    )
    result = seen(log=TargetLog(strayed, end_s=34.5))
    assert result.calibration
    assert not any(one.reason is None for one in result.calibration)


def test_annotated_segments_with_known_targets_calibrate_too() -> None:
    ways = {"up": (0, -12), "down": (0, 12), "left": (14, 0), "right": (-14, 0)}
    names = {way: name for name, way in ways.items()}
    segments = tuple(
        Segment(s.at_s, s.at_s + 1.5, names.get((int(s.h_deg), int(s.v_deg)), "fixation"), abs(s.h_deg + s.v_deg))
        for s in STEPS
    )
    truth = simulate(Script(34.5, STEPS, Dynamics()), Camera(60), seed=5)
    parameters = Parameters(task=Task.VERTICAL_HORIZONTAL, segments=segments)
    result = analyse(trace_of(truth, Instruments(limbus_scale=0.9), seed=5), parameters)
    assert result.metric("vertical_range_deg").value == pytest.approx(24, abs=0.8)
    assert result.metric("vertical_range_deg").qualifier.startswith("calibrated")


def test_segments_without_a_known_place_are_no_targets() -> None:
    segments = (Segment(0, 9, "up", None), Segment(9, 18, "up and down", 20.0), Segment(18, 20, "speech"))
    assert known_holds(Parameters(segments=segments), 30.0) == ()


def test_a_line_holds_while_a_third_of_the_targets_is_missed() -> None:
    x = np.repeat([-10.0, 0.0, 10.0], 5)
    y = 1.5 + 0.9 * x
    y[::3] = 25.0
    slope, offset = repeated_median_line(x, y)
    assert slope == pytest.approx(0.9)
    assert offset == pytest.approx(1.5)


def axis(name: str, slope: float, reason: str | None = None) -> AxisCalibration:
    eye, along = name.split()
    return AxisCalibration(eye, along, 9, slope, 0.0, 0.4, 0.01, reason)  # type: ignore[arg-type]


def test_a_note_says_calibrated_only_where_all_axes_asked_for_are() -> None:
    both = (axis("left vertical", 0.9), axis("right vertical", 0.9), axis("left horizontal", 1.4, "TARGETS"))
    assert degree_note(both, "vertical").startswith("calibrated to 9 targets, +-2 %, residual 0.4 deg")
    assert degree_note(both, "horizontal").startswith("uncalibrated")
    assert degree_note(both, "vertical", "horizontal").startswith("uncalibrated")


def test_saccades_come_back_from_calibration() -> None:
    calibration = (axis("left vertical", 0.8), axis("right vertical", 0.9))
    saccade = Saccade(0, 0.1, 10.0, 45.0, 300.0, 250.0, 350.0)
    calibrated = calibrated_saccades([saccade], calibration)
    assert calibrated[0].direction_deg > 45
    assert calibrated[0].peak_velocity_deg_s == pytest.approx(30 * calibrated[0].amplitude_deg)
    back = measured_saccades(calibrated, calibration)[0]
    assert back.amplitude_deg == pytest.approx(10.0)
    assert back.direction_deg == pytest.approx(45.0)
    assert back.peak_velocity_low_deg_s == pytest.approx(250.0)


def test_the_slope_s_bound_is_what_uncalibrated_degrees_are_uncertain_by() -> None:
    assert 0.2 <= MAX_SLOPE_ERROR <= 0.25
