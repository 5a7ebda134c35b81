import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shared.export.bids import Recording, bids_files, subject_label
from tests.shared.export.recordings import demo

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


def dataset(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def errors(folder: Path) -> list[dict[str, Any]]:
    answer = subprocess.run([VALIDATOR, "--format", "json", folder], capture_output=True, check=False, timeout=120)
    return [issue for issue in json.loads(answer.stdout)["issues"]["issues"] if issue["severity"] == "error"]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return bids_files([Recording(code, *demo(name)) for code, name in (("P-01", "psp_like"), ("P-01", "healthy"))])


def test_the_official_validator_finds_no_error(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert errors(dataset(tmp_path, files)) == []


def test_the_validator_would_notice_a_missing_eye(tmp_path: Path, files: dict[str, bytes]) -> None:
    broken = {
        path: content.replace(b'"RecordedEye"', b'"Other"') if path.endswith("eye1_physio.json") else content
        for path, content in files.items()
    }
    assert errors(dataset(tmp_path, broken))


def test_samples_are_the_trace_with_its_own_time_stamps(files: dict[str, bytes]) -> None:
    _, trace = demo("psp_like")
    path = next(path for path in files if "ses-01" in path and path.endswith("eye2_physio.tsv.gz"))
    columns = json.loads(files[path.replace(".tsv.gz", ".json")])["Columns"]
    table = pd.read_csv(io.BytesIO(gzip.decompress(files[path])), sep="\t", names=columns, na_values="n/a")
    np.testing.assert_allclose(table["timestamp"], trace.time_s, atol=1e-6)
    np.testing.assert_allclose(table["y_coordinate"], trace.right.limbus_v_deg, atol=1e-3)


def test_two_recordings_of_a_patient_are_two_sessions(files: dict[str, bytes]) -> None:
    assert {path.split("/")[1] for path in files if path.startswith("sub-")} == {"ses-01", "ses-02"}


def test_rejected_events_are_left_out() -> None:
    document, trace = demo("healthy")
    for blink in document["events"]["blinks"]:
        blink["status"] = "rejected"
    files = bids_files([Recording("P1", document, trace)])
    events = [gzip.decompress(content) for path, content in files.items() if path.endswith("physioevents.tsv.gz")]
    assert not any(b"blink" in table for table in events)


def test_codes_that_differ_in_signs_only_stay_apart() -> None:
    assert len({subject_label(code) for code in ("P-1", "P_1", "P1", "-P1")}) == 4


def test_the_same_recordings_give_the_same_bytes(files: dict[str, bytes]) -> None:
    again = bids_files([Recording(code, *demo(name)) for code, name in (("P-01", "psp_like"), ("P-01", "healthy"))])
    assert again == files
