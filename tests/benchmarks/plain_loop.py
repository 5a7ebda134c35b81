"""The guide's method as a plain loop, for comparing speed: every frame read, meshed and measured in turn.

It repeats the published original's faults on purpose (see the named regression tests in
``tests/shared/tracking``), so nothing but its running time may be taken from it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from shared.tracking.face import quiet_mediapipe

CORNERS = ((33, 133), (362, 263))
LIDS = ((159, 145), (386, 374))
IRISES = (slice(474, 478), slice(469, 473))


def run(path: Path) -> int:
    """Measure every frame as the original did; return the number of frames."""
    mediapipe = quiet_mediapipe()
    capture = cv2.VideoCapture(str(path))
    rows: list[list[float]] = []
    with mediapipe.solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1) as mesh:
        while True:
            found, image = capture.read()
            if not found:
                break
            height, width = image.shape[:2]
            faces = mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if not faces:
                rows.append([])
                continue
            points = np.array([(p.x * width, p.y * height) for p in faces[0].landmark])
            rows.append(_row(points))
    capture.release()
    return len(rows)


def _row(points: np.ndarray) -> list[float]:
    row: list[float] = []
    for (a, b), (upper, lower), iris in zip(CORNERS, LIDS, IRISES, strict=True):
        gap = float(np.linalg.norm(points[upper] - points[lower]))
        width = float(np.linalg.norm(points[a] - points[b]))
        centre = points[iris].mean(axis=0)
        offset = (centre[1] - points[[a, b], 1].mean()) / max(gap, 1e-6)
        row += [*centre, gap / width, offset]
    return row
