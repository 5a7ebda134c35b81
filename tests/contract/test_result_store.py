"""What every ResultStore promises."""

import io
from typing import Any

import pytest

from shared.deletion import delete_analysis
from shared.errors import InvalidRequestError, NotFoundError
from shared.ports import Decision, Store
from tests.contract.conftest import make_job

TRACE = b"frame_idx,time_sec\n0,0.0\n1,0.033\n"
DOCUMENT: dict[str, Any] = {
    "summary": {"psp_suspected": None, "vertical_peak_to_peak": 0.0625, "analysis_version": "7"},
    "events": {"blinks": [], "saccades": [], "square_wave_jerks": []},
    "file": "visite déjà 2.mov",
    "sha256": "ab" * 32,
}


def test_a_result_is_read_back_as_it_was(store: Store) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    assert store.results.document("P-1", "a1") == DOCUMENT
    assert store.results.trace_csv("P-1", "a1") == TRACE


def test_an_unknown_result_is_not_found(store: Store) -> None:
    for user_id, analysis_id in (("P-1", "a1"), ("P-1", "../a1"), ("P-2", "a1")):
        with pytest.raises(NotFoundError):
            store.results.document(user_id, analysis_id)
        with pytest.raises(NotFoundError):
            store.results.trace_csv(user_id, analysis_id)


def test_a_result_belongs_to_its_patient(store: Store) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    with pytest.raises(NotFoundError):
        store.results.document("P-2", "a1")


def test_a_malformed_patient_code_is_refused(store: Store) -> None:
    with pytest.raises(InvalidRequestError):
        store.results.save("../P-1", "a1", trace_csv=TRACE, document=DOCUMENT)


def test_saving_again_replaces_the_whole_result(store: Store) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    store.results.save("P-1", "a1", trace_csv=TRACE * 2, document={**DOCUMENT, "file": "other.mov"})
    assert store.results.trace_csv("P-1", "a1") == TRACE * 2
    assert store.results.document("P-1", "a1")["file"] == "other.mov"


def test_a_number_that_json_does_not_know_is_refused_and_nothing_is_stored(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.results.save("P-1", "a1", trace_csv=TRACE, document={"summary": {"x": float("nan")}})
    with pytest.raises(NotFoundError):
        store.results.document("P-1", "a1")


def test_deleting_a_result_twice_is_no_error(store: Store) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    store.results.save("P-1", "a2", trace_csv=TRACE, document=DOCUMENT)
    store.results.delete("P-1", "a1")
    store.results.delete("P-1", "a1")
    with pytest.raises(NotFoundError):
        store.results.trace_csv("P-1", "a1")
    assert store.results.trace_csv("P-1", "a2") == TRACE


def test_deleting_an_analysis_leaves_nothing_of_it_but_the_audit_trail(store: Store) -> None:
    video = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(b"film"))
    store.jobs.create(make_job(video=video))
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    store.decisions.append(Decision("a1", "reviewer-1", "accept", {"event": 3}, 1.0))
    delete_analysis(store, "a1", now=2000.0)
    delete_analysis(store, "a1", now=2001.0)
    for use in (
        lambda: store.jobs.get("a1"),
        lambda: store.videos.local_path(video),
        lambda: store.results.document("P-1", "a1"),
    ):
        with pytest.raises(NotFoundError):
            use()
    assert len(store.decisions.of("a1")) == 1
