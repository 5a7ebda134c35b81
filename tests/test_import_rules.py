"""Who may import whom, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import shared
from tests.conftest import REPOSITORY

CORE_DOORS = {"shared/__main__.py", "shared/commands"}
"""Parts of the core that are programs of their own: they may reach synthetic films."""


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    assert found
    return found


def imported(path: Path) -> Iterator[str]:
    """Full names of all modules that a file imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaches(paths: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(REPOSITORY)} imports {name}"
        for path in paths
        for name in imported(path)
        if any(name == module or name.startswith(f"{module}.") for module in forbidden)
    ]


def test_the_reader_of_imports_sees_every_form(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("import a.b as c\nfrom d import e\ndef f():\n    import g\n")
    assert set(imported(path)) == {"a.b", "d", "d.e", "g"}


def test_the_core_knows_no_dashboard_library_and_nobody_above_it() -> None:
    assert breaches(sources("shared"), "streamlit", "plotly", "dashboard", "lambda_fn", "tests") == []


def test_cloud_libraries_are_used_in_adapters_only() -> None:
    core = [path for path in sources("shared") if "adapters" not in path.parts]
    assert breaches(core, "boto3", "botocore") == []


def test_dashboard_and_lambda_do_not_know_each_other() -> None:
    assert breaches(sources("dashboard"), "lambda_fn", "tests") == []
    assert breaches(sources("lambda_fn"), "dashboard", "streamlit", "plotly", "tests") == []


def test_analysis_knows_no_synthetic_recordings() -> None:
    core = [
        path
        for path in sources("shared")
        if "synthetic" not in path.parts
        and not any(path.relative_to(REPOSITORY).as_posix().startswith(door) for door in CORE_DOORS)
    ]
    assert breaches(core, "shared.synthetic") == []


def test_analysis_of_a_trace_knows_no_video() -> None:
    pure = ["analysis", "quality", "metrics", "screening", "findings", "sweep", "task", "documents"]
    pure += ["recording", "effort", "calibration", "showing", "bounds", "parameters"]
    paths = [REPOSITORY / "shared" / f"{name}.py" for name in pure]
    paths += sources("shared/checks", "shared/measures", "shared/targets", "shared/events", "shared/gaze")
    assert breaches(paths, "cv2", "av", "mediapipe", "shared.video", "shared.tracking", "shared.pipeline") == []


@pytest.mark.parametrize("statement", ["import shared", "from shared import analyse, Parameters, Result, read_trace"])
def test_public_names_load_without_the_face_tracker(statement: str) -> None:
    code = f"{statement}\nimport sys\nassert not {{'mediapipe', 'cv2', 'streamlit', 'boto3'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)


def test_importing_the_package_alone_loads_no_numbers() -> None:
    code = "import shared, sys; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)


def test_every_public_name_is_there() -> None:
    assert shared.__all__ == ["Parameters", "Result", "analyse", "analyze_video", "read_trace"]
    for name in shared.__all__:
        assert getattr(shared, name).__name__ == name
        assert name in dir(shared)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = shared.nothing
