from dataclasses import replace

import pytest

from shared.cohort import Recording, agreement, compare_cohort, flag_changes, read_labels
from shared.errors import InvalidParameterError, InvalidRequestError, UnreadableTableError
from shared.model import PspStatus, Task
from shared.parameters import Parameters
from tests.shared.export.recordings import demo

OWN = Parameters(task=Task.VERTICAL_HORIZONTAL).as_dict()
TRACES = {name: demo(name)[1] for name in ("psp_like", "healthy")}
RECORDINGS = [Recording(f"{name}-{i}", name, OWN, lambda name=name: TRACES[name]) for name in TRACES for i in range(2)]


def test_a_threshold_that_moves_over_a_recording_changes_its_flag_and_nothing_else() -> None:
    rows = list(compare_cohort(RECORDINGS, {}, {"vpp_thresh": 0.02}))
    assert [row.recording for row in rows if row.a.suspected != row.b.suspected] == ["psp_like-0", "psp_like-1"]
    assert all(row.a.quantities == row.b.quantities for row in rows)


def test_flag_changes_count_every_recording_once() -> None:
    rows = list(compare_cohort(RECORDINGS, {}, {}))
    changes = flag_changes(rows)
    assert sum(changes.values()) == len(RECORDINGS)
    assert all(a is b for a, b in changes)


def test_labels_by_patient_give_a_curve_and_leave_inconclusive_apart() -> None:
    rows = list(compare_cohort(RECORDINGS, {}, {}))
    found = agreement(rows, {"psp_like": True, "healthy": False}, "vertical_range_lid_gaps", lambda row: row.a)
    assert found.curve.auc == 1.0
    assert found.not_measured == 0
    assert sum(found.by_label.values()) == 4
    assert all(not label or status is not PspStatus.NOT_SUSPECTED for label, status in found.by_label)


def test_a_recording_without_a_value_is_counted_and_not_used() -> None:
    rows = list(compare_cohort(RECORDINGS, {}, {}))
    blank = replace(rows[0], a=replace(rows[0].a, quantities=dict.fromkeys(rows[0].a.quantities)))
    labels = {"psp_like": True, "healthy": False}
    with pytest.raises(InvalidRequestError):
        agreement([blank, *rows[1:]], labels, "vertical_range_lid_gaps", lambda row: row.a)
    more = [blank, *rows[1:], replace(rows[1], recording="again")]
    assert agreement(more, labels, "vertical_range_lid_gaps", lambda row: row.a).not_measured == 1


def test_labels_are_read_as_people_write_them() -> None:
    content = "\ufeffPatient,Label\nP-1,PSP\nP-2,healthy\n\nP-3,0\n".encode()
    assert read_labels(content) == {"P-1": True, "P-2": False, "P-3": False}


@pytest.mark.parametrize(
    "content",
    [b"a,b\n1,2\n", b"patient,label\nP-1,perhaps\n", b"patient,label\nP-1,psp\nP-1,healthy\n", b"\xff\xfe\x00"],
)
def test_labels_that_cannot_be_meant_are_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTableError):
        read_labels(content)


def test_each_recording_keeps_its_own_task() -> None:
    fixation = replace(RECORDINGS[0], parameters=Parameters(task=Task.FIXATION).as_dict())
    (row,) = compare_cohort([fixation], {}, {"task": "vertical_horizontal"})
    assert (row.a.status, row.a.reason) == (PspStatus.INCONCLUSIVE, "NO_VERTICAL_TASK")
    assert row.b.status is PspStatus.SUSPECTED


def test_a_threshold_out_of_bounds_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="vpp_thresh"):
        list(compare_cohort(RECORDINGS, {}, {"vpp_thresh": 9}))
