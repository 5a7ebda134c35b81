"""What the browser draws is what was measured: every sample, no gap bridged, each unit and limit named."""

import gzip
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboard.review.reviews import Review
from dashboard.review.trace_feed import pack, trace_feed, vertical_band
from shared.analysis import analyse
from shared.documents import document
from shared.model import FloatArray, Trace
from shared.parameters import Parameters
from shared.ports import Job, JobStatus, StoredVideo
from tests.dashboard.recordings import BLINKS_AT_S, known_trace
from tests.shared.traces import recording

TYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32}


def unpacked(message: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Facts and arrays, read as ``feed.js`` reads them."""
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    base = -(-(4 + length) // 8) * 8
    arrays = {
        entry["name"]: np.frombuffer(message, TYPES[entry["type"]], entry["count"], base + entry["offset"])
        for entry in header["arrays"]
    }
    return header["facts"], arrays


def fed(trace: Trace, **parameters: object) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    content = document(analyse(trace, Parameters.from_mapping(parameters)), file_name="f.mp4", sha256="0")
    video = StoredVideo("k", "f.mp4", 1, "0")
    job = Job("a", "P-1", video, content["summary"]["parameters"], JobStatus.COMPLETED, 0.0, 0.0, 0.0)
    return unpacked(gzip.decompress(trace_feed(Review(job, content, trace, b"", None))))


def lane(facts: dict[str, Any], instrument: str, name: str) -> dict[str, Any]:
    lanes = next(item["lanes"] for item in facts["instruments"] if item["id"] == instrument)
    found: dict[str, Any] = next(item for item in lanes if item["id"] == name)
    return found


def test_what_is_packed_is_unpacked_whatever_its_length() -> None:
    for count in range(4):
        facts = {"text": "눈" * count}
        arrays = {
            "a": ("f32", np.arange(count) + 0.5),
            "b": ("f64", np.arange(count) * 1e-6),
            "c": ("i32", [7] * count),
        }
        back, values = unpacked(pack(facts, arrays))  # type: ignore[arg-type]
        assert back == facts
        assert all(np.allclose(values[name], content) for name, (_, content) in arrays.items())


def test_every_sample_arrives_at_its_own_time() -> None:
    trace = known_trace()
    uneven = replace(trace, time_s=trace.time_s + np.where(np.arange(len(trace)) % 2, 0.004, 0.0))
    _, arrays = fed(uneven)
    assert np.array_equal(arrays["time_s"], uneven.time_s)
    assert np.array_equal(arrays["frame_idx"], uneven.frame_idx)


def test_gaze_is_left_out_while_the_lids_are_shut_and_lids_are_not() -> None:
    trace = known_trace()
    _, arrays = fed(trace)
    for start_s in BLINKS_AT_S:
        middle = int(np.searchsorted(trace.time_s, start_s + 0.1))
        assert np.isnan(arrays["left_v_offset"][middle])
        assert np.isnan(arrays["velocity_v_offset"][middle])
        assert arrays["left_lid_opening"][middle] < 0.3


def test_a_lost_face_is_one_stretch_from_edge_to_edge() -> None:
    facts, arrays = fed(known_trace(lost_s=(8.0, 9.5)))
    (stretch,) = facts["lost_s"]
    assert stretch == pytest.approx([8.0, 9.5], abs=0.05)
    assert np.isnan(arrays["left_iris_x"][250])


def test_the_band_is_what_the_rule_compares_and_the_limits_are_as_wide_as_the_threshold() -> None:
    trace = known_trace(vertical=0.11, lost_s=(2.0, 2.5))
    result = analyse(trace, Parameters())
    vertical = lane(fed(trace)[0], "landmark", "vertical")
    assert np.ptp(vertical["band"]) == pytest.approx(result.vertical_peak_to_peak)
    assert np.ptp(vertical["limits"]) == pytest.approx(0.06)
    assert vertical["range"][0] < min(*vertical["band"], *vertical["limits"])
    assert vertical_band(trace, result.usable) == pytest.approx(vertical["band"])


def test_up_is_up_and_every_lane_names_its_unit() -> None:
    facts, _ = fed(recording())
    for instrument, unit in (("landmark", "open lid gaps"), ("limbus", "degrees")):
        assert lane(facts, instrument, "vertical")["down"] is True
        for name in ("vertical", "horizontal", "velocity"):
            assert unit in lane(facts, instrument, name)["title"]
        assert "iris diameters" in lane(facts, instrument, "lids")["title"]


def test_eyes_differ_in_look_and_a_threshold_belongs_to_its_instrument() -> None:
    facts, _ = fed(recording())
    assert [line["look"] for line in lane(facts, "limbus", "vertical")["lines"]] == ["left", "right"]
    assert lane(facts, "limbus", "vertical")["limits"] == []
    assert "under-reads vertical movement about threefold" in facts["instruments"][0]["note"]
    assert "does not belong to it" in facts["instruments"][1]["note"]


def test_the_fixed_blink_threshold_is_drawn_at_its_value_on_the_signal_that_it_judges() -> None:
    lids = lane(fed(known_trace(), blink_method="fixed", blink_thresh=0.21)[0], "landmark", "lids")
    assert lids["limits"] == [0.21]
    assert lids["lines"][0]["channel"] == "left_eye_open"


def test_velocity_is_the_slope_of_gaze() -> None:
    trace = recording(blink_every_s=0.0, noise=0.0)
    ramp = 10.0 * trace.time_s
    eyes = {
        side: replace(getattr(trace, side), limbus_v_deg=ramp, limbus_h_deg=-2 * ramp) for side in ("left", "right")
    }
    _, arrays = fed(replace(trace, **eyes))
    assert arrays["velocity_limbus_v_deg"][5:-5] == pytest.approx(10.0, abs=1e-3)
    assert arrays["velocity_limbus_h_deg"][5:-5] == pytest.approx(-20.0, abs=1e-3)


def test_the_target_is_drawn_where_and_while_it_was_shown() -> None:
    steps = [
        {"time_s": 1.0, "x_deg": 0.0, "y_deg": -10.0},
        {"time_s": 3.0, "x_deg": 8.0, "y_deg": 0.0},
        {"time_s": 5.0, "x_deg": None, "y_deg": None},
    ]
    facts, arrays = fed(recording(), target_log={"steps": steps})
    at = {time_s: arrays["target_y_deg"][round(time_s * 30)] for time_s in (0.5, 2.0, 4.0, 6.0)}
    assert np.isnan(at[0.5])
    assert (at[2.0], at[4.0]) == (-10.0, 0.0)
    assert np.isnan(at[6.0])
    assert [(part["start_s"], part["label"]) for part in facts["segments"]][:1] == [(1.0, "up")]
    looks = [line["look"] for line in lane(facts, "limbus", "horizontal")["lines"]]
    assert looks == ["left", "right", "target"]


def test_without_a_limbus_fit_only_the_landmark_instrument_is_offered() -> None:
    assert [item["id"] for item in fed(known_trace())[0]["instruments"]] == ["landmark"]


def test_a_film_without_any_face_can_be_shown() -> None:
    facts, arrays = fed(known_trace(lost_s=(-1.0, 99.0)))
    assert np.isnan(arrays["left_v_offset"]).all()
    assert lane(facts, "landmark", "vertical")["band"] is None


def test_annotated_stretches_are_named_in_words() -> None:
    segments = [{"start_s": 2.0, "end_s": 9.0, "label": "fixation"}, {"start_s": 9.0, "end_s": 12.0, "label": "눈"}]
    facts, _ = fed(recording(), segments=segments)
    assert [(part["end_s"], part["label"]) for part in facts["segments"]] == [(9.0, "straight ahead"), (12.0, "눈")]
