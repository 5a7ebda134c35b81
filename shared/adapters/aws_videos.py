"""Films in S3."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from shared.adapters.aws_files import Bucket, Digest, ObjectVersion
from shared.adapters.film_chunks import limited_chunks
from shared.adapters.layout import PLAYBACK_NAME, display_name, video_extension, video_key
from shared.adapters.settings import MIB
from shared.errors import NotFoundError, StorageError
from shared.ports import StoredVideo

_SPARE_DISK_BYTES: Final = 64 * MIB
_DAMAGED_VIDEO: Final = "The stored video is damaged: it is not what was uploaded. Upload it again."
_NO_ROOM: Final = "The video does not fit on the disk of the machine that analyses it. Trim it and upload it again."
MEDIA_TYPES: Final = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
}
OTHER_MEDIA_TYPE: Final = "application/octet-stream"


class AwsVideoStore:
    """:class:`shared.ports.VideoStore` in S3."""

    def __init__(self, bucket: Bucket, *, max_bytes: int, cache_folder: Path) -> None:
        self._bucket = bucket
        self._max_bytes = max_bytes
        self._cache_folder = cache_folder

    def put(self, user_id: str, analysis_id: str, file_name: str, stream: BinaryIO) -> StoredVideo:
        """Store a film from a stream, in parts with checksums; it appears whole or not at all.

        Raises:
            EmptyFileError: no bytes. TooLargeError: over the cap. StorageError: could not be written.
            InvalidRequestError: a malformed patient code.
        """
        key = video_key(user_id, analysis_id, file_name)
        digest = self._bucket.write_stream(
            key, limited_chunks(stream, self._max_bytes), content_type=media_type(file_name)
        )
        return StoredVideo(key, display_name(file_name), digest.size_bytes, digest.sha256)

    def local_path(self, video: StoredVideo) -> Path:
        """The film in this machine's cache, fetched if need be.

        Raises:
            NotFoundError: not there. StorageError: there, but not what was stored.
        """
        version = self.look_at(video.key)
        if video.size_bytes and version.size_bytes != video.size_bytes:
            raise StorageError(_DAMAGED_VIDEO)
        # The etag stands in the name: a film that was replaced is another file.
        name = hashlib.sha256(f"{video.key}\0{version.etag}".encode()).hexdigest()
        path = self._cache_folder / f"{name}.{video_extension(video.key)}"
        if not path.is_file():
            self._cache_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._fetched_into(self._cache_folder, version, path.suffix) as (fetched, digest):
                if video.sha256 and digest.sha256 != video.sha256:
                    raise StorageError(_DAMAGED_VIDEO)
                fetched.replace(path)
        return path

    def playback_path(self, video: StoredVideo) -> Path:
        """A local file that browsers play: the proxy where the worker made one, else the film. Raises as above."""
        key = _proxy_key(video)
        try:
            proxy = self.look_at(key)
        except NotFoundError:
            return self.local_path(video)
        return self.local_path(StoredVideo(key, PLAYBACK_NAME, proxy.size_bytes, ""))

    def put_proxy(self, video: StoredVideo, path: Path) -> None:
        """Store a copy of the film that browsers play. Raises StorageError."""
        with path.open("rb") as stream:
            self._bucket.write_stream(
                _proxy_key(video), limited_chunks(stream, self._max_bytes), content_type="video/mp4"
            )

    @contextlib.contextmanager
    def fetched(self, version: ObjectVersion, *, extension: str) -> Iterator[tuple[Path, Digest]]:
        """One version of a film as a file of its own, which is gone when the block ends; and what arrived.

        Raises:
            NotFoundError: the version is gone. StorageError: it could not be fetched, or there is no room for it.
        """
        with (
            tempfile.TemporaryDirectory(prefix="film-") as folder,
            self._fetched_into(Path(folder), version, f".{extension}") as (path, digest),
        ):
            yield path, digest

    def look_at(self, key: str) -> ObjectVersion:
        """Length and version of a stored film. Raises NotFoundError."""
        if not key.startswith(("users/", "uploads/")) or ".." in key:
            raise NotFoundError()
        return self._bucket.look_at(key)

    def file_copy(self, version: ObjectVersion, key: str) -> None:
        """File an uploaded film beside its results."""
        self._bucket.copy(version, key)

    def delete(self, video: StoredVideo) -> None:
        """Remove the film and its proxy; no error where they are gone already."""
        self._bucket.delete(video.key)
        self._bucket.delete(_proxy_key(video))

    @contextlib.contextmanager
    def _fetched_into(self, folder: Path, version: ObjectVersion, suffix: str) -> Iterator[tuple[Path, Digest]]:
        if shutil.disk_usage(folder).free < version.size_bytes + _SPARE_DISK_BYTES:
            raise StorageError(_NO_ROOM)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", suffix=suffix, delete=False) as file:
            path = Path(file.name)
        try:
            digest = self._bucket.download(version, path)
            if digest.size_bytes != version.size_bytes:
                raise StorageError(_DAMAGED_VIDEO)
            yield path, digest
        finally:
            path.unlink(missing_ok=True)


def _proxy_key(video: StoredVideo) -> str:
    return f"{video.key.rpartition('/')[0]}/{PLAYBACK_NAME}"


def media_type(file_name: str) -> str:
    """Media type by a file name's extension.

    >>> media_type("visit 2.MOV")
    'video/quicktime'
    """
    return MEDIA_TYPES.get(video_extension(file_name), OTHER_MEDIA_TYPE)
