"""The bench of recordings that must never be judged: one for every reason code, each made in milliseconds.

Each is a landmark stream with one thing wrong. Analysis has to answer *inconclusive* and name that code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from shared.model import EyeTrace, FloatArray, Segment, Task, Trace
from shared.parameters import Parameters
from shared.synthetic.eye_geometry import Lids
from shared.synthetic.gaze import GazeTruth, simulate
from shared.synthetic.gaze_script import PSP_LIKE, Camera, Script
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.landmarks import MESH_LIKE, LandmarkModel, landmark_stream
from shared.synthetic.scripts import healthy, horizontal_only, psp_like, quiet, vertical_horizontal_steps, vertical_only
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, measure_eye, plausible_geometry
from shared.tracking.pose import head_rotation


@dataclass(frozen=True)
class UnusableCase:
    """One recording that cannot be judged.

    Attributes:
        code: reason that the result must give.
        title: what is wrong, for people.
        build: makes the trace.
        task: what the recording is filed as.
        segments: annotated stretches.
    """

    code: str
    title: str
    build: Callable[[], Trace]
    task: Task = Task.VERTICAL_HORIZONTAL
    segments: tuple[Segment, ...] = ()

    @property
    def parameters(self) -> Parameters:
        """Defaults with this task and these segments."""
        return Parameters(task=self.task, segments=self.segments)


def trace_from_points(
    points_px: FloatArray, gaze: GazeTruth, *, width_px: int = MESH_LIKE.width_px, height_px: int = MESH_LIKE.height_px
) -> Trace:
    """What tracking would make of a landmark stream; the limbus instrument reads the true gaze.

    Args:
        points_px: ``(N, 478, 3)``; nan in frames without a face.
        gaze: truth of the recorded frames.
        width_px, height_px: of the picture.
    """
    recorded = gaze.recorded()
    head = head_rotation(points_px)
    valid = plausible_geometry(points_px, (width_px, height_px), head.yaw_deg)
    limbus = _limbus_arrays(recorded)
    return Trace(
        frame_idx=np.arange(len(recorded)),
        time_s=recorded.time_s,
        left=replace(measure_eye(points_px, LEFT_EYE, valid), **limbus),
        right=replace(measure_eye(points_px, RIGHT_EYE, valid), **limbus),
        valid=valid,
        face_count=np.isfinite(points_px[:, 0, 0]).astype(np.int64),
        head_yaw_deg=head.yaw_deg,
        head_pitch_deg=head.pitch_deg,
        head_roll_deg=head.roll_deg,
        tracker={"landmarks": "synthetic", "limbus": "truth"},
    )


def _limbus_arrays(gaze: GazeTruth) -> dict[str, Any]:
    """Gaze from its median, as the limbus instrument gives it; missing while the lids are shut."""
    opened = gaze.lid_closure < 0.5
    h_deg = np.where(opened, gaze.h_deg - np.median(gaze.h_deg), np.nan)
    v_deg = np.where(opened, gaze.v_deg - np.median(gaze.v_deg), np.nan)
    return {
        "limbus_h_deg": h_deg,
        "limbus_v_deg": v_deg,
        "limbus_h_iris": 0.897 * np.sin(np.radians(h_deg)),
        "limbus_v_iris": 0.897 * np.sin(np.radians(v_deg)),
        "limbus_confidence": opened.astype(np.float64),
    }


def recording(
    script: Script,
    *,
    camera: Camera | None = None,
    head: HeadScript | None = None,
    model: LandmarkModel = MESH_LIKE,
    seed: int = 5,
) -> Trace:
    """A whole recording by landmarks, in milliseconds."""
    gaze = simulate(script, camera, seed=seed).recorded()
    points = landmark_stream(gaze, head=head, model=model, seed=seed)
    return trace_from_points(points, gaze, width_px=model.width_px, height_px=model.height_px)


def _faceless(lost_from: float, lost_to: float) -> Trace:
    """No face in a stretch of the recording, given in shares of its length."""
    gaze = simulate(psp_like(), seed=5)
    points = landmark_stream(gaze, model=MESH_LIKE, seed=5)
    points[int(lost_from * len(gaze)) : int(lost_to * len(gaze))] = np.nan
    return trace_from_points(points, gaze)


def _stalling() -> Trace:
    """The camera stands still for half a second every two seconds."""
    gaze = simulate(psp_like(), Camera(60.0), seed=5)
    gaze = replace(gaze, dropped=(gaze.time_s % 2.0) > 1.5).recorded()
    return trace_from_points(landmark_stream(gaze, model=MESH_LIKE, seed=5), gaze)


def _upside_down() -> Trace:
    gaze = simulate(psp_like(), seed=5)
    points = landmark_stream(gaze, model=MESH_LIKE, seed=5)
    points[..., 0] = MESH_LIKE.width_px - 1 - points[..., 0]
    points[..., 1] = MESH_LIKE.height_px - 1 - points[..., 1]
    return trace_from_points(points, gaze)


def _one_eye() -> Trace:
    """A patch over the left eye."""
    trace = recording(psp_like())
    return replace(trace, left=EyeTrace.empty(len(trace)))


def _borderline() -> Trace:
    """A vertical range that lies on the threshold."""
    script = replace(psp_like(), dynamics=replace(PSP_LIKE, vertical_limit_deg=_BORDERLINE_LIMIT_DEG))
    return recording(script)


_BORDERLINE_LIMIT_DEG: Final = 4.2
"""Gives 0.06 open lid gaps on mesh-like landmarks."""

_DROOPING: Final = Lids(upper_height=0.50, lower_height=0.30, upper_follow=1.45, lower_follow=0.05, highest=0.52)
"""An upper lid that falls over the eye in down-gaze, as in blepharospasm or ptosis."""


_CASES: Final = (
    UnusableCase("NO_FACE", "No face in the picture", lambda: _faceless(0.0, 1.0)),
    UnusableCase("TOO_FEW_VALID_FRAMES", "The face leaves the picture", lambda: _faceless(0.4, 0.75)),
    UnusableCase("TASK_TOO_SHORT", "Seven seconds", lambda: recording(_short())),
    UnusableCase("FRAME_RATE_TOO_LOW", "12 frames a second", lambda: recording(psp_like(), camera=Camera(12.0))),
    UnusableCase("UNEVEN_FRAME_TIMES", "The camera stalls", _stalling),
    UnusableCase(
        "IRIS_TOO_SMALL", "Filmed from far away", lambda: recording(psp_like(), model=_sized(MESH_LIKE, 13.0))
    ),
    UnusableCase(
        "HEAD_MOVED", "The head nods with the gaze", lambda: recording(healthy(), head=HeadScript(pitch=Swing(7.0)))
    ),
    UnusableCase(
        "HEAD_TURNED", "Filmed from the side", lambda: recording(healthy(), head=HeadScript(yaw=Swing(offset=25.0)))
    ),
    UnusableCase("UPSIDE_DOWN", "The film stands on its head", _upside_down),
    UnusableCase("NO_VERTICAL_TASK", "Looking straight ahead was asked for", lambda: recording(quiet()), Task.FIXATION),
    UnusableCase(
        "NO_VERTICAL_EFFORT", "Nobody knows what was asked", lambda: recording(horizontal_only()), Task.UNKNOWN
    ),
    UnusableCase("NO_HORIZONTAL_CONTROL", "No left and right", lambda: recording(_vertical_slow()), Task.VERTICAL),
    UnusableCase(
        "TOO_NOISY", "Landmarks tremble", lambda: recording(psp_like(), model=replace(MESH_LIKE, noise_sd_px=0.8))
    ),
    UnusableCase(
        "LID_OCCLUDED",
        "The lid falls over the eye",
        lambda: recording(_lidded(), model=replace(MESH_LIKE, lids=_DROOPING)),
    ),
    UnusableCase(
        "EYES_DISAGREE",
        "One eye stays behind",
        lambda: recording(healthy(), model=replace(MESH_LIKE, left_gain_v=0.45)),
    ),
    UnusableCase("BORDERLINE", "On the threshold", _borderline),
    UnusableCase("ONE_EYE_ONLY", "One eye is covered", _one_eye),
)


def _short() -> Script:
    return replace(psp_like(7.0), steps=vertical_horizontal_steps(dwell_s=0.38, repeats=4))


def _vertical_slow() -> Script:
    return replace(vertical_only(), dynamics=PSP_LIKE)


def _lidded() -> Script:
    return replace(healthy(), blink_rate_per_min=0.0)


def _sized(model: LandmarkModel, iris_diameter_px: float) -> LandmarkModel:
    return replace(model, iris_diameter_px=iris_diameter_px)


UNUSABLE: Final[Mapping[str, UnusableCase]] = MappingProxyType({case.code: case for case in _CASES})
"""Reason code -> a recording that must be inconclusive for it."""
