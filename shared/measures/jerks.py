"""Square-wave jerks: rate, amplitude, and their ratio to blinks."""

from __future__ import annotations

from statistics import fmean
from typing import Final

from shared.checks.film import VELOCITY_FRAME_RATE_HZ
from shared.events.square_waves import MIN_AMPLITUDE_DEG, square_wave_jerk_rate_per_min
from shared.gaze.limbus import LimbusGaze
from shared.measures.observed import NO_LIMBUS, Events, ObservedTime, below, limbus_reason, slow_film
from shared.model import Metric, Reference

BLINK_RATE_FLOOR_PER_MIN: Final = 0.5
"""Least blink rate that a ratio divides by, so that no blink at all gives a finite ratio. Proposal."""

MIN_JERK_TIME_S: Final = 5.0
"""Five seconds of fixation show square-wave jerks (Facchin et al., "Systematic assessment of square-wave jerks in
progressive supranuclear palsy")."""

JERK_FRAME_RATE_HZ: Final = 30.0
"""Least frame rate for square-wave jerks: their return takes 6 to 9 frames. Below 60 frames/s small ones are missed,
so the rate is a lower bound. Proposal."""

MAX_JERK_NOISE_DEG: Final = 0.5
"""With more noise than this the smallest square-wave jerks cannot be told from it. Proposal."""

LARGEST_HIDDEN_JERK_DEG: Final = 2.0
"""Where saccades of this size cannot be told from chance, square-wave jerks are not counted: in PSP they reach 3 to 4
deg, and most are smaller. Proposal."""


def jerk_rate(limbus: LimbusGaze, events: Events, observed: ObservedTime) -> Metric:
    """Square-wave jerks over the time in which gaze was measured."""
    name, label, unit = "square_wave_jerk_rate_per_min", "Square-wave jerks", "1/min"
    reason = limbus_reason(limbus) or slow_film(observed, JERK_FRAME_RATE_HZ) or observed.saccades_not_sought
    noise = limbus.horizontal_noise
    if reason is None and (noise is None or noise >= MAX_JERK_NOISE_DEG):
        reason = (
            f"TOO_NOISY: The noise of horizontal gaze is not below {MAX_JERK_NOISE_DEG:g} deg. Film closer, in "
            "brighter light."
        )
    hidden_deg = observed.smallest_saccade_deg
    if reason is None and hidden_deg is not None and hidden_deg > LARGEST_HIDDEN_JERK_DEG:
        reason = (
            f"TOO_NOISY: Saccades below {hidden_deg:.1f} deg cannot be told from chance events in this film. Film "
            "closer, in brighter light, with the head still."
        )
    if reason is None and observed.gaze_s < MIN_JERK_TIME_S:
        reason = f"TASK_TOO_SHORT: {observed.gaze_s:.1f} s of gaze were measured; {MIN_JERK_TIME_S:g} s are needed."
    rate = square_wave_jerk_rate_per_min(events.square_wave_jerks, observed.gaze_s)
    if reason is not None or rate is None:
        return Metric(name, label, unit, "limbus", reason=reason or NO_LIMBUS)
    reference = Reference(
        None,
        27,
        "Anagnostou et al., J Clin Neurol 2020;16(1): mean 4.3 /min; Herishanu & Sharpe 1981: up to 27 /min in the "
        "elderly",
        "healthy people",
    )
    qualifier = "during fixation" if observed.fixation_only else "over the whole recording, not fixation alone"
    if below(observed.frame_rate_hz, VELOCITY_FRAME_RATE_HZ):
        qualifier += "; lower bound below 60 frames/s"
    if hidden_deg is not None and hidden_deg > MIN_AMPLITUDE_DEG:
        qualifier += f"; lower bound: jerks below {hidden_deg:.1f} deg are not told from chance"
    bound = "lower bound" in qualifier
    return Metric(name, label, unit, "limbus", rate, reference=reference, qualifier=qualifier, is_lower_bound=bound)


def jerk_amplitude(rate: Metric, events: Events, note: str) -> Metric:
    """Mean amplitude of square-wave jerks."""
    name, label, unit = "square_wave_jerk_amplitude_deg", "Square-wave jerk amplitude, mean", "deg"
    if rate.value is None:
        return Metric(name, label, unit, "limbus", reason=rate.reason)
    if not events.square_wave_jerks:
        return Metric(name, label, unit, "limbus", reason="NO_SQUARE_WAVE_JERK: There was no square-wave jerk.")
    reference = Reference(None, 1, "Höglinger et al., Mov Disord 2017, doi 10.1002/mds.26987", "mostly, in the healthy")
    value = fmean(jerk.amplitude_deg for jerk in events.square_wave_jerks)
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=note)


def jerk_blink_ratio(jerks: Metric, blinks: Metric) -> Metric:
    """Rate of square-wave jerks over rate of blinks."""
    name, label = "square_wave_jerk_blink_ratio", "Square-wave jerks / blinks"
    if jerks.value is None or blinks.value is None:
        return Metric(name, label, "", "limbus", reason=jerks.reason or blinks.reason)
    value = jerks.value / max(blinks.value, BLINK_RATE_FLOOR_PER_MIN)
    return Metric(name, label, "", "limbus", value, qualifier=blinks.qualifier)
