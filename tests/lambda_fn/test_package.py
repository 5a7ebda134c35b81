"""What a function is made of: the folder that is uploaded, the image, and their packages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_fn.package import PARTS, package
from tests.conftest import REPOSITORY

LAMBDA = REPOSITORY / "lambda_fn"


def pins(path: Path) -> set[str]:
    return {line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith(("#", "-r"))}


def test_functions_install_what_the_project_installs() -> None:
    project = pins(REPOSITORY / "requirements.txt")
    worker, small = pins(LAMBDA / "requirements.txt"), pins(LAMBDA / "requirements-starter.txt")
    assert small < worker < project
    assert not {name.partition("==")[0] for name in small} & {"mediapipe", "opencv-python-headless", "av", "pandas"}


def test_the_small_functions_run_from_their_package_with_no_part_of_the_vision(tmp_path: Path) -> None:
    package(tmp_path / "starter")
    assert pins(tmp_path / "starter" / "requirements.txt") == pins(LAMBDA / "requirements-starter.txt")
    assert not (tmp_path / "starter" / "lambda_fn" / "local").exists()
    code = (
        "import lambda_fn.handler, lambda_fn.dead_letters, lambda_fn.reconcile, sys\n"
        "assert not {'cv2', 'mediapipe', 'av', 'pandas', 'streamlit'} & set(sys.modules)\n"
        "assert lambda_fn.__file__.startswith(sys.argv[1])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=tmp_path / "starter",
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_packaging_replaces_its_own_folder_and_no_other(tmp_path: Path) -> None:
    target = package(tmp_path / "starter")
    (target / "lambda_fn" / "old.py").touch()
    assert not (package(target) / "lambda_fn" / "old.py").exists()
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "film.mp4").touch()
    with pytest.raises(FileExistsError, match="not a package"):
        package(tmp_path / "films")
    assert (tmp_path / "films" / "film.mp4").exists()


@pytest.mark.parametrize(
    ("dockerfile", "parts"), [("lambda_fn/Dockerfile", PARTS), ("dashboard/Dockerfile", ("shared", "dashboard"))]
)
def test_an_image_takes_its_parts_and_nothing_that_the_builder_does_not_get(
    dockerfile: str, parts: tuple[str, ...]
) -> None:
    text = (REPOSITORY / dockerfile).read_text()
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (.+)$", text, re.MULTILINE)]
    assert [sources[0] for sources in copied if len(sources) == 1] == list(parts)
    sent = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert {source.split("/")[0] for sources in copied for source in sources} <= sent
    assert "--override" in text
