"""What a data folder does beyond the contract: damage, crashes and full disks, all caused on purpose."""

import errno
import io
import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.adapters import local_schema
from shared.adapters.local import DATABASE_NAME, LocalStore, open_local_store
from shared.adapters.local_schema import MIGRATIONS, Database
from shared.errors import NotFoundError, StorageError
from shared.ports import Decision, JobStatus, Patient
from tests.contract.conftest import make_job
from tests.waiting import wait_until

TRACE = b"frame_idx,time_sec\n0,0.0\n"
DOCUMENT: dict[str, Any] = {"summary": {"blink_count": 3, "analysis_version": "7"}, "sha256": "00" * 32}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> LocalStore:
    return open_local_store(folder)


def result_file(folder: Path, name: str) -> Path:
    return folder / "users" / "P-1" / "eye" / "a1" / name


def part_files(folder: Path) -> list[Path]:
    return list(folder.rglob(".part-*"))


def full_disk(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


# --- layout -----------------------------------------------------------------------------------------------------


def test_everything_of_an_analysis_lies_under_the_same_keys_as_in_the_cloud(folder: Path, store: LocalStore) -> None:
    store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"film"))
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    names = {path.name for path in result_file(folder, "").iterdir()}
    assert names == {"raw_video.mov", "analysis_results.csv", "summary.json", "manifest.json"}


def test_only_the_owner_may_read_what_is_stored(folder: Path, store: LocalStore) -> None:
    store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"film"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(result_file(folder, "raw_video.mov").stat().st_mode) == 0o600


def test_the_manifest_counts_rows_and_names_versions(store: LocalStore) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    manifest = store.results.manifest("P-1", "a1")
    assert manifest["files"]["analysis_results.csv"]["rows"] == 1
    assert manifest["analysis_version"] == "7"
    assert manifest["video_sha256"] == DOCUMENT["sha256"]


def test_the_database_is_a_write_ahead_log_and_syncs_fully(folder: Path, store: LocalStore) -> None:
    with store.jobs._database.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] == 10_000
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1


@pytest.mark.parametrize("statement", ["UPDATE decision SET action = 'x'", "DELETE FROM decision"])
def test_the_database_itself_refuses_to_change_a_decision(folder: Path, store: LocalStore, statement: str) -> None:
    store.decisions.append(Decision("a1", "reviewer-1", "accept", {}, 1.0))
    connection = sqlite3.connect(folder / DATABASE_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert store.decisions.of("a1")[0].action == "accept"


# --- playable copies --------------------------------------------------------------------------------------------


def test_the_playable_copy_is_preferred_once_it_is_whole(store: LocalStore) -> None:
    video = store.videos.put("P-1", "a1", "x.avi", io.BytesIO(b"film"))
    assert store.videos.playback_path(video) == store.videos.local_path(video)
    with store.videos.proxy_being_written(video) as path:
        path.write_bytes(b"copy")
        assert store.videos.playback_path(video).name == "raw_video.avi"
    assert store.videos.playback_path(video).read_bytes() == b"copy"
    store.videos.delete(video)
    with pytest.raises(NotFoundError):
        store.videos.playback_path(video)


def test_a_playable_copy_that_broke_off_is_not_kept(folder: Path, store: LocalStore) -> None:
    video = store.videos.put("P-1", "a1", "x.avi", io.BytesIO(b"film"))
    with pytest.raises(ValueError, match="broken"), store.videos.proxy_being_written(video) as path:
        path.write_bytes(b"half")
        raise ValueError("broken")
    assert store.videos.playback_path(video).name == "raw_video.avi"
    assert part_files(folder) == []


# --- damage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["analysis_results.csv", "summary.json", "manifest.json"])
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-2], lambda b: b.replace(b"0", b"1"), lambda _: b"", lambda b: b"{" + b]
)
def test_a_result_that_was_altered_is_refused(
    folder: Path, store: LocalStore, name: str, damage: Callable[[bytes], bytes]
) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    path = result_file(folder, name)
    path.write_bytes(damage(path.read_bytes()))
    read = store.results.trace_csv if name == "analysis_results.csv" else store.results.document
    with pytest.raises(StorageError, match="checksum"):
        read("P-1", "a1")


def test_a_result_that_lost_a_file_is_refused(folder: Path, store: LocalStore) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    result_file(folder, "analysis_results.csv").unlink()
    with pytest.raises(StorageError, match="checksum"):
        store.results.trace_csv("P-1", "a1")


def test_a_result_without_its_manifest_was_never_finished(folder: Path, store: LocalStore) -> None:
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    result_file(folder, "manifest.json").unlink()
    with pytest.raises(NotFoundError):
        store.results.document("P-1", "a1")


def test_a_film_cut_short_on_the_disk_is_refused(folder: Path, store: LocalStore) -> None:
    video = store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"film"))
    result_file(folder, "raw_video.mov").write_bytes(b"fi")
    with pytest.raises(StorageError, match="damaged"):
        store.videos.local_path(video)


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at" * 50, None])
def test_a_foreign_database_is_refused_and_left_untouched(folder: Path, content: bytes | None) -> None:
    folder.mkdir()
    path = folder / DATABASE_NAME
    if content is None:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE recipe (name TEXT)")
        connection.close()
        content = path.read_bytes()
    else:
        path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged or is not"):
        open_local_store(folder)
    assert path.read_bytes() == content


# --- full and closed disks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "open"])
def test_on_a_full_disk_the_old_result_or_none_is_seen_and_nothing_is_left_over(
    folder: Path, store: LocalStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    video = store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"old film"))
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full_disk)
        with pytest.raises(StorageError, match="disk is full"):
            store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"new film"))
        with pytest.raises(StorageError, match="disk is full"):
            store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    assert store.videos.local_path(video).read_bytes() == b"old film"
    with pytest.raises(NotFoundError):
        store.results.document("P-1", "a1")
    assert part_files(folder) == []
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    assert store.results.document("P-1", "a1") == DOCUMENT


def test_a_database_on_a_full_disk_says_so_and_keeps_its_rows(store: LocalStore) -> None:
    store.patients.add(Patient("P-1", "kept", 1.0))
    with store.patients._database.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="disk is full"):
        store.patients.add(Patient("P-2", "x" * 100_000, 2.0))
    assert [patient.user_id for patient in store.patients.search()] == ["P-1"]


def test_a_folder_that_cannot_be_made_is_a_storage_error_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        open_local_store(tmp_path / "file" / "data")
    assert str(tmp_path) not in caught.value.user_message


def test_a_film_for_a_place_that_is_not_a_folder_is_a_storage_error(folder: Path, store: LocalStore) -> None:
    (folder / "users").write_bytes(b"")
    with pytest.raises(StorageError, match="data folder cannot be used"):
        store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"film"))


def test_a_locked_database_is_a_storage_error_and_writing_goes_on_afterwards(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_schema, "_BUSY_TIMEOUT_S", 0.05)
    store = open_local_store(folder)
    other = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="busy"):
        store.patients.add(Patient("P-1", "", 1.0))
    assert list(store.patients.search()) == [], "readers do not wait"
    other.execute("ROLLBACK")
    other.close()
    store.patients.add(Patient("P-1", "", 1.0))
    assert len(store.patients.search()) == 1


# --- versions of the tables -------------------------------------------------------------------------------------

LATER = (*MIGRATIONS, ("ALTER TABLE patient ADD COLUMN side TEXT NOT NULL DEFAULT 'unknown'",))


def test_a_file_of_an_older_program_is_brought_up_to_date_with_its_rows(folder: Path, store: LocalStore) -> None:
    store.patients.add(Patient("P-1", "kept", 1.0))
    with Database(folder / DATABASE_NAME, migrations=LATER).reading() as connection:
        row = connection.execute("SELECT * FROM patient").fetchone()
        version = connection.execute("SELECT version FROM schema_version").fetchall()
    assert (row["note"], row["side"]) == ("kept", "unknown")
    assert [tuple(v) for v in version] == [(len(LATER),)]


def test_a_step_that_fails_leaves_the_file_at_its_old_version(folder: Path, store: LocalStore) -> None:
    store.patients.add(Patient("P-1", "kept", 1.0))
    broken = (*MIGRATIONS, ("CREATE TABLE extra (x)", "ALTER TABLE nowhere ADD COLUMN y"))
    with pytest.raises(StorageError):
        Database(folder / DATABASE_NAME, migrations=broken)
    assert open_local_store(folder).patients.get("P-1").note == "kept"
    with Database(folder / DATABASE_NAME).reading() as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone()[0] == 0


def test_a_file_of_a_newer_program_is_refused_and_left_untouched(folder: Path) -> None:
    folder.mkdir()
    path = folder / DATABASE_NAME
    Database(path, migrations=LATER)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer version"):
        open_local_store(folder)
    assert path.read_bytes() == before


# --- crashes ----------------------------------------------------------------------------------------------------

WRITER = """
import io, sys
from itertools import count
from pathlib import Path
from shared.adapters.local import open_local_store
from shared.ports import Patient
from tests.contract.conftest import make_job
store = open_local_store(Path(sys.argv[1]))
for number in count():
    name = f"{sys.argv[2]}-{number}"
    video = store.videos.put("P-1", name, "x.mp4", io.BytesIO(name.encode() * 20000))
    store.jobs.create(make_job(name, video=video))
    store.jobs.claim("w", now=2000.0, lease_s=30.0, analysis_id=name)
    document = {"summary": {"name": name}, "sha256": video.sha256}
    store.results.save("P-1", name, trace_csv=name.encode() * 5000, document=document)
    store.jobs.complete(name, "w", document["summary"], now=2001.0)
    print(name, flush=True)
"""
REPOSITORY = Path(__file__).resolve().parents[3]


def test_writers_killed_at_any_point_lose_no_committed_row_and_show_no_half_file(folder: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), f"w{number}"], stdout=subprocess.PIPE, cwd=REPOSITORY
        )
        for number in range(4)
    ]
    said: list[str] = []
    for number, writer in enumerate(writers):
        assert writer.stdout is not None
        said.extend(writer.stdout.readline().decode().strip() for _ in range(5 + number))
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        with writer:
            assert writer.stdout is not None
            # A last line without its end was cut off by the kill; its row may or may not be there.
            said.extend(line.decode().strip() for line in writer.stdout.readlines() if line.endswith(b"\n"))

    store = open_local_store(folder)

    connection = sqlite3.connect(folder / DATABASE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    assert part_files(folder) == []
    assert len(said) >= 4 * 5
    for name in said:
        assert store.jobs.get(name).summary == {"name": name}
    store.reconcile(now=9000.0)
    for job in store.jobs.history("P-1", limit=100_000):
        assert store.videos.local_path(job.video).read_bytes() == job.analysis_id.encode() * 20000
        if job.status is JobStatus.COMPLETED:
            assert store.results.document("P-1", job.analysis_id)["summary"] == job.summary
            assert store.results.trace_csv("P-1", job.analysis_id) == job.analysis_id.encode() * 5000
        else:
            with pytest.raises(NotFoundError):
                store.results.document("P-1", job.analysis_id)


def hold_an_upload_open(folder: Path, has_begun: Any) -> None:
    """In a process of its own: write half a film and then wait to be killed."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            if has_begun.is_set():
                signal.pause()
            has_begun.set()
            return b"half a film"

    open_local_store(folder).videos.put("P-1", "a1", "x.mp4", Endless())  # type: ignore[arg-type]


def test_opening_sweeps_what_a_dead_writer_left_but_not_what_a_living_one_writes(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    has_begun = context.Event()
    writer = context.Process(target=hold_an_upload_open, args=(folder, has_begun))
    writer.start()
    assert has_begun.wait(30)
    wait_until(lambda: part_files(folder))
    open_local_store(folder)
    assert len(part_files(folder)) == 1
    writer.kill()
    writer.join()
    open_local_store(folder)
    assert part_files(folder) == []


def test_a_job_whose_result_is_whole_is_completed_after_its_worker_was_lost(store: LocalStore) -> None:
    store.jobs.create(make_job())
    store.jobs.claim("dead", now=2000.0, lease_s=30.0)
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    assert store.reconcile(now=2010.0) == 0, "its worker may still be at it"
    assert store.reconcile(now=2031.0) == 1
    job = store.jobs.get("a1")
    assert (job.status, job.summary, job.analysis_version) == (JobStatus.COMPLETED, DOCUMENT["summary"], "7")


def test_a_job_whose_result_is_damaged_stays_to_do(folder: Path, store: LocalStore) -> None:
    store.jobs.create(make_job())
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    result_file(folder, "summary.json").write_bytes(b"{}")
    assert store.reconcile(now=2000.0) == 0
    assert store.jobs.get("a1").status is JobStatus.QUEUED


def test_a_deletion_that_was_cut_off_is_finished(folder: Path, store: LocalStore) -> None:
    video = store.videos.put("P-1", "a1", "x.mov", io.BytesIO(b"film"))
    store.jobs.create(make_job(video=video))
    store.results.save("P-1", "a1", trace_csv=TRACE, document=DOCUMENT)
    store.jobs.begin_delete("a1", now=2000.0)
    assert store.reconcile(now=2001.0) == 1
    assert not result_file(folder, "").exists()
    with pytest.raises(NotFoundError):
        store.jobs.get("a1")
