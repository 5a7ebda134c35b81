"""Copies of a film give the same events, as a person would count them.

The same: as many, in the same order, each begins and ends within one frame of its copy, and saccades go the same way
within 20 degrees of direction. A copy is coded anew, so its pixels and with them the landmarks differ a little on
every frame; one frame is the least by which a start can differ.
"""

from typing import NamedTuple

import pytest

from shared.analysis import analyse
from shared.model import Result
from tests.material_traces import TraceOf

pytestmark = pytest.mark.material

FRAMES_APART = 1
DEGREES_OF_DIRECTION_APART = 20.0


class Pair(NamedTuple):
    """A film, a copy of it, and by how many frames the copy's events come later."""

    film: str
    copy: str
    later: int = 0
    mirrored: bool = False


COPIES = [
    Pair("vr_4.mp4", "derived/vr_4_mirrored.mp4", mirrored=True),
    Pair("grid_bbaf2n.mpg", "derived/grid_bbaf2n_rotmeta.mp4"),
    Pair("pyfeat_single.mp4", "pyfeat_face_noface.mov"),
    Pair("pyfeat_single.mp4", "pyfeat_noface_face.mov", later=96),
    Pair("pyfeat_single.mp4", "derived/pyfeat_single.webm"),
]


def spans(found: Result, kind: str) -> list[tuple[int, int]]:
    events = found.blinks if kind == "blinks" else found.saccades
    return [(event.start_frame, event.end_frame) for event in events]


@pytest.mark.parametrize("pair", COPIES, ids=lambda pair: pair.copy)
@pytest.mark.parametrize("kind", ["blinks", "saccades"])
def test_a_copy_has_the_same_events(material_trace: TraceOf, pair: Pair, kind: str) -> None:
    one, other = spans(analyse(material_trace(pair.film)), kind), spans(analyse(material_trace(pair.copy)), kind)
    assert len(one) == len(other)
    for (start, end), (copied_start, copied_end) in zip(one, other, strict=True):
        assert abs(copied_start - pair.later - start) <= FRAMES_APART
        assert abs(copied_end - pair.later - end) <= FRAMES_APART


@pytest.mark.parametrize("pair", COPIES, ids=lambda pair: pair.copy)
def test_saccades_of_a_copy_go_the_same_way(material_trace: TraceOf, pair: Pair) -> None:
    both = zip(analyse(material_trace(pair.film)).saccades, analyse(material_trace(pair.copy)).saccades, strict=True)
    for one, other in both:
        expected = 180.0 - one.direction_deg if pair.mirrored else one.direction_deg
        assert abs((other.direction_deg - expected + 180.0) % 360.0 - 180.0) <= DEGREES_OF_DIRECTION_APART


def test_the_same_footage_has_its_blink_at_the_same_frames(material_trace: TraceOf) -> None:
    """Three files of one shot, by two codecs, in two sizes, one of them beginning 96 frames later."""
    alone, first, last = (
        spans(analyse(material_trace(name)), "blinks")
        for name in ("pyfeat_single.mp4", "pyfeat_face_noface.mov", "pyfeat_noface_face.mov")
    )
    assert alone == first == [(start - 96, end - 96) for start, end in last]
    assert len(alone) == 1


def test_in_irises_too_small_for_it_no_saccades_are_looked_for_and_the_result_says_so(material_trace: TraceOf) -> None:
    result = analyse(material_trace("grid_bbaf2n.mpg"))
    metrics = {metric.name: metric for metric in result.metrics}
    assert result.saccades == ()
    smallest = metrics["smallest_saccade_deg"]
    assert smallest.value is None
    assert (smallest.reason or "").startswith("IRIS_TOO_SMALL: The iris is 9.2 px wide")
    assert metrics["square_wave_jerk_rate_per_min"].value is None


def test_the_eyes_answer_to_a_brisk_nod_is_no_saccade(material_trace: TraceOf) -> None:
    """The head of this film jerks by 10 degrees twice within 0.2 s, and the eyes take that back."""
    assert analyse(material_trace("vr_4.mp4")).saccades == ()
