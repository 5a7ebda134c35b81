"""Receiver operating characteristic of one quantity against labels, with the uncertainty of its area.

Area and confidence interval: DeLong, DeLong & Clarke-Pearson, Biometrics 1988;44:837. The interval is computed on
the logit scale (Pepe 2003, section 5.2), so that it stays between 0 and 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from shared.errors import InvalidRequestError
from shared.model import BoolArray, FloatArray

_LEAST_PER_GROUP: Final = 2


@dataclass(frozen=True, eq=False)
class Roc:
    """The curve and its area.

    Attributes:
        thresholds: ``(T,)`` cut-offs; a recording is called positive where its value is *below* the cut-off.
        sensitivity, false_positive_rate: ``(T,)`` at each cut-off.
        auc: probability that a positive recording has a smaller value than a negative one, ties counted half.
        auc_low, auc_high: 95 % confidence interval; equal to 0 to 1 where the groups do not overlap at all,
            because the method then knows no variance.
        positives, negatives: recordings in each group.
    """

    thresholds: FloatArray
    sensitivity: FloatArray
    false_positive_rate: FloatArray
    auc: float
    auc_low: float
    auc_high: float
    positives: int
    negatives: int


def roc(values: FloatArray, positive: BoolArray, *, confidence: float = 0.95) -> Roc:
    """The curve for a quantity of which *small* values speak for the label.

    Args:
        values: ``(N,)`` finite.
        positive: ``(N,)`` whether the label holds.
        confidence: of the interval.

    Raises:
        InvalidRequestError: fewer than two recordings in a group.
    """
    cases, controls = values[positive], values[~positive]
    if min(len(cases), len(controls)) < _LEAST_PER_GROUP:
        raise InvalidRequestError(
            "A comparison with labels needs at least two measured recordings with and two without the label."
        )
    distinct = np.unique(values)
    # "Below the smallest" calls nobody positive, infinity everybody; in between, half-way between two values.
    thresholds = np.concatenate([distinct[:1], (distinct[:-1] + distinct[1:]) / 2.0, [np.inf]])
    # Probability that a case lies below a control, for each case and for each control.
    below = (cases[:, None] < controls[None, :]) + 0.5 * (cases[:, None] == controls[None, :])
    auc = float(below.mean())
    low, high = _interval(auc, below.mean(axis=1), below.mean(axis=0), confidence)
    return Roc(
        thresholds=thresholds,
        sensitivity=np.asarray((cases[None, :] < thresholds[:, None]).mean(axis=1)),
        false_positive_rate=np.asarray((controls[None, :] < thresholds[:, None]).mean(axis=1)),
        auc=auc,
        auc_low=low,
        auc_high=high,
        positives=len(cases),
        negatives=len(controls),
    )


def _interval(auc: float, by_case: FloatArray, by_control: FloatArray, confidence: float) -> tuple[float, float]:
    variance = float(np.var(by_case, ddof=1) / len(by_case) + np.var(by_control, ddof=1) / len(by_control))
    if variance == 0.0 or auc in {0.0, 1.0}:
        return 0.0, 1.0
    logit = math.log(auc / (1.0 - auc))
    half = float(norm.ppf(0.5 + confidence / 2.0)) * math.sqrt(variance) / (auc * (1.0 - auc))
    return 1.0 / (1.0 + math.exp(-(logit - half))), 1.0 / (1.0 + math.exp(-(logit + half)))
