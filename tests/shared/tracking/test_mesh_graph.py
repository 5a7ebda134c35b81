"""The face mesh in two steps, against MediaPipe's own call in one."""

from __future__ import annotations

import importlib
from contextlib import closing

import cv2
import numpy as np

from shared.synthetic.portrait import astronaut
from shared.tracking.mesh_graph import MeshGraph, decoded_points
from shared.tracking.quiet import quiet_mediapipe


def pictures() -> list[np.ndarray]:
    """A face that moves, leaves the picture, and comes back."""
    face = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2RGB)
    return [np.roll(face, shift, axis=1) for shift in (0, 3, 6, 9)] + [np.zeros_like(face)] * 2 + [face]


def test_points_are_those_of_the_call_in_one_step() -> None:
    mediapipe = quiet_mediapipe()
    with closing(MeshGraph()) as graph, mediapipe.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh:
        for picture in pictures():
            faces = mesh.process(picture).multi_face_landmarks
            graph.start(picture)
            points = graph.points()
            if not faces:
                assert points is None
                continue
            assert points is not None
            assert np.array_equal(points, [(point.x, point.y, point.z) for point in faces[0].landmark])


def test_an_answer_is_there_as_often_as_it_is_asked_for() -> None:
    with closing(MeshGraph()) as graph:
        graph.start(pictures()[0])
        first, again = graph.points(), graph.points()
    assert first is not None
    assert again is not None
    assert np.array_equal(first, again)


def test_a_reset_graph_starts_as_a_new_one() -> None:
    face = pictures()[0]
    with closing(MeshGraph()) as used, closing(MeshGraph()) as new:
        for picture in pictures():
            used.start(picture)
            used.points()
        used.reset()
        for graph in (used, new):
            graph.start(face)
        ours, theirs = used.points(), new.points()
    assert ours is not None
    assert theirs is not None
    assert np.array_equal(ours, theirs)


def test_landmarks_written_in_another_way_are_read_one_by_one() -> None:
    formats = importlib.import_module("mediapipe.framework.formats.landmark_pb2")
    plain, with_more = ({"x": 0.25, "y": 0.5, "z": -0.125}, {"x": 0.25, "y": 0.5, "z": -0.125, "visibility": 1.0})
    for landmark in (plain, with_more):
        encoded = formats.NormalizedLandmarkList(landmark=[landmark] * 20).SerializeToString()
        assert np.array_equal(decoded_points(encoded), [[0.25, 0.5, -0.125]] * 20)
