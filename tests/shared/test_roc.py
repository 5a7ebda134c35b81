import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.stats import mannwhitneyu

from shared.errors import InvalidRequestError
from shared.roc import roc

GROUP = st.lists(st.integers(0, 20), min_size=2, max_size=30)


def joined(cases: list[int], controls: list[int]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([*cases, *controls], dtype=np.float64)
    return values, np.arange(len(values)) < len(cases)


@given(GROUP, GROUP)
def test_the_area_is_the_share_of_pairs_in_the_right_order(cases: list[int], controls: list[int]) -> None:
    expected = mannwhitneyu(controls, cases).statistic / (len(cases) * len(controls))
    assert roc(*joined(cases, controls)).auc == pytest.approx(expected)


@given(GROUP, GROUP)
def test_the_area_under_the_drawn_curve_is_the_area_that_is_told(cases: list[int], controls: list[int]) -> None:
    curve = roc(*joined(cases, controls))
    assert trapezoid(curve.sensitivity, curve.false_positive_rate) == pytest.approx(curve.auc)


@given(GROUP, GROUP)
def test_the_curve_goes_from_nobody_to_everybody(cases: list[int], controls: list[int]) -> None:
    curve = roc(*joined(cases, controls))
    assert (curve.sensitivity[0], curve.false_positive_rate[0]) == (0.0, 0.0)
    assert (curve.sensitivity[-1], curve.false_positive_rate[-1]) == (1.0, 1.0)
    assert curve.auc_low <= curve.auc <= curve.auc_high


def test_the_interval_covers_the_true_area_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    truth, hits, rounds = 0.7602, 0, 400  # two normal groups one SD apart
    for _ in range(rounds):
        curve = roc(np.concatenate([rng.normal(-1, 1, 40), rng.normal(0, 1, 40)]), np.arange(80) < 40)
        hits += curve.auc_low <= truth <= curve.auc_high
    assert 0.92 <= hits / rounds <= 0.98


def test_groups_that_do_not_overlap_have_no_known_interval() -> None:
    curve = roc(*joined([1, 2, 3], [4, 5, 6]))
    assert (curve.auc, curve.auc_low, curve.auc_high) == (1.0, 0.0, 1.0)


def test_one_recording_is_no_group() -> None:
    with pytest.raises(InvalidRequestError, match="at least two"):
        roc(*joined([1], [2, 3]))
