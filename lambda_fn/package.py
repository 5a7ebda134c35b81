"""Lay out what a function is made of: ``python -m lambda_fn.package TARGET``.

The small functions are uploaded as a zip of this folder (``CodeUri`` in ``template.yaml``), whose packages `sam build`
then installs beside it; the emulated AWS runs its functions from the same folder. The worker's image copies the same
parts (``Dockerfile``).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
PARTS: Final = ("shared", "lambda_fn")
"""Folders of the repository that a function needs; never ``dashboard``."""
_NOT_FOR_A_FUNCTION: Final = shutil.ignore_patterns("__pycache__", "local", "Dockerfile", "template.yaml", "*.txt")


def package(target: Path) -> Path:
    """Copy the parts and the list of packages into a fresh ``target`` and return it.

    Raises:
        FileExistsError: ``target`` holds something that this function did not put there.
    """
    if target.exists():
        if any(target.iterdir()) and not (target / "lambda_fn").is_dir():
            raise FileExistsError(f"{target} is not a package of this program. Remove it or choose another folder.")
        shutil.rmtree(target)
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, target / part, ignore=_NOT_FOR_A_FUNCTION)
    shutil.copyfile(REPOSITORY / "lambda_fn" / "requirements-starter.txt", target / "requirements.txt")
    return target


def main(arguments: list[str]) -> int:
    """Command line; returns the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m lambda_fn.package TARGET\n")
        return 2
    package(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
