"""The screening decision: *suspected*, *not suspected* or *inconclusive*, and why.

The guide's rule is one comparison, ``vertical_peak_to_peak < vpp_thresh``. It is always made and always shown
(``psp_suspected``). What the dashboard shows (``psp_status``) takes more: every gate has to pass, and the limbus
instrument must not contradict. Anything else is *inconclusive*, with the reasons in order of weight. A small
range is no sign of PSP in a patient who did not try to look up and down.

Research and screening support, not a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.gaze.ranges import GazeRange
from shared.model import CheckStatus, PspStatus, QualityCheck, Reason
from shared.parameters import Parameters

_LANDMARK_CODES = frozenset({"NO_VERTICAL_EFFORT", "NO_HORIZONTAL_CONTROL", "TOO_NOISY", "EYES_DISAGREE", "BORDERLINE"})


def psp_suspected(vertical: GazeRange | None, parameters: Parameters) -> bool | None:
    """The guide's comparison; None where the range could not be measured, never False by default."""
    return None if vertical is None else vertical.peak_to_peak < parameters.vpp_thresh


def psp_status(suspected: bool | None, checks: Iterable[QualityCheck], parameters: Parameters) -> PspStatus:
    """What may be said about the recording."""
    if suspected is None or any(blocks(check, parameters) for check in checks):
        return PspStatus.INCONCLUSIVE
    return PspStatus.SUSPECTED if suspected else PspStatus.NOT_SUSPECTED


def blocks(check: QualityCheck, parameters: Parameters) -> bool:
    """Whether a check keeps the recording from being judged.

    A failed check does. So does a gate that could not be checked: what was not seen has not been passed. A
    switched-off gate never does, nor a check that only informs. The comparison of the instruments is asked for
    only where the limbus range takes part in the status (``range_flag``).
    """
    if check.status is CheckStatus.FAIL:
        return True
    if check.status is not CheckStatus.NOT_CHECKED:
        return False
    if check.gate is None:
        return parameters.range_flag and check.code == "INSTRUMENTS_DISAGREE"
    return check.gate not in parameters.gates.disabled


def reasons(vertical: GazeRange | None, checks: Sequence[QualityCheck], parameters: Parameters) -> tuple[Reason, ...]:
    """Why the status is what it is: the rule first, then what blocks it, most important first."""
    return (_rule(vertical, parameters), *(_reason(check) for check in blocking(checks, parameters)))


def blocking(checks: Sequence[QualityCheck], parameters: Parameters) -> list[QualityCheck]:
    """The checks to name as reasons for *inconclusive*, most important first.

    Gates that could not be checked are named only where nothing failed; otherwise they follow from what did.
    """
    found = [check for check in checks if blocks(check, parameters)]
    return [check for check in found if check.status is CheckStatus.FAIL] or found


def rule_text(vertical_peak_to_peak: float | None, vpp_thresh: float) -> str:
    """The comparison in words with both numbers, as the published original gave it (``psp_rule_reason``).

    >>> rule_text(0.04, 0.06)
    'vertical_peak_to_peak 0.04 is below vpp_thresh 0.06 (landmark instrument, open lid gaps).'
    """
    if vertical_peak_to_peak is None:
        return f"vertical_peak_to_peak could not be measured, so it was not compared with vpp_thresh {vpp_thresh:g}."
    comparison = "is below" if vertical_peak_to_peak < vpp_thresh else "is not below"
    return (
        f"vertical_peak_to_peak {vertical_peak_to_peak:.6g} {comparison} vpp_thresh {vpp_thresh:g} "
        "(landmark instrument, open lid gaps)."
    )


def _rule(vertical: GazeRange | None, parameters: Parameters) -> Reason:
    threshold = parameters.vpp_thresh
    if vertical is None:
        return Reason(
            "RANGE_NOT_MEASURED",
            "The range of vertical gaze could not be measured: too few frames show two open eyes.",
            None,
            threshold,
            "open lid gaps",
            "landmark",
        )
    value = vertical.peak_to_peak
    below = value < threshold
    return Reason(
        "RANGE_BELOW_THRESHOLD" if below else "RANGE_ABOVE_THRESHOLD",
        f"The range of vertical gaze is {value:.4f} open lid gaps on the landmark instrument, "
        f"{'below' if below else 'not below'} the threshold of {threshold:g}.",
        value,
        threshold,
        "open lid gaps",
        "landmark",
    )


def _reason(check: QualityCheck) -> Reason:
    if check.code in _LANDMARK_CODES:
        return Reason(check.code, check.message, check.value, check.threshold, check.unit, "landmark")
    return Reason(check.code, check.message, check.value, check.threshold, check.unit)
