import json
from pathlib import Path
from typing import Any

import pytest

from shared.errors import InvalidParameterError
from shared.model import Segment, Task
from shared.parameters import Parameters
from shared.targets.log import checked_target_log, read_target_log, target_log_values, target_segments
from shared.task import far_vertical_targets, fixation_segments, vertical_segments, vertical_task_recorded

STEPS: list[dict[str, Any]] = [
    {"time_s": -0.5, "x_deg": 0, "y_deg": 0},
    {"time_s": 4.0, "x_deg": 0, "y_deg": -21},
    {"time_s": 6.0, "x_deg": 10.0, "y_deg": 1.0},
    {"time_s": 7.5, "x_deg": 0, "y_deg": 0},
    {"time_s": 9.0, "x_deg": None, "y_deg": None},
]


def test_a_log_survives_json_and_a_file(tmp_path: Path) -> None:
    log = checked_target_log({"steps": STEPS, "end_s": 12, "clock_error_s": 0.02, "screen_distance_cm": 50})
    path = tmp_path / "log.json"
    path.write_text(json.dumps(target_log_values(log)), encoding="utf-8")
    assert read_target_log(path) == log
    assert read_target_log(path.read_text()) == log


def test_parameters_carry_the_log_and_survive_json() -> None:
    parameters = Parameters.from_mapping({"task": "vertical_horizontal", "target_log": STEPS})
    assert parameters.target_log is not None
    assert Parameters.from_mapping(json.loads(json.dumps(parameters.as_dict()))) == parameters
    assert Parameters().as_dict()["target_log"] is None


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ({"steps": STEPS[:1]}, "2 to 2000"),
        ({"steps": "up"}, "2 to 2000"),
        ({"steps": 3}, "2 to 2000"),
        (7, "2 to 2000"),
        ({"targets": STEPS}, "must have steps"),
        ({"steps": STEPS, "colour": "red"}, "must have steps"),
        ({"steps": STEPS[::-1]}, "does not come after"),
        ({"steps": STEPS, "end_s": 9.0}, "end_s is 9"),
        ({"steps": STEPS, "clock_error_s": -1}, "clock_error_s is -1"),
        ({"steps": [*STEPS, {"time_s": 20, "x_deg": 0}]}, "must have time_s, x_deg and y_deg"),
        ({"steps": [*STEPS, {"time_s": 20, "x_deg": 0, "y_deg": None}]}, "null for both"),
        ({"steps": [*STEPS, {"time_s": 20, "x_deg": 0, "y_deg": 61}]}, "between -60 and 60 deg"),
        ({"steps": [*STEPS, {"time_s": float("nan"), "x_deg": 0, "y_deg": 0}]}, "finite"),
        ({"steps": [*STEPS, {"time_s": "20", "x_deg": 0, "y_deg": 0}]}, "must be a number"),
    ],
)
def test_a_wrong_log_is_refused_with_its_bound(log: Any, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said) as caught:
        Parameters.from_mapping({"target_log": log})
    assert caught.value.field is not None
    assert caught.value.field.startswith("target_log")


@pytest.mark.parametrize("text", ["", "[", "null"])
def test_a_file_that_is_no_log_is_refused_without_its_path(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidParameterError) as caught:
        read_target_log(path)
    assert "secret" not in caught.value.user_message


def test_the_log_says_what_the_patient_was_asked_for() -> None:
    parameters = Parameters.from_mapping({"target_log": {"steps": STEPS, "end_s": 12}})
    assert target_segments(parameters.target_log) == (
        Segment(0.5, 4.0, "fixation", 0.0),
        Segment(4.0, 6.0, "up", 21.0),
        Segment(6.0, 7.5, "left", pytest.approx(10.05, abs=0.01)),
    )
    assert [s.label for s in vertical_segments(parameters)] == ["up"]
    assert [s.label for s in fixation_segments(parameters)] == ["fixation"]
    assert vertical_task_recorded(parameters)
    assert not far_vertical_targets(parameters), "a screen shows targets to an empty chair, too"


def test_the_task_outweighs_the_log() -> None:
    assert not vertical_task_recorded(Parameters(task=Task.FREE, target_log=checked_target_log(STEPS)))


def test_segments_of_hand_and_of_the_log_both_count() -> None:
    parameters = Parameters(segments=(Segment(20, 22, "down"),), target_log=checked_target_log(STEPS))
    assert [s.label for s in vertical_segments(parameters)] == ["down", "up"]
