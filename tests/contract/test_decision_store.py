"""What every DecisionStore promises."""

from shared.ports import Decision, Store


def test_decisions_on_an_analysis_come_back_oldest_first(store: Store) -> None:
    late = Decision("a1", "reviewer-1", "reject", {"event": {"start_s": 1.5}, "old": None, "note": "입술"}, 20.0)
    early = Decision("a1", "reviewer-2", "accept", {}, 10.0)
    store.decisions.append(late)
    store.decisions.append(early)
    store.decisions.append(Decision("a2", "reviewer-1", "accept", {}, 5.0))
    assert list(store.decisions.of("a1")) == [early, late]


def test_equal_decisions_are_all_kept_in_order(store: Store) -> None:
    acts = [Decision("a1", "reviewer-1", action, {}, 10.0) for action in ("accept", "reject", "accept")]
    for act in acts:
        store.decisions.append(act)
    assert list(store.decisions.of("a1")) == acts


def test_an_analysis_without_decisions_has_none(store: Store) -> None:
    assert list(store.decisions.of("nowhere")) == []
