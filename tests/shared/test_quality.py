from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from shared.analysis import analyse
from shared.model import CheckStatus, QualityCheck, Segment, Task, Trace
from shared.parameters import GATE_NAMES, Gates, Parameters
from shared.recording import frame_durations_s
from tests.shared.traces import at, recording, with_both, without_face

FULL_TASK = Parameters(task=Task.VERTICAL_HORIZONTAL)


def check(trace: Trace, code: str, parameters: Parameters = FULL_TASK) -> QualityCheck:
    return next(c for c in analyse(trace, parameters).quality if c.code == code)


def failed(trace: Trace, parameters: Parameters = FULL_TASK) -> set[str]:
    return {c.code for c in analyse(trace, parameters).quality if c.status is CheckStatus.FAIL}


def half_shut_in_extreme_gaze(trace: Trace) -> Trace:
    far = np.abs(trace.left.limbus_v_deg) > 15
    return with_both(trace, lid_opening=np.where(far, 0.4, trace.left.lid_opening))


def one_eye_gone(trace: Trace) -> Trace:
    nan = np.full(len(trace), np.nan)
    return replace(trace, left=replace(trace.left, v_offset=nan, h_offset=nan))


def shaken(trace: Trace, sd: float = 0.02) -> Trace:
    noise = np.random.default_rng(0).normal(0, sd, len(trace))
    left = replace(trace.left, v_offset=trace.left.v_offset + noise)
    return replace(trace, left=left, right=replace(trace.right, v_offset=trace.right.v_offset + noise))


def stuttering(trace: Trace) -> Trace:
    return at(trace, trace.time_s % 2.0 > 0.3)


BROKEN: list[tuple[str, Callable[[Trace], Trace], set[str]]] = [
    ("NO_FACE", lambda t: without_face(t, slice(10, None)), set()),
    ("TOO_FEW_VALID_FRAMES", lambda t: without_face(t, slice(0, 400)), set()),
    ("TASK_TOO_SHORT", lambda t: at(t, t.time_s < 9.9), {"NO_HORIZONTAL_CONTROL"}),
    ("ONE_EYE_ONLY", one_eye_gone, set()),
    ("FRAME_RATE_TOO_LOW", lambda t: at(t, slice(None, None, 2)), set()),
    ("UNEVEN_FRAME_TIMES", stuttering, set()),
    ("IRIS_TOO_SMALL", lambda t: with_both(t, iris_diameter_px=np.full(len(t), 19.0)), set()),
    ("HEAD_MOVED", lambda t: replace(t, head_pitch_deg=4 * np.sin(t.time_s)), set()),
    ("HEAD_TURNED", lambda t: replace(t, head_yaw_deg=np.full(len(t), -16.0)), set()),
    ("HEAD_TURNED", lambda t: replace(t, head_roll_deg=np.full(len(t), 16.0)), set()),
    ("UPSIDE_DOWN", lambda t: replace(t, head_roll_deg=np.full(len(t), -178.0)), set()),
    ("TOO_NOISY", shaken, {"BORDERLINE", "NO_HORIZONTAL_CONTROL"}),
    ("LID_OCCLUDED", half_shut_in_extreme_gaze, set()),
    (
        "EYES_DISAGREE",
        lambda t: replace(t, left=replace(t.left, v_offset=0.5 * t.left.v_offset)),
        {"BORDERLINE"},
    ),
]


def test_a_clean_recording_passes_every_check_but_the_frame_rate_for_velocity() -> None:
    checks = analyse(recording(), FULL_TASK).quality
    assert {c.code: c.status for c in checks if c.status is not CheckStatus.PASS} == {
        "LOW_FRAME_RATE_FOR_VELOCITY": CheckStatus.WARNING
    }
    assert {c.gate for c in checks} == {*GATE_NAMES, None}
    assert len({c.code for c in checks}) == len(checks)


@pytest.mark.parametrize(("code", "break_it", "also"), BROKEN, ids=[f"{i}-{b[0]}" for i, b in enumerate(BROKEN)])
def test_each_defect_fails_its_own_check(code: str, break_it: Callable[[Trace], Trace], also: set[str]) -> None:
    broken = break_it(recording())
    found = failed(broken)
    assert code in found
    assert found <= {code, *also}


@pytest.mark.parametrize(("code", "break_it", "also"), BROKEN, ids=[f"{i}-{b[0]}" for i, b in enumerate(BROKEN)])
def test_a_switched_off_gate_warns_and_says_so(code: str, break_it: Callable[[Trace], Trace], also: set[str]) -> None:
    broken = break_it(recording())
    gate = check(broken, code).gate
    assert gate is not None
    off = replace(FULL_TASK, gates=Gates(disabled=(gate,)))
    answer = check(broken, code, off)
    assert answer.status is CheckStatus.WARNING
    assert f"{gate} is switched off" in answer.message


def test_every_failed_check_says_what_to_do_next_time() -> None:
    advice = ("Film", "Record", "Keep", "Move", "Place", "Use", "Rotate", "Repeat", "Let")
    for code, break_it, _ in BROKEN:
        message = check(break_it(recording()), code).message
        assert any(f" {word} " in message for word in advice), message


def test_blinks_count_as_frames_without_open_eyes() -> None:
    often = recording(blink_every_s=0.6)
    share = check(often, "TOO_FEW_VALID_FRAMES")
    assert share.status is CheckStatus.FAIL
    assert share.value == pytest.approx(1 - 0.2 / 0.6, abs=0.05)


def test_task_time_is_that_of_annotated_vertical_stretches() -> None:
    segments = (Segment(0, 4, "up"), Segment(4, 8, "down"), Segment(8, 40, "left"))
    answer = check(recording(blink_every_s=0), "TASK_TOO_SHORT", replace(FULL_TASK, segments=segments))
    assert answer.status is CheckStatus.FAIL
    assert answer.value == pytest.approx(8, abs=0.05)


@pytest.mark.parametrize(("frame_rate_hz", "passes"), [(24 / 1.001, True), (25.0, True), (23.0, False)])
def test_film_frame_rates_pass_and_slower_ones_do_not(frame_rate_hz: float, passes: bool) -> None:
    answer = check(recording(frame_rate_hz=frame_rate_hz), "FRAME_RATE_TOO_LOW")
    assert (answer.status is CheckStatus.PASS) is passes


def test_a_phones_variable_frame_rate_is_a_warning_not_a_failure() -> None:
    """Gaps of 13.7 to 41.7 ms, as phones write them: every time is known, so ranges hold."""
    trace = recording(frame_rate_hz=30)
    interval_s = np.random.default_rng(0).choice([0.0137, 0.0333, 0.0417], len(trace))
    answer = check(replace(trace, time_s=np.cumsum(interval_s)), "UNEVEN_FRAME_TIMES")
    assert answer.status is CheckStatus.WARNING
    assert answer.value is not None
    assert answer.value > 0.2


def test_dropped_single_frames_are_no_lost_time() -> None:
    trace = recording(frame_rate_hz=60)
    kept = np.random.default_rng(0).random(len(trace)) > 0.2
    assert check(at(trace, kept), "UNEVEN_FRAME_TIMES").status is not CheckStatus.FAIL


def test_lids_at_two_thirds_in_down_gaze_are_not_occlusion() -> None:
    trace = recording()
    down = trace.left.limbus_v_deg > 15
    lowered = with_both(trace, lid_opening=np.where(down, 0.66, 1.0) * trace.left.lid_opening)
    assert check(lowered, "LID_OCCLUDED").status is CheckStatus.PASS


def test_lids_that_cover_only_down_gaze_are_occlusion() -> None:
    trace = recording()
    down = trace.left.limbus_v_deg > 15
    assert check(
        with_both(trace, lid_opening=np.where(down, 0.3, 0.85)), "LID_OCCLUDED", FULL_TASK
    ).value == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_does_not_make_the_eyes_disagree(seed: int) -> None:
    still = recording(up_deg=0, down_deg=0, noise=0.001, seed=seed, duration_s=20)
    rng = np.random.default_rng(seed)
    left = replace(still.left, v_offset=still.left.v_offset + rng.normal(0, 0.004, len(still)))
    assert check(replace(still, left=left), "EYES_DISAGREE").status is CheckStatus.PASS


def test_a_face_is_known_from_landmarks_where_nothing_counted_faces() -> None:
    trace = recording()
    uncounted = replace(trace, face_count=np.full(len(trace), -1))
    assert check(uncounted, "NO_FACE").value == 1.0
    assert check(uncounted, "SEVERAL_FACES").status is CheckStatus.NOT_CHECKED


def test_a_second_face_warns_only() -> None:
    trace = recording()
    crowd = replace(trace, face_count=np.where(trace.time_s < 5, 2, 1))
    assert check(crowd, "SEVERAL_FACES").status is CheckStatus.WARNING
    assert failed(crowd) == set()


def test_spectacles_warn_only() -> None:
    assert check(replace(recording(), spectacles=None), "SPECTACLES").status is CheckStatus.NOT_CHECKED
    assert check(recording(), "SPECTACLES").status is CheckStatus.PASS
    worn = replace(recording(), spectacles=True)
    assert "without them" in check(worn, "SPECTACLES").message
    assert check(worn, "SPECTACLES").status is CheckStatus.WARNING
    assert failed(worn) == set()


def test_a_legacy_trace_and_an_unrecorded_task_warn() -> None:
    assert check(replace(recording(), legacy=True), "LEGACY_TRACE").status is CheckStatus.WARNING
    assert check(recording(), "TASK_NOT_RECORDED", Parameters()).status is CheckStatus.WARNING
    annotated = Parameters(segments=(Segment(0, 5, "up"),))
    assert check(recording(), "TASK_NOT_RECORDED", annotated).status is CheckStatus.PASS


class TestTaskProof:
    """G5: a small vertical range means nothing unless the patient tried."""

    small = staticmethod(lambda **kw: recording(up_deg=2, down_deg=2, **kw))

    def test_a_fixation_film_is_no_vertical_task_even_with_a_large_range(self) -> None:
        assert "NO_VERTICAL_TASK" in failed(recording(), Parameters(task=Task.FIXATION))

    @pytest.mark.parametrize("task", [Task.UNKNOWN, Task.FREE])
    def test_a_large_range_proves_itself_whatever_the_task(self, task: Task) -> None:
        assert failed(recording(), Parameters(task=task)) == set()

    @pytest.mark.parametrize("task", [Task.UNKNOWN, Task.FREE])
    def test_a_small_range_without_a_vertical_task_shows_no_effort(self, task: Task) -> None:
        assert failed(self.small(), Parameters(task=task)) == {"NO_VERTICAL_EFFORT"}

    @pytest.mark.parametrize("task", [Task.VERTICAL, Task.VERTICAL_HORIZONTAL])
    def test_a_small_range_with_horizontal_control_is_judged(self, task: Task) -> None:
        assert failed(self.small(), Parameters(task=task)) == set()

    def test_a_small_range_without_horizontal_movement_lacks_its_control(self) -> None:
        assert failed(self.small(side_deg=0), FULL_TASK) == {"NO_HORIZONTAL_CONTROL"}

    def test_one_long_look_aside_is_no_control(self) -> None:
        trace = self.small(side_deg=0)
        aside = np.where(trace.time_s > 30, 0.3, 0.0)
        eyes = [replace(e, h_offset=e.h_offset + aside) for e in (trace.left, trace.right)]
        answer = check(replace(trace, left=eyes[0], right=eyes[1]), "NO_HORIZONTAL_CONTROL")
        assert answer.status is CheckStatus.FAIL
        assert answer.value is not None
        assert answer.threshold is not None
        assert answer.value > answer.threshold

    def test_far_annotated_targets_stand_in_for_the_horizontal_control(self) -> None:
        segments = (Segment(0, 10, "up", 20.0), Segment(10, 20, "down", 20.0))
        assert failed(self.small(side_deg=0), Parameters(segments=segments)) == set()
        near = tuple(replace(s, target_deg=10.0) for s in segments)
        assert failed(self.small(side_deg=0), Parameters(segments=near)) == {"NO_HORIZONTAL_CONTROL"}

    def test_a_vertical_task_too_brief_for_the_percentiles_shows_no_effort(self) -> None:
        segments = (Segment(0, 12, "vertical", 20.0),)
        short = recording(up_deg=1, down_deg=1, duration_s=100)
        assert failed(short, Parameters(segments=segments)) == {"NO_VERTICAL_EFFORT"}


def test_borderline_is_within_a_tenth_of_the_threshold_and_can_be_switched_off() -> None:
    trace = recording(up_deg=5, down_deg=5.2, hold_s=1.0)
    vpp = analyse(trace).vertical_peak_to_peak
    assert vpp is not None
    near = replace(FULL_TASK, vpp_thresh=vpp / 1.09)
    assert "BORDERLINE" in failed(trace, near)
    assert "BORDERLINE" not in failed(trace, replace(near, gates=Gates(disabled=("G9",))))
    assert "BORDERLINE" not in failed(trace, replace(FULL_TASK, vpp_thresh=vpp / 1.3))


def test_instruments_disagree_when_the_limbus_range_contradicts() -> None:
    small, large = recording(up_deg=2, down_deg=2), recording()
    contradicted = with_both(small, limbus_v_deg=large.left.limbus_v_deg)
    assert failed(contradicted) == {"INSTRUMENTS_DISAGREE"}
    lids_followed = with_both(large, limbus_v_deg=small.left.limbus_v_deg)
    assert failed(lids_followed) == {"INSTRUMENTS_DISAGREE"}
    assert failed(with_both(lids_followed, limbus_h_deg=small.left.limbus_v_deg)) == set()


def test_a_limbus_seen_in_part_contradicts_less() -> None:
    def seen_for(share: float, contradicted: Trace) -> set[str]:
        gone = np.arange(len(contradicted)) % 100 >= 100 * share
        nan = {n: np.where(gone, np.nan, getattr(contradicted.left, n)) for n in ("limbus_h_deg", "limbus_v_deg")}
        return failed(with_both(contradicted, **nan))

    small, large = recording(up_deg=2, down_deg=2), recording()
    too_much = with_both(small, limbus_v_deg=large.left.limbus_v_deg)
    too_little = with_both(large, limbus_v_deg=small.left.limbus_v_deg)
    assert [seen_for(share, too_much) for share in (0.7, 0.4)] == [{"INSTRUMENTS_DISAGREE"}, set()]
    assert [seen_for(share, too_little) for share in (0.9, 0.7)] == [{"INSTRUMENTS_DISAGREE"}, set()]


def test_an_impossible_limbus_range_contradicts_nothing() -> None:
    small = recording(up_deg=2, down_deg=2)
    wild = with_both(small, limbus_v_deg=3.5 * recording().left.limbus_v_deg)
    assert check(wild, "INSTRUMENTS_DISAGREE").status is CheckStatus.NOT_CHECKED


def test_with_range_flag_the_limbus_range_must_agree_in_full() -> None:
    trace = recording()
    medium = with_both(trace, limbus_v_deg=0.4 * trace.left.limbus_v_deg)
    assert failed(medium) == set()
    assert failed(medium, replace(FULL_TASK, range_flag=True)) == {"INSTRUMENTS_DISAGREE"}


def test_a_frame_stands_for_the_time_to_the_next_but_not_for_a_gap() -> None:
    assert frame_durations_s(np.array([0.0, 1.0, 2.0, 12.0])).tolist() == [1.0, 1.0, 3.0, 1.0]
    assert frame_durations_s(np.array([5.0])).tolist() == [0.0]
