"""Decisions add up: the last word about an event stands, undo takes back, a signature locks, nothing is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConflictError, InvalidRequestError
from shared.ports import Decision
from shared.review import (
    REASONS,
    Action,
    ReviewState,
    addition,
    checked_reviewer,
    event_id,
    judgement,
    reopening,
    review_state,
    signing,
    undoing,
)

BLINK = {"start_s": 3.0, "end_s": 3.2, "kind": "complete", "eye": "both"}
AWAY = {"start_s": 5.0, "end_s": 5.05, "amplitude_deg": 2.0, "direction_deg": 0.0}
BACK = {"start_s": 5.3, "end_s": 5.35, "amplitude_deg": 2.0, "direction_deg": 180.0}
LATER = {"start_s": 8.0, "end_s": 8.1, "amplitude_deg": 9.0, "direction_deg": 90.0}
JERK = {"start_s": 5.0, "end_s": 5.35, "amplitude_deg": 2.0, "direction_deg": 0.0, "return_interval_s": 0.3}
EVENTS: dict[str, Any] = {"blinks": [BLINK], "saccades": [AWAY, BACK, LATER], "square_wave_jerks": [JERK]}
BLINK_ID, AWAY_ID, LATER_ID = "blinks@3.000-3.200", "saccades@5.000-5.050", "saccades@8.000-8.100"
JERK_ID = "square_wave_jerks@5.000-5.350"
NEW_BLINK = {"start_s": 7.95, "end_s": 8.15, "kind": "complete", "eye": "both"}


class Ledger:
    """Decisions made one after the other, each checked against what stood before it."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    @property
    def state(self) -> ReviewState:
        return review_state(EVENTS, self.decisions)

    def write(self, action: Action, payload: dict[str, Any], reviewer: str = "KJ") -> None:
        json.dumps(payload, allow_nan=False)
        self.decisions.append(Decision("a1", reviewer, action.value, payload, 100.0 + len(self.decisions)))

    def accept(self, name: str, reviewer: str = "KJ") -> None:
        self.write(Action.ACCEPT, judgement(self.state, Action.ACCEPT, name), reviewer)

    def reject(self, name: str, reason: str = "tracking") -> None:
        self.write(Action.REJECT, judgement(self.state, Action.REJECT, name, reason))

    def add(self, event: dict[str, Any] = NEW_BLINK) -> None:
        self.write(Action.ADD, addition(self.state, event))

    def undo(self) -> None:
        self.write(Action.UNDO, undoing(self.state))

    def sign(self) -> None:
        self.write(Action.SIGN, signing(self.state, "2026.1"))

    def reopen(self) -> None:
        self.write(Action.REOPEN, reopening(self.state, "a blink was overlooked"))

    def status(self, name: str) -> str:
        event = self.state.find(name)
        return event.status if event else "gone"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_without_decisions_all_events_are_as_measured_in_order_of_time(ledger: Ledger) -> None:
    assert [event.status for event in ledger.state.events] == ["measured"] * 5
    starts = [event.event["start_s"] for event in ledger.state.events]
    assert starts == sorted(starts)
    assert not ledger.state.changed
    assert not ledger.state.touched


def test_a_rejected_event_stays_in_sight_with_who_when_and_why(ledger: Ledger) -> None:
    ledger.reject(BLINK_ID, "lids")
    event = ledger.state.find(BLINK_ID)
    assert event is not None
    assert (event.status, event.reason, event.reviewer, event.decided_at) == ("rejected", "lids", "KJ", 100.0)
    assert not event.counts


def test_the_last_word_about_an_event_stands_and_no_earlier_one_is_changed(ledger: Ledger) -> None:
    ledger.reject(BLINK_ID)
    before = list(ledger.decisions)
    ledger.accept(BLINK_ID, "MS")
    assert ledger.status(BLINK_ID) == "accepted"
    assert ledger.decisions[:1] == before
    assert not ledger.state.changed


def test_undo_takes_back_one_decision_after_the_other(ledger: Ledger) -> None:
    ledger.accept(BLINK_ID)
    ledger.reject(BLINK_ID)
    ledger.add()
    ledger.undo()
    assert ledger.state.count("added") == 0
    assert ledger.status(BLINK_ID) == "rejected"
    ledger.undo()
    assert ledger.status(BLINK_ID) == "accepted"
    ledger.undo()
    assert ledger.status(BLINK_ID) == "measured"
    with pytest.raises(ConflictError, match="nothing to undo"):
        ledger.undo()
    assert len(ledger.decisions) == 6


def test_undo_says_what_it_took_back(ledger: Ledger) -> None:
    ledger.reject(LATER_ID)
    assert undoing(ledger.state) == {"event_id": LATER_ID, "undone": "reject", "undone_by": "KJ"}


def test_a_square_wave_jerk_falls_with_its_saccade_unless_it_was_accepted(ledger: Ledger) -> None:
    ledger.reject(AWAY_ID)
    jerk = ledger.state.find(JERK_ID)
    assert jerk is not None
    assert (jerk.status, jerk.reason) == ("rejected", "depends")
    ledger.accept(JERK_ID)
    assert ledger.status(JERK_ID) == "accepted"


def test_a_saccade_inside_an_added_blink_is_the_lid(ledger: Ledger) -> None:
    ledger.add()
    assert ledger.status(LATER_ID) == "rejected"
    assert ledger.status(AWAY_ID) == "measured"
    ledger.undo()
    assert ledger.status(LATER_ID) == "measured"


def test_an_added_blink_can_be_rejected_and_accepted_again(ledger: Ledger) -> None:
    ledger.add()
    name = event_id("blinks", NEW_BLINK, added=True)
    assert ledger.status(name) == "added"
    ledger.reject(name)
    assert ledger.status(name) == "rejected"
    ledger.accept(name)
    assert ledger.status(name) == "added"


def test_a_blink_over_a_blink_is_refused_until_that_one_is_rejected(ledger: Ledger) -> None:
    wider = {**BLINK, "start_s": 2.9, "end_s": 3.3}
    with pytest.raises(InvalidRequestError, match="already"):
        ledger.add(wider)
    ledger.reject(BLINK_ID)
    ledger.add(wider)
    assert ledger.state.count("added") == 1


def test_after_signing_nothing_can_be_decided_until_it_is_reopened(ledger: Ledger) -> None:
    ledger.reject(BLINK_ID)
    ledger.sign()
    signature = ledger.state.signature
    assert signature is not None
    assert (signature.reviewer, signature.analysis_version) == ("KJ", "2026.1")
    for act in (
        lambda: ledger.accept(BLINK_ID),
        ledger.add,
        ledger.undo,
        ledger.sign,
    ):
        with pytest.raises(ConflictError, match="signed"):
            act()
    ledger.reopen()
    ledger.accept(BLINK_ID)
    assert ledger.status(BLINK_ID) == "accepted"
    assert ledger.state.signature is None


def test_a_decision_that_slipped_in_after_the_signature_does_not_count(ledger: Ledger) -> None:
    late = judgement(ledger.state, Action.REJECT, BLINK_ID, "head")
    ledger.sign()
    ledger.write(Action.REJECT, late)
    assert ledger.status(BLINK_ID) == "measured"


def test_reopening_says_why_and_whose_signature_falls(ledger: Ledger) -> None:
    with pytest.raises(ConflictError):
        ledger.reopen()
    ledger.sign()
    with pytest.raises(InvalidRequestError, match="why"):
        reopening(ledger.state, "   ")
    assert reopening(ledger.state, "second look")["signed_by"] == "KJ"


def test_a_signature_counts_how_the_events_stood(ledger: Ledger) -> None:
    ledger.reject(LATER_ID)
    ledger.accept(BLINK_ID)
    counts = signing(ledger.state, "v")["events"]
    assert counts == {"measured": 3, "accepted": 1, "rejected": 1, "added": 0}


@pytest.mark.parametrize("name", ["", "blinks@9.000-9.100", "x" * 500])
def test_an_unknown_event_is_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="no such event"):
        ledger.accept(name)


def test_a_rejection_needs_one_of_the_reasons(ledger: Ledger) -> None:
    with pytest.raises(InvalidRequestError, match="reason"):
        ledger.reject(BLINK_ID, "because")


def test_decisions_about_events_of_an_older_result_are_kept_apart(ledger: Ledger) -> None:
    ledger.reject(LATER_ID)
    other = review_state({**EVENTS, "saccades": [AWAY, BACK]}, ledger.decisions)
    assert [decision.payload["event_id"] for decision in other.orphans] == [LATER_ID]
    assert not other.changed


@pytest.mark.parametrize("text", ["", "  ", "a" * 17, "<b>", "=1+1", None, 7])
def test_initials_are_short_and_plain(text: object) -> None:
    with pytest.raises(InvalidRequestError, match="initials"):
        checked_reviewer(text)


def test_korean_initials_are_initials() -> None:
    assert checked_reviewer(" 김철수 ") == "김철수"


@given(st.lists(st.sampled_from(["accept", "reject", "add", "undo", "sign", "reopen"]), max_size=30), st.data())
def test_any_order_of_acts_leaves_a_state_that_all_its_decisions_explain(acts: list[str], data: st.DataObject) -> None:
    """Refused acts write nothing; after the rest, the number of standing judgements is what was not taken back."""
    ledger = Ledger()
    standing = 0
    for act in acts:
        signed = ledger.state.signature is not None
        names = [event.event_id for event in ledger.state.events]
        try:
            if act in {"accept", "reject"}:
                name = data.draw(st.sampled_from(names))
                ledger.accept(name) if act == "accept" else ledger.reject(name, data.draw(st.sampled_from(REASONS)))
                standing += 1
            elif act == "add":
                ledger.add()
                standing += 1
            else:
                getattr(ledger, act)()
                standing -= act == "undo"
        except (ConflictError, InvalidRequestError):
            assert act == "add" or signed or act in {"undo", "reopen"}
    while ledger.state.signature is None and ledger.state.undoable is not None:
        ledger.undo()
        standing -= 1
    assert ledger.state.signature is not None or standing == 0
    assert ledger.state.signature is not None or not ledger.state.touched
