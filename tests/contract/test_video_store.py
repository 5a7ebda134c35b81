"""What every VideoStore promises."""

import errno
import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.errors import EmptyFileError, InvalidRequestError, NotFoundError, StorageError, TooLargeError
from shared.ports import Store
from tests.contract.conftest import SMALL_CAP_BYTES

FILM = bytes(range(256)) * 9000


class BreakingStream(io.RawIOBase):
    """A film of which only the first pieces arrive before reading fails."""

    def __init__(self, error: BaseException) -> None:
        self._pieces: Iterator[bytes] = iter([FILM[:500_000], FILM[500_000:900_000]])
        self._error = error

    def read(self, size: int = -1) -> bytes:
        for piece in self._pieces:
            return piece
        raise self._error


def test_a_film_is_kept_byte_for_byte(store: Store) -> None:
    video = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(FILM))
    assert store.videos.local_path(video).read_bytes() == FILM
    assert (video.size_bytes, video.sha256) == (len(FILM), hashlib.sha256(FILM).hexdigest())
    assert video.key == "users/P-1/eye/a1/raw_video.mp4"


@pytest.mark.parametrize(
    ("file_name", "key_end", "shown"),
    [
        ("IMG_0001.MOV", "raw_video.mov", "IMG_0001.MOV"),
        ("../../../etc/passwd", "raw_video.bin", "passwd"),
        ("C:\\films\\visit 2.avi", "raw_video.avi", "visit 2.avi"),
        ("film.mp4/../../x.sh", "raw_video.bin", "x.sh"),
        ("no extension", "raw_video.bin", "no extension"),
        ("", "raw_video.bin", "video"),
        ("환자 영상.webm", "raw_video.webm", "환자 영상.webm"),
        ("line\nbreak\x00.mp4", "raw_video.mp4", "linebreak.mp4"),
    ],
)
def test_a_given_name_is_shown_but_never_becomes_a_path(store: Store, file_name: str, key_end: str, shown: str) -> None:
    video = store.videos.put("P-1", "a1", file_name, io.BytesIO(FILM))
    assert video.key == f"users/P-1/eye/a1/{key_end}"
    assert video.file_name == shown
    assert store.videos.local_path(video).is_file()


@pytest.mark.parametrize("user_id", ["..", ".", "", "a/b", "a\\b", "x" * 65, "a b"])
def test_a_malformed_patient_code_is_refused(store: Store, user_id: str) -> None:
    with pytest.raises(InvalidRequestError):
        store.videos.put(user_id, "a1", "film.mp4", io.BytesIO(FILM))


@pytest.mark.parametrize("key", ["/etc/passwd", "users/P-1/eye/../../x.mp4", "users/P-1/eye/a1/.part-1", ""])
def test_a_key_that_no_store_made_leads_nowhere(store: Store, key: str) -> None:
    video = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(FILM))
    with pytest.raises(NotFoundError):
        store.videos.local_path(replace(video, key=key))


def test_an_empty_film_is_refused(store: Store) -> None:
    with pytest.raises(EmptyFileError):
        store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(b""))


def test_a_film_at_the_cap_is_taken_and_one_byte_more_is_not(store: Store) -> None:
    store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(bytes(SMALL_CAP_BYTES)))
    with pytest.raises(TooLargeError):
        store.videos.put("P-1", "a2", "film.mp4", io.BytesIO(bytes(SMALL_CAP_BYTES + 1)))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
        (ConnectionResetError("gone"), StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_an_upload_that_breaks_off_is_never_visible(
    store: Store, error: BaseException, raised: type[BaseException]
) -> None:
    whole = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(FILM))
    with pytest.raises(raised):
        store.videos.put("P-1", "a1", "film.mp4", BreakingStream(error))  # type: ignore[arg-type]
    assert store.videos.local_path(whole).read_bytes() == FILM, "what was there stays"
    with pytest.raises(raised):
        store.videos.put("P-1", "a2", "film.mp4", BreakingStream(type(error)(*error.args)))  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        store.videos.local_path(replace(whole, key="users/P-1/eye/a2/raw_video.mp4"))


def test_deleting_a_film_twice_is_no_error(store: Store) -> None:
    video = store.videos.put("P-1", "a1", "film.mp4", io.BytesIO(FILM))
    other = store.videos.put("P-1", "a2", "film.mp4", io.BytesIO(FILM))
    store.videos.delete(video)
    store.videos.delete(video)
    with pytest.raises(NotFoundError):
        store.videos.local_path(video)
    assert store.videos.local_path(other).is_file()
