"""Films by name."""

import csv
import json
from pathlib import Path

import pytest

from shared.errors import InvalidRequestError
from shared.synthetic.commands import KINDS, film_of, task_of, write_kind
from shared.video import probe


def test_a_film_is_written_with_its_truth_in_two_forms(tmp_path: Path) -> None:
    video, table, events = write_kind("tiny", tmp_path / "new")
    assert [p.name for p in (video, table, events)] == ["tiny.mp4", "tiny.truth.csv", "tiny.truth.json"]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    document = json.loads(events.read_text(encoding="utf-8"))
    assert len(rows) == document["frames"] == probe(video).frame_count
    assert {"time_s", "h_deg", "v_deg", "lid_closure_L", "lid_closure_R", "yaw_deg"} <= rows[0].keys()
    assert len(document["blinks"]) == 1
    assert float(rows[5]["iris_L_x_px"]) > float(rows[5]["iris_R_x_px"])


def test_every_kind_is_described_and_but_for_demo_has_a_film() -> None:
    assert {"healthy", "psp", "poor", "no_task", "demo", "blinks", "head", "vfr", "small_iris"} <= KINDS.keys()
    assert {"fps60", "fps120", "fps240"} <= KINDS.keys()
    for kind, meaning in KINDS.items():
        assert meaning
        if kind != "demo":
            film = film_of(kind)
            assert task_of(kind)
            assert film.width_px % 2 == film.height_px % 2 == 0


@pytest.mark.parametrize("unknown", ["", "Healthy", "../healthy"])
def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path, unknown: str) -> None:
    with pytest.raises(InvalidRequestError, match="Known are: healthy"):
        write_kind(unknown, tmp_path)
