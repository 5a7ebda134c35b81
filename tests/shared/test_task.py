import numpy as np
import pytest

from shared.model import Segment, Task
from shared.parameters import Parameters
from shared.task import (
    VERTICAL_WORDS,
    far_vertical_targets,
    in_segments,
    segments_with,
    vertical_task_recorded,
)


def test_a_label_counts_by_its_words_not_by_its_letters() -> None:
    labels = ["Up", "look DOWN 20", "vertical-saccades", "upper lid", "countdown", "left"]
    found = segments_with([Segment(0, 1, label) for label in labels], VERTICAL_WORDS)
    assert [s.label for s in found] == labels[:3]


def test_frames_at_both_ends_of_a_segment_are_inside() -> None:
    inside = in_segments(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), [Segment(1, 2, "up"), Segment(4, 9, "down")])
    assert inside.tolist() == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("task", "annotated", "recorded"),
    [
        (Task.VERTICAL, False, True),
        (Task.VERTICAL_HORIZONTAL, False, True),
        (Task.UNKNOWN, False, False),
        (Task.UNKNOWN, True, True),
        (Task.FREE, True, False),
        (Task.FIXATION, True, False),
    ],
)
def test_vertical_task_is_recorded_by_task_or_annotation(task: Task, annotated: bool, recorded: bool) -> None:
    segments = (Segment(0, 2, "up"),) if annotated else ()
    assert vertical_task_recorded(Parameters(task=task, segments=segments)) is recorded


def test_only_vertical_targets_far_enough_count() -> None:
    def far(label: str, target_deg: float | None) -> bool:
        return far_vertical_targets(Parameters(segments=(Segment(0, 2, label, target_deg),)))

    assert far("up", 20.0)
    assert not far("up", 19.9)
    assert not far("up", None)
    assert not far("left", 30.0)
