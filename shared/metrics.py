"""The numbers of a recording, each with its unit, its instrument, and a published healthy range where there is one.

A number that the recording cannot carry is missing with a reason, never guessed. There are no reference ranges of
patients: the published values for PSP give directions, not bands. Degrees are approximate where nobody looked at a
known target (:mod:`shared.calibration`): then the size of the eye is assumed.
"""

from __future__ import annotations

from shared.calibration import degree_note
from shared.gaze.landmark import LandmarkGaze
from shared.gaze.limbus import LimbusGaze
from shared.measures import blinks, jerks, ranges, saccades
from shared.measures.blinks import BLINK_RATE_TIME_S
from shared.measures.observed import Events, ObservedTime, below, limbus_reason
from shared.measures.saccades import MIN_SACCADES, along_axis, with_velocity
from shared.model import Metric

__all__ = [
    "BLINK_RATE_TIME_S",
    "MIN_SACCADES",
    "Events",
    "ObservedTime",
    "along_axis",
    "below",
    "compute_metrics",
    "limbus_reason",
    "with_velocity",
]


def compute_metrics(
    landmark: LandmarkGaze, limbus: LimbusGaze, events: Events, observed: ObservedTime
) -> tuple[Metric, ...]:
    """All metrics, in the order in which they are shown."""
    blink_rate = blinks.blink_rate(events, observed)
    jerk_rate = jerks.jerk_rate(limbus, events, observed)
    return (
        *ranges.landmark_ranges(landmark),
        *ranges.limbus_ranges(limbus, observed),
        blink_rate,
        blinks.incomplete_blinks(events, observed),
        blinks.blink_duration(events, observed),
        blinks.closing_velocity(events, observed),
        *ranges.noise(landmark, limbus),
        ranges.fixation_area(limbus),
        saccades.smallest_saccade(limbus, observed),
        jerk_rate,
        jerks.jerk_amplitude(jerk_rate, events, degree_note(limbus.calibration, "horizontal")),
        jerks.jerk_blink_ratio(jerk_rate, blink_rate),
        saccades.vertical_duration(events, limbus),
        saccades.slowness(events, limbus),
        saccades.peak_velocity("vertical", events, limbus, observed),
        saccades.peak_velocity("horizontal", events, limbus, observed),
        saccades.velocity_ratio(events, limbus, observed),
        saccades.amplitude_velocity_index(events, limbus, observed),
    )
