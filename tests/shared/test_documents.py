import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from shared.analysis import analyse
from shared.documents import FIELDS, document, dumps, events, read_document, summary
from shared.errors import UnreadableTableError
from shared.model import (
    AxisCalibration,
    Saccade,
    SquareWaveJerk,
    TargetLog,
    TargetResponse,
    TargetStep,
    Task,
    Trace,
    VideoMeta,
)
from shared.parameters import Parameters
from tests.shared.traces import damaged_traces, recording

OPAQUE = {"summary.parameters", "summary.tracker", "events.saccades[].qualifiers"}


def keys(value: Any, name: str = "") -> Iterator[str]:
    """Names of all leaves, in the notation of FIELDS."""
    if isinstance(value, dict) and name not in OPAQUE:
        for key, item in value.items():
            inner = "*" if name == "summary.metrics" else key
            yield from keys(item, f"{name}.{inner}" if name else inner)
    elif isinstance(value, list) and name not in OPAQUE:
        for item in value:
            yield from keys(item, f"{name}[]")
    else:
        yield name


def full_document() -> dict[str, Any]:
    meta = VideoMeta(640, 720, 2400, 40.0, 60.0, codec="h264")
    trace = recording(frame_rate_hz=60).with_meta(meta)
    log = TargetLog((TargetStep(0.0, 0.0, 0.0), TargetStep(2.0, 0.0, -10.0)))
    result = analyse(trace, Parameters(task=Task.VERTICAL_HORIZONTAL, target_log=log))
    result = replace(
        result,
        saccades=(Saccade(1.0, 1.1, 10.0, 90.0, qualifiers=("NOISE",)),),
        square_wave_jerks=(SquareWaveJerk(1.0, 1.4, 1.0, 0.0, 0.25),),
        calibration=(AxisCalibration("left", "vertical", 3, reason="TOO_FEW_TARGETS: 3."),),
        target_responses=(TargetResponse(1.0, 0.0, -10.0, 10.0, "up", "answered", 0.2, 0.9, 1.0, 1.2),),
    )
    return document(result, file_name="film.mp4", sha256="00")


def test_every_key_is_in_the_data_dictionary_and_every_entry_is_a_key() -> None:
    found = {key for key in keys(full_document()) if key != "summary.video_meta"}
    named = [field.name for field in FIELDS]
    assert len(set(named)) == len(named)
    # A whole object that may be null has an entry of its own beside its keys.
    assert set(named) - {"summary.video_meta", "summary.metrics.*.reference"} == found - {"summary.metrics.*.reference"}


def test_every_entry_of_the_data_dictionary_has_a_meaning() -> None:
    assert all(field.meaning.endswith((".", "...", "SUPPORT_...")) for field in FIELDS)


def test_the_guides_four_names_and_the_originals_are_there() -> None:
    names = summary(analyse(recording())).keys()
    assert {"frames_processed", "psp_suspected", "blink_count", "vertical_peak_to_peak"} <= names
    assert {"fps", "duration_sec_est", "vertical_offset_std", "blink_rate_per_min", "psp_rule_reason"} <= names
    assert "video_meta" in names


def test_limbus_ranges_stand_under_metrics_by_name() -> None:
    metrics = summary(analyse(recording()))["metrics"]
    assert metrics["vertical_range_deg"]["value"] == pytest.approx(40, abs=1)
    assert metrics["horizontal_range_deg"]["value"] == pytest.approx(36, abs=1)


@given(damaged_traces())
@settings(max_examples=60, deadline=None)
def test_no_nan_in_the_document_of_any_damaged_trace(trace: Trace) -> None:
    content = document(analyse(trace), file_name="x.csv", sha256="0")
    text = dumps(content)
    assert json.loads(text, parse_constant=pytest.fail) == content


def test_a_number_that_is_not_finite_is_null() -> None:
    result = analyse(recording(duration_s=2))
    odd = (Saccade(0.0, 0.1, float("nan"), float("inf"), peak_velocity_deg_s=None),)
    saccade = events(replace(result, saccades=odd))["saccades"][0]
    assert saccade["amplitude_deg"] is None
    assert saccade["direction_deg"] is None


def test_the_text_is_one_line_keeps_korean_and_refuses_nan() -> None:
    assert dumps({"file": "환자.mp4"}) == '{"file": "환자.mp4"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"value": float("nan")})


def test_a_document_reads_back_from_file_and_text(tmp_path: Path) -> None:
    content = full_document()
    path = tmp_path / "film.json"
    path.write_text(dumps(content, indent=1), encoding="utf-8")
    assert read_document(path) == read_document(dumps(content)) == read_document(dumps(content).encode()) == content


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"summary": [], "events": {}, "file": "", "sha256": ""}', "[" * 99999]
)
def test_what_is_not_a_document_is_refused_with_advice(text: str) -> None:
    with pytest.raises(UnreadableTableError, match="JSON that an analysis wrote"):
        read_document(text)


def test_a_missing_document_is_refused_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read_document(tmp_path / "secret.json")
    assert "secret" not in caught.value.user_message


def test_parameters_survive_the_document() -> None:
    parameters = Parameters(vpp_thresh=0.05, task=Task.VERTICAL)
    stored = json.loads(dumps(document(analyse(recording(), parameters), file_name="f", sha256="0")))
    assert Parameters.from_mapping(stored["summary"]["parameters"]) == parameters
    assert stored["summary"]["parameters"] == parameters.as_dict()


def test_booleans_and_counts_are_json_types() -> None:
    content = full_document()["summary"]
    assert content["psp_suspected"] is False
    assert type(content["frames_processed"]) is int
    assert not any(isinstance(v, np.generic) for v in content.values())
