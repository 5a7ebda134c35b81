from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis import analyse
from shared.gaze.ranges import GazeRange
from shared.model import CheckStatus, PspStatus, QualityCheck, Task
from shared.parameters import GATE_NAMES, Gates, Parameters
from shared.screening import blocks, psp_status, psp_suspected, reasons, rule_text
from tests.shared.traces import recording, with_both, without_face

FULL_TASK = Parameters(task=Task.VERTICAL_HORIZONTAL)

ranges = st.one_of(st.none(), st.floats(0, 2).map(lambda high: GazeRange(0.0, high, high / 2, 0.001, 900)))
thresholds = st.floats(0, 2)
checks = st.lists(
    st.builds(
        QualityCheck,
        st.sampled_from(["NO_FACE", "BORDERLINE", "INSTRUMENTS_DISAGREE"]),
        st.sampled_from(CheckStatus),
        st.just("sentence"),
        gate=st.sampled_from([*GATE_NAMES, None]),
    ),
    max_size=6,
).map(tuple)
parameters = st.builds(
    lambda threshold, disabled, flag: Parameters(
        vpp_thresh=threshold, range_flag=flag, gates=Gates(disabled=tuple(disabled))
    ),
    thresholds,
    st.lists(st.sampled_from(GATE_NAMES), max_size=3),
    st.booleans(),
)


@given(ranges, parameters)
def test_the_rule_is_the_guides_comparison_and_none_only_where_nothing_was_measured(
    vertical: GazeRange | None, given_parameters: Parameters
) -> None:
    suspected = psp_suspected(vertical, given_parameters)
    assert (suspected is None) == (vertical is None)
    if vertical is not None:
        assert suspected == (vertical.peak_to_peak < given_parameters.vpp_thresh)


@given(ranges, checks, parameters)
def test_suspected_needs_a_range_below_the_threshold_and_no_failure(
    vertical: GazeRange | None, given_checks: tuple[QualityCheck, ...], given_parameters: Parameters
) -> None:
    status = psp_status(psp_suspected(vertical, given_parameters), given_checks, given_parameters)
    if status is not PspStatus.INCONCLUSIVE:
        assert vertical is not None
        assert all(c.status is not CheckStatus.FAIL for c in given_checks)
        assert (status is PspStatus.SUSPECTED) == (vertical.peak_to_peak < given_parameters.vpp_thresh)


@given(ranges, checks, parameters, st.sampled_from([CheckStatus.FAIL, CheckStatus.NOT_CHECKED]))
def test_one_more_failure_never_turns_inconclusive_into_a_verdict(
    vertical: GazeRange | None, given_checks: tuple[QualityCheck, ...], given_parameters: Parameters, how: CheckStatus
) -> None:
    suspected = psp_suspected(vertical, given_parameters)
    before = psp_status(suspected, given_checks, given_parameters)
    more = (*given_checks, QualityCheck("TOO_NOISY", how, "sentence", gate="G6"))
    after = psp_status(suspected, more, given_parameters)
    assert after in (before, PspStatus.INCONCLUSIVE)


@given(st.floats(0, 1), thresholds, thresholds)
def test_the_rule_is_monotone_in_its_threshold(high: float, first: float, second: float) -> None:
    vertical = GazeRange(0.0, high, 0.0, 0.0, 100)
    low, far = sorted((first, second))
    if psp_suspected(vertical, Parameters(vpp_thresh=low)):
        assert psp_suspected(vertical, Parameters(vpp_thresh=far))


@given(ranges, checks, parameters)
def test_reasons_begin_with_the_rule_and_name_every_failure(
    vertical: GazeRange | None, given_checks: tuple[QualityCheck, ...], given_parameters: Parameters
) -> None:
    rule, *others = reasons(vertical, given_checks, given_parameters)
    assert rule.code in {"RANGE_BELOW_THRESHOLD", "RANGE_ABOVE_THRESHOLD", "RANGE_NOT_MEASURED"}
    assert (rule.unit, rule.instrument) == ("open lid gaps", "landmark")
    assert [c.code for c in given_checks if c.status is CheckStatus.FAIL] == [r.code for r in others] or all(
        c.status is not CheckStatus.FAIL for c in given_checks
    )
    blocked = any(blocks(c, given_parameters) for c in given_checks)
    assert bool(others) == blocked


def test_what_was_not_checked_has_not_been_passed_unless_its_gate_is_off() -> None:
    check = QualityCheck("HEAD_MOVED", CheckStatus.NOT_CHECKED, "sentence", gate="G4")
    assert blocks(check, Parameters())
    assert not blocks(check, Parameters(gates=Gates(disabled=("G4",))))
    informing = QualityCheck("SEVERAL_FACES", CheckStatus.NOT_CHECKED, "sentence")
    assert not blocks(informing, Parameters())


def test_a_missing_limbus_range_blocks_only_where_it_takes_part() -> None:
    check = QualityCheck("INSTRUMENTS_DISAGREE", CheckStatus.NOT_CHECKED, "sentence")
    assert not blocks(check, Parameters())
    assert blocks(check, Parameters(range_flag=True))


def test_the_rule_reason_holds_both_numbers() -> None:
    assert "0.0599 is below vpp_thresh 0.06" in rule_text(0.0599, 0.06)
    assert "0.06 is not below vpp_thresh 0.06" in rule_text(0.06, 0.06)
    assert "could not be measured" in rule_text(None, 0.06)


class TestRecordings:
    def test_full_range_is_not_suspected(self) -> None:
        result = analyse(recording(), FULL_TASK)
        assert (result.psp_status, result.psp_suspected) == (PspStatus.NOT_SUSPECTED, False)
        assert [r.code for r in result.reasons] == ["RANGE_ABOVE_THRESHOLD"]

    def test_small_vertical_range_with_control_is_suspected(self) -> None:
        result = analyse(recording(up_deg=2, down_deg=2), FULL_TASK)
        assert (result.psp_status, result.psp_suspected) == (PspStatus.SUSPECTED, True)
        assert [r.code for r in result.reasons] == ["RANGE_BELOW_THRESHOLD"]
        assert result.reasons[0].value == result.vertical_peak_to_peak

    def test_a_film_without_a_face_is_inconclusive_never_not_suspected(self) -> None:
        result = analyse(without_face(recording(), slice(None)), FULL_TASK)
        assert (result.psp_status, result.psp_suspected) == (PspStatus.INCONCLUSIVE, None)
        assert [r.code for r in result.reasons] == ["RANGE_NOT_MEASURED", "NO_FACE"]

    def test_a_still_eye_of_unknown_task_is_inconclusive_though_the_rule_holds(self) -> None:
        result = analyse(recording(up_deg=0, down_deg=0, side_deg=0))
        assert (result.psp_status, result.psp_suspected) == (PspStatus.INCONCLUSIVE, True)
        assert [r.code for r in result.reasons] == ["RANGE_BELOW_THRESHOLD", "NO_VERTICAL_EFFORT"]

    def test_the_limbus_instrument_can_only_make_it_inconclusive(self) -> None:
        trace = recording(up_deg=2, down_deg=2)
        contradicted = with_both(trace, limbus_v_deg=recording().left.limbus_v_deg)
        result = analyse(contradicted, FULL_TASK)
        assert (result.psp_status, result.psp_suspected) == (PspStatus.INCONCLUSIVE, True)
        assert result.reasons[1].code == "INSTRUMENTS_DISAGREE"

    def test_a_trace_without_head_pose_is_inconclusive_until_that_gate_is_switched_off(self) -> None:
        trace = recording()
        nan = np.full(len(trace), np.nan)
        poseless = replace(trace, head_yaw_deg=nan, head_pitch_deg=nan, head_roll_deg=nan)
        result = analyse(poseless, FULL_TASK)
        assert result.psp_status is PspStatus.INCONCLUSIVE
        assert {r.code for r in result.reasons[1:]} == {"UPSIDE_DOWN", "HEAD_TURNED", "HEAD_MOVED"}
        off = replace(FULL_TASK, gates=Gates(disabled=("G4",)))
        assert analyse(poseless, off).psp_status is PspStatus.NOT_SUSPECTED

    @pytest.mark.parametrize("amplitude_deg", [2.0, 20.0])
    def test_exchanging_the_eyes_changes_nothing(self, amplitude_deg: float) -> None:
        trace = recording(up_deg=amplitude_deg, down_deg=amplitude_deg)
        exchanged = replace(trace, left=trace.right, right=trace.left)
        one, other = analyse(trace, FULL_TASK), analyse(exchanged, FULL_TASK)
        assert one.psp_status is other.psp_status
        assert one.vertical_peak_to_peak == other.vertical_peak_to_peak
        assert [(c.code, c.status, c.value) for c in one.quality] == [
            (c.code, c.status, c.value) for c in other.quality
        ]
