"""The program must import and run on a machine without libGL, X11 or jax."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

GRAPHICS_LIBRARIES = ("libGL.so", "libEGL.so", "libX11.so", "libxcb.so", "libQt5", "libgtk")

DETECT_AND_LIST_LIBRARIES = """
import sys

loaded = lambda: open('/proc/self/maps').read()
import cv2
import numpy as np
from shared.tracking.face import MediaPipeFaceMesh

mesh = MediaPipeFaceMesh()
assert mesh.detect(np.zeros((240, 320, 3), np.uint8), 0.0) is None
mesh.close()
outside = [line.split()[-1] for line in loaded().splitlines()
           if any(name in line for name in %r) and 'site-packages' not in line]
print(sorted(set(outside)))
print([name for name in ('jax', 'jaxlib', 'streamlit') if name in sys.modules])
"""


def cv2_libraries() -> list[Path]:
    spec = importlib.util.find_spec("cv2")
    assert spec is not None
    assert spec.origin is not None
    return sorted(Path(spec.origin).parent.glob("cv2*.so"))


def test_the_cv2_that_is_imported_is_the_headless_one() -> None:
    gui = next(line for line in cv2.getBuildInformation().splitlines() if line.strip().startswith("GUI:"))
    assert gui.split()[-1] == "NONE"
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("opencv-contrib-python")


def test_cv2_links_no_graphics_library() -> None:
    libraries = cv2_libraries()
    assert libraries
    for library in libraries:
        linked = subprocess.run(["ldd", str(library)], capture_output=True, text=True, check=True).stdout
        assert not [name for name in GRAPHICS_LIBRARIES if name in linked]


@pytest.mark.parametrize("package", ["jax", "jaxlib", "sentencepiece"])
def test_what_mediapipe_declares_and_never_imports_is_left_out(package: str) -> None:
    assert importlib.util.find_spec(package) is None


def test_the_face_mesh_runs_where_the_system_has_no_graphics_library() -> None:
    """MediaPipe's own EGL looks for the system's drivers by this variable; pointed nowhere, it finds none."""
    run = subprocess.run(
        [sys.executable, "-c", DETECT_AND_LIST_LIBRARIES % (GRAPHICS_LIBRARIES,)],
        capture_output=True,
        env={**os.environ, "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull},
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[1],
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-2:] == ["[]", "[]"]
