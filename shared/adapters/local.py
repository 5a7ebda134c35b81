"""A folder on this machine as the place that keeps things: a SQLite file, and the films and results beside it.

    eye-review.sqlite3                                 patients, jobs, decisions, hashes of results
    users/{user_id}/eye/{analysis_id}/raw_video.<ext>  the film
                                     /playback.mp4     the same film for browsers that cannot play the original
                                     /analysis_results.csv, summary.json, and last manifest.json

Several processes may use one folder at once: the dashboard, its worker, the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from shared.adapters.film_chunks import limited_chunks
from shared.adapters.layout import (
    CSV_NAME,
    DOCUMENT_NAME,
    MANIFEST_NAME,
    PLAYBACK_NAME,
    analysis_prefix,
    check_key,
    display_name,
    video_key,
)
from shared.adapters.local_files import FileArea, folder_lock, make_private_folder, storage_errors
from shared.adapters.local_jobs import LocalJobStore
from shared.adapters.local_records import LocalDecisionStore, LocalPatientStore
from shared.adapters.local_schema import Database
from shared.adapters.manifest import build_manifest, check_content, decode_document, encode_document
from shared.adapters.settings import DEFAULT_MAX_VIDEO_BYTES
from shared.deletion import delete_analysis
from shared.errors import NotFoundError, StorageError
from shared.ports import JobStatus, Store, StoredVideo

DATABASE_NAME: Final = "eye-review.sqlite3"
_OPENING_LOCK_NAME: Final = "opening.lock"
_DAMAGED_VIDEO: Final = "The stored video is damaged: it is not what was uploaded. Upload it again."


class LocalVideoStore:
    """:class:`shared.ports.VideoStore` in a folder."""

    def __init__(self, files: FileArea, *, max_bytes: int) -> None:
        self._files = files
        self._max_bytes = max_bytes

    def put(self, user_id: str, analysis_id: str, file_name: str, stream: BinaryIO) -> StoredVideo:
        """Store a film from a stream in chunks; it appears whole or not at all.

        Raises:
            EmptyFileError: no bytes. TooLargeError: over the cap. StorageError: could not be written.
            InvalidRequestError: a malformed patient code.
        """
        key = video_key(user_id, analysis_id, file_name)
        digest = self._files.write(key, limited_chunks(stream, self._max_bytes))
        return StoredVideo(key, display_name(file_name), digest.size_bytes, digest.sha256)

    def local_path(self, video: StoredVideo) -> Path:
        """The file with the film.

        Raises:
            NotFoundError: not there. StorageError: there, but not of the length that was stored.
        """
        path = self._files.path(video.key)
        with storage_errors():
            if not path.is_file():
                raise NotFoundError()
            if path.stat().st_size != video.size_bytes:
                raise StorageError(_DAMAGED_VIDEO)
        return path

    def playback_path(self, video: StoredVideo) -> Path:
        """A file that browsers play: the proxy where one was made, else the film itself. Raises as above."""
        proxy = self._files.path(_beside(video, PLAYBACK_NAME))
        return proxy if proxy.is_file() else self.local_path(video)

    def share(self, video: StoredVideo, analysis_id: str) -> StoredVideo:
        """The same film, with its proxy, under another analysis of the same patient; without a second copy if possible.

        Raises:
            NotFoundError: not there. StorageError: could not be written.
        """
        user_id = video.key.split("/")[1]
        key = video_key(user_id, analysis_id, video.key)
        shared = replace(video, key=key)
        path = self.local_path(video)
        if not self._files.share(video.key, key):
            with path.open("rb") as stream:
                shared = replace(self.put(user_id, analysis_id, video.key, stream), file_name=video.file_name)
        self._files.share(_beside(video, PLAYBACK_NAME), _beside(shared, PLAYBACK_NAME))
        return shared

    def proxy_being_written(self, video: StoredVideo) -> AbstractContextManager[Path]:
        """A temporary path; what is written there becomes the film's proxy when the block ends well."""
        return self._files.being_written(_beside(video, PLAYBACK_NAME))

    def delete(self, video: StoredVideo) -> None:
        """Remove the film and its proxy; no error where they are gone already."""
        self._files.delete(video.key)
        self._files.delete(_beside(video, PLAYBACK_NAME))
        self._files.remove_empty_folder(video.key.rpartition("/")[0])


class LocalResultStore:
    """:class:`shared.ports.ResultStore` in a folder, with the hashes in the database too."""

    def __init__(self, files: FileArea, database: Database) -> None:
        self._files = files
        self._database = database

    def save(self, user_id: str, analysis_id: str, *, trace_csv: bytes, document: Mapping[str, Any]) -> None:
        """Write CSV, document and then the manifest, each whole or not at all.

        A result that is there already is withdrawn (its manifest goes first) before its files are replaced, so
        nobody ever reads a mixture of the two.
        """
        prefix = analysis_prefix(user_id, analysis_id)
        contents = {CSV_NAME: trace_csv, DOCUMENT_NAME: encode_document(document)}
        manifest = build_manifest(analysis_id, contents, document=document)
        self._files.delete(f"{prefix}/{MANIFEST_NAME}")
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?)",
                (analysis_id, user_id, _sha256(trace_csv), _sha256(contents[DOCUMENT_NAME]), _sha256(manifest)),
            )
        for name, content in contents.items():
            self._files.write(f"{prefix}/{name}", [content])
        self._files.write(f"{prefix}/{MANIFEST_NAME}", [manifest])

    def document(self, user_id: str, analysis_id: str) -> Mapping[str, Any]:
        """The stored JSON document.

        Raises:
            NotFoundError: never finished. StorageError: does not match its checksum.
        """
        return decode_document(self._content(user_id, analysis_id, DOCUMENT_NAME))

    def trace_csv(self, user_id: str, analysis_id: str) -> bytes:
        """The stored trace CSV. Raises as :meth:`document`."""
        return self._content(user_id, analysis_id, CSV_NAME)

    def manifest(self, user_id: str, analysis_id: str) -> Mapping[str, Any]:
        """The manifest, after a check against the database.

        Raises:
            NotFoundError: never finished. StorageError: altered since it was written.
        """
        content = self._files.read(f"{analysis_prefix(user_id, analysis_id)}/{MANIFEST_NAME}")
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT manifest_sha256 FROM result WHERE analysis_id = ?", (analysis_id,)
            ).fetchone()
        expected = {"files": {MANIFEST_NAME: {"sha256": row["manifest_sha256"] if row else None}}}
        return decode_document(check_content(expected, MANIFEST_NAME, content))

    def is_finished(self, user_id: str, analysis_id: str) -> bool:
        """Whether there is a manifest, checked or not."""
        return self._files.path(f"{analysis_prefix(user_id, analysis_id)}/{MANIFEST_NAME}").is_file()

    def delete(self, user_id: str, analysis_id: str) -> None:
        """Remove all of it, the manifest first; no error where it is gone already."""
        prefix = analysis_prefix(user_id, analysis_id)
        for name in (MANIFEST_NAME, DOCUMENT_NAME, CSV_NAME):
            self._files.delete(f"{prefix}/{name}")
        self._files.remove_empty_folder(prefix)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM result WHERE analysis_id = ?", (analysis_id,))

    def _content(self, user_id: str, analysis_id: str, name: str) -> bytes:
        manifest = self.manifest(user_id, analysis_id)
        try:
            content = self._files.read(f"{analysis_prefix(user_id, analysis_id)}/{name}")
        except NotFoundError:
            content = None
        return check_content(manifest, name, content)


@dataclass(frozen=True)
class LocalStore(Store):
    """The five places of one data folder, and what only a local folder needs."""

    videos: LocalVideoStore
    results: LocalResultStore
    jobs: LocalJobStore
    patients: LocalPatientStore
    decisions: LocalDecisionStore
    folder: Path

    def reconcile(self, *, now: float) -> int:
        """Finish what lost processes left half done; how many analyses that was.

        * A job that nobody holds and whose result is whole becomes ``completed``.
        * A job marked ``deleting`` loses its files and its row.
        """
        finished = 0
        for job in self.jobs.unheld(now=now):
            if self.results.is_finished(job.user_id, job.analysis_id):
                finished += self._complete_from_result(job.user_id, job.analysis_id, now=now)
        for job in self.jobs.with_status(JobStatus.DELETING):
            delete_analysis(self, job.analysis_id, now=now)
            finished += 1
        return finished

    def _complete_from_result(self, user_id: str, analysis_id: str, *, now: float) -> bool:
        try:
            summary = self.results.document(user_id, analysis_id).get("summary")
        except (NotFoundError, StorageError):
            return False  # damaged or withdrawn: the job stays to do, and its next run writes the result anew
        return isinstance(summary, dict) and self.jobs.finish(analysis_id, summary, now=now)


def open_local_store(folder: Path, *, max_video_bytes: int = DEFAULT_MAX_VIDEO_BYTES) -> LocalStore:
    """Open a data folder, creating it if need be, and sweep away what dead writers left.

    Args:
        folder: on a local disk; readable by its owner only when created here.
        max_video_bytes: largest film taken.

    Raises:
        StorageError: the folder cannot be used, or its database is damaged or of a newer program.
    """
    make_private_folder(folder)
    files = FileArea(folder)
    with storage_errors(), folder_lock(folder / _OPENING_LOCK_NAME):
        database = Database(folder / DATABASE_NAME)
        files.sweep()
    return LocalStore(
        videos=LocalVideoStore(files, max_bytes=max_video_bytes),
        results=LocalResultStore(files, database),
        jobs=LocalJobStore(database),
        patients=LocalPatientStore(database),
        decisions=LocalDecisionStore(database),
        folder=folder,
    )


def _beside(video: StoredVideo, name: str) -> str:
    return f"{check_key(video.key).rpartition('/')[0]}/{name}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
