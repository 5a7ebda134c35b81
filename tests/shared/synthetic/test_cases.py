"""Demo cases and the bench of unusable recordings get the answers that they stand for."""

import json
from pathlib import Path

import pytest

from shared.analysis import analyse
from shared.model import PspStatus
from shared.parameters import Parameters
from shared.synthetic.cases import DEMO_CASES, UNUSABLE, DemoCase
from shared.synthetic.commands import UNUSABLE_FILMS, task_of
from shared.synthetic.gaze import simulate
from shared.synthetic.landmarks import MESH_LIKE
from shared.synthetic.scripts import healthy, psp_like
from shared.synthetic.unusable import recording
from shared.tracking.tracker import track

DEMO_FOLDER = Path(__file__).resolve().parents[3] / "dashboard" / "demo"


@pytest.mark.parametrize("code", UNUSABLE)
def test_an_unusable_recording_is_inconclusive_for_its_own_reason(code: str) -> None:
    case = UNUSABLE[code]
    result = analyse(case.build(), case.parameters)
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert code in [reason.code for reason in result.reasons]


def test_a_film_with_a_small_iris_is_inconclusive_for_it(puppet_video) -> None:
    path, _ = puppet_video("small_iris")
    parameters = Parameters(task=task_of("small_iris"))
    result = analyse(track(path, parameters), parameters)
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert UNUSABLE_FILMS["small_iris"] in [reason.code for reason in result.reasons]


@pytest.mark.parametrize(
    ("script", "status"), [(healthy(), PspStatus.NOT_SUSPECTED), (psp_like(), PspStatus.SUSPECTED)]
)
def test_a_sound_recording_beside_the_bench_is_judged(script, status: PspStatus) -> None:
    parameters = Parameters.from_mapping({"task": "vertical_horizontal"})
    assert analyse(recording(script, model=MESH_LIKE), parameters).psp_status is status


@pytest.mark.parametrize("case", DEMO_CASES, ids=lambda case: case.name)
def test_a_demo_film_is_small_and_its_truth_belongs_to_it(case: DemoCase) -> None:
    assert (DEMO_FOLDER / f"{case.name}.mp4").stat().st_size < 1_200_000
    truth = json.loads((DEMO_FOLDER / f"{case.name}.truth.json").read_text(encoding="utf-8"))
    gaze = simulate(case.film.script, case.film.camera, seed=case.film.seed).recorded()
    assert truth["frames"] == len(gaze)
    assert [b["start_frame"] for b in truth["blinks"]] == [b.start_frame for b in gaze.blinks]
    assert len(truth["saccades"]) == len(gaze.saccades)
    assert truth["expected_status"] == case.expected_status.value
