"""What a fit got wrong and shows is taken out, and nothing else."""

import numpy as np

from shared.tracking.instrument import LimbusArrays
from shared.tracking.limbus_trust import without_untrusted


def eye(v_deg, confidence, occluded=None) -> LimbusArrays:
    v = np.array(v_deg, dtype=float)
    return LimbusArrays(
        h_iris=v / 60,
        v_iris=v / 60,
        h_deg=v * 0,
        v_deg=v,
        confidence=np.array(confidence, dtype=float),
        occluded=np.zeros(len(v)) if occluded is None else np.array(occluded, dtype=float),
    )


def test_eyes_that_agree_are_kept_as_they_are():
    right, left = without_untrusted(eye([0, 5, -5], [1, 1, 0.5]), eye([1, 6, -4], [1, 0.4, 1]))
    assert right.v_deg.tolist() == [0, 5, -5]
    assert left.confidence.tolist() == [1, 0.4, 1]


def test_a_rim_hardly_seen_is_missing_with_confidence_zero():
    right, left = without_untrusted(eye([0, 5], [1, 0.1]), eye([0, 5], [1, 1]))
    assert np.isnan(right.v_deg[1])
    assert np.isnan(right.h_deg[1])
    assert np.isnan(right.v_iris[1])
    assert right.confidence[1] == 0
    assert left.v_deg.tolist() == [0, 5]


def test_of_eyes_that_point_apart_the_less_certain_one_is_taken_out():
    right, left = without_untrusted(eye([0, 20, 0], [1, 0.9, 1]), eye([0, 2, 0], [1, 0.5, 1]))
    assert right.v_deg.tolist() == [0, 20, 0]
    assert np.isnan(left.v_deg[1])


def test_a_constant_skew_is_kept():
    right, left = without_untrusted(eye([12, 17, 7], [1, 1, 1]), eye([0, 5, -5], [1, 1, 1]))
    assert np.isfinite(right.v_deg).all()
    assert np.isfinite(left.v_deg).all()


def test_an_eye_that_was_never_seen_takes_nothing_from_the_other():
    nan = np.full(3, np.nan)
    blind = LimbusArrays(h_iris=nan, v_iris=nan, h_deg=nan, v_deg=nan, confidence=np.zeros(3), occluded=nan)
    right, left = without_untrusted(blind, eye([0, 30, -30], [1, 1, 1]))
    assert np.isnan(right.v_deg).all()
    assert left.v_deg.tolist() == [0, 30, -30]


def test_where_the_lids_hide_the_height_only_the_horizontal_place_stays():
    right, left = without_untrusted(eye([0, 25, 0], [1, 0.9, 1], [0, 1, 0]), eye([0, 2, 0], [1, 0.8, 1]))
    assert np.isnan(right.v_deg[1])
    assert np.isnan(right.v_iris[1])
    assert right.h_deg[1] == 0
    assert right.confidence[1] == 0.9
    assert right.occluded.tolist() == [0, 1, 0]
    assert left.v_deg.tolist() == [0, 2, 0]


def test_a_rim_hardly_seen_counts_as_occluded_too():
    right, _ = without_untrusted(eye([0, 5], [1, 0.1]), eye([0, 5], [1, 1]))
    assert right.occluded.tolist() == [0, 1]
