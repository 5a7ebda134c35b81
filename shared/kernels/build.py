"""Compile the kernels: ``python -m shared.kernels.build``. Done by ``make`` and in the worker's image.

Without it they are compiled when a film is first measured. What was compiled from other sources, with other options
or for a processor that this one is not is never taken up: all that goes into the file's name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.errors import KernelsMissingError

SOURCES: Final = Path(__file__).parent
_BESIDE_SOURCES: Final = SOURCES / "built"
_OPTIONS: Final = (
    "-std=c11",
    "-O3",
    "-shared",
    *(["-fPIC"] if os.name == "posix" else []),
    # The same numbers from every compiler and processor: no reordering, no fused multiply and add.
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)
_WIDE: Final = {"avx2", "bmi1", "bmi2", "fma", "f16c", "movbe"}
"""What Linux calls the instructions of x86-64-v3, which processors have had since 2013."""
_COMPILERS: Final = ("cc", "gcc", "clang")


def library_path() -> Path | None:
    """Where compiled kernels are that this processor can run, the quickest first; None if there are none."""
    return next((path for level in _levels() for path in _places(level) if path.exists()), None)


def build() -> Path:
    """Compile the kernels unless they are there, and return where.

    Safe to call from several processes at once: whoever is last replaces the file by the same one.

    Raises:
        KernelsMissingError: no compiler, or nowhere to write to.
    """
    if (there := library_path()) is not None:
        return there
    level = _levels()[0]
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "kernels.so"
        if _compile(compiled, level):
            for target in _places(level):
                try:
                    return _put(compiled, target)
                except OSError:  # not here: an installation that may only be read
                    continue
    raise KernelsMissingError


def _put(compiled: Path, target: Path) -> Path:
    """Copy it there so that nobody ever finds a half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(f".{os.getpid()}")
    shutil.copyfile(compiled, beside)
    return beside.replace(target)


def _places(level: str) -> Iterator[Path]:
    """Beside the sources, or, where nothing can be written there, among what this person's programs keep."""
    name = f"kernels-{_digest(level)}.so"
    yield _BESIDE_SOURCES / name
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    yield kept / "psp-eye-review" / name


def _digest(level: str) -> str:
    digest = hashlib.sha256("\0".join((*_OPTIONS, platform.machine(), level)).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _levels() -> tuple[str, ...]:
    """What this processor is, best first; the numbers are the same on all. Empty for what is no x86-64."""
    if platform.machine() != "x86_64":
        return ("",)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ("x86-64-v2",)
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return ("x86-64-v3", "x86-64-v2") if set(flags) >= _WIDE else ("x86-64-v2",)


def _compile(target: Path, level: str) -> bool:
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    for command, underlined in _compilers():
        machine = [f"-march={level.replace('-', '_') if underlined else level}"] if level else []
        call = [*command, *_OPTIONS, *machine, *sources, "-lm", "-o", str(target)]
        if subprocess.run(call, capture_output=True, check=False).returncode == 0:
            return True
    return False


def _compilers() -> Iterator[tuple[list[str], bool]]:
    """Commands to try, and whether that one writes processors with underlines."""
    if chosen := os.environ.get("CC"):
        yield shlex.split(chosen), False
    for name in _COMPILERS:
        if shutil.which(name):
            yield [name], False
    if importlib.util.find_spec("ziglang") is not None:
        yield [sys.executable, "-m", "ziglang", "cc"], True


if __name__ == "__main__":
    try:
        build()
    except KernelsMissingError as error:
        sys.exit(error.user_message)
