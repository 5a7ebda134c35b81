"""How each metric is computed, where that is defined, and what part of the recording it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from shared.measures.observed import Events
from shared.measures.saccades import along_axis
from shared.model import Blink, BoolArray, FloatArray, Metric, Saccade, SquareWaveJerk

Basis = Literal[
    "open frames", "rim frames", "lids", "blinks", "vertical", "horizontal", "both axes", "jerks", "fixation"
]


@dataclass(frozen=True)
class Origin:
    """The part of a recording that a metric came from: from, to, s, and how many of what."""

    start_s: float | None
    end_s: float | None
    count: int
    counted: str


@dataclass(frozen=True)
class _Definition:
    text: str
    basis: Basis


_GUIDE: Final = "P95 - P5 of {} offset from the eye corners over open lid gap, mean of the eyes (deployment guide)."
_RANGE: Final = "P97.5 - P2.5 of {} gaze, mean of the eyes, outside padded blinks."

DEFINITIONS: Final[Mapping[str, _Definition]] = {
    "vertical_range_lid_gaps": _Definition(_GUIDE.format("vertical"), "open frames"),
    "horizontal_range_lid_gaps": _Definition(_GUIDE.format("horizontal"), "open frames"),
    "left_vertical_range_lid_gaps": _Definition("The same, vertical, left eye alone.", "open frames"),
    "right_vertical_range_lid_gaps": _Definition("The same, vertical, right eye alone.", "open frames"),
    "vertical_range_deg": _Definition(_RANGE.format("vertical"), "rim frames"),
    "horizontal_range_deg": _Definition(_RANGE.format("horizontal"), "rim frames"),
    "up_range_deg": _Definition("From straight ahead (annotated fixation, else the median) to P2.5.", "rim frames"),
    "down_range_deg": _Definition("From straight ahead (annotated fixation, else the median) to P97.5.", "rim frames"),
    "vertical_horizontal_ratio": _Definition("Vertical over horizontal range in degrees (MDS-PSP O1).", "rim frames"),
    "up_down_ratio": _Definition("Up range over down range, from annotated fixation.", "rim frames"),
    "fixation_area_deg2": _Definition(
        "Bivariate contour ellipse of 95 % of gaze in annotated fixation (Steinman, J Opt Soc Am 1965;55:1158).",
        "fixation",
    ),
    "blink_rate_per_min": _Definition(
        "Complete and incomplete blinks of both eyes over the time in which the lids were seen.", "lids"
    ),
    "incomplete_blink_percent": _Definition("Blinks in which the lids closed by less than 70 %.", "blinks"),
    "blink_duration_ms": _Definition("Median time from the first lowered frame to the last, whole blinks.", "blinks"),
    "blink_closing_velocity_per_s": _Definition(
        "Fastest closing over 1/60 s in units of the open lid gap, median of complete blinks.", "blinks"
    ),
    "fixation_noise_lid_gaps": _Definition("SD of white noise that gives the median second difference.", "open frames"),
    "fixation_noise_deg": _Definition("SD of white noise that gives the median second difference.", "rim frames"),
    "smallest_saccade_deg": _Definition(
        "6.4 standard deviations of the step between two rests of 0.1 s in half the difference of the eyes.",
        "rim frames",
    ),
    "square_wave_jerk_rate_per_min": _Definition(
        "Pairs of opposite horizontal saccades of 0.5 to 5 deg, onsets 150 to 450 ms apart, over the time with gaze "
        "(MDS-PSP O3: 200 to 300 ms).",
        "jerks",
    ),
    "square_wave_jerk_amplitude_deg": _Definition("Mean of both saccades of every jerk.", "jerks"),
    "square_wave_jerk_blink_ratio": _Definition(
        "Jerks per minute over blinks per minute, at least 0.5 (Altiparmak et al., J Neuro-Ophthalmol 2006;26(4)).",
        "jerks",
    ),
    "vertical_saccade_duration_ms": _Definition("Median fitted duration of vertical saccades from 2 deg.", "vertical"),
    "vertical_saccade_slowness": _Definition(
        "Fitted duration over that of a healthy saccade of its size at mean - 2 SD of peak velocity, median.",
        "vertical",
    ),
    "vertical_peak_velocity_deg_s": _Definition("Median fitted peak velocity of vertical saccades.", "vertical"),
    "horizontal_peak_velocity_deg_s": _Definition("Median fitted peak velocity of horizontal saccades.", "horizontal"),
    "vertical_horizontal_velocity_ratio": _Definition(
        "Peak velocity over the healthy mean at its amplitude, median vertical over median horizontal (MDS-PSP O2).",
        "both axes",
    ),
    "amplitude_velocity_index": _Definition(
        "Mean of amplitude x peak velocity, of up and of down, averaged (Parkinsonism Relat Disord 2022;99:84).",
        "vertical",
    ),
}
"""By the metric's name. Metrics of targets bring their own counts in the qualifier."""


def origins(
    time_s: FloatArray, open_frames: BoolArray, rim_frames: BoolArray, fixation: BoolArray, events: Events
) -> dict[Basis, Origin]:
    """What there was to measure from.

    Args:
        time_s: ``(N,)`` s.
        open_frames: ``(N,)`` frames of the landmark instrument's ranges.
        rim_frames: ``(N,)`` frames of the limbus instrument's.
        fixation: ``(N,)`` annotated fixation.
        events: blinks, saccades and the jerks that were counted.
    """
    vertical, horizontal = along_axis(events.saccades, "vertical"), along_axis(events.saccades, "horizontal")
    return {
        "open frames": _of_frames(time_s, open_frames),
        "rim frames": _of_frames(time_s, rim_frames),
        "fixation": _of_frames(time_s, rim_frames & fixation),
        "lids": replace(_of_frames(time_s, np.ones(len(time_s), np.bool_)), count=len(events.blinks), counted="blinks"),
        "blinks": _of_events(events.blinks, "blinks"),
        "vertical": _of_events(vertical, "saccades"),
        "horizontal": _of_events(horizontal, "saccades"),
        "both axes": _of_events((*vertical, *horizontal), "saccades"),
        "jerks": replace(_of_frames(time_s, rim_frames), count=len(events.square_wave_jerks), counted="jerks"),
    }


def described(metrics: Iterable[Metric], known: Mapping[Basis, Origin]) -> tuple[Metric, ...]:
    """The metrics with their definitions, and those that have a value with the part of the film they came from."""
    return tuple(_described(metric, known) for metric in metrics)


def _described(metric: Metric, known: Mapping[Basis, Origin]) -> Metric:
    definition = DEFINITIONS.get(metric.name)
    if definition is None:
        return metric
    if metric.value is None:
        return replace(metric, definition=definition.text)
    origin = known[definition.basis]
    return replace(
        metric,
        definition=definition.text,
        start_s=origin.start_s,
        end_s=origin.end_s,
        count=origin.count,
        counted=origin.counted,
    )


def _of_frames(time_s: FloatArray, frames: BoolArray) -> Origin:
    places = np.flatnonzero(frames)
    if not len(places):
        return Origin(None, None, 0, "frames")
    return Origin(float(time_s[places[0]]), float(time_s[places[-1]]), len(places), "frames")


def _of_events(events: Iterable[Blink | Saccade | SquareWaveJerk], counted: str) -> Origin:
    found = list(events)
    if not found:
        return Origin(None, None, 0, counted)
    return Origin(min(e.start_s for e in found), max(e.end_s for e in found), len(found), counted)
