"""Latency and gain of saccades to the recorder's targets, for each direction, as metrics of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from shared.model import Metric, Reference, TargetDirection, TargetLog, TargetResponse
from shared.targets.responses import MIN_LATENCY_S, USUAL_LATENCY_S

DIRECTIONS: Final[tuple[TargetDirection, ...]] = ("up", "down", "left", "right")

MIN_RESPONSES: Final = 3
"""Fewest answered steps for a typical latency or gain. Proposal."""

_Value = Callable[[TargetResponse], float | None]

_LATENCY_TEXT: Final = (
    f"From the target's step to the onset of the first saccade toward it, median; earlier than "
    f"{1000 * MIN_LATENCY_S:.0f} ms anticipates it (Fischer & Ramsperger, Exp Brain Res 1986;64:569), later than "
    f"{1000 * USUAL_LATENCY_S:.0f} ms counts as late and is kept."
)

_LATENCY: Final = Reference(
    None,
    314,
    "Gitchel et al., Tremor Other Hyperkinet Mov 2013, doi 10.5334/tohm.127: 220.8 +- 46.4 ms, shown as mean + 2 SD; "
    "in progressive supranuclear palsy the median was 903 ms (5 people, J Clin Mov Disord 2019, "
    "doi 10.1186/s40734-019-0081-2)",
    "healthy people of about 65 years",
)


def target_metrics(
    log: TargetLog | None, responses: Sequence[TargetResponse], scale_note: str, missing: str | None
) -> tuple[Metric, ...]:
    """Median latency, gain of the first saccade, and final gain for each direction, and how many steps were answered.

    Args:
        log: the targets; None where there were none: then there are no metrics of them either.
        responses: one for each step.
        scale_note: how far the degrees can be trusted, e.g. ``uncalibrated, +-20 %``.
        missing: ``CODE: sentence`` why gaze was not measured at all; None where it was.
    """
    if log is None:
        return ()
    found = [_answered(responses, missing)]
    for direction in DIRECTIONS:
        to = [r for r in responses if r.direction == direction]
        found += [_median(asked, to, value_of, missing) for asked, value_of in _asked(direction, log, scale_note)]
    return tuple(found)


def _asked(direction: TargetDirection, log: TargetLog, scale_note: str) -> tuple[tuple[_Asked, _Value], ...]:
    """The three metrics of one direction, and where each is read in a response."""
    clock = "" if log.clock_error_s is None else f"+-{1000 * log.clock_error_s:.0f} ms between the clocks"
    latency = _Asked(f"latency_{direction}_ms", f"Saccade latency, {direction}", "ms", _LATENCY, clock, _LATENCY_TEXT)
    primary = _Asked(
        f"primary_gain_{direction}",
        f"First saccade / target step, {direction}",
        note=scale_note,
        definition="Way of the first saccade along the target's step over the size of the step, median.",
    )
    final = _Asked(
        f"final_gain_{direction}",
        f"Steady gaze / target step, {direction}",
        note=scale_note,
        definition="Way of steady gaze from before the step to before the next over the size of the step, median.",
    )
    return (
        (latency, lambda r: None if r.latency_s is None else 1000 * r.latency_s),
        (primary, lambda r: r.primary_gain),
        (final, lambda r: r.final_gain),
    )


def _answered(responses: Sequence[TargetResponse], missing: str | None) -> Metric:
    name, label, unit = "target_steps_answered_percent", "Target steps answered by a saccade", "%"
    seen = [r for r in responses if r.outcome != "not_seen"]
    if missing is not None or not seen:
        return Metric(name, label, unit, "limbus", reason=missing or "NO_TARGET_STEP: Gaze was seen at no target step.")
    counts = {outcome: sum(r.outcome == outcome for r in responses) for outcome in ("late", "anticipated", "not_seen")}
    qualifier = (
        f"{len(responses)} steps; {counts['late']} answered after {1000 * USUAL_LATENCY_S:.0f} ms, "
        f"{counts['anticipated']} before {1000 * MIN_LATENCY_S:.0f} ms, {counts['not_seen']} hidden by blinks or lost"
    )
    value = 100 * sum(r.outcome in ("answered", "late", "anticipated") for r in seen) / len(seen)
    return Metric(
        name,
        label,
        unit,
        "limbus",
        value,
        qualifier=qualifier,
        definition="Steps of the target after which a saccade went toward it, of those at which gaze was seen.",
        start_s=seen[0].time_s,
        end_s=seen[-1].time_s,
        count=len(seen),
        counted="target steps",
    )


@dataclass(frozen=True)
class _Asked:
    """A metric to be filled: what it is called, and its notes."""

    name: str
    label: str
    unit: str = ""
    reference: Reference | None = None
    note: str = ""
    definition: str = ""


def _median(asked: _Asked, responses: Sequence[TargetResponse], value_of: _Value, missing: str | None) -> Metric:
    values = [value for value in map(value_of, responses) if value is not None]
    if missing is not None or len(values) < MIN_RESPONSES:
        why = (
            f"TOO_FEW_RESPONSES: {len(values)} of {len(responses)} target steps that way could be measured; "
            f"{MIN_RESPONSES} are needed."
        )
        return Metric(asked.name, asked.label, asked.unit, "limbus", reason=missing or why, definition=asked.definition)
    late = sum(r.outcome == "late" for r in responses)
    notes = [asked.note, f"{len(values)} of {len(responses)} steps", f"{late} late" if late else ""]
    qualifier = ", ".join(filter(None, notes))
    return Metric(
        asked.name,
        asked.label,
        asked.unit,
        "limbus",
        median(values),
        reference=asked.reference,
        qualifier=qualifier,
        definition=asked.definition,
        start_s=min(r.time_s for r in responses),
        end_s=max(r.time_s for r in responses),
        count=len(values),
        counted="target steps",
    )
