"""How a check is written down: judged against a limit, informing only, or not possible."""

from __future__ import annotations

from shared.model import CheckStatus, QualityCheck


def judged(
    code: str, gate: str | None, failed: bool, good: str, bad: str, *, value: float, threshold: float, unit: str
) -> QualityCheck:
    """A check that a limit decides: ``failed`` or passed, with the sentence for either."""
    status = CheckStatus.FAIL if failed else CheckStatus.PASS
    return QualityCheck(code, status, bad if failed else good, value, threshold, unit, gate)


def informed(
    code: str, warned: bool, good: str, bad: str, *, value: float | None, threshold: float | None, unit: str
) -> QualityCheck:
    """A check that only informs: a warning or a pass, never a failure."""
    status = CheckStatus.WARNING if warned else CheckStatus.PASS
    return QualityCheck(code, status, bad if warned else good, value, threshold, unit)


def not_checked(code: str, gate: str | None, why: str) -> QualityCheck:
    """A check whose precondition was missing, and why."""
    return QualityCheck(code, CheckStatus.NOT_CHECKED, f"Not checked: {why}", gate=gate)
