"""The knobs of the analysis: bounds, units, defaults, and where each default comes from.

The guide's five names and defaults are a contract (``step``, ``vpp_thresh``, ``blink_thresh``, ``max_frames``,
``blink_min_frames``). Ours stand on top and are optional. A default without a published source says
*proposal*: it is configurable and has only been checked on synthetic recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, get_args

from shared.bounds import Bound, checked_number, quoted
from shared.errors import InvalidParameterError
from shared.model import Segment, TargetLog, Task
from shared.targets.log import checked_target_log, target_log_values

BlinkMethod = Literal["adaptive", "fixed"]


@dataclass(frozen=True)
class Gates:
    """Conditions G1 to G9 that a recording must meet before it is judged. Any failure means *inconclusive*.

    ``disabled`` switches gates off by name (``("G9",)``); the result then says so.
    """

    min_valid_fraction: float = 0.80
    min_task_duration_s: float = 10.0
    min_frame_rate_hz: float = 24.0
    max_interval_jitter: float = 0.20
    min_iris_diameter_px: float = 20.0
    max_head_pitch_range_deg: float = 5.0
    max_head_turn_deg: float = 15.0
    min_horizontal_ratio: float = 2.0
    min_shifts_each_way: int = 2
    min_target_deg: float = 20.0
    min_vertical_attempts: int = 3
    min_saccade_slowness: float = 1.35
    max_noise_fraction: float = 0.5
    max_lid_occluded_fraction: float = 0.30
    max_eye_difference: float = 0.30
    borderline_fraction: float = 0.10
    disabled: tuple[str, ...] = ()


GATE_NAMES: Final = tuple(f"G{i}" for i in range(1, 10))


@dataclass(frozen=True)
class Parameters:
    """One complete, validated set of parameters. Build from untrusted input with :meth:`from_mapping`.

    >>> Parameters().vpp_thresh
    0.06
    >>> Parameters.from_mapping({"blink_thresh": 0.2}).blink_method
    'fixed'
    >>> Parameters.from_mapping({"vpp_thresh": 9})
    Traceback (most recent call last):
    ...
    shared.errors.InvalidParameterError: vpp_thresh is 9; it must lie between 0 and 2 open lid gaps.
    """

    step: int = 1
    vpp_thresh: float = 0.06
    blink_thresh: float = 0.18
    max_frames: int = 12000
    blink_min_frames: int = 2
    blink_method: BlinkMethod = "adaptive"
    blink_max_duration_s: float = 0.8
    blink_min_depth: float = 0.20
    blink_padding_s: float = 0.1
    task: Task = Task.UNKNOWN
    range_thresh_deg: float = 20.0
    range_flag: bool = False
    segments: tuple[Segment, ...] = ()
    target_log: TargetLog | None = None
    gates: Gates = field(default_factory=Gates)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any] | None) -> Parameters:
        """Check untrusted values and complete them with defaults.

        A request that sets ``blink_thresh`` or ``blink_min_frames`` and no ``blink_method`` means ``fixed``.

        Raises:
            InvalidParameterError: unknown name, wrong type, not finite, or out of bounds; ``field`` names it.
        """
        given = dict(values or {})
        known = {f.name for f in fields(cls)}
        for name in given:
            if name not in known:
                raise InvalidParameterError(
                    f"{quoted(name)} is not a parameter. Known are: {', '.join(sorted(known))}.", field=str(name)
                )
        method = given.pop("blink_method", None)
        if method is None:
            method = "fixed" if {"blink_thresh", "blink_min_frames"} & given.keys() else "adaptive"
        if method not in get_args(BlinkMethod):
            raise InvalidParameterError(
                f"blink_method is {quoted(method)}; it must be 'adaptive' or 'fixed'.", field="blink_method"
            )
        checked: dict[str, Any] = {"blink_method": method}
        for name, value in given.items():
            if name == "task":
                checked[name] = _task(value)
            elif name == "segments":
                checked[name] = _segments(value)
            elif name == "target_log":
                checked[name] = checked_target_log(value)
            elif name == "gates":
                checked[name] = _gates(value)
            else:
                checked[name] = checked_number(name, value, BOUNDS[name])
        return cls(**checked)

    def check_against_rate(self, frame_rate_hz: float) -> None:
        """Refuse durations that this frame rate cannot carry.

        Raises:
            InvalidParameterError: a duration is shorter than one frame interval.
        """
        if frame_rate_hz <= 0:
            return
        interval_s = 1.0 / frame_rate_hz
        if self.blink_max_duration_s < interval_s:
            raise InvalidParameterError(
                f"blink_max_duration_s is {self.blink_max_duration_s:g} s, which is below one frame interval "
                f"({interval_s:.3g} s at {frame_rate_hz:.3g} frames/s). Choose a longer duration or a smaller step.",
                field="blink_max_duration_s",
            )

    def as_dict(self) -> dict[str, Any]:
        """All values as JSON types, the form that is stored and hashed.

        >>> Parameters.from_mapping(Parameters().as_dict()) == Parameters()
        True
        """
        out: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        out["task"] = self.task.value
        out["segments"] = [
            {"start_s": s.start_s, "end_s": s.end_s, "label": s.label, "target_deg": s.target_deg}
            for s in self.segments
        ]
        out["target_log"] = target_log_values(self.target_log)
        out["gates"] = {f.name: getattr(self.gates, f.name) for f in fields(self.gates)}
        out["gates"]["disabled"] = list(self.gates.disabled)
        return out


_GUIDE: Final = "the deployment guide"
_PROPOSAL: Final = "proposal, checked on synthetic recordings only"

BOUNDS: Final[Mapping[str, Bound]] = {
    "step": Bound(int, 1, 60, "frames", "Every step-th frame is measured; divides the frame rate.", _GUIDE),
    "vpp_thresh": Bound(
        float, 0, 2, "open lid gaps", "Vertical range on the landmark instrument below which PSP is suspected.", _GUIDE
    ),
    "blink_thresh": Bound(
        float, 0, 1, "", "Fixed method: lid gap / corner distance below which the eye counts as shut.", _GUIDE
    ),
    "max_frames": Bound(int, 1, 200_000, "frames", "Measuring stops after this many frames.", _GUIDE),
    "blink_min_frames": Bound(int, 1, 1000, "frames", "Fixed method: shortest run below blink_thresh.", _GUIDE),
    "blink_max_duration_s": Bound(
        float,
        0.01,
        5,
        "s",
        "Longer closures are not counted as blinks.",
        "adaptive dip; published blinks last 50-500 ms",
    ),
    "blink_min_depth": Bound(
        float,
        0.05,
        0.95,
        "",
        "Adaptive method: least closure, as a share of the eye's own opening around it.",
        _PROPOSAL,
    ),
    "blink_padding_s": Bound(
        float,
        0,
        1,
        "s",
        "Taken out of the ranges before and after each blink.",
        "+-100 ms: usual practice in eye tracking",
    ),
    "range_thresh_deg": Bound(
        float,
        0,
        120,
        "deg",
        "Vertical range on the limbus instrument below which the finding says 'reduced'.",
        _PROPOSAL,
    ),
    "range_flag": Bound(bool, 0, 1, "", "Let the limbus range take part in the status.", _PROPOSAL),
}
"""Bounds, unit, meaning and source of every plain parameter."""

GATE_BOUNDS: Final[Mapping[str, Bound]] = {
    "min_valid_fraction": Bound(float, 0, 1, "", "G1: share of frames with a measurable face.", _PROPOSAL),
    "min_task_duration_s": Bound(float, 0, 600, "s", "G1: usable time of the vertical task.", _PROPOSAL),
    "min_frame_rate_hz": Bound(float, 1, 1000, "1/s", "G2: effective frame rate (after step).", _PROPOSAL),
    "max_interval_jitter": Bound(float, 0, 10, "", "G2: unevenness of the frame intervals.", _PROPOSAL),
    "min_iris_diameter_px": Bound(float, 1, 500, "px", "G3: median iris diameter.", _PROPOSAL),
    "max_head_pitch_range_deg": Bound(float, 0, 90, "deg", "G4: P95 - P5 of head pitch.", _PROPOSAL),
    "max_head_turn_deg": Bound(float, 0, 90, "deg", "G4: median |yaw| and |roll|.", _PROPOSAL),
    "min_horizontal_ratio": Bound(float, 0, 100, "", "G5: horizontal range in units of vpp_thresh.", _PROPOSAL),
    "min_shifts_each_way": Bound(int, 0, 100, "shifts", "G5: gaze shifts to the left and to the right.", _PROPOSAL),
    "min_target_deg": Bound(
        float, 0, 90, "deg", "G5: least distance of annotated targets.", "MDS-PSP criteria, O2: target > 20 deg"
    ),
    "min_vertical_attempts": Bound(
        int, 0, 100, "saccades", "G5: vertical saccades, both ways, in a small vertical range. 0 asks none.", _PROPOSAL
    ),
    "min_saccade_slowness": Bound(
        float,
        0,
        10,
        "",
        "G5: duration of vertical saccades in a small range over the longest healthy one. 0 asks nothing.",
        "proposal; 1 is mean - 2 SD of peak velocity (Hopf et al. 2018, PMC6143243), 1.35 about mean - 3 SD",
    ),
    "max_noise_fraction": Bound(float, 0, 10, "", "G6: 4 SD of fixation noise in units of vpp_thresh.", _PROPOSAL),
    "max_lid_occluded_fraction": Bound(
        float, 0, 1, "", "G7: frames of extreme gaze with the iris under the lid.", _PROPOSAL
    ),
    "max_eye_difference": Bound(float, 0, 10, "", "G8: difference of the eyes' ranges over their mean.", _PROPOSAL),
    "borderline_fraction": Bound(float, 0, 1, "", "G9: distance from the threshold, as a share of it.", _PROPOSAL),
}
"""Bounds of the gates' values."""


def _task(value: Any) -> Task:
    try:
        return Task(value)
    except ValueError:
        names = ", ".join(t.value for t in Task)
        raise InvalidParameterError(f"task is {quoted(value)}; it must be one of {names}.", field="task") from None


def _segments(value: Any) -> tuple[Segment, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidParameterError("segments must be a list of {start_s, end_s, label}.", field="segments")
    return tuple(_segment(i, item) for i, item in enumerate(value))


_ANY_TIME: Final = Bound(float, 0, 86_400, "s", "", "")
_ANY_ANGLE: Final = Bound(float, 0, 90, "deg", "", "")


def _segment(index: int, item: Any) -> Segment:
    if isinstance(item, Segment):
        return item
    name = f"segments[{index}]"
    allowed = {"start_s", "end_s", "label", "target_deg"}
    if not isinstance(item, Mapping) or not {"start_s", "end_s", "label"} <= item.keys() <= allowed:
        raise InvalidParameterError(
            f"{name} must have start_s, end_s and label (and may have target_deg).", field="segments"
        )
    start = checked_number(f"{name}.start_s", item["start_s"], _ANY_TIME)
    end = checked_number(f"{name}.end_s", item["end_s"], _ANY_TIME)
    if end <= start:
        raise InvalidParameterError(f"{name} ends at {end:g} s, not after its start at {start:g} s.", field="segments")
    label = item["label"]
    if not isinstance(label, str) or not 0 < len(label) <= 60:
        raise InvalidParameterError(f"{name}.label must be a text of 1 to 60 characters.", field="segments")
    target = item.get("target_deg")
    if target is not None:
        target = checked_number(f"{name}.target_deg", target, _ANY_ANGLE)
    return Segment(start, end, label, target)


def _gates(value: Any) -> Gates:
    if isinstance(value, Gates):
        return value
    if not isinstance(value, Mapping):
        raise InvalidParameterError("gates must be an object of names and values.", field="gates")
    checked: dict[str, Any] = {}
    for name, item in value.items():
        if name == "disabled":
            if (
                isinstance(item, str)
                or not isinstance(item, Iterable)
                or not set(items := list(item)) <= set(GATE_NAMES)
            ):
                raise InvalidParameterError(
                    f"gates.disabled must be a list out of {', '.join(GATE_NAMES)}.", field="gates"
                )
            checked[name] = tuple(items)
        elif name in GATE_BOUNDS:
            checked[name] = checked_number(f"gates.{name}", item, GATE_BOUNDS[name])
        else:
            raise InvalidParameterError(f"gates.{quoted(name)} is not a gate's value.", field="gates")
    return Gates(**checked)
