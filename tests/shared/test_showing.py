import pytest

from shared.analysis import analyse
from shared.model import Blink, Saccade, Segment, SquareWaveJerk, Task
from shared.parameters import Parameters
from shared.showing import densest_jerks, farthest_vertical, longest_without_blink
from tests.shared.traces import recording

UP, DOWN = 270.0, 90.0


def saccade(start_s: float, amplitude_deg: float, direction_deg: float) -> Saccade:
    return Saccade(start_s, start_s + 0.1, amplitude_deg, direction_deg)


def jerk(start_s: float, amplitude_deg: float = 1.0) -> SquareWaveJerk:
    return SquareWaveJerk(start_s, start_s + 0.3, amplitude_deg, 0.0, 0.25)


def test_the_largest_look_up_and_down_in_a_row_is_shown() -> None:
    saccades = [
        saccade(1, 5, UP),
        saccade(3, 5, DOWN),
        saccade(5, 20, UP),  # largest, but what follows is small
        saccade(7, 2, DOWN),
        saccade(20, 9, UP),
        saccade(22, 8, DOWN),
        saccade(40, 30, 0.0),
    ]
    assert farthest_vertical(saccades, Parameters()) == (20, 22.1)


def test_without_a_pair_the_largest_and_without_any_the_annotated_task_is_shown() -> None:
    annotated = Parameters(segments=(Segment(4, 9, "up"),))
    assert farthest_vertical([saccade(1, 5, UP), saccade(3, 9, UP)], annotated) == (3, 3.1)
    assert farthest_vertical([saccade(1, 5, 0.0)], annotated) == (4, 9)
    assert farthest_vertical([], Parameters()) is None


def test_jerks_are_shown_where_they_are_densest_and_then_largest() -> None:
    assert densest_jerks([jerk(1), jerk(10), jerk(12), jerk(14), jerk(30)]) == (10, 14.3)
    assert densest_jerks([jerk(1, 1.0), jerk(10, 3.0)]) == (10, 10.3)
    assert densest_jerks([]) is None


def test_few_blinks_are_shown_where_none_is() -> None:
    blinks = [Blink(0, 1, start_s, start_s + 0.2, "complete", 0.9) for start_s in (10.0, 45.0)]
    assert longest_without_blink(blinks, 60.0) == (10.2, 45.0)
    assert longest_without_blink([], 60.0) == (0.0, 60.0)
    assert longest_without_blink([], 0.0) is None


def test_findings_of_a_recording_point_into_it() -> None:
    result = analyse(
        recording(up_deg=3, down_deg=3, duration_s=70, blink_every_s=0), Parameters(task=Task.VERTICAL_HORIZONTAL)
    )
    found = {finding.code: finding for finding in result.findings}
    assert found["O1"].state == "present"
    assert found["O1"].start_s is not None
    assert found["O1"].start_s < 35, "looking up and down is in the first half"
    assert (found["SUPPORT_BLINK_RATE"].start_s, found["SUPPORT_BLINK_RATE"].end_s) == (0.0, pytest.approx(70, abs=0.1))
