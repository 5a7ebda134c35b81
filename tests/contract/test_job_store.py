"""What every JobStore promises."""

import multiprocessing
from collections.abc import Callable

import pytest

from shared.adapters.job_rules import MAX_ATTEMPTS
from shared.errors import ConflictError, InvalidRequestError, NotFoundError
from shared.ports import Job, JobError, JobStatus, Progress, Store
from tests.contract.conftest import make_job

LEASE_S = 30.0
ERROR = JobError("TOO_SHORT", "The video has too few frames.")


def claim(store: Store, owner: str = "w1", now: float = 2000.0, **choice: str) -> Job | None:
    return store.jobs.claim(owner, now=now, lease_s=LEASE_S, **choice)


def test_a_created_job_is_read_back_as_it_was(store: Store) -> None:
    job = make_job(label="visit 2", source="demo", recorded_at=900.25)
    store.jobs.create(job)
    assert store.jobs.get("a1") == job


def test_an_id_can_be_used_once_only(store: Store) -> None:
    store.jobs.create(make_job())
    with pytest.raises(ConflictError):
        store.jobs.create(make_job(user_id="P-2"))
    assert store.jobs.get("a1").user_id == "P-1"


@pytest.mark.parametrize("user_id", ["", "..", "a/b", "Kim Minsu", "x" * 65, "é", "P-1\n"])
def test_a_malformed_patient_code_is_refused(store: Store, user_id: str) -> None:
    video = make_job().video
    with pytest.raises(InvalidRequestError):
        store.jobs.create(make_job(user_id=user_id, video=video))


def test_an_unknown_job_is_not_found(store: Store) -> None:
    for use in (
        lambda: store.jobs.get("nowhere"),
        lambda: store.jobs.request_cancel("nowhere", now=1.0),
        lambda: store.jobs.retry("nowhere", now=1.0),
        lambda: store.jobs.begin_delete("nowhere", now=1.0),
    ):
        with pytest.raises(NotFoundError):
            use()


def test_a_claim_takes_the_oldest_queued_job_and_says_so(store: Store) -> None:
    store.jobs.create(make_job("young", created_at=1002.0))
    store.jobs.create(make_job("old", created_at=1001.0))
    job = claim(store)
    assert job is not None
    assert (job.analysis_id, job.status, job.lease_owner, job.lease_until, job.attempt) == (
        *("old", JobStatus.RUNNING, "w1", 2030.0),
        1,
    )
    assert store.jobs.get("old") == job


def test_nothing_to_claim_is_none(store: Store) -> None:
    assert claim(store) is None
    assert claim(store, analysis_id="nowhere") is None


def test_a_claim_may_name_a_job_or_a_source(store: Store) -> None:
    store.jobs.create(make_job("a", created_at=1.0))
    store.jobs.create(make_job("b", created_at=2.0, source="demo"))
    store.jobs.create(make_job("c", created_at=3.0, source="demo"))
    assert (named := claim(store, analysis_id="c")) is not None
    assert named.analysis_id == "c"
    assert (sourced := claim(store, source="demo")) is not None
    assert sourced.analysis_id == "b"
    assert claim(store, source="demo") is None
    assert claim(store, analysis_id="c") is None, "held by another claim"


def test_a_job_whose_lease_has_run_out_is_claimed_by_the_next_worker(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store, "dead", now=2000.0)
    assert claim(store, "next", now=2029.9) is None
    job = claim(store, "next", now=2030.0)
    assert job is not None
    assert (job.lease_owner, job.attempt) == ("next", 2)


def test_a_job_that_lost_its_worker_too_often_fails_with_worker_lost(store: Store) -> None:
    store.jobs.create(make_job())
    store.jobs.create(make_job("other", created_at=1500.0))
    for attempt in range(MAX_ATTEMPTS):
        assert claim(store, f"w{attempt}", now=2000.0 + attempt * LEASE_S, analysis_id="a1") is not None
    after = claim(store, "next", now=9000.0)
    assert after is not None
    assert after.analysis_id == "other", "the queue goes on"
    lost = store.jobs.get("a1")
    assert lost.status is JobStatus.FAILED
    assert lost.error is not None
    assert (lost.error.code, lost.error.retryable) == ("WORKER_LOST", True)


def test_a_report_stores_progress_and_prolongs_the_lease(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    asked = store.jobs.report("a1", "w1", Progress("tracking", 412, 1800), now=2025.0, lease_s=LEASE_S)
    job = store.jobs.get("a1")
    assert asked is False
    assert (job.progress, job.lease_until, job.updated_at) == (Progress("tracking", 412, 1800), 2055.0, 2025.0)
    assert claim(store, "next", now=2040.0) is None


def test_a_worker_that_lost_its_job_can_change_nothing(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store, "slow", now=2000.0)
    held = claim(store, "next", now=2100.0)
    for use in (
        lambda: store.jobs.report("a1", "slow", Progress("tracking"), now=2101.0, lease_s=LEASE_S),
        lambda: store.jobs.complete("a1", "slow", {}, now=2101.0),
        lambda: store.jobs.fail("a1", "slow", ERROR, now=2101.0),
    ):
        with pytest.raises(ConflictError):
            use()
    assert store.jobs.get("a1") == held


def test_a_deleted_job_is_no_longer_its_workers(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    store.jobs.delete("a1")
    with pytest.raises(ConflictError):
        store.jobs.report("a1", "w1", Progress("tracking"), now=2001.0, lease_s=LEASE_S)
    with pytest.raises(ConflictError):
        store.jobs.complete("a1", "w1", {}, now=2001.0)


def test_a_completed_job_holds_its_summary_and_no_lease(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    summary = {"analysis_version": "7", "vertical_peak_to_peak": 0.1234, "psp_suspected": None, "reasons": [{"a": 1}]}
    store.jobs.complete("a1", "w1", summary, now=2010.0)
    job = store.jobs.get("a1")
    assert job.status is JobStatus.COMPLETED
    assert (job.summary, job.analysis_version, job.updated_at) == (summary, "7", 2010.0)
    assert (job.lease_owner, job.lease_until, job.error) == (None, None, None)
    assert claim(store, now=9000.0) is None
    with pytest.raises(ConflictError):
        store.jobs.complete("a1", "w1", {}, now=2011.0)


def test_a_failed_job_says_why_and_can_be_tried_again(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    store.jobs.fail("a1", "w1", ERROR, now=2010.0)
    failed = store.jobs.get("a1")
    assert (failed.status, failed.error) == (JobStatus.FAILED, ERROR)
    assert claim(store, now=9000.0) is None
    again = store.jobs.retry("a1", now=2020.0)
    assert (again.status, again.error, again.attempt) == (JobStatus.QUEUED, None, 0)
    assert claim(store) is not None


@pytest.mark.parametrize("state", ["queued", "running", "completed"])
def test_only_a_failed_job_can_be_tried_again(store: Store, state: str) -> None:
    store.jobs.create(make_job())
    if state != "queued":
        claim(store)
    if state == "completed":
        store.jobs.complete("a1", "w1", {}, now=2001.0)
    with pytest.raises(ConflictError):
        store.jobs.retry("a1", now=2002.0)


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    store.jobs.create(make_job())
    job = store.jobs.request_cancel("a1", now=2000.0)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "CANCELLED"
    assert store.jobs.get("a1") == job
    assert claim(store) is None


def test_a_running_job_hears_of_the_cancel_at_its_next_report(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    assert store.jobs.request_cancel("a1", now=2001.0).status is JobStatus.RUNNING
    assert store.jobs.report("a1", "w1", Progress("tracking"), now=2002.0, lease_s=LEASE_S) is True


def test_a_job_whose_worker_is_lost_is_cancelled_and_not_run_again(store: Store) -> None:
    store.jobs.create(make_job("before"))
    store.jobs.create(make_job("after"))
    claim(store, analysis_id="before")
    claim(store, analysis_id="after")
    store.jobs.request_cancel("before", now=2001.0)
    assert store.jobs.request_cancel("after", now=9000.0).status is JobStatus.FAILED
    assert claim(store, "next", now=9000.0) is None
    assert [store.jobs.get(name).error.code for name in ("before", "after")] == ["CANCELLED", "CANCELLED"]  # type: ignore[union-attr]


def test_a_cancel_that_comes_too_late_changes_nothing(store: Store) -> None:
    store.jobs.create(make_job())
    claim(store)
    store.jobs.request_cancel("a1", now=2001.0)
    store.jobs.complete("a1", "w1", {"x": 1}, now=2002.0)
    before = store.jobs.get("a1")
    assert store.jobs.request_cancel("a1", now=2003.0) == before
    assert before.status is JobStatus.COMPLETED


def test_a_cancelled_job_can_be_tried_again_and_is_not_cancelled_then(store: Store) -> None:
    store.jobs.create(make_job())
    store.jobs.request_cancel("a1", now=2000.0)
    assert store.jobs.retry("a1", now=2001.0).cancel_requested is False
    assert claim(store) is not None
    assert store.jobs.report("a1", "w1", Progress("tracking"), now=2002.0, lease_s=LEASE_S) is False


def test_history_is_one_patients_newest_recording_first_and_pages_on(store: Store) -> None:
    for number in range(5):
        store.jobs.create(make_job(f"a{number}", created_at=5000.0 - number, recorded_at=100.0 + number))
    store.jobs.create(make_job("foreign", user_id="P-2", recorded_at=102.5))
    assert [job.analysis_id for job in store.jobs.history("P-1")] == ["a4", "a3", "a2", "a1", "a0"]
    first = store.jobs.history("P-1", limit=2)
    second = store.jobs.history("P-1", limit=2, before=first[-1].recorded_at)
    assert [job.analysis_id for job in (*first, *second)] == ["a4", "a3", "a2", "a1"]
    assert store.jobs.history("P-9") == []


def test_a_job_being_deleted_is_neither_listed_nor_claimed_nor_its_workers(store: Store) -> None:
    store.jobs.create(make_job("waiting"))
    store.jobs.create(make_job("working"))
    claim(store, analysis_id="working")
    for name in ("waiting", "working"):
        assert store.jobs.begin_delete(name, now=2001.0).status is JobStatus.DELETING
    assert store.jobs.history("P-1") == []
    assert claim(store, now=9000.0) is None
    with pytest.raises(ConflictError):
        store.jobs.report("working", "w1", Progress("tracking"), now=2002.0, lease_s=LEASE_S)
    assert store.jobs.begin_delete("waiting", now=2003.0).status is JobStatus.DELETING, "may be begun again"


def test_deleting_a_row_twice_is_no_error(store: Store) -> None:
    store.jobs.create(make_job())
    store.jobs.delete("a1")
    store.jobs.delete("a1")
    with pytest.raises(NotFoundError):
        store.jobs.get("a1")


def claim_all(store_factory: Callable[[], Store], owner: str) -> list[str]:
    """In a process of its own: claim until nothing is left."""
    store = store_factory()
    claimed = []
    while (job := store.jobs.claim(owner, now=2000.0, lease_s=LEASE_S)) is not None:
        claimed.append(job.analysis_id)
    return claimed


def test_four_processes_never_claim_the_same_job(store_factory: Callable[[], Store], store: Store) -> None:
    names = {f"a{number}" for number in range(24)}
    for name in names:
        store.jobs.create(make_job(name))
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        shares = pool.starmap(claim_all, [(store_factory, f"w{number}") for number in range(4)], chunksize=1)
    claimed = [name for share in shares for name in share]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == names
    assert all(store.jobs.get(name).attempt == 1 for name in names)
