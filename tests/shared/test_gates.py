"""Every gate on the bench of unusable recordings: it blocks, it can be switched off by name, its limit can be moved."""

from dataclasses import fields, replace

import pytest

from shared.analysis import analyse
from shared.model import CheckStatus, PspStatus
from shared.parameters import GATE_BOUNDS, GATE_NAMES, Gates, Parameters
from shared.synthetic.unusable import UNUSABLE
from tests.accuracy.unusable import blocked_by
from tests.shared.traces import recording

GATE_OF = {
    "NO_FACE": "G1",
    "TOO_FEW_VALID_FRAMES": "G1",
    "TASK_TOO_SHORT": "G1",
    "ONE_EYE_ONLY": "G1",
    "FRAME_RATE_TOO_LOW": "G2",
    "UNEVEN_FRAME_TIMES": "G2",
    "IRIS_TOO_SMALL": "G3",
    "HEAD_MOVED": "G4",
    "HEAD_TURNED": "G4",
    "UPSIDE_DOWN": "G4",
    "NO_VERTICAL_TASK": "G5",
    "NO_VERTICAL_EFFORT": "G5",
    "NO_HORIZONTAL_CONTROL": "G5",
    "TOO_NOISY": "G6",
    "LID_OCCLUDED": "G7",
    "EYES_DISAGREE": "G8",
    "BORDERLINE": "G9",
}


def test_the_bench_has_a_recording_for_every_gate() -> None:
    assert set(GATE_OF) == set(UNUSABLE)
    assert set(GATE_OF.values()) == set(GATE_NAMES)


@pytest.mark.parametrize("code", GATE_OF)
def test_a_gate_blocks_until_it_is_switched_off_by_name(code: str) -> None:
    case, gate = UNUSABLE[code], GATE_OF[code]
    trace = case.build()
    assert code in blocked_by(trace, case.parameters, gate)
    off = Parameters.from_mapping({**case.parameters.as_dict(), "gates": {"disabled": [gate]}})
    check = next(c for c in analyse(trace, off).quality if c.code == code)
    assert check.status is CheckStatus.WARNING
    assert f"Gate {gate} is switched off" in check.message


@pytest.mark.parametrize("gate", GATE_NAMES)
def test_no_gate_blocks_a_sound_recording(gate: str) -> None:
    assert blocked_by(recording(), Parameters(), gate) == []


def test_a_sound_recording_is_judged_with_any_gate_switched_off() -> None:
    for gate in GATE_NAMES:
        result = analyse(recording(), Parameters(gates=Gates(disabled=(gate,))))
        assert result.psp_status is PspStatus.NOT_SUSPECTED


STRICTEST = {  # of those that this recording can be made to fail
    "min_valid_fraction": 1.0,
    "min_task_duration_s": 600.0,
    "min_frame_rate_hz": 1000.0,
    "min_iris_diameter_px": 500.0,
    "min_horizontal_ratio": 100.0,
    "min_shifts_each_way": 100,
    "min_vertical_attempts": 100,
    "min_saccade_slowness": 10.0,
    "max_noise_fraction": 0.0,
    "borderline_fraction": 1.0,
}


def test_every_limit_of_a_gate_has_bounds_and_a_source() -> None:
    assert {f.name for f in fields(Gates)} - {"disabled"} == GATE_BOUNDS.keys()
    assert all(bound.source for bound in GATE_BOUNDS.values())


@pytest.mark.parametrize("name", STRICTEST)
def test_a_gate_s_limit_can_be_moved(name: str) -> None:
    strictest = STRICTEST[name]
    small = recording(up_deg=2, down_deg=2)
    asked = Parameters.from_mapping({"task": "vertical_horizontal"})
    assert analyse(small, asked).psp_status is PspStatus.SUSPECTED
    stricter = replace(asked, gates=replace(Gates(), **{name: strictest}))
    assert analyse(small, stricter).psp_status is PspStatus.INCONCLUSIVE
