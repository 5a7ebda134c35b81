import io
from dataclasses import replace

import numpy as np
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from shared.export.captions import captions
from tests.shared.export.recordings import demo


def read(text: str) -> list[webvtt.Caption]:
    return list(webvtt.from_buffer(io.StringIO(text)))


def test_every_event_is_a_caption_at_its_time() -> None:
    document, _ = demo("healthy")
    events = document["events"]
    found = read(captions(events))
    assert len(found) == sum(map(len, events.values()))
    blink = events["blinks"][0]
    cue = next(cue for cue in found if cue.text.startswith("blink"))
    assert abs(cue.start_in_seconds - blink["start_s"]) <= 1.0


def test_cues_stand_in_order_of_time() -> None:
    starts = [cue.start for cue in read(captions(demo("psp_like")[0]["events"]))]
    assert starts == sorted(starts)


def test_rejected_events_get_no_caption() -> None:
    events = demo("healthy")[0]["events"]
    before = len(read(captions(events)))
    events["blinks"][0]["status"] = "rejected"
    assert len(read(captions(events))) == before - 1


def test_stretches_without_measurement_get_a_caption() -> None:
    document, trace = demo("healthy")
    valid = np.ones(len(trace), dtype=np.bool_)
    valid[30:60] = False
    valid[100:102] = False
    text = captions(document["events"], replace(trace, valid=valid))
    assert text.count("not measured") == 1


@given(st.text())
def test_no_title_can_break_the_file(title: str) -> None:
    text = captions(demo("healthy")[0]["events"], title=title)
    assert text.startswith("WEBVTT")
    assert len(read(text)) == len(read(captions(demo("healthy")[0]["events"])))
