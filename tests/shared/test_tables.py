"""The trace CSV: columns, exact round trip, the original's files, and what is refused."""

import io
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.analysis import analyse
from shared.errors import UnreadableTableError
from shared.model import EyeTrace, Trace
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script, steps_between
from shared.synthetic.landmarks import MESH_LIKE, landmark_stream
from shared.tables import COLUMNS, ORIGINAL_COLUMNS, read_trace, rounded, trace_csv, write_trace
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, measure_eye
from shared.version import SCHEMA_VERSION

GUIDES_COLUMNS = (
    "frame_idx,time_sec,L_iris_cx,L_iris_cy,L_eye_open,L_v_offset,R_iris_cx,R_iris_cy,R_eye_open,R_v_offset,"
    "eye_open,v_offset"
)


def looking_trace() -> Trace:
    """20 s of looking about with blinks, as the tracker would give it; a short loss of the face."""
    steps = steps_between(1.0, [(0, 18), (0, -15), (18, 0), (-18, 0), (0, 0)] * 4)
    truth = simulate(Script(duration_s=20.0, steps=steps, blink_rate_per_min=15), seed=4)
    points = landmark_stream(truth, model=MESH_LIKE, seed=4)
    points[200:210] = np.nan
    valid = np.isfinite(points[:, 0, 0])
    count = len(points)
    rng = np.random.default_rng(0)
    return Trace(
        frame_idx=np.arange(count),
        time_s=truth.time_s,
        left=measure_eye(points, LEFT_EYE, valid),
        right=measure_eye(points, RIGHT_EYE, valid),
        valid=valid,
        face_count=np.where(np.arange(count) % 15 == 0, 1, -1),
        head_yaw_deg=rng.normal(0, 1, count),
        head_pitch_deg=rng.normal(0, 1, count),
        head_roll_deg=rng.normal(0, 1, count),
    )


LOOKING = looking_trace()


def assert_same(one: Trace, other: Trace) -> None:
    for name in ("frame_idx", "time_s", "valid", "face_count", "head_yaw_deg", "head_pitch_deg", "head_roll_deg"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name.startswith("head")), name
    assert one.spectacles is other.spectacles
    for side in ("left", "right"):
        for field in fields(EyeTrace):
            values = [getattr(getattr(trace, side), field.name) for trace in (one, other)]
            assert np.array_equal(*values, equal_nan=True), (side, field.name)


def legacy_csv(rows: int = 30) -> str:
    lines = [GUIDES_COLUMNS]
    for i in range(rows):
        open_, v = 0.3 + 0.001 * i, 0.02 * i
        lines.append(f"{i},{i / 30},100.5,200,{open_},{v},300.5,201,{open_ + 0.1},{v + 0.5},{open_ + 0.05},{v + 0.25}")
    return "\n".join(lines) + "\n"


def test_the_originals_columns_come_first_and_the_schema_version_last() -> None:
    header, first = trace_csv(LOOKING).decode().splitlines()[:2]
    assert header.startswith(GUIDES_COLUMNS + ",")
    assert header.endswith(",schema_version")
    assert first.endswith(f",{SCHEMA_VERSION}")
    assert header.split(",") == [column.name for column in COLUMNS]
    assert len(set(header.split(","))) == len(COLUMNS)
    assert [column.name for column in ORIGINAL_COLUMNS] == GUIDES_COLUMNS.split(",")


def test_the_data_dictionary_says_what_every_column_means() -> None:
    assert all(column.meaning.endswith(".") for column in COLUMNS)


def test_it_is_plain_utf8_with_one_header_line_and_line_feeds() -> None:
    data = trace_csv(LOOKING)
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert data.count(b"\n") == len(LOOKING) + 1
    assert b"nan" not in data.lower()
    assert b"inf" not in data.lower()


def test_missing_samples_are_empty_cells() -> None:
    row = trace_csv(LOOKING).decode().splitlines()[1 + 205].split(",")
    cells = dict(zip([column.name for column in COLUMNS], row, strict=True))
    assert cells["L_v_offset"] == cells["v_offset"] == cells["L_v_deg"] == ""
    assert cells["valid"] == "0"


def test_reading_what_was_written_gives_the_rounded_trace_to_the_last_bit() -> None:
    assert_same(read_trace(trace_csv(LOOKING)), rounded(LOOKING))


def test_rounding_moves_nothing_that_matters() -> None:
    again = rounded(LOOKING)
    for side in ("left", "right"):
        for name, tolerance in {"v_offset": 1e-5, "h_offset": 5e-5, "eye_open": 1e-5, "lid_opening": 1e-5}.items():
            before, after = getattr(getattr(LOOKING, side), name), getattr(getattr(again, side), name)
            assert np.nanmax(np.abs(before - after)) < tolerance
    assert np.abs(again.time_s - LOOKING.time_s).max() < 1e-6


def test_writing_is_stable_to_the_byte() -> None:
    data = trace_csv(LOOKING)
    assert trace_csv(read_trace(data)) == data
    assert trace_csv(rounded(LOOKING)) == data


def test_a_trace_read_back_is_judged_as_the_one_that_was_written() -> None:
    parameters = Parameters.from_mapping({"task": "vertical_horizontal"})
    trace = rounded(LOOKING)
    first = analyse(trace, parameters)
    again = analyse(read_trace(trace_csv(trace, first)), parameters)
    assert again.vertical_peak_to_peak == first.vertical_peak_to_peak
    assert (again.psp_status, again.blinks, again.metrics) == (first.psp_status, first.blinks, first.metrics)


def test_blinks_and_usable_frames_of_the_result_are_written() -> None:
    result = analyse(LOOKING)
    lines = trace_csv(LOOKING, result).decode().splitlines()
    names = lines[0].split(",")
    cells = np.array([line.split(",") for line in lines[1:]])
    assert np.array_equal(cells[:, names.index("blink")] == "1", result.blink_mask)
    assert np.array_equal(cells[:, names.index("usable")] == "1", result.usable)
    assert result.blink_mask.any()


def test_files_streams_and_bytes_hold_the_same(tmp_path: Path) -> None:
    path, stream = tmp_path / "trace.csv", io.StringIO()
    write_trace(LOOKING, None, path)
    write_trace(LOOKING, None, stream)
    assert path.read_bytes() == stream.getvalue().encode() == trace_csv(LOOKING)
    assert_same(read_trace(path), rounded(LOOKING))


numbers = st.one_of(st.just(float("nan")), st.floats(-5000, 5000))
positive = st.one_of(st.just(float("nan")), st.floats(0.05, 2))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    count = draw(st.integers(1, 12))

    def eye() -> EyeTrace:
        arrays = {f.name: draw(hnp.arrays(float, count, elements=numbers)) for f in fields(EyeTrace)}
        arrays["eye_open"] = draw(hnp.arrays(float, count, elements=positive))
        return EyeTrace(**arrays)

    steps = draw(hnp.arrays(float, count, elements=st.floats(0.001, 1)))
    return Trace(
        frame_idx=np.cumsum(draw(hnp.arrays(np.int64, count, elements=st.integers(1, 60)))),
        time_s=np.cumsum(steps) - steps[0],
        left=eye(),
        right=eye(),
        valid=draw(hnp.arrays(bool, count)),
        face_count=draw(hnp.arrays(np.int64, count, elements=st.integers(-1, 5))),
        head_yaw_deg=draw(hnp.arrays(float, count, elements=numbers)),
        head_pitch_deg=draw(hnp.arrays(float, count, elements=numbers)),
        head_roll_deg=draw(hnp.arrays(float, count, elements=numbers)),
        spectacles=draw(st.sampled_from([None, False, True])),
    )


@given(traces())
@settings(max_examples=60, deadline=None)
def test_any_trace_survives_the_round_trip(trace: Trace) -> None:
    once = read_trace(trace_csv(trace))
    assert_same(once, rounded(trace))
    assert np.allclose(once.left.v_offset, trace.left.v_offset, atol=1e-5, equal_nan=True)
    assert np.allclose(once.time_s, trace.time_s, atol=1e-6)


class TestOriginalsFiles:
    def test_left_and_right_are_exchanged_and_marked(self) -> None:
        trace = read_trace(legacy_csv().encode())
        assert trace.legacy
        assert trace.right.iris_x_px[0] == 100.5  # image-left is the patient's right
        assert trace.left.iris_x_px[0] == 300.5
        assert trace.left.v_offset[2] == pytest.approx(0.54)
        assert trace.mean_of_eyes("v_offset")[2] == pytest.approx(0.29)

    def test_what_it_did_not_measure_is_missing(self) -> None:
        trace = read_trace(legacy_csv().encode())
        assert np.isnan(trace.left.h_offset).all()
        assert np.isnan(trace.left.limbus_v_deg).all()
        assert np.isnan(trace.head_yaw_deg).all()
        assert (trace.face_count == -1).all()
        assert trace.spectacles is None
        assert trace.valid.all()

    def test_it_can_be_analysed(self) -> None:
        assert analyse(read_trace(legacy_csv(400).encode())).vertical_peak_to_peak is not None

    def test_frames_without_a_face_are_not_valid(self) -> None:
        text = legacy_csv().splitlines()
        text[4] = "3,0.1,,,,,,,,,,"
        trace = read_trace("\n".join(text).encode())
        assert np.flatnonzero(~trace.valid).tolist() == [3]

    def test_infinite_offsets_of_a_blink_are_missing(self) -> None:
        trace = read_trace(legacy_csv().replace("0.02,", "inf,", 1).encode())
        assert np.isfinite(trace.mean_of_eyes("v_offset")).all()

    def test_windows_line_ends_and_byte_order_mark_are_taken(self) -> None:
        assert len(read_trace(b"\xef\xbb\xbf" + legacy_csv().replace("\n", "\r\n").encode())) == 30


REFUSED = {
    "nothing": b"",
    "header alone": (GUIDES_COLUMNS + "\n").encode(),
    "another table": b"name,age\nx,3\n",
    "text": b"Dear colleague,\nplease find enclosed, as promised,\n",
    "bytes": bytes(range(256)) * 20,
    "a column missing": legacy_csv().replace("R_v_offset", "R_w_offset").encode(),
    "words for numbers": legacy_csv().replace("100.5", "left", 1).encode(),
    "times that go back": legacy_csv().replace("\n3,0.1,", "\n3,0.01,").encode(),
    "equal times": legacy_csv().replace("\n3,0.1,", f"\n3,{2 / 30},").encode(),
    "a time missing": legacy_csv().replace("\n3,0.1,", "\n3,,").encode(),
    "frames that go back": legacy_csv().replace("\n3,0.1,", "\n1,0.1,").encode(),
    "too many cells": legacy_csv().replace("100.5", "100.5,1,1,1", 1).encode(),
    "another version": trace_csv(LOOKING).replace(b",1\n", b",99\n"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_trace_is_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(UnreadableTableError) as refusal:
        read_trace(REFUSED[kind])
    assert refusal.value.user_message.endswith(".")


def test_a_missing_file_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError) as refusal:
        read_trace(tmp_path / "gone.csv")
    assert str(tmp_path) not in refusal.value.user_message


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(UnreadableTableError):
        read_trace(data)
