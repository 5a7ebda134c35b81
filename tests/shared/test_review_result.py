"""The reviewed numbers: equal to the measured ones without decisions, and moved by decisions as they should be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from shared.analysis import analyse
from shared.documents import document, dumps, summary
from shared.errors import InvalidRequestError
from shared.model import Trace, VideoMeta
from shared.parameters import Parameters
from shared.ports import Decision
from shared.review import ReviewState, event_id, review_state
from shared.review_result import added_blink, events_with_status, reviewed_result
from shared.tables import read_trace, rounded, trace_csv
from tests.shared.traces import recording

META = VideoMeta(1280, 720, 1200, 40.0, 30.0, codec="h264", container="mp4")


@pytest.fixture(scope="module")
def trace() -> Trace:
    return replace(rounded(recording()), meta=META, tracker={"test": "1"})


@pytest.fixture(scope="module")
def stored(trace: Trace) -> dict[str, Any]:
    parameters = Parameters.from_mapping({"task": "vertical_horizontal"})
    return document(analyse(trace, parameters), file_name="f.mp4", sha256="0")


def decided(stored: dict[str, Any], *acts: tuple[str, dict[str, Any]]) -> ReviewState:
    decisions = [Decision("a", "KJ", action, payload, float(i)) for i, (action, payload) in enumerate(acts)]
    return review_state(stored["events"], decisions)


def rejecting(kind: str, event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "reject", {"event_id": event_id(kind, event), "kind": kind, "event": event, "reason": "tracking"}


def adding(event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "add", {"event_id": event_id("blinks", event, added=True), "kind": "blinks", "event": event}


def test_without_decisions_the_reviewed_summary_is_the_stored_one(trace: Trace, stored: dict[str, Any]) -> None:
    from_csv = read_trace(trace_csv(trace))
    assert summary(reviewed_result(from_csv, stored, decided(stored))) == stored["summary"]


def test_a_rejected_blink_lowers_the_blink_rate_by_its_share(trace: Trace, stored: dict[str, Any]) -> None:
    blinks = stored["events"]["blinks"]
    result = reviewed_result(trace, stored, decided(stored, rejecting("blinks", blinks[2])))
    measured = stored["summary"]["metrics"]["blink_rate_per_min"]["value"]
    assert result.metric("blink_rate_per_min").value == pytest.approx(measured * (1 - 1 / len(blinks)), rel=0.02)
    assert len(result.blinks) == len(blinks) - 1


def test_an_added_blink_counts_and_hides_its_frames_from_the_ranges(trace: Trace, stored: dict[str, Any]) -> None:
    blink = added_blink(trace, 4.5, 4.7)
    result = reviewed_result(trace, stored, decided(stored, adding(blink)))
    assert len(result.blinks) == len(stored["events"]["blinks"]) + 1
    inside = (trace.time_s > 4.5) & (trace.time_s < 4.7)
    assert not result.usable[inside].any()
    assert result.blink_mask[inside].all()


def test_rejecting_the_downward_saccades_leaves_only_the_upward_ones(trace: Trace, stored: dict[str, Any]) -> None:
    saccades = stored["events"]["saccades"]
    down = [s for s in saccades if abs(s["direction_deg"] - 90) < 30]
    assert down
    result = reviewed_result(trace, stored, decided(stored, *(rejecting("saccades", s) for s in down)))
    assert len(result.saccades) == len(saccades) - len(down)
    assert not [s for s in result.saccades if abs(s.direction_deg - 90) < 30]


def test_events_carry_what_was_decided(trace: Trace, stored: dict[str, Any]) -> None:
    first = stored["events"]["blinks"][0]
    blink = added_blink(trace, 4.5, 4.7)
    listed = events_with_status(decided(stored, rejecting("blinks", first), adding(blink)))
    by_start = {event["start_s"]: event for event in listed["blinks"]}
    assert by_start[first["start_s"]]["status"] == "rejected"
    assert by_start[first["start_s"]]["reason"] == "tracking"
    assert by_start[blink["start_s"]]["status"] == "added"
    assert sum("status" not in event for event in listed["blinks"]) == len(stored["events"]["blinks"]) - 1
    dumps(listed)


def test_an_added_blink_over_closed_lids_is_complete_and_over_open_ones_is_not(trace: Trace) -> None:
    closed_s = trace.time_s[np.flatnonzero(trace.left.lid_opening < 0.2)[:5]]
    shut = added_blink(trace, closed_s[0] - 0.05, closed_s[-1] + 0.05)
    open_ = added_blink(trace, 4.5, 4.7)
    assert (shut["kind"], open_["kind"]) == ("complete", "incomplete")
    assert shut["depth"] > 0.8
    assert open_["depth"] < 0.1


def test_an_added_blink_lies_on_frames_of_the_trace(trace: Trace) -> None:
    blink = added_blink(trace, 4.51, 4.72)
    assert blink["start_s"] in trace.time_s
    assert blink["end_s"] in trace.time_s
    assert blink["start_frame"] == round(blink["start_s"] * 30)


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(5.0, 5.0), (5.0, 4.0), (5.0, 16.0), (-9.0, -8.0), (99.0, 99.5), (float("nan"), 5.0)]
)
def test_what_is_no_blink_is_refused(trace: Trace, start_s: float, end_s: float) -> None:
    with pytest.raises(InvalidRequestError):
        added_blink(trace, start_s, end_s)


def test_a_blink_where_no_face_was_seen_is_taken_as_the_reviewer_says(trace: Trace) -> None:
    lost = replace(trace, valid=np.zeros(len(trace), dtype=np.bool_))
    assert added_blink(lost, 4.5, 4.7)["kind"] == "complete"
