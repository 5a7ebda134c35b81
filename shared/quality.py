"""Whether a recording can be judged: one check for every code, each with its number, limit and advice.

Gates G1 to G9 follow the decision rule of the project's clinical reference; nearly all of their limits are
proposals without a published value, so they stand in :class:`shared.parameters.Gates` and can be moved or
switched off. What a check could not see is ``not_checked``, never ``pass``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from shared.checks import film, gaze
from shared.model import CheckStatus, QualityCheck
from shared.parameters import Parameters
from shared.recording import Evidence


def run_checks(evidence: Evidence, parameters: Parameters) -> tuple[QualityCheck, ...]:
    """Every check, most important first; a failed check of a switched-off gate is a warning that says so."""
    off = parameters.gates.disabled
    return tuple(_switched_off(check(evidence, parameters), off) for check in _CHECKS)


def _switched_off(check: QualityCheck, disabled: tuple[str, ...]) -> QualityCheck:
    if check.status is not CheckStatus.FAIL or check.gate not in disabled:
        return check
    message = f"{check.message} Gate {check.gate} is switched off, so this does not count."
    return replace(check, status=CheckStatus.WARNING, message=message)


_CHECKS: Final[tuple[Callable[[Evidence, Parameters], QualityCheck], ...]] = (
    film.no_face,
    film.one_eye_only,
    film.upside_down,
    film.too_few_valid,
    film.task_too_short,
    gaze.vertical_task,
    gaze.vertical_effort,
    gaze.horizontal_control,
    film.frame_rate,
    film.uneven_times,
    film.iris_too_small,
    film.head_turned,
    film.head_moved,
    gaze.lid_occluded,
    gaze.too_noisy,
    gaze.eyes_disagree,
    gaze.instruments_disagree,
    gaze.borderline,
    film.several_faces,
    film.spectacles,
    gaze.task_recorded,
    film.velocity_rate,
    film.legacy,
)
