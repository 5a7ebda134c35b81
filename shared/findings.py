"""Signs that the MDS-PSP criteria name, as far as one film can show them. They never change the status.

Definitions: Höglinger et al., Mov Disord 2017;32:853, doi 10.1002/mds.26987 (O1 to O3). No eye finding alone makes
even a possible PSP: the criteria ask for signs of posture, akinesia or cognition too. "O1-like" says that a film is
not an examination.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final, Literal

from shared.checks.film import VELOCITY_FRAME_RATE_HZ
from shared.effort import attempts_missing, slowness, vertical_effort
from shared.events.main_sequence import Axis, normal_band
from shared.metrics import BLINK_RATE_TIME_S, MIN_SACCADES, Events, ObservedTime, along_axis, below, with_velocity
from shared.model import Finding, Metric, Saccade
from shared.parameters import Parameters
from shared.showing import densest_jerks, farthest_vertical, longest_without_blink
from shared.task import fixation_segments, vertical_task_recorded

State = Literal["present", "absent", "not_measured"]

MDS: Final = "Höglinger et al., Mov Disord 2017;32:853, doi 10.1002/mds.26987"

MAX_RANGE_RATIO: Final = 0.5
"""O1: vertical range over horizontal range below this is "vertical more than horizontal". Proposal."""

MIN_SLOWNESS: Final = 1.35
"""O2 by duration: about mean - 3 SD of healthy peak velocity, because a fitted duration is less certain. Proposal."""

MIN_JERK_RATE_PER_MIN: Final = 10.0
"""O3: more than 10 per minute (MDS-PSP criteria)."""

MIN_JERK_AMPLITUDE_DEG: Final = 1.0
"""O3: healthy jerks mostly stay below 1 degree (MDS-PSP criteria)."""

MIN_JERK_BLINK_RATIO: Final = 3.0
"""No PSP patient had a lower ratio; one of 10 with Parkinson's disease had 5.3 (Altiparmak et al. 2006, video)."""

MAX_BLINK_RATE_PER_MIN: Final = 5.0
"""Between 3.0 in PSP and 12.5 in Parkinson's disease (Golbe et al. 1989). Proposal."""


def find_signs(
    metrics: Sequence[Metric], events: Events, observed: ObservedTime, parameters: Parameters
) -> tuple[Finding, ...]:
    """All findings, present or not, most weighty first."""
    known = {metric.name: metric for metric in metrics}
    return (
        _gaze_palsy(known, events, parameters),
        _slow_vertical_saccades(known, events),
        _square_wave_jerks(known, events, observed),
        _small_vertical_range(known, events, parameters),
        _few_blinks(known, events, observed),
    )


def _gaze_palsy(known: Mapping[str, Metric], events: Events, parameters: Parameters) -> Finding:
    limit = parameters.range_thresh_deg
    state, message = _palsy(known, events, parameters)
    shown = farthest_vertical(events.saccades, parameters)
    return Finding(
        "O1",
        "Vertical gaze palsy (O1-like)",
        state,
        message,
        "Range of voluntary gaze limited, vertical more than horizontal, up and down, more than expected for age, "
        f"overcome by the vestibulo-ocular reflex. Here: below {limit:g} deg and below {MAX_RANGE_RATIO:g} of the "
        "horizontal range (proposals); the reflex is not tested.",
        MDS,
        *(shown or (None, None)),
    )


def _palsy(known: Mapping[str, Metric], events: Events, parameters: Parameters) -> tuple[State, str]:
    vertical, ratio = known["vertical_range_deg"], known["vertical_horizontal_ratio"]
    up, down = known["up_range_deg"].value, known["down_range_deg"].value
    limit = parameters.range_thresh_deg
    if vertical.value is None or up is None or down is None:
        return "not_measured", _why(vertical)
    numbers = f"Vertical range about {vertical.value:.0f} deg (up {up:.0f}, down {down:.0f})"
    if vertical.value >= limit:
        return "absent", f"{numbers}, not below {limit:g} deg."
    unknown = None
    if vertical.is_lower_bound:
        unknown = f"but gaze may have gone farther: {_why_bound(vertical)}."
    elif not vertical_task_recorded(parameters):
        unknown = "but nothing shows that the patient was asked to look up and down."
    elif ratio.value is None:
        unknown = f"but vertical and horizontal cannot be compared. {_why(ratio)}"
    if unknown is not None or ratio.value is None:
        return "not_measured", f"{numbers}, {unknown}"
    numbers = f"{numbers}, {ratio.value:.2f} of the horizontal range"
    if ratio.value >= MAX_RANGE_RATIO:
        return "absent", f"{numbers}: not limited more than horizontal gaze."
    state, message = _both_directions(numbers, max(up, down) < limit / 2, parameters)
    missing = attempts_missing(vertical_effort(events.saccades), parameters.gates)[0]
    if state == "present" and missing is not None:
        return "not_measured", f"{numbers}, but nothing shows that the patient tried. {missing}"
    return state, message


def _both_directions(numbers: str, both_limited: bool, parameters: Parameters) -> tuple[State, str]:
    """The last question of O1: up *and* down. Without annotated fixation nobody knows where straight ahead is."""
    untested = "The vestibulo-ocular reflex was not tested."
    if not fixation_segments(parameters):
        return (
            "present",
            f"{numbers}. Straight ahead was not annotated, so up and down are split at the median. {untested}",
        )
    if both_limited:
        return "present", f"{numbers}: both directions are limited. {untested}"
    return "absent", f"{numbers}: one direction is not limited."


def _slow_vertical_saccades(known: Mapping[str, Metric], events: Events) -> Finding:
    velocity = known["vertical_peak_velocity_deg_s"]
    in_band = _against_band(events, "vertical")
    if velocity.value is not None and len(in_band) >= MIN_SACCADES:
        state, message, where = _slow_by_velocity(events)
    elif velocity.value is not None:
        why = f"{len(in_band)} vertical saccades of 5 to 20 deg; {MIN_SACCADES} are needed for their velocity."
        state, message, where = _slow_by_duration(events, why)
    elif velocity.reason is not None and velocity.reason.startswith("LOW_FRAME_RATE_FOR_VELOCITY"):
        state, message, where = _slow_by_duration(events, _why(velocity))
    else:
        state, message, where = "not_measured", _why(velocity), None
    return Finding(
        "O2",
        "Slow vertical saccades (O2-like)",
        state,
        message,
        "Velocity of vertical saccades decreased, more than of horizontal ones. Here: the typical vertical saccade "
        "below the healthy mean - 2 SD for its amplitude while horizontal ones are within. In films below 60 frames/s, "
        f"and for saccades below 5 deg: lasting {MIN_SLOWNESS:g} times the longest healthy duration of their size.",
        f"{MDS}; healthy band: Hopf et al., PLoS ONE 2018, PMC6143243",
        where.start_s if where else None,
        where.end_s if where else None,
    )


def _slow_by_velocity(events: Events) -> tuple[State, str, Saccade | None]:
    vertical, horizontal = _against_band(events, "vertical"), _against_band(events, "horizontal")
    if len(vertical) < MIN_SACCADES:
        return "not_measured", f"{len(vertical)} vertical saccades of 5 to 20 deg; {MIN_SACCADES} are needed.", None
    share = median(ratio for ratio, _ in vertical)
    slowest = min(vertical, key=lambda pair: pair[0])[1]
    numbers = f"{len(vertical)} vertical saccades at {share:.0%} of the lower healthy limit (median)"
    if share >= 1:
        return "absent", f"{numbers}.", None
    if len(horizontal) < MIN_SACCADES:
        return "not_measured", f"{numbers}, but too few horizontal saccades to compare with.", slowest
    across = median(ratio for ratio, _ in horizontal)
    numbers = f"{numbers}; {len(horizontal)} horizontal ones at {across:.0%}"
    if across < 1:
        return "absent", f"{numbers}: slow both ways, not vertical more than horizontal.", slowest
    return "present", f"{numbers}.", slowest


def _slow_by_duration(events: Events, why: str) -> tuple[State, str, Saccade | None]:
    """Where peak velocities are not carried a long saccade is still slow, but a short one is not sure to be fast: never
    ``absent``.
    """
    vertical, horizontal = along_axis(events.saccades, "vertical"), along_axis(events.saccades, "horizontal")
    upright, across = slowness(vertical, "vertical"), slowness(horizontal, "horizontal")
    if min(len(upright), len(across)) < MIN_SACCADES:
        return "not_measured", f"{why} Too few saccades to judge by their durations.", None
    numbers = (
        f"{len(upright)} vertical saccades last {median(upright):.1f} times the longest healthy duration of their size "
        f"(median), {len(across)} horizontal ones {median(across):.1f} times"
    )
    if median(upright) >= MIN_SLOWNESS and median(across) < MIN_SLOWNESS:
        timed = [s for s in vertical if s.duration_s is not None]
        return "present", f"{numbers}.", max(timed, key=lambda s: slowness([s], "vertical")[0])
    return "not_measured", f"{numbers}; durations do not exclude slowing.", None


def _against_band(events: Events, axis: Axis) -> list[tuple[float, Saccade]]:
    """Peak velocity over the lower healthy limit at its amplitude, for saccades within the published amplitudes."""
    found = []
    for saccade in with_velocity(along_axis(events.saccades, axis)):
        band = normal_band(saccade.amplitude_deg, axis)
        if band is not None and saccade.peak_velocity_deg_s is not None:
            found.append((saccade.peak_velocity_deg_s / band.low_deg_s, saccade))
    return found


def _square_wave_jerks(known: Mapping[str, Metric], events: Events, observed: ObservedTime) -> Finding:
    densest = densest_jerks(events.square_wave_jerks)

    def finding(state: State, message: str) -> Finding:
        shown = densest if state == "present" else None
        return Finding(
            "O3",
            "Frequent macro square-wave jerks (O3-like)",
            state,
            message,
            "More than 10 per minute, with a return after 200-300 ms, up to 3-4 deg (healthy: mostly below 1 deg). "
            f"Here: above {MIN_JERK_RATE_PER_MIN:g} per minute with a mean from {MIN_JERK_AMPLITUDE_DEG:g} deg, or "
            f"at least {MIN_JERK_BLINK_RATIO:g} per blink. Eyelid opening apraxia is not looked for.",
            f"{MDS}; ratio to blinks: Altiparmak et al., J Neuro-Ophthalmol 2006;26(4)",
            *(shown or (None, None)),
        )

    rate, size = known["square_wave_jerk_rate_per_min"], known["square_wave_jerk_amplitude_deg"]
    ratio = known["square_wave_jerk_blink_ratio"]
    if rate.value is None:
        return finding("not_measured", _why(rate))
    amplitude = size.value if size.value is not None else 0.0
    numbers = f"{rate.value:.1f} square-wave jerks per minute, {amplitude:.1f} deg on average"
    if rate.value > MIN_JERK_RATE_PER_MIN and amplitude >= MIN_JERK_AMPLITUDE_DEG:
        return finding("present", f"{numbers}.")
    if ratio.value is not None and observed.lids_s >= BLINK_RATE_TIME_S and ratio.value >= MIN_JERK_BLINK_RATIO:
        return finding("present", f"{numbers}; {ratio.value:.1f} per blink.")
    if below(observed.frame_rate_hz, VELOCITY_FRAME_RATE_HZ):
        return finding("not_measured", f"{numbers}; below 60 frames/s that does not exclude more.")
    return finding("absent", f"{numbers}.")


def _small_vertical_range(known: Mapping[str, Metric], events: Events, parameters: Parameters) -> Finding:
    limit, vertical = parameters.range_thresh_deg, known["vertical_range_deg"]
    state: State
    if vertical.value is None:
        state, message = "not_measured", _why(vertical)
    elif vertical.value < limit and vertical.is_lower_bound:
        state = "not_measured"
        message = f"Vertical range at least about {vertical.value:.0f} deg: {_why_bound(vertical)}."
    else:
        state = "present" if vertical.value < limit else "absent"
        message = f"Vertical range about {vertical.value:.0f} deg on the limbus instrument; the limit is {limit:g} deg."
    return Finding(
        "SUPPORT_VERTICAL_RANGE",
        "Small vertical range in degrees",
        state,
        message,
        "Vertical range on the limbus instrument below range_thresh_deg, whatever the patient was asked to do.",
        "Proposal; no published cut-off",
        *(farthest_vertical(events.saccades, parameters) or (None, None)),
    )


def _few_blinks(known: Mapping[str, Metric], events: Events, observed: ObservedTime) -> Finding:
    rate = known["blink_rate_per_min"]
    state: State
    if rate.value is None:
        state, message = "not_measured", _why(rate)
    elif observed.lids_s < BLINK_RATE_TIME_S:
        state = "not_measured"
        message = f"{rate.value:.1f} per minute over {observed.lids_s:.0f} s; a dependable rate takes 60 s."
    else:
        state = "present" if rate.value < MAX_BLINK_RATE_PER_MIN else "absent"
        message = f"{rate.value:.1f} blinks per minute over {observed.lids_s:.0f} s."
    shown = longest_without_blink(events.blinks, rate.end_s or 0.0) if state == "present" else None
    return Finding(
        "SUPPORT_BLINK_RATE",
        "Few blinks",
        state,
        message,
        f"Below {MAX_BLINK_RATE_PER_MIN:g} per minute (proposal between 3.0 in PSP and 12.5 in Parkinson's disease). "
        "Not a criterion.",
        "Golbe, Davis & Lepore, Mov Disord 1989;4:297, doi 10.1002/mds.870040402",
        *(shown or (None, None)),
    )


def _why_bound(metric: Metric) -> str:
    """The part of a metric's qualifier that says why the value is a lower bound."""
    return metric.qualifier.partition("lower bound: ")[2] or "its rim was not always seen"


def _why(metric: Metric) -> str:
    """The sentence of a metric's reason, without its code."""
    return (metric.reason or "").partition(": ")[2]
