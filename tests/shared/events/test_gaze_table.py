"""Gaze tables of other trackers come in; events go out as JSON without NaN."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shared.errors import EmptyFileError, StorageError, UnreadableTableError
from shared.events.gaze_table import detect_events, read_gaze, write_events
from shared.model import Saccade
from tests.shared.events.gaze_signals import frame_times, gaze_of, healthy


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "gaze.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_are_found_by_name_and_empty_cells_are_lost(tmp_path: Path) -> None:
    gaze = read_gaze(written(tmp_path, "y_deg,extra,time_sec,x_deg\n1,a,0.0,2\n,b,0.1,3\n4,c,0.2,nan\n5,d,0.3,6\n"))
    assert gaze.time_s.tolist() == [0.0, 0.1, 0.2, 0.3]
    assert np.isnan(gaze.x_deg).tolist() == [False, True, True, False]
    assert np.isnan(gaze.y_deg).tolist() == [False, True, True, False]
    assert (gaze.x_deg[3], gaze.y_deg[3]) == (6.0, 5.0)


def test_a_byte_order_mark_windows_lines_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    gaze = read_gaze(written(tmp_path, "time_sec,x_deg,y_deg\r\n0,1,2\r\n\r\n0.01,1,2\r\n", "utf-8-sig"))
    assert len(gaze.time_s) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_sec,x_deg\n0,1\n", "y_deg"),
        ("time_sec,x_deg,y_deg\n", "no samples"),
        ("time_sec,x_deg,y_deg\n0,1,2\n0,1,2\n", "do not increase"),
        ("time_sec,x_deg,y_deg\n0,1,2\n,1,2\n", "no time"),
        ("time_sec,x_deg,y_deg\n0,1,2\n0.1,left,2\n", "Line 3"),
        ("\n", "time_sec"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnreadableTableError, match=words) as caught:
        read_gaze(written(tmp_path, text))
    assert str(tmp_path) not in caught.value.user_message


def test_binary_empty_and_absent_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "a.csv"
    binary.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(UnreadableTableError):
        read_gaze(binary)
    with pytest.raises(EmptyFileError):
        read_gaze(written(tmp_path, ""))
    with pytest.raises(UnreadableTableError):
        read_gaze(tmp_path / "absent.csv")


def test_a_table_gives_its_saccades_and_jerks_as_json(tmp_path: Path) -> None:
    time_s = frame_times(60, 6.0)
    true = [healthy(1.0, 8.0, 90.0), healthy(3.0, 3.0, 0.0), healthy(3.27, 3.0, 180.0)]
    h_deg, v_deg = gaze_of(time_s, true, 0.1)
    rows = [f"{t:.5f},{h:.4f},{v:.4f}" for t, h, v in zip(time_s, h_deg, v_deg, strict=True)]
    rows[290] = f"{time_s[290]:.5f},,"
    gaze = read_gaze(written(tmp_path, "\n".join(["time_sec,x_deg,y_deg", *rows])))
    target = tmp_path / "gaze.events.json"
    write_events(target, *detect_events(gaze))
    document = json.loads(target.read_text(encoding="utf-8"))
    assert set(document) == {"saccades", "square_wave_jerks"}
    assert len(document["saccades"]) == 3
    assert len(document["square_wave_jerks"]) == 1
    first = document["saccades"][0]
    assert {"start_s", "end_s", "amplitude_deg", "direction_deg", "peak_velocity_deg_s"} <= set(first)
    assert first["amplitude_deg"] == pytest.approx(8.0, abs=0.4)
    assert first["direction_deg"] == pytest.approx(90.0, abs=4.0)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_missing_numbers_are_null(tmp_path: Path) -> None:
    target = tmp_path / "events.json"
    write_events(target, [Saccade(0.0, 0.1, 5.0, 0.0, peak_velocity_low_deg_s=float("nan"))], [])
    assert "NaN" not in target.read_text(encoding="utf-8")
    assert json.loads(target.read_text(encoding="utf-8"))["saccades"][0]["peak_velocity_low_deg_s"] is None


def test_a_folder_that_is_absent_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_events(tmp_path / "absent" / "events.json", [], [])
