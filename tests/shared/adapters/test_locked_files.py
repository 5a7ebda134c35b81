"""What a dead writer left is swept, what a living one writes is not."""

import os
import stat
from pathlib import Path

import pytest

from shared.adapters.locked_files import create_locked, remove_if_abandoned, write_all


def test_a_file_stays_while_its_writer_lives_and_goes_once_it_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "film.part"
    descriptor = create_locked(path)
    write_all(descriptor, b"half a film")
    assert not remove_if_abandoned(path)
    assert path.read_bytes() == b"half a film"
    os.close(descriptor)  # as the system does for a writer that dies
    assert remove_if_abandoned(path)
    assert not path.exists()


def test_a_file_swept_between_its_creation_and_its_lock_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sweeps = tmp_path / "film.part", iter([True])
    lock = create_locked.__globals__["fcntl"].flock

    def swept_first(descriptor: int, how: int) -> None:
        if next(sweeps, False):
            path.unlink()
        lock(descriptor, how)

    monkeypatch.setattr("shared.adapters.locked_files.fcntl.flock", swept_first)
    descriptor = create_locked(path)
    write_all(descriptor, b"x")
    assert path.read_bytes() == b"x"
    os.close(descriptor)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    os.close(create_locked(tmp_path / "film.part"))
    assert stat.S_IMODE((tmp_path / "film.part").stat().st_mode) == 0o600


def test_one_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "film.part").write_bytes(b"another's")
    with pytest.raises(FileExistsError):
        create_locked(tmp_path / "film.part")
    assert (tmp_path / "film.part").read_bytes() == b"another's"


def test_nothing_is_swept_where_there_is_nothing(tmp_path: Path) -> None:
    assert not remove_if_abandoned(tmp_path / "film.part")


def test_all_bytes_are_written_however_few_the_system_takes_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(
        "shared.adapters.locked_files.os.write", lambda descriptor, data: write(descriptor, bytes(data[:3]))
    )
    descriptor = create_locked(tmp_path / "film.part")
    write_all(descriptor, b"0123456789")
    os.close(descriptor)
    assert (tmp_path / "film.part").read_bytes() == b"0123456789"
