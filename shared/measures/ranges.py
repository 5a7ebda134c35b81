"""Ranges of gaze on both instruments, up and down, vertical against horizontal, and the noise under them."""

from __future__ import annotations

from typing import Final

from shared.calibration import degree_note
from shared.gaze.fixation_area import MIN_FIXATION_S, fixation_area_of_noise
from shared.gaze.landmark import LandmarkGaze
from shared.gaze.limbus import FULL_LIMBUS_COVERAGE, HIDDEN_FRACTION, LimbusGaze
from shared.gaze.ranges import GazeRange
from shared.measures.observed import NO_LIMBUS, ObservedTime, limbus_reason
from shared.model import Instrument, Metric, Reference

MIN_RATIO_RANGE_DEG: Final = 5.0
"""Least horizontal range that the vertical one is divided by. Proposal."""

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


def landmark_ranges(landmark: LandmarkGaze) -> tuple[Metric, ...]:
    """Ranges on the landmark instrument, open lid gaps."""
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


def limbus_ranges(limbus: LimbusGaze, observed: ObservedTime) -> tuple[Metric, ...]:
    """Ranges on the limbus instrument, degrees, and what follows from them."""
    vertical, horizontal = limbus.vertical, limbus.horizontal
    reason = limbus_reason(limbus)
    across = degree_note(limbus.calibration, "horizontal") + _lost_note(limbus.horizontal_coverage)
    upright, lost = degree_note(limbus.calibration, "vertical"), _lost_note(limbus.explained)
    up, down = _hidden_note(limbus.hidden_up), _hidden_note(limbus.hidden_down)
    both = _hidden_note(limbus.hidden_up + limbus.hidden_down) if up or down else ""

    def metric(name: str, label: str, value: float | None, note: str, reference: Reference | None = None) -> Metric:
        if reason is not None or value is None:
            return Metric(name, label, "deg", "limbus", reason=reason or NO_LIMBUS)
        bound = "lower bound" in note
        return Metric(name, label, "deg", "limbus", value, reference=reference, qualifier=note, is_lower_bound=bound)

    whole = vertical.peak_to_peak if vertical else None
    above, below = (vertical.below, vertical.above) if vertical else (None, None)
    side = horizontal.peak_to_peak if horizontal else None
    return (
        metric("vertical_range_deg", "Vertical range", whole, upright + (both or lost), _FULL_RANGE),
        metric("horizontal_range_deg", "Horizontal range", side, across),
        metric("up_range_deg", "Upward from straight ahead", above, upright + (up or lost), _UP_RANGE),
        metric("down_range_deg", "Downward from straight ahead", below, upright + (down or lost), _DOWN_RANGE),
        _vertical_horizontal_ratio(vertical, horizontal, reason, both or lost),
        _up_down_ratio(limbus, observed, reason),
    )


def _lost_note(coverage: float) -> str:
    return (
        "" if coverage >= FULL_LIMBUS_COVERAGE else f", lower bound: the rim was fitted in {coverage:.0%} of the frames"
    )


def _hidden_note(share: float) -> str:
    return "" if share <= HIDDEN_FRACTION else f", lower bound: the lids hid how high the iris stands in {share:.0%}"


def _vertical_horizontal_ratio(
    vertical: GazeRange | None, horizontal: GazeRange | None, reason: str | None, bound: str
) -> Metric:
    name, label = "vertical_horizontal_ratio", "Vertical / horizontal range"
    if vertical is None or horizontal is None or reason is not None:
        return Metric(name, label, "", "limbus", reason=reason or NO_LIMBUS)
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
    qualifier = f"comparable where both targets were equally far{bound}"
    return Metric(name, label, "", "limbus", value, qualifier=qualifier, is_lower_bound=bool(bound))


def _up_down_ratio(limbus: LimbusGaze, observed: ObservedTime, reason: str | None) -> Metric:
    name, label, vertical = "up_down_ratio", "Up / down range", limbus.vertical
    if reason is None and limbus.vertical_is_bound:
        reason = "LID_OCCLUDED: Up or down is only known as a lower bound, so their ratio is not known."
    if reason is None and not observed.fixation_only:
        reason = "NO_FIXATION: Nobody marked when the patient looked straight ahead, so up and down cannot be split."
    if reason is None and vertical is not None and vertical.above < MIN_RATIO_RANGE_DEG:
        reason = f"RANGE_TOO_SMALL: The downward range of {vertical.above:.1f} deg is too small to compare with."
    if vertical is None or reason is not None:
        return Metric(name, label, "", "limbus", reason=reason or NO_LIMBUS)
    qualifier = "comparable where both targets were equally far; up-gaze falls with age, down-gaze does not"
    return Metric(name, label, "", "limbus", vertical.below / vertical.above, qualifier=qualifier)


def fixation_area(limbus: LimbusGaze) -> Metric:
    """Area in which gaze stayed during annotated fixation: bivariate contour ellipse of 95 % of the frames."""
    name, label, unit = "fixation_area_deg2", "Fixation area (BCEA, 95 %)", "deg^2"
    reason = limbus_reason(limbus)
    if reason is None and limbus.fixation_area_deg2 is None:
        reason = (
            f"NO_FIXATION: Less than {MIN_FIXATION_S:g} s of gaze were measured while the patient was known to look "
            "straight ahead. Mark that part of the recording."
        )
    if reason is not None:
        return Metric(name, label, unit, "limbus", reason=reason)
    floor = fixation_area_of_noise(limbus.horizontal_noise or 0.0, limbus.vertical_noise or 0.0)
    note = degree_note(limbus.calibration, "horizontal", "vertical")
    qualifier = f"{note}; the instrument's noise alone gives {floor:.2f}"
    return Metric(name, label, unit, "limbus", limbus.fixation_area_deg2, qualifier=qualifier)


def noise(landmark: LandmarkGaze, limbus: LimbusGaze) -> tuple[Metric, ...]:
    """Frame-to-frame noise of vertical gaze on both instruments."""

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
