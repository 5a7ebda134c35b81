from dataclasses import replace

import pytest

from shared.analysis import analyse
from shared.findings import find_signs
from shared.gaze.limbus import LimbusGaze
from shared.gaze.ranges import GazeRange
from shared.metrics import Events, ObservedTime, compute_metrics
from shared.model import Blink, Finding, PspStatus, Saccade, Segment, SquareWaveJerk, Task
from shared.parameters import Gates, Parameters
from tests.shared.test_metrics import LANDMARK, LIMBUS, blink, jerks, observed, saccade
from tests.shared.traces import recording

FULL_TASK = Parameters(task=Task.VERTICAL_HORIZONTAL)


def signs(
    *,
    limbus: LimbusGaze = LIMBUS,
    blinks: tuple[Blink, ...] = (),
    saccades: tuple[Saccade, ...] = (),
    square_wave_jerks: tuple[SquareWaveJerk, ...] = (),
    seen: ObservedTime | None = None,
    parameters: Parameters = FULL_TASK,
) -> dict[str, Finding]:
    events, times = Events(blinks, saccades, square_wave_jerks), seen or observed()
    found = find_signs(compute_metrics(LANDMARK, limbus, events, times), events, times, parameters)
    return {finding.code: finding for finding in found}


def limbus(up: float, down: float, side: float = 18.0) -> LimbusGaze:
    return replace(
        LIMBUS, vertical=GazeRange(-up, down, 0.0, 0.1, 900), horizontal=GazeRange(-side, side, 0.0, 0.1, 900)
    )


SLOW_ATTEMPTS = tuple(replace(saccade(way, 5.0, 60.0), duration_s=0.12) for way in (90.0, 270.0) * 3)
FIXATED = replace(FULL_TASK, segments=(Segment(0, 3, "fixation"),))


@pytest.mark.parametrize(
    ("gaze", "parameters", "state"),
    [
        (limbus(3, 3), FULL_TASK, "present"),
        (limbus(3, 3), FIXATED, "present"),
        (limbus(1, 14), FIXATED, "absent"),
        (limbus(15, 15), FULL_TASK, "absent"),
        (limbus(4, 4, side=5), FULL_TASK, "absent"),
        (limbus(3, 3), Parameters(), "not_measured"),
        (limbus(3, 3, side=1), FULL_TASK, "not_measured"),
        (replace(LIMBUS, coverage=0.2), FULL_TASK, "not_measured"),
    ],
    ids=["small", "small-fixated", "up-only", "full", "small-both-ways", "no-task", "no-control", "no-limbus"],
)
def test_gaze_palsy_needs_a_small_vertical_range_both_ways_and_a_full_horizontal_one(
    gaze: LimbusGaze, parameters: Parameters, state: str
) -> None:
    assert signs(limbus=gaze, parameters=parameters, saccades=SLOW_ATTEMPTS)["O1"].state == state


def test_gaze_palsy_needs_attempts_and_slow_ones() -> None:
    brisk = tuple(replace(one, duration_s=0.04) for one in SLOW_ATTEMPTS)
    for saccades in ((), SLOW_ATTEMPTS[:2], brisk):
        finding = signs(limbus=limbus(3, 3), saccades=saccades)["O1"]
        assert finding.state == "not_measured"
        assert "nothing shows that the patient tried" in finding.message
    anyone = replace(FULL_TASK, gates=Gates(min_vertical_attempts=0, min_saccade_slowness=0.0))
    assert signs(limbus=limbus(3, 3), saccades=brisk, parameters=anyone)["O1"].state == "present"


class TestSlowSaccades:
    slow_down = (saccade(90.0, velocity=60.0),) * 3
    brisk_down = (saccade(90.0, velocity=300.0),) * 3
    brisk_aside = (saccade(0.0, velocity=300.0),) * 3
    slow_aside = (saccade(180.0, velocity=60.0),) * 3

    @pytest.mark.parametrize(
        ("saccades", "state"),
        [
            (slow_down + brisk_aside, "present"),
            (brisk_down + brisk_aside, "absent"),
            (slow_down + slow_aside, "absent"),
            (slow_down, "not_measured"),
            ((), "not_measured"),
        ],
        ids=["vertical", "none", "both-ways", "no-control", "nothing"],
    )
    def test_slow_means_below_the_healthy_band_while_horizontal_ones_are_within(
        self, saccades: tuple[Saccade, ...], state: str
    ) -> None:
        assert signs(saccades=saccades)["O2"].state == state

    def test_saccades_too_small_for_the_band_are_judged_by_their_durations(self) -> None:
        tiny = replace(saccade(90.0, 3.0, 40.0), duration_s=0.12)
        assert signs(saccades=(tiny,) * 3 + self.brisk_aside)["O2"].state == "present"
        brisk = replace(tiny, duration_s=0.045)
        assert signs(saccades=(brisk,) * 3 + self.brisk_aside)["O2"].state == "not_measured"

    def test_it_points_to_the_slowest(self) -> None:
        slowest = replace(saccade(90.0, velocity=20.0), start_s=7.0, end_s=7.5)
        finding = signs(saccades=(*self.slow_down, slowest, *self.brisk_aside))["O2"]
        assert (finding.start_s, finding.end_s) == (7.0, 7.5)

    def test_at_30_frames_a_second_durations_can_show_slowing_but_never_exclude_it(self) -> None:
        seen = observed(frame_rate_hz=30.0)
        long_down = (replace(saccade(90.0, velocity=None), duration_s=0.15),) * 3
        short_down = (saccade(90.0, velocity=None),) * 3
        aside = (saccade(0.0, velocity=None),) * 3
        assert signs(saccades=long_down + aside, seen=seen)["O2"].state == "present"
        assert signs(saccades=short_down + aside, seen=seen)["O2"].state == "not_measured"
        assert signs(saccades=long_down, seen=seen)["O2"].state == "not_measured"


class TestSquareWaveJerks:
    @pytest.mark.parametrize(
        ("count", "amplitude_deg", "blink_count", "state"),
        [
            (11, 1.0, 40, "present"),
            (10, 1.0, 40, "absent"),
            (30, 0.9, 40, "absent"),
            (6, 0.8, 2, "present"),
            (0, 1, 9, "absent"),
        ],
        ids=["frequent", "ten", "small", "more-than-blinks", "none"],
    )
    def test_frequent_and_large_or_three_to_a_blink(
        self, count: int, amplitude_deg: float, blink_count: int, state: str
    ) -> None:
        finding = signs(square_wave_jerks=jerks(count, amplitude_deg), blinks=(blink(),) * blink_count)["O3"]
        assert finding.state == state
        assert (finding.start_s is not None) == (state == "present")

    def test_the_ratio_to_blinks_takes_a_whole_minute(self) -> None:
        assert signs(square_wave_jerks=jerks(6, 0.8), seen=observed(lids_s=50.0))["O3"].state == "absent"

    def test_at_30_frames_a_second_jerks_can_be_shown_but_never_excluded(self) -> None:
        seen = observed(frame_rate_hz=30.0)
        assert signs(square_wave_jerks=jerks(40), seen=seen)["O3"].state == "present"
        assert signs(square_wave_jerks=jerks(1), seen=seen)["O3"].state == "not_measured"
        assert signs(square_wave_jerks=jerks(40), seen=observed(frame_rate_hz=25.0))["O3"].state == "not_measured"


@pytest.mark.parametrize(
    ("blink_count", "lids_s", "state"),
    [
        (4, 60.0, "present"),
        (5, 60.0, "absent"),
        (0, 120.0, "present"),
        (0, 59.0, "not_measured"),
        (0, 2.0, "not_measured"),
    ],
)
def test_few_blinks_takes_a_whole_minute(blink_count: int, lids_s: float, state: str) -> None:
    found = signs(blinks=(blink(),) * blink_count, seen=observed(lids_s=lids_s))
    assert found["SUPPORT_BLINK_RATE"].state == state


def test_a_small_range_in_degrees_is_told_whatever_the_task() -> None:
    assert signs(limbus=limbus(9, 9), parameters=Parameters())["SUPPORT_VERTICAL_RANGE"].state == "present"
    assert signs(limbus=limbus(10, 10))["SUPPORT_VERTICAL_RANGE"].state == "absent"
    narrower = replace(FULL_TASK, range_thresh_deg=10.0)
    assert signs(limbus=limbus(9, 9), parameters=narrower)["SUPPORT_VERTICAL_RANGE"].state == "absent"


def test_every_finding_has_a_definition_a_source_and_a_sentence() -> None:
    for finding in (*signs().values(), *analyse(recording(duration_s=0)).findings):
        assert finding.definition
        assert finding.source
        assert finding.message.strip().endswith(".")


def test_findings_never_change_the_status() -> None:
    """A full range with frequent jerks and no blink: findings are present, the status stays."""
    trace = recording(frame_rate_hz=60, duration_s=70, blink_every_s=0)
    result = analyse(trace, FULL_TASK)
    assert {f.code: f.state for f in result.findings}["SUPPORT_BLINK_RATE"] == "present"
    assert result.psp_status is PspStatus.NOT_SUSPECTED
