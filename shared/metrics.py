"""The numbers of a recording, each with its unit, its instrument, and a published healthy range where there is one.

A number that the recording cannot carry is missing with a reason, never guessed. There are no reference ranges of
patients: the published values for PSP give directions, not bands. Degrees are approximate where nobody looked at a
known target (:mod:`shared.calibration`): then the size of the eye is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians, sin
from statistics import fmean, median
from typing import Final

from shared.calibration import degree_note
from shared.checks.film import FRAME_RATE_TOLERANCE, VELOCITY_FRAME_RATE_HZ
from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY, Axis, main_axis, normal_band
from shared.events.square_waves import MIN_AMPLITUDE_DEG, square_wave_jerk_rate_per_min
from shared.gaze_range import FULL_LIMBUS_COVERAGE, MIN_LIMBUS_COVERAGE, GazeRange, LandmarkGaze, LimbusGaze
from shared.model import Blink, Instrument, Metric, Reference, Saccade, SquareWaveJerk

BLINK_RATE_TIME_S: Final = 60.0
"""One minute is enough for a blink rate, in standard conditions (J Neurol Neurosurg Psychiatry, PMC2169979)."""

MIN_BLINK_TIME_S: Final = 5.0
"""With less than this no rate per minute is given at all. Proposal."""

BLINK_RATE_FLOOR_PER_MIN: Final = 0.5
"""Least blink rate that a ratio divides by, so that no blink at all gives a finite ratio. Proposal."""

BLINK_FRAME_RATE_HZ: Final = 30.0
BLINK_DURATION_FRAME_RATE_HZ: Final = 120.0
"""Frame rates from which blink counts and blink durations are dependable. Proposals."""

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

MIN_RATIO_RANGE_DEG: Final = 5.0
"""Least horizontal range that the vertical one is divided by. Proposal."""

MIN_SACCADES: Final = 3
"""Fewest saccades for a typical velocity. Proposal."""

MIN_SACCADE_DEG: Final = 2.0
"""Least amplitude of saccades that enter the velocity metrics. Proposal."""

HOPF: Final = "Hopf et al., PLoS ONE 2018, PMC6143243"
HOPF_PEOPLE: Final = "100 healthy people, 6-76 years"


@dataclass(frozen=True)
class Events:
    """Blinks, saccades and square-wave jerks of a recording, each in order of time."""

    blinks: tuple[Blink, ...]
    saccades: tuple[Saccade, ...]
    square_wave_jerks: tuple[SquareWaveJerk, ...]


@dataclass(frozen=True)
class ObservedTime:
    """How long what could be seen, s.

    Attributes:
        lids_s: lids visible, blinks included.
        gaze_s: limbus gaze measured, within annotated fixation where there is any.
        fixation_only: ``gaze_s`` and the jerks counted in it are of annotated fixation.
        frame_rate_hz: effective frame rate.
        smallest_saccade_deg: amplitude from which saccades are told from chance events, by the difference of the
            eyes, degrees; None where only one eye was measured or too little of both.
    """

    lids_s: float
    gaze_s: float
    fixation_only: bool
    frame_rate_hz: float
    smallest_saccade_deg: float | None = None


def compute_metrics(
    landmark: LandmarkGaze, limbus: LimbusGaze, events: Events, observed: ObservedTime
) -> tuple[Metric, ...]:
    """All metrics, in the order in which they are shown."""
    blink_rate = _blink_rate(events, observed)
    jerk_rate = _jerk_rate(limbus, events, observed)
    jerk_note = degree_note(limbus.calibration, "horizontal")
    return (
        *_landmark_ranges(landmark),
        *_limbus_ranges(limbus),
        blink_rate,
        _incomplete_blinks(events, observed),
        _blink_duration(events, observed),
        *_noise(landmark, limbus),
        _smallest_saccade(limbus, observed),
        jerk_rate,
        _jerk_amplitude(jerk_rate, events, jerk_note),
        _jerk_blink_ratio(jerk_rate, blink_rate),
        _vertical_duration(events, limbus),
        _peak_velocity("vertical", events, limbus, observed),
        _peak_velocity("horizontal", events, limbus, observed),
        _amplitude_velocity_index(events, limbus, observed),
    )


def along_axis(saccades: Sequence[Saccade], axis: Axis) -> tuple[Saccade, ...]:
    """Saccades of at least ``MIN_SACCADE_DEG`` within 30 degrees of ``axis``."""
    return tuple(s for s in saccades if s.amplitude_deg >= MIN_SACCADE_DEG and main_axis(s.direction_deg) == axis)


def with_velocity(saccades: Sequence[Saccade]) -> tuple[Saccade, ...]:
    """Those of the saccades whose peak velocity could be fitted."""
    return tuple(s for s in saccades if s.peak_velocity_deg_s is not None)


def _landmark_ranges(landmark: LandmarkGaze) -> tuple[Metric, ...]:
    unit = "open lid gaps"
    reason = "RANGE_NOT_MEASURED: Too few frames show two open eyes."

    def metric(name: str, label: str, gaze: GazeRange | None) -> Metric:
        if gaze is None:
            return Metric(name, label, unit, "landmark", reason=reason)
        qualifier = "reads about a third of a vertical movement, two thirds of a horizontal one"
        return Metric(name, label, unit, "landmark", gaze.peak_to_peak, qualifier=qualifier)

    return (
        metric("vertical_range_lid_gaps", "Vertical range", landmark.vertical),
        metric("horizontal_range_lid_gaps", "Horizontal range", landmark.horizontal),
        metric("left_vertical_range_lid_gaps", "Vertical range, left eye", landmark.left_vertical),
        metric("right_vertical_range_lid_gaps", "Vertical range, right eye", landmark.right_vertical),
    )


_FULL_RANGE: Final = Reference(
    None,
    65.7,
    "Huaman & Sharpe, Invest Ophthalmol Vis Sci 1993;34:2588 (search coil): 32.9 deg up + 32.8 deg down",
    "healthy elderly people looking as far as they can; nearer targets give less",
)
_UP_RANGE: Final = Reference(
    12.7,
    43.1,
    "Eye 2019, doi 10.1038/s41433-019-0376-4: 27.9 +- 7.6 deg, shown as mean +- 2 SD",
    "261 healthy people, 5-91 years, looking as far as they can; falls with age",
)
_DOWN_RANGE: Final = Reference(
    31.1,
    63.1,
    "Eye 2019, doi 10.1038/s41433-019-0376-4: 47.1 +- 8.0 deg, shown as mean +- 2 SD",
    "261 healthy people, 5-91 years, looking as far as they can; does not fall with age",
)


def _limbus_ranges(limbus: LimbusGaze) -> tuple[Metric, ...]:
    vertical, horizontal = limbus.vertical, limbus.horizontal
    reason = limbus_reason(limbus)
    bound = "" if limbus.coverage >= FULL_LIMBUS_COVERAGE else ", lower bound"

    def metric(name: str, label: str, value: float | None, reference: Reference | None = None) -> Metric:
        if reason is not None or value is None:
            return Metric(name, label, "deg", "limbus", reason=reason or _NO_LIMBUS)
        note = degree_note(limbus.calibration, "horizontal" if name.startswith("horizontal") else "vertical")
        return Metric(name, label, "deg", "limbus", value, reference=reference, qualifier=f"{note}{bound}")

    return (
        metric("vertical_range_deg", "Vertical range", vertical.peak_to_peak if vertical else None, _FULL_RANGE),
        metric("horizontal_range_deg", "Horizontal range", horizontal.peak_to_peak if horizontal else None),
        metric("up_range_deg", "Upward from straight ahead", vertical.below if vertical else None, _UP_RANGE),
        metric("down_range_deg", "Downward from straight ahead", vertical.above if vertical else None, _DOWN_RANGE),
        _vertical_horizontal_ratio(vertical, horizontal, reason),
    )


_NO_LIMBUS: Final = "LIMBUS_NOT_MEASURED: The rim of the iris was not fitted in this recording."


def limbus_reason(limbus: LimbusGaze) -> str | None:
    """Why the limbus instrument gives no range; None where it does."""
    if limbus.vertical is None or limbus.horizontal is None:
        return _NO_LIMBUS
    if limbus.coverage < MIN_LIMBUS_COVERAGE:
        return (
            f"LIMBUS_NOT_MEASURED: The rim of the iris could be fitted in only {limbus.coverage:.0%} of the usable "
            "frames. Film closer and sharper."
        )
    if not limbus.possible:
        return "LIMBUS_NOT_MEASURED: The rim of the iris was fitted wrongly: no eye turns that far. Film sharper."
    return None


def _vertical_horizontal_ratio(vertical: GazeRange | None, horizontal: GazeRange | None, reason: str | None) -> Metric:
    name, label = "vertical_horizontal_ratio", "Vertical / horizontal range"
    if vertical is None or horizontal is None or reason is not None:
        return Metric(name, label, "", "limbus", reason=reason or _NO_LIMBUS)
    if horizontal.peak_to_peak < MIN_RATIO_RANGE_DEG:
        return Metric(
            name,
            label,
            "",
            "limbus",
            reason=f"NO_HORIZONTAL_CONTROL: The horizontal range of {horizontal.peak_to_peak:.1f} deg is too small to "
            "compare with.",
        )
    value = vertical.peak_to_peak / horizontal.peak_to_peak
    return Metric(name, label, "", "limbus", value, qualifier="comparable where both targets were equally far")


def _blink_rate(events: Events, observed: ObservedTime) -> Metric:
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


def _incomplete_blinks(events: Events, observed: ObservedTime) -> Metric:
    name, label, unit = "incomplete_blink_percent", "Incomplete blinks", "%"
    if not events.blinks:
        return Metric(name, label, unit, "lids", reason="NO_BLINK: There was no blink.")
    reference = Reference(
        None, None, "Ousler et al., Clin Ophthalmol 2014, PMC4015796: 52.9 % on average", "people with normal eyes"
    )
    value = 100 * fmean(blink.kind == "incomplete" for blink in events.blinks)
    qualifier = "below 30 frames/s, closures look shallower" if below(observed.frame_rate_hz, 30) else ""
    return Metric(name, label, unit, "lids", value, reference=reference, qualifier=qualifier)


def _blink_duration(events: Events, observed: ObservedTime) -> Metric:
    name, label, unit = "blink_duration_ms", "Blink duration, median", "ms"
    durations_s = [blink.duration_s for blink in events.blinks if not blink.clipped]
    if not durations_s:
        return Metric(name, label, unit, "lids", reason="NO_BLINK: There was no whole blink.")
    reference = Reference(50, 500, "Nyström et al., Behav Res Methods 2024, doi 10.3758/s13428-023-02333-9", "bounds")
    rough = below(observed.frame_rate_hz, BLINK_DURATION_FRAME_RATE_HZ)
    qualifier = f"+-{1000 / observed.frame_rate_hz:.0f} ms at {observed.frame_rate_hz:.0f} frames/s" if rough else ""
    return Metric(name, label, unit, "lids", 1000 * median(durations_s), reference=reference, qualifier=qualifier)


def _noise(landmark: LandmarkGaze, limbus: LimbusGaze) -> tuple[Metric, ...]:
    def metric(name: str, unit: str, instrument: Instrument, value: float | None, qualifier: str) -> Metric:
        label = "Noise of vertical gaze, SD"
        if value is None:
            return Metric(name, label, unit, instrument, reason="NOISE_NOT_MEASURED: Too few frames in a row.")
        return Metric(name, label, unit, instrument, value, qualifier=qualifier)

    return (
        metric("fixation_noise_lid_gaps", "open lid gaps", "landmark", landmark.noise, ""),
        metric(
            "fixation_noise_deg", "deg", "limbus", limbus.vertical_noise, degree_note(limbus.calibration, "vertical")
        ),
    )


def _smallest_saccade(limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    name, label, unit = "smallest_saccade_deg", "Smallest saccade that is told from chance", "deg"
    reason = limbus_reason(limbus)
    if reason is None and observed.smallest_saccade_deg is None:
        reason = "ONE_EYE_ONLY: Both eyes together were not seen for long enough to tell saccades from chance events."
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    qualifier = "from the difference of the eyes; smaller saccades are not reported"
    return Metric(name, label, unit, "limbus", observed.smallest_saccade_deg, qualifier=qualifier)


def _jerk_rate(limbus: LimbusGaze, events: Events, observed: ObservedTime) -> Metric:
    name, label, unit = "square_wave_jerk_rate_per_min", "Square-wave jerks", "1/min"
    reason = limbus_reason(limbus) or _slow_film(observed, JERK_FRAME_RATE_HZ)
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
        return Metric(name, label, unit, "limbus", reason=reason or _NO_LIMBUS)
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
    return Metric(name, label, unit, "limbus", rate, reference=reference, qualifier=qualifier)


def _jerk_amplitude(rate: Metric, events: Events, note: str) -> Metric:
    name, label, unit = "square_wave_jerk_amplitude_deg", "Square-wave jerk amplitude, mean", "deg"
    if rate.value is None:
        return Metric(name, label, unit, "limbus", reason=rate.reason)
    if not events.square_wave_jerks:
        return Metric(name, label, unit, "limbus", reason="NO_SQUARE_WAVE_JERK: There was no square-wave jerk.")
    reference = Reference(None, 1, "Höglinger et al., Mov Disord 2017, doi 10.1002/mds.26987", "mostly, in the healthy")
    value = fmean(jerk.amplitude_deg for jerk in events.square_wave_jerks)
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=note)


def _jerk_blink_ratio(jerks: Metric, blinks: Metric) -> Metric:
    name, label = "square_wave_jerk_blink_ratio", "Square-wave jerks / blinks"
    if jerks.value is None or blinks.value is None:
        return Metric(name, label, "", "limbus", reason=jerks.reason or blinks.reason)
    value = jerks.value / max(blinks.value, BLINK_RATE_FLOOR_PER_MIN)
    return Metric(name, label, "", "limbus", value, qualifier=blinks.qualifier)


def _vertical_duration(events: Events, limbus: LimbusGaze) -> Metric:
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


def _peak_velocity(axis: Axis, events: Events, limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    name, label, unit = f"{axis}_peak_velocity_deg_s", f"Peak velocity of {axis} saccades, median", "deg/s"
    chosen = with_velocity(along_axis(events.saccades, axis))
    reason = limbus_reason(limbus) or _slow_film(observed) or _few_saccades(chosen, axis)
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
    qualifier = f"{note}, {len(chosen)} saccades of {amplitude:.1f} deg (median)"
    return Metric(name, label, unit, "limbus", value, reference=reference, qualifier=qualifier)


def _amplitude_velocity_index(events: Events, limbus: LimbusGaze, observed: ObservedTime) -> Metric:
    name, label, unit = "amplitude_velocity_index", "Amplitude x peak velocity, vertical", "deg^2/s"
    chosen = with_velocity(along_axis(events.saccades, "vertical"))
    reason = limbus_reason(limbus) or _slow_film(observed) or _few_saccades(chosen, "vertical")
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


def _slow_film(observed: ObservedTime, least_hz: float = VELOCITY_FRAME_RATE_HZ) -> str | None:
    if not below(observed.frame_rate_hz, least_hz):
        return None
    rate = f"{observed.frame_rate_hz:.0f}"
    return f"LOW_FRAME_RATE_FOR_VELOCITY: {rate} frames/s do not carry it; {least_hz:.0f} are needed."


def below(rate_hz: float, least_hz: float) -> bool:
    """Whether a frame rate is below another by more than the tolerance of nominal rates (29.97 counts as 30)."""
    return rate_hz < least_hz * (1 - FRAME_RATE_TOLERANCE)
