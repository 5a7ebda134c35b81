"""Saccades: duration, peak velocity against the healthy band, amplitude x velocity, vertical against horizontal."""

from __future__ import annotations

from collections.abc import Sequence
from math import radians, sin
from statistics import fmean, median
from typing import Final

from shared.calibration import degree_note
from shared.effort import slowness as slowness_of
from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY, Axis, main_axis, normal_band
from shared.gaze.limbus import LimbusGaze
from shared.measures.observed import Events, ObservedTime, limbus_reason, slow_film
from shared.model import Metric, Reference, Saccade

MIN_SACCADES: Final = 3
"""Fewest saccades for a typical velocity. Proposal."""

MIN_SACCADE_DEG: Final = 2.0
"""Least amplitude of saccades that enter the velocity metrics. Proposal."""

_AXES: Final[tuple[Axis, ...]] = ("vertical", "horizontal")

HOPF: Final = "Hopf et al., PLoS ONE 2018, PMC6143243"
HOPF_PEOPLE: Final = "100 healthy people, 6-76 years"


def along_axis(saccades: Sequence[Saccade], axis: Axis) -> tuple[Saccade, ...]:
    """Saccades of at least ``MIN_SACCADE_DEG`` within 30 degrees of ``axis``."""
    return tuple(s for s in saccades if s.amplitude_deg >= MIN_SACCADE_DEG and main_axis(s.direction_deg) == axis)


def with_velocity(saccades: Sequence[Saccade]) -> tuple[Saccade, ...]:
    """Those of the saccades whose peak velocity could be fitted."""
    return tuple(s for s in saccades if s.peak_velocity_deg_s is not None)


def smallest_saccade(limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    """Amplitude from which saccades are told from chance."""
    name, label, unit = "smallest_saccade_deg", "Smallest saccade that is told from chance", "deg"
    reason = limbus_reason(limbus) or observed.saccades_not_sought
    if reason is None and observed.smallest_saccade_deg is None:
        reason = "ONE_EYE_ONLY: Both eyes together were not seen for long enough to tell saccades from chance events."
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    qualifier = "from the difference of the eyes; smaller saccades are not reported"
    return Metric(name, label, unit, "limbus", observed.smallest_saccade_deg, qualifier=qualifier)


def vertical_duration(events: Events, limbus: LimbusGaze) -> Metric:
    """Median duration of vertical saccades."""
    name, label, unit = "vertical_saccade_duration_ms", "Duration of vertical saccades, median", "ms"
    chosen = [s for s in along_axis(events.saccades, "vertical") if s.duration_s is not None]
    reason = limbus_reason(limbus) or _few_saccades(chosen, "vertical")
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    amplitude = median(s.amplitude_deg for s in chosen)
    band = normal_band(amplitude, "vertical")
    reference = None
    if band is not None:
        longest_ms = 1000 * PEAK_TO_MEAN_VELOCITY * amplitude / band.low_deg_s
        source = f"derived from {HOPF}, at {amplitude:.0f} deg and mean - 2 SD of peak velocity"
        reference = Reference(None, longest_ms, source, HOPF_PEOPLE)
    value = 1000 * median(s.duration_s or 0.0 for s in chosen)
    qualifier = f"by fit, {len(chosen)} saccades of {amplitude:.1f} deg (median)"
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=qualifier)


def peak_velocity(axis: Axis, events: Events, limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    """Median fitted peak velocity along one axis, against the healthy band at the median amplitude."""
    name, label, unit = f"{axis}_peak_velocity_deg_s", f"Peak velocity of {axis} saccades, median", "deg/s"
    chosen = with_velocity(along_axis(events.saccades, axis))
    reason = limbus_reason(limbus) or slow_film(observed) or _few_saccades(chosen, axis)
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    amplitude = median(s.amplitude_deg for s in chosen)
    band = normal_band(amplitude, axis)
    reference = None
    if band is not None:
        source = f"{HOPF}, at {amplitude:.0f} deg, mean +- 2 SD"
        reference = Reference(band.low_deg_s, band.high_deg_s, source, HOPF_PEOPLE)
    value = median(s.peak_velocity_deg_s or 0.0 for s in chosen)
    note = degree_note(limbus.calibration, axis)
    qualifier = f"{note}; {len(chosen)} saccades of {amplitude:.1f} deg (median)"
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=qualifier)


def slowness(events: Events, limbus: LimbusGaze) -> Metric:
    """Median duration of vertical saccades over the longest healthy one of the same size."""
    name, label = "vertical_saccade_slowness", "Duration of vertical saccades / longest healthy"
    chosen = [s for s in along_axis(events.saccades, "vertical") if s.duration_s is not None]
    reason = limbus_reason(limbus) or _few_saccades(chosen, "vertical")
    if reason is not None:
        return Metric(name, label, "", "limbus", reason=reason)
    value = median(slowness_of(chosen, "vertical"))
    source = f"derived from {HOPF}: 1 is the duration at mean - 2 SD of peak velocity"
    reference = Reference(None, 1.0, source, HOPF_PEOPLE)
    qualifier = f"by fit, {len(chosen)} saccades; more than 1 is slow at any frame rate"
    return Metric(name, label, "", "limbus", value, reference=reference, qualifier=qualifier)


def velocity_ratio(events: Events, limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    """Vertical over horizontal peak velocity, each held to the healthy mean at its own amplitude."""
    name, label = "vertical_horizontal_velocity_ratio", "Vertical / horizontal velocity, matched for amplitude"
    shares = {axis: _shares_of_mean(events, axis) for axis in _AXES}
    reason = limbus_reason(limbus) or slow_film(observed)
    for axis, found in shares.items():
        if reason is None and len(found) < MIN_SACCADES:
            reason = (
                f"TOO_FEW_SACCADES: {len(found)} {axis} saccades of published amplitudes could be fitted; "
                f"{MIN_SACCADES} are needed."
            )
    if reason is not None:
        return Metric(name, label, "", "limbus", reason=reason)
    value = median(shares["vertical"]) / median(shares["horizontal"])
    qualifier = f"{len(shares['vertical'])} vertical, {len(shares['horizontal'])} horizontal; 1 is healthy [{HOPF}]"
    return Metric(name, label, "", "limbus", value, qualifier=qualifier)


def _shares_of_mean(events: Events, axis: Axis) -> list[float]:
    shares = []
    for saccade in with_velocity(along_axis(events.saccades, axis)):
        band = normal_band(saccade.amplitude_deg, axis)
        if band is not None:
            shares.append((saccade.peak_velocity_deg_s or 0.0) / band.mean_deg_s)
    return shares


def amplitude_velocity_index(events: Events, limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    """Amplitude times peak velocity of vertical saccades, mean of up and down."""
    name, label, unit = "amplitude_velocity_index", "Amplitude x peak velocity, vertical", "deg^2/s"
    chosen = with_velocity(along_axis(events.saccades, "vertical"))
    reason = limbus_reason(limbus) or slow_film(observed) or _few_saccades(chosen, "vertical")
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    down = [_product(s) for s in chosen if sin(radians(s.direction_deg)) > 0]
    up = [_product(s) for s in chosen if sin(radians(s.direction_deg)) < 0]
    value = fmean(fmean(side) for side in (up, down) if side)
    amplitude = fmean(s.amplitude_deg for s in chosen)
    band = normal_band(amplitude, "vertical")
    reference = None
    if band is not None:
        source = (
            f"derived from {HOPF}, at {amplitude:.0f} deg; the index: Parkinsonism Relat Disord 2022;99:84, "
            "doi 10.1016/j.parkreldis.2022.05.014 (no cut-off published)"
        )
        reference = Reference(amplitude * band.low_deg_s, amplitude * band.high_deg_s, source, HOPF_PEOPLE)
    one_sided = "" if up and down else ", one direction only"
    qualifier = f"{degree_note(limbus.calibration, 'vertical')}, in amplitude and in velocity{one_sided}"
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=qualifier)


def _product(saccade: Saccade) -> float:
    return saccade.amplitude_deg * (saccade.peak_velocity_deg_s or 0.0)


def _few_saccades(chosen: Sequence[Saccade], axis: Axis) -> str | None:
    if len(chosen) >= MIN_SACCADES:
        return None
    return f"TOO_FEW_SACCADES: {len(chosen)} {axis} saccades could be fitted; {MIN_SACCADES} are needed."
