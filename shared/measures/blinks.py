"""Blinks: rate, completeness, duration, closing velocity."""

from __future__ import annotations

from statistics import fmean, median
from typing import Final

from shared.measures.observed import Events, ObservedTime, below, slow_film
from shared.model import Metric, Reference

BLINK_RATE_TIME_S: Final = 60.0
"""One minute is enough for a blink rate, in standard conditions (J Neurol Neurosurg Psychiatry, PMC2169979)."""

MIN_BLINK_TIME_S: Final = 5.0
"""With less than this no rate per minute is given at all. Proposal."""

BLINK_FRAME_RATE_HZ: Final = 30.0
BLINK_DURATION_FRAME_RATE_HZ: Final = 120.0
CLOSING_FRAME_RATE_HZ: Final = 240.0
"""Frame rates from which blink counts, blink durations and closing velocities are dependable. Proposals."""


def blink_rate(events: Events, observed: ObservedTime) -> Metric:
    """Blinks over the time in which the lids were seen."""
    name, label, unit = "blink_rate_per_min", "Blink rate", "1/min"
    if observed.lids_s < MIN_BLINK_TIME_S:
        reason = f"TASK_TOO_SHORT: The lids were seen for {observed.lids_s:.1f} s; {MIN_BLINK_TIME_S:g} s are needed."
        return Metric(name, label, unit, "lids", reason=reason)
    notes = []
    if observed.lids_s < BLINK_RATE_TIME_S:
        notes.append("recording shorter than 60 s")
    if below(observed.frame_rate_hz, BLINK_FRAME_RATE_HZ):
        notes.append("below 30 frames/s, short blinks may be missed")
    reference = Reference(
        None,
        37.9,
        "Shew et al., Cont Lens Anterior Eye 2022, doi 10.1016/j.clae.2022.101702: 16.9 +- 10.5 /min, "
        "shown as mean + 2 SD",
        "healthy adults; depends strongly on the task",
    )
    value = 60 * len(events.blinks) / observed.lids_s
    return Metric(name, label, unit, "lids", value, reference=reference, qualifier=", ".join(notes))


def incomplete_blinks(events: Events, observed: ObservedTime) -> Metric:
    """Share of blinks in which the lids did not meet."""
    name, label, unit = "incomplete_blink_percent", "Incomplete blinks", "%"
    if not events.blinks:
        return Metric(name, label, unit, "lids", reason="NO_BLINK: There was no blink.")
    reference = Reference(
        None, None, "Ousler et al., Clin Ophthalmol 2014, PMC4015796: 52.9 % on average", "people with normal eyes"
    )
    value = 100 * fmean(blink.kind == "incomplete" for blink in events.blinks)
    qualifier = "below 30 frames/s, closures look shallower" if below(observed.frame_rate_hz, 30) else ""
    return Metric(name, label, unit, "lids", value, reference=reference, qualifier=qualifier)


def blink_duration(events: Events, observed: ObservedTime) -> Metric:
    """Median duration of whole blinks."""
    name, label, unit = "blink_duration_ms", "Blink duration, median", "ms"
    durations_s = [blink.duration_s for blink in events.blinks if not blink.clipped]
    if not durations_s:
        return Metric(name, label, unit, "lids", reason="NO_BLINK: There was no whole blink.")
    reference = Reference(50, 500, "Nyström et al., Behav Res Methods 2024, doi 10.3758/s13428-023-02333-9", "bounds")
    rough = below(observed.frame_rate_hz, BLINK_DURATION_FRAME_RATE_HZ)
    qualifier = f"+-{1000 / observed.frame_rate_hz:.0f} ms at {observed.frame_rate_hz:.0f} frames/s" if rough else ""
    return Metric(name, label, unit, "lids", 1000 * median(durations_s), reference=reference, qualifier=qualifier)


def closing_velocity(events: Events, observed: ObservedTime) -> Metric:
    """Median of the fastest closing of the lids in complete blinks, in films that carry it."""
    name, label, unit = "blink_closing_velocity_per_s", "Closing velocity of the lids, median", "open lid gaps/s"
    values = [b.closing_velocity_per_s for b in events.blinks if b.kind == "complete" and not b.clipped]
    known = [value for value in values if value is not None]
    reason = slow_film(observed, CLOSING_FRAME_RATE_HZ)
    if reason is None and not known:
        reason = "NO_BLINK: There was no whole complete blink."
    if reason is not None:
        return Metric(name, label, unit, "lids", reason=reason)
    qualifier = f"{len(known)} complete blinks, over 1/60 s each; lower in progressive supranuclear palsy"
    return Metric(name, label, unit, "lids", median(known), qualifier=qualifier)
