import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import KernelsMissingError
from shared.kernels import build as building
from shared.kernels.build import build, library_path
from tests.conftest import REPOSITORY


@pytest.fixture
def few_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own with one small kernel."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "one.c").write_text("int one(void) { return 1; }\n")
    monkeypatch.setattr(building, "SOURCES", sources)
    monkeypatch.setattr(building, "_BESIDE_SOURCES", sources / "built")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    yield sources


def test_what_was_compiled_can_be_called(few_sources: Path) -> None:
    assert ctypes.CDLL(str(build())).one() == 1


def test_it_is_compiled_once(few_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build()
    monkeypatch.setattr(building, "_compilers", lambda: iter(()))
    assert build() == first == library_path()


def test_changed_sources_are_compiled_anew(few_sources: Path) -> None:
    first = build()
    (few_sources / "one.c").write_text("int one(void) { return 2; }\n")
    second = build()
    assert second != first
    assert ctypes.CDLL(str(second)).one() == 2


def test_where_the_installation_may_only_be_read_it_is_kept_with_the_persons_things(
    few_sources: Path, tmp_path: Path
) -> None:
    (few_sources / "built").write_text("a file where the folder would be")
    assert build().is_relative_to(tmp_path / "kept")


def test_without_a_compiler_a_sentence_says_what_to_do(few_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_compilers", lambda: iter([(["false"], False)]))
    with pytest.raises(KernelsMissingError, match="install a C compiler"):
        build()
    assert not (few_sources / "built").exists()


def test_a_compiler_that_fails_does_not_hide_the_next(few_sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    assert build().exists()


def test_a_lesser_processor_has_a_library_of_its_own_and_a_better_one_can_run_that(
    few_sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_levels", lambda: ("x86-64-v3", "x86-64-v2"))
    wide = build()
    monkeypatch.setattr(building, "_levels", lambda: ("x86-64-v2",))
    assert library_path() is None
    narrow = build()
    assert narrow != wide
    wide.unlink()
    monkeypatch.setattr(building, "_levels", lambda: ("x86-64-v3", "x86-64-v2"))
    assert build() == narrow


def test_several_processes_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from shared.kernels import build as b\n"
        "b._BESIDE_SOURCES = Path(sys.argv[1]); print(b.build())"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "built")]
    started = [subprocess.Popen(call, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    built = {process.communicate()[0] for process in started}
    assert all(process.returncode == 0 for process in started)
    assert len(built) == 1
    assert [path.suffix for path in (tmp_path / "built").iterdir()] == [".so"]


def test_as_a_command_it_ends_with_the_sentence_and_no_trace() -> None:
    environment = {**os.environ, "PATH": "", "CC": "", "XDG_CACHE_HOME": "/dev/null/none"}
    code = (
        "import runpy, sys, pathlib, platform\n"
        "platform.machine = lambda: 'another'\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'ziglang' else find(name, *rest)\n"
        "runpy.run_module('shared.kernels.build', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "install a C compiler" in done.stderr
    assert "Traceback" not in done.stderr
