"""Compare thresholds: the page, and what it computes."""

import csv
import io
import json
from pathlib import Path

import pytest

from dashboard.comparing.recordings import (
    cohort_csv,
    compare_one,
    margin,
    settings_json,
    stored_recordings,
    uploaded_recordings,
)
from dashboard.services import Services
from shared.cohort import compare_cohort
from shared.model import PspStatus, Task
from shared.parameters import Parameters
from shared.tables import trace_csv
from tests.dashboard.recordings import add_finished, add_queued, known_trace
from tests.dashboard.test_pages import open_page, words

OWN = Parameters(task=Task.VERTICAL_HORIZONTAL).as_dict()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name}


def test_an_empty_store_says_what_to_do(services: Services) -> None:
    assert "No finished recording yet" in words(open_page("compare"))


def test_both_sets_start_as_the_recording_was_judged(services: Services) -> None:
    job = add_finished(services, known_trace())
    app = open_page("compare", analysis=job.analysis_id)
    assert app.number_input(key="compare-A-vpp_thresh").value == 0.06
    headings = [item.value for item in app.subheader]
    assert "A · ◆ PSP suspected" in headings
    assert "B · ◆ PSP suspected" in headings


def test_moving_a_threshold_moves_the_result_of_that_set_only(services: Services) -> None:
    job = add_finished(services, known_trace())
    app = open_page("compare", analysis=job.analysis_id)
    app.number_input(key="compare-B-vpp_thresh").set_value(0.01).run()
    headings = [item.value for item in app.subheader]
    assert "A · ◆ PSP suspected" in headings
    assert "B · ● PSP not suspected" in headings


def test_nothing_stored_changes(services: Services, data_folder: Path) -> None:
    job = add_finished(services, known_trace())
    before, row = files_of(data_folder), services.job(job.analysis_id)
    app = open_page("compare", analysis=job.analysis_id)
    app.number_input(key="compare-B-vpp_thresh").set_value(0.01).run()
    app.segmented_control(key="compare-scope").set_value("many").run()
    app.button(key="compare-run").click().run()
    assert files_of(data_folder) == before
    assert services.job(job.analysis_id) == row


def test_a_cohort_shows_whose_result_changes(services: Services) -> None:
    add_finished(services, known_trace(), code="P-1")
    add_finished(services, known_trace(vertical=0.4), code="P-2")
    add_queued(services, code="P-3")
    app = open_page("compare")
    app.segmented_control(key="compare-scope").set_value("many").run()
    app.number_input(key="compare-B-vpp_thresh").set_value(0.01).run()
    app.button(key="compare-run").click().run()
    assert not app.exception
    assert "1 recording changes its result" in [item.value for item in app.subheader]


def test_fixed_and_adaptive_blinks_are_paired_event_by_event() -> None:
    pair = compare_one(
        known_trace(), OWN, {"blink_method": "adaptive"}, {"blink_method": "fixed", "blink_thresh": 0.02}
    )
    assert len(pair.blinks.only_a) == len(pair.a.blinks) > 0
    assert not pair.b.blinks


def test_the_margin_has_the_side_as_its_sign() -> None:
    pair = compare_one(known_trace(), OWN, {}, {"vpp_thresh": 0.01})
    assert (margin(pair.a) or 0) < 0 < (margin(pair.b) or 0)


def test_the_cohort_table_and_settings_repeat_the_comparison(services: Services) -> None:
    add_finished(services, known_trace())
    recordings = stored_recordings(services, ["P-1"])
    rows = list(compare_cohort(recordings, {}, {"vpp_thresh": 0.01}))
    content = cohort_csv(rows, {"P-1": True})
    assert content.startswith(b"\xef\xbb\xbf")
    (line,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (line["label"], line["a_status"], line["b_status"], line["changes"]) == (
        "psp",
        PspStatus.SUSPECTED.value,
        PspStatus.NOT_SUSPECTED.value,
        "1",
    )
    assert json.loads(settings_json({}, {"vpp_thresh": 0.01}, 1))["b"] == {"vpp_thresh": 0.01}


@pytest.mark.parametrize("name", ["folder/P-9.csv", "P-9.csv"])
def test_trace_tables_that_a_person_brings_are_named_by_their_file(name: str) -> None:
    (recording,) = uploaded_recordings([(name, trace_csv(known_trace()))], OWN)
    assert recording.name == "P-9"
    (row,) = compare_cohort([recording], {}, {})
    assert row.a.status is PspStatus.SUSPECTED
