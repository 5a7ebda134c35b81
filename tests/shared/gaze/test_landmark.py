from dataclasses import replace

import numpy as np
import pytest

from shared.gaze.landmark import measure_landmark
from tests.shared.gaze.frames import everything, nothing
from tests.shared.traces import recording

RNG = np.random.default_rng(5)


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
