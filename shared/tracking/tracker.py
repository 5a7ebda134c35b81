"""A film in, a :class:`~shared.model.Trace` out: decoding, face mesh and limbus fit side by side.

One thread decodes a film and hands its frames to the face mesh, which works in threads of MediaPipe's own; the caller's
thread cuts the eyes out. With a thread for decoding and one that waits for the mesh, all took up to a tenth more: they
wait for each other's lock, and frames move from one processor's cache to another's. Those remain where frames must be
waited for (a film still being recorded), because there each is to be measured as soon as it is there.
Of a frame that is done some 850 bytes stay (:func:`bytes_kept_per_frame`): the points of its
eyes, angles and places; 31 MB in 20 minutes at 30 frames/s.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import CancelledError, TooShortError
from shared.freed_memory import give_back
from shared.model import BoolArray, EyeTrace, FloatArray, Trace, VideoMeta
from shared.parameters import Parameters
from shared.ports import Progress
from shared.tracking.covered import covered_frames
from shared.tracking.face import FaceLandmarker, FaceLandmarks, MediaPipeFaceMesh, begin, prepare
from shared.tracking.frame_records import FrameRecords
from shared.tracking.instrument import LimbusArrays, LimbusInstrument
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, EyePoints, measure_eye, plausible_geometry
from shared.tracking.limbus import LidAwareLimbus
from shared.tracking.limbus_measurement import LIMBUS_RECORD
from shared.tracking.pose import HEAD_RECORD, HeadRotation, HeadRotations
from shared.tracking.threads import one_opencv_thread, run_ahead, short_turns
from shared.version import ANALYSIS_VERSION
from shared.video import MIN_FRAMES, Frame, measured_meta, probe, read_frames

Image = NDArray[np.uint8]
_QUEUE_DEPTH: Final = 4
"""Frames waiting between two threads: enough to even out their pace, 25 MB of 1080p."""
_PROGRESS_EVERY: Final = 15
"""Frames between two progress reports."""


@dataclass(frozen=True, eq=False)
class _Meshed:
    frame: Frame
    face: FaceLandmarks | None


def track(
    path: Path,
    parameters: Parameters,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    landmarker: FaceLandmarker | None = None,
    limbus: Callable[[], LimbusInstrument] | None = LidAwareLimbus,
) -> Trace:
    """Measure a film.

    Args:
        path: the film.
        parameters: ``step`` and ``max_frames`` are used.
        progress: told how many frames are done, from this thread.
        cancelled: asked at every frame whether to stop.
        landmarker: face landmarks; a new MediaPipe mesh by default. State is kept from frame to frame, so give
            each film its own.
        limbus: makes the second instrument; with None its arrays are empty. See
            :func:`shared.tracking.limbus_process.quickest_limbus` for one that works in a process of its own.

    Returns:
        The trace; all frames invalid where there was no face.

    Raises:
        CancelledError: ``cancelled`` said so.
        TooShortError: fewer than ten frames.
        UnreadableVideoError: or one of its kinds, see :func:`shared.video.probe`.
    """
    probed = probe(path)
    return track_frames(
        read_frames(path, step=parameters.step, max_frames=parameters.max_frames, probed=probed),
        probed,
        parameters,
        live=False,
        progress=progress,
        cancelled=cancelled,
        landmarker=landmarker,
        limbus=limbus,
    )


def track_frames(
    frames: Generator[Frame, None, None],
    probed: VideoMeta,
    parameters: Parameters,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    landmarker: FaceLandmarker | None = None,
    limbus: Callable[[], LimbusInstrument] | None = LidAwareLimbus,
    live: bool = True,
) -> Trace:
    """Measure frames as they come, e.g. of a film that is still being recorded.

    Args:
        frames: every ``parameters.step``-th frame, at most ``parameters.max_frames``.
        probed: what is known about the film.
        parameters, progress, cancelled, landmarker, limbus: as for :func:`track`, which see for errors too.
        live: ``frames`` may have to wait for the next one; else they are all there, which is quicker. The numbers are
            the same.
    """
    recording = _Recording()
    total = expected_frames(probed, parameters)
    with ExitStack() as opened:
        rim = opened.enter_context(closing(limbus())) if limbus is not None else None
        with ExitStack() as meanwhile:
            mesh = landmarker or meanwhile.enter_context(closing(MediaPipeFaceMesh()))
            meanwhile.enter_context(short_turns())
            meanwhile.enter_context(one_opencv_thread())
            meshed = meanwhile.enter_context(
                closing(run_ahead((_meshed_live if live else _meshed)(frames, mesh), _QUEUE_DEPTH))
            )
            for item in meshed:
                if cancelled is not None and cancelled():
                    raise CancelledError
                if rim is not None:
                    rim.observe(item.frame.picture, item.face.points_px if item.face else None, len(recording))
                recording.add(item)
                if progress is not None and len(recording) % _PROGRESS_EVERY == 0:
                    progress(Progress("tracking", len(recording), max(total, len(recording))))
        if len(recording) < MIN_FRAMES:
            raise TooShortError
        if progress is not None:
            progress(Progress("tracking", len(recording), len(recording)))
        return _trace(recording, probed, rim, mesh.name)


_KEPT: Final = tuple(sorted({*RIGHT_EYE.all_points, *LEFT_EYE.all_points}))
_RIGHT_KEPT: Final = RIGHT_EYE.among(_KEPT)
_LEFT_KEPT: Final = LEFT_EYE.among(_KEPT)
"""The landmarks that are needed at the end of a film."""


_RECORD: Final = (
    ("frame_idx", np.int64),
    ("time_s", np.float64),
    ("face_count", np.int64),
    ("eyes_px", np.float32, (len(_KEPT), 3)),
)


def bytes_kept_per_frame() -> int:
    """What one more frame of a film costs in memory while it is measured; pictures come and go."""
    return sum(FrameRecords(fields).bytes_per_frame for fields in (_RECORD, HEAD_RECORD, LIMBUS_RECORD))


class _Recording:
    """What is kept of the frames: numbers, times and the eyes' landmarks, not pictures and not the face."""

    def __init__(self) -> None:
        self._records = FrameRecords(_RECORD)
        self._head = HeadRotations()
        self.frame_size_px = (0, 0)

    def __len__(self) -> int:
        return len(self._records)

    def add(self, item: _Meshed) -> None:
        frame, face = item.frame, item.face
        self.frame_size_px = (frame.picture.shape[1], frame.picture.shape[0])
        eyes_px = np.nan if face is None else face.points_px[list(_KEPT)]
        self._records.append((frame.index, frame.time_s, 0 if face is None else face.face_count, eyes_px))
        self._head.add(None if face is None else face.points_px)

    def arrays(self) -> NDArray[np.void]:
        """All frames: ``frame_idx``, ``time_s``, ``face_count`` and ``eyes_px``, nan where no face was found."""
        return self._records.hand_over()

    def head(self) -> HeadRotation:
        """Rotation of the head in all frames."""
        return self._head.finish()


def _meshed(frames: Generator[Frame, None, None], mesh: FaceLandmarker) -> Generator[_Meshed, None, None]:
    """Frames with their meshes; while one is being meshed, the next is read and prepared."""
    with closing(frames):
        done: _Meshed | None = None
        frame = next(frames, None)
        while frame is not None:
            found = begin(mesh, frame.picture, frame.time_s)
            if done is not None:
                yield done
            following = next(frames, None)
            if following is not None:
                prepare(mesh, following.picture)
            done = _Meshed(frame, found())
            frame = following
        if done is not None:
            yield done


def _meshed_live(frames: Generator[Frame, None, None], mesh: FaceLandmarker) -> Generator[_Meshed, None, None]:
    """The same, but no frame is kept back until the next has come."""
    with closing(run_ahead(frames, _QUEUE_DEPTH)) as waiting:
        for frame in waiting:
            yield _Meshed(frame, mesh.detect(frame.picture, frame.time_s))


def expected_frames(probed: VideoMeta, parameters: Parameters) -> int:
    """Frames that will be measured, by what the container promises; 0 where it promises nothing."""
    return min(-(-probed.frame_count // parameters.step), parameters.max_frames)


def _trace(recording: _Recording, probed: VideoMeta, limbus: LimbusInstrument | None, mesh_name: str) -> Trace:
    frames, head = recording.arrays(), recording.head()
    # The models are freed by now, and the records that were copied: what is worked out next finds room where they were.
    give_back()
    points_px, time_s = frames["eyes_px"], frames["time_s"].copy()
    valid = plausible_geometry(points_px, recording.frame_size_px, head.yaw_deg, (_RIGHT_KEPT, _LEFT_KEPT))
    tracker = {"landmarks": mesh_name, "analysis": ANALYSIS_VERSION}
    spectacles = None
    if limbus is None:
        left, right = (measure_eye(points_px, eye, valid) for eye in (_LEFT_KEPT, _RIGHT_KEPT))
    else:
        tracker["limbus"] = limbus.name
        found = limbus.finish(time_s, valid)
        left_limbus, right_limbus, spectacles = found.left, found.right, found.spectacles
        left_covered = covered_frames(left_limbus.confidence, right_limbus.confidence, time_s)
        right_covered = covered_frames(right_limbus.confidence, left_limbus.confidence, time_s)
        left_missing, right_missing = _mostly(left_covered, valid), _mostly(right_covered, valid)
        for covered, missing in ((left_covered, left_missing), (right_covered, right_missing)):
            if not missing:
                valid = valid & ~covered
        left = _eye(points_px, _LEFT_KEPT, valid, left_limbus, missing=left_missing)
        right = _eye(points_px, _RIGHT_KEPT, valid, right_limbus, missing=right_missing)
    return Trace(
        frame_idx=frames["frame_idx"].copy(),
        time_s=time_s,
        left=left,
        right=right,
        valid=valid,
        face_count=frames["face_count"].copy(),
        head_yaw_deg=head.yaw_deg,
        head_pitch_deg=head.pitch_deg,
        head_roll_deg=head.roll_deg,
        spectacles=spectacles,
        meta=measured_meta(probed, time_s, int(frames["frame_idx"][-1]) + 1),
        tracker=tracker,
    )


def _mostly(covered: BoolArray, valid: BoolArray) -> bool:
    """Whether an eye is covered for most of the time.

    Then that eye is left out as a whole; otherwise those frames are. A mean of now one eye, now two would jump
    by the difference between the eyes and look like a movement.
    """
    return bool(covered.sum() > 0.5 * valid.sum())


def _eye(points_px: FloatArray, eye: EyePoints, valid: BoolArray, limbus: LimbusArrays, *, missing: bool) -> EyeTrace:
    """Both instruments' numbers of one eye; the landmark instrument's only where it is not ``missing``."""
    landmark = EyeTrace.empty(len(points_px)) if missing else measure_eye(points_px, eye, valid)
    return replace(
        landmark,
        limbus_h_iris=limbus.h_iris,
        limbus_v_iris=limbus.v_iris,
        limbus_h_deg=limbus.h_deg,
        limbus_v_deg=limbus.v_deg,
        limbus_confidence=limbus.confidence,
        limbus_occluded=limbus.occluded,
    )
