from hypothesis import given
from hypothesis import strategies as st

from shared.compare import differences
from shared.model import Blink


def blink(start_s: float, end_s: float) -> Blink:
    return Blink(round(start_s * 30), round(end_s * 30), start_s, end_s, "complete", 1.0)


EVENTS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=12).map(
    lambda items: [blink(float(start), float(start + length)) for start, length in items]
)


def test_overlapping_events_are_one_event() -> None:
    found = differences([blink(1.0, 1.2), blink(5.0, 5.2)], [blink(1.1, 1.4), blink(9.0, 9.3)])
    assert [(a.start_s, b.start_s) for a, b in found.both] == [(1.0, 1.1)]
    assert [event.start_s for event in found.only_a] == [5.0]
    assert [event.start_s for event in found.only_b] == [9.0]


def test_of_two_that_overlap_one_the_greater_overlap_is_its_partner() -> None:
    found = differences([blink(1.0, 2.0)], [blink(0.5, 1.1), blink(1.2, 2.0)])
    assert [b.start_s for _, b in found.both] == [1.2]


@given(EVENTS, EVENTS)
def test_no_event_is_lost_or_counted_twice(a: list[Blink], b: list[Blink]) -> None:
    found = differences(a, b)
    assert len(found.both) + len(found.only_a) == len(a)
    assert len(found.both) + len(found.only_b) == len(b)


@given(EVENTS)
def test_an_analysis_does_not_differ_from_itself_in_counts(a: list[Blink]) -> None:
    found = differences(a, a)
    assert not found.only_a
    assert not found.only_b
