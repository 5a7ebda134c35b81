"""MediaPipe's face mesh, started and asked for its answer later: its own threads work while the caller's does too.

``FaceMesh.process`` does the same in one call and waits meanwhile, for half of a film's time. To run it in a thread
of Python's costs more: the threads then wait for Python's lock, and a frame moves from one processor's cache to
another's. What is used of MediaPipe here is not part of its public interface; the version is fixed in the
requirements, and a test compares the points with those of ``process``.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray
from shared.tracking.quiet import quiet_mediapipe, quiet_stderr

Image = NDArray[np.uint8]

_INPUT: Final = "image"
_OUTPUT: Final = "multi_face_landmarks"
_EXECUTOR: Final = "one thread"
_STEP_US: Final = 33_333
"""Between two pictures, whatever the film: as ``process`` has it."""
_LANDMARK_TAGS: Final = {"header": 0x0F0A, "x_tag": 0x0D, "y_tag": 0x15, "z_tag": 0x1D}
_ENCODED_LANDMARK: Final = np.dtype(
    [("header", "<u2"), ("x_tag", "u1"), ("x", "<f4"), ("y_tag", "u1"), ("y", "<f4"), ("z_tag", "u1"), ("z", "<f4")]
)
"""A landmark as protobuf writes it. Read as a whole in a tenth of the time of asking for each number; should
MediaPipe come to write something else, the tags do not match and the numbers are asked for."""


class MeshGraph:
    """One face's mesh from picture to picture: :meth:`start`, then :meth:`points`, in turn."""

    def __init__(self) -> None:
        mediapipe = quiet_mediapipe()
        self._encoded = mediapipe.packet_getter._packet_getter._get_serialized_proto_list
        with quiet_stderr():
            self._mesh = _one_thread_mesh(mediapipe)(max_num_faces=1, refine_landmarks=True)
        self._seen_a_face = False
        self.start(np.zeros((64, 64, 3), dtype=np.uint8))

    def start(self, picture_rgb: Image) -> None:
        """Give the next picture to the model and do not wait."""
        if self._seen_a_face:
            self._submit(picture_rgb)
            return
        with quiet_stderr():  # the first face makes MediaPipe log once more
            self._submit(picture_rgb)
            self._seen_a_face = bool(self._faces())

    def _submit(self, picture_rgb: Image) -> None:
        mesh = self._mesh
        mesh._graph_outputs.clear()
        mesh._simulated_timestamp += _STEP_US
        packet = mesh._make_packet(mesh._input_stream_type_info[_INPUT], picture_rgb)
        mesh._graph.add_packet_to_input_stream(stream=_INPUT, packet=packet.at(mesh._simulated_timestamp))

    def points(self) -> FloatArray | None:
        """``(478, 3)`` x, y, z in shares of the picture last started, or None where it shows no face."""
        faces = self._faces()
        return decoded_points(faces[0]) if faces else None

    def _faces(self) -> list[bytes]:
        """Encoded landmark lists, once the model is done."""
        self._mesh._graph.wait_until_idle()
        packet = self._mesh._graph_outputs.get(_OUTPUT)
        return self._encoded(packet) if packet is not None and not packet.is_empty() else []

    def reset(self) -> None:
        """Forget the face."""
        self._mesh.reset()

    def close(self) -> None:
        """Free the model."""
        self._mesh.close()


def _one_thread_mesh(mediapipe: Any) -> Any:
    """``FaceMesh`` whose parts take their turns in one thread.

    Left alone, each picture wanders between as many threads as there are processors, for the sake of parts that take
    microseconds: a tenth more time in all.
    """
    options = importlib.import_module("mediapipe.framework.thread_pool_executor_pb2").ThreadPoolExecutorOptions

    class OneThreadMesh(mediapipe.solutions.face_mesh.FaceMesh):  # type: ignore[misc]
        def _initialize_graph_interface(self, *arguments: Any) -> Any:
            graph = super()._initialize_graph_interface(*arguments)
            executor = graph.executor.add(name=_EXECUTOR, type="ThreadPoolExecutor")
            executor.options.Extensions[options.ext].num_threads = 1
            for node in graph.node:
                node.executor = _EXECUTOR
            return graph

    return OneThreadMesh


def decoded_points(encoded: bytes) -> FloatArray:
    """``(n, 3)`` of an encoded landmark list."""
    if len(encoded) % _ENCODED_LANDMARK.itemsize == 0:
        points = np.frombuffer(encoded, dtype=_ENCODED_LANDMARK)
        if all((points[tag] == value).all() for tag, value in _LANDMARK_TAGS.items()):
            return np.asarray(np.stack([points[axis] for axis in ("x", "y", "z")], axis=-1), dtype=np.float64)
    listed = importlib.import_module("mediapipe.framework.formats.landmark_pb2").NormalizedLandmarkList
    return np.array([(point.x, point.y, point.z) for point in listed.FromString(encoded).landmark], dtype=np.float64)
