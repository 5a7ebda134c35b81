"""Where a reviewer's decisions about one recording arrive: checked, written to the store at once, and answered with
the state of the whole review. The browser reaches it over :mod:`dashboard.routes.review`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from dashboard.review.reviews import Review
from shared.errors import InvalidRequestError
from shared.ports import Decision, DecisionStore
from shared.review import (
    Action,
    ReviewState,
    addition,
    checked_reviewer,
    judgement,
    reopening,
    review_state,
    signing,
    undoing,
)
from shared.review_result import added_blink


class ReviewDesk:
    """The decisions on one analysis. Safe to use from several threads."""

    def __init__(self, review: Review, decisions: DecisionStore, *, clock: Callable[[], float] = time.time) -> None:
        self._review = review
        self._decisions = decisions
        self._clock = clock
        self._lock = threading.Lock()

    def state(self) -> ReviewState:
        """What stands now, read from the store."""
        return review_state(self._review.events, self._decisions.of(self._review.job.analysis_id))

    def answer(self) -> dict[str, Any]:
        """The state as JSON values, for the browser."""
        past = self._decisions.of(self._review.job.analysis_id)
        return _answer(review_state(self._review.events, past), len(past))

    def decide(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Check one decision, write it, and answer with the new state.

        Args:
            request: ``action``, ``reviewer``, and what the action needs: ``event_id`` (accept, reject), ``reason``
                (reject, reopen), ``start_s`` and ``end_s`` (add).

        Raises:
            InvalidRequestError: it is malformed. ConflictError: the review is signed, or there is nothing to undo.
            StorageError: it could not be written.
        """
        action = _action(request.get("action"))
        reviewer = checked_reviewer(request.get("reviewer"))
        analysis_id = self._review.job.analysis_id
        with self._lock:
            past = list(self._decisions.of(analysis_id))
            payload = self._payload(action, review_state(self._review.events, past), request)
            # The order of decisions is the order of their times, even if the clock was set back.
            now = max(self._clock(), past[-1].decided_at if past else 0.0)
            decision = Decision(analysis_id, reviewer, action.value, payload, now)
            self._decisions.append(decision)
        answer = _answer(review_state(self._review.events, [*past, decision]), len(past) + 1)
        return {**answer, "added": payload["event_id"] if action is Action.ADD else None}

    def _payload(self, action: Action, state: ReviewState, request: Mapping[str, Any]) -> dict[str, Any]:
        if action is Action.ADD:
            start_s, end_s = (_number(request.get(name), name) for name in ("start_s", "end_s"))
            return addition(state, added_blink(self._review.trace, start_s, end_s))
        if action is Action.UNDO:
            return undoing(state)
        if action is Action.SIGN:
            return signing(state, str(self._review.summary["analysis_version"]))
        if action is Action.REOPEN:
            return reopening(state, _text(request.get("reason")))
        return judgement(
            state,
            action,
            _text(request.get("event_id")),
            _text(request.get("reason")),
            _text(request.get("note")),
        )


def _answer(state: ReviewState, decisions: int) -> dict[str, Any]:
    signature = state.signature
    return {
        "events": [
            {
                "id": item.event_id,
                "kind": item.kind,
                "start_s": item.event["start_s"],
                "end_s": item.event["end_s"],
                "eye": item.event.get("eye", "both"),
                "event": dict(item.event),
                "status": item.status,
                "reason": item.reason,
                "reviewer": item.reviewer,
            }
            for item in state.events
        ],
        "counts": {status: state.count(status) for status in ("measured", "accepted", "rejected", "added")},
        "undo": state.undoable is not None,
        "signature": None
        if signature is None
        else {
            "reviewer": signature.reviewer,
            "signed_at": signature.signed_at,
            "analysis_version": signature.analysis_version,
        },
        "decisions": decisions,
    }


def _action(value: object) -> Action:
    try:
        return Action(str(value))
    except ValueError:
        raise InvalidRequestError("This is not something that a reviewer can do.", field="action") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequestError("Mark the start (i) and the end (o) of the blink first.", field=field)
    return float(value)
