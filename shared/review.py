"""What reviewers decided about the events of a recording, and what stands after all of it.

Decisions are never changed, only added (:class:`shared.ports.DecisionStore`), so the present state is the sum of
all of them in their order: :func:`review_state`. The events that the analysis stored are never altered either; a
rejected one stays in sight with who rejected it and why.

* ``accept`` and ``reject`` (with a reason) speak about one event; the last one said about it stands.
* ``add`` brings a blink that the analysis missed.
* ``undo`` takes back the last of these that still stands.
* ``sign`` locks the review. What comes after it counts only after a ``reopen``, which says why.

Some events follow from others: a saccade inside an added blink is the closing lid, and a square-wave jerk falls with
either of its two saccades. They are left out too, unless a reviewer accepted them explicitly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from shared.errors import ConflictError, InvalidRequestError
from shared.ports import Decision

KINDS: Final = ("blinks", "saccades", "square_wave_jerks")
"""Kinds of event, as in ``events`` of a result document."""

REASONS: Final = ("not_there", "tracking", "lids", "head", "other")
"""Why an event is rejected: nothing happened; the iris was lost; a lid moved; the head moved; another reason."""

SHORTEST_BLINK_S: Final = 0.02
LONGEST_BLINK_S: Final = 10.0
"""Bounds of a blink that a reviewer marks: one frame at 50 frames/s; longer is not a blink but shut eyes."""

_LONGEST_NOTE: Final = 300
_REVIEWER: Final = re.compile(r"[^\W_][\w .'-]{0,15}")
_DEPENDS: Final = "depends"

Status = Literal["measured", "accepted", "rejected", "added"]


class Action(StrEnum):
    """What a reviewer can do."""

    ACCEPT = "accept"
    REJECT = "reject"
    ADD = "add"
    UNDO = "undo"
    SIGN = "sign"
    REOPEN = "reopen"


@dataclass(frozen=True)
class ReviewedEvent:
    """One event and what was decided about it.

    Attributes:
        event_id: names it within its analysis: kind, start and end.
        kind: one of :data:`KINDS`.
        event: as in the result document.
        status: ``measured``: nothing decided. ``added``: by a reviewer, not by the analysis.
        reason: code of :data:`REASONS`; ``depends`` where it was left out because another event was.
        reviewer, decided_at: who decided and when (epoch s); empty and None where nobody did.
    """

    event_id: str
    kind: str
    event: Mapping[str, Any]
    status: Status = "measured"
    reason: str = ""
    reviewer: str = ""
    decided_at: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it enters the reviewed numbers."""
        return self.status != "rejected"


@dataclass(frozen=True)
class Signature:
    """Who signed, when (epoch s), and which version of the analysis they had before them."""

    reviewer: str
    signed_at: float
    analysis_version: str


@dataclass(frozen=True)
class ReviewState:
    """All decisions together.

    Attributes:
        events: stored and added ones, in order of time.
        signature: of a signed review, which is locked; else None.
        undoable: the last accept, reject or add that ``undo`` would take back; None where there is none.
        orphans: standing decisions about events that the present result does not have.
    """

    events: tuple[ReviewedEvent, ...]
    signature: Signature | None = None
    undoable: Decision | None = None
    orphans: tuple[Decision, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the reviewed numbers can differ from the measured ones."""
        return any(event.status in {"rejected", "added"} for event in self.events)

    @property
    def touched(self) -> bool:
        """Whether anything was decided about any event."""
        return any(event.status != "measured" for event in self.events)

    def count(self, status: Status) -> int:
        """Events with this status."""
        return sum(event.status == status for event in self.events)

    def find(self, event_id: str) -> ReviewedEvent | None:
        """The event of that name, or None."""
        return next((event for event in self.events if event.event_id == event_id), None)


def event_id(kind: str, event: Mapping[str, Any], *, added: bool = False) -> str:
    """Name of an event within its analysis.

    >>> event_id("blinks", {"start_s": 3.1, "end_s": 3.3})
    'blinks@3.100-3.300'
    """
    prefix = "added-" if added else ""
    return f"{prefix}{kind}@{event['start_s']:.3f}-{event['end_s']:.3f}"


def review_state(events: Mapping[str, Any], decisions: Iterable[Decision]) -> ReviewState:
    """What stands after all ``decisions``, oldest first, about the ``events`` of a result document."""
    standing, signature = _standing(decisions)
    known = {
        name: ReviewedEvent(name, kind, event)
        for kind in KINDS
        for event in events.get(kind, ())
        for name in [event_id(kind, event)]
    }
    orphans = []
    for decision in standing:
        name = str(decision.payload.get("event_id", ""))
        if decision.action == Action.ADD:
            kind = str(decision.payload["kind"])
            known[name] = _decided(ReviewedEvent(name, kind, decision.payload["event"]), decision, "added")
        elif name in known:
            # An added event that is accepted stays one that the analysis did not find.
            accepted: Status = "added" if name.startswith("added-") else "accepted"
            known[name] = _decided(known[name], decision, accepted if decision.action == Action.ACCEPT else "rejected")
        else:
            orphans.append(decision)
    ordered = sorted(known.values(), key=lambda item: (item.event["start_s"], item.kind))
    last = standing[-1] if standing and signature is None else None
    return ReviewState(tuple(_without_dependants(ordered)), signature, last, tuple(orphans))


def _standing(decisions: Iterable[Decision]) -> tuple[list[Decision], Signature | None]:
    """Accepts, rejects and adds that were not taken back, and the signature that locks them."""
    standing: list[Decision] = []
    signature: Signature | None = None
    for decision in decisions:
        if signature is not None:
            signature = None if decision.action == Action.REOPEN else signature
        elif decision.action == Action.SIGN:
            version = str(decision.payload.get("analysis_version", ""))
            signature = Signature(decision.reviewer, decision.decided_at, version)
        elif decision.action == Action.UNDO:
            del standing[-1:]
        elif decision.action in {Action.ACCEPT, Action.REJECT, Action.ADD}:
            standing.append(decision)
    return standing, signature


def _decided(event: ReviewedEvent, decision: Decision, status: Status) -> ReviewedEvent:
    reason = str(decision.payload.get("reason", "")) if status == "rejected" else ""
    return replace(event, status=status, reason=reason, reviewer=decision.reviewer, decided_at=decision.decided_at)


def _without_dependants(events: Sequence[ReviewedEvent]) -> list[ReviewedEvent]:
    """The same events, with those that fall with another one marked as rejected."""
    added_blinks = [item for item in events if item.kind == "blinks" and item.status == "added"]
    first = [_fallen(item, added_blinks) if item.kind == "saccades" else item for item in events]
    gone = [item for item in first if item.kind == "saccades" and not item.counts]
    return [_fallen(item, gone) if item.kind == "square_wave_jerks" else item for item in first]


def _fallen(item: ReviewedEvent, causes: Sequence[ReviewedEvent]) -> ReviewedEvent:
    if item.status != "measured":
        return item
    for cause in causes:
        if cause.event["start_s"] < item.event["end_s"] and cause.event["end_s"] > item.event["start_s"]:
            return replace(
                item, status="rejected", reason=_DEPENDS, reviewer=cause.reviewer, decided_at=cause.decided_at
            )
    return item


def checked_reviewer(text: object) -> str:
    """Initials or a short code of the reviewer.

    >>> checked_reviewer(" KJ ")
    'KJ'

    Raises:
        InvalidRequestError: empty, too long, or with signs that no initials have.
    """
    name = text.strip() if isinstance(text, str) else ""
    if not _REVIEWER.fullmatch(name):
        raise InvalidRequestError("Give your initials: 1 to 16 letters or digits.", field="reviewer")
    return name


def judgement(state: ReviewState, action: Action, name: str, reason: str = "", note: str = "") -> dict[str, Any]:
    """Payload of an ``accept`` or ``reject`` of the event ``name``: about what, why, and what stood before.

    Raises:
        ConflictError: the review is signed. InvalidRequestError: no such event, or no such reason.
    """
    _refuse_if_signed(state)
    event = state.find(name)
    if event is None:
        raise InvalidRequestError("There is no such event in this result. Reload the page.", field="event_id")
    payload = {"event_id": name, "kind": event.kind, "event": dict(event.event), "before": event.status}
    if action == Action.REJECT:
        if reason not in REASONS:
            raise InvalidRequestError(f"The reason must be one of {', '.join(REASONS)}.", field="reason")
        payload["reason"] = reason
        payload["note"] = note[:_LONGEST_NOTE]
    return payload


def addition(state: ReviewState, event: Mapping[str, Any]) -> dict[str, Any]:
    """Payload of an ``add`` of a blink, see :func:`shared.review_result.added_blink`.

    Raises:
        ConflictError: the review is signed. InvalidRequestError: it overlaps a blink that counts already.
    """
    _refuse_if_signed(state)
    for other in state.events:
        if (
            other.kind == "blinks"
            and other.counts
            and other.event["start_s"] <= event["end_s"]
            and other.event["end_s"] >= event["start_s"]
        ):
            raise InvalidRequestError(
                "There is a blink at this time already. Reject that one first, then add yours.", field="start_s"
            )
    return {"event_id": event_id("blinks", event, added=True), "kind": "blinks", "event": dict(event)}


def undoing(state: ReviewState) -> dict[str, Any]:
    """Payload of an ``undo``: what it takes back.

    Raises:
        ConflictError: the review is signed, or there is nothing to undo.
    """
    _refuse_if_signed(state)
    if state.undoable is None:
        raise ConflictError("There is nothing to undo.")
    last = state.undoable
    return {"event_id": last.payload.get("event_id"), "undone": last.action, "undone_by": last.reviewer}


def signing(state: ReviewState, analysis_version: str) -> dict[str, Any]:
    """Payload of a ``sign``: the version before the reviewer, and how many events stood how.

    Raises:
        ConflictError: it is signed already.
    """
    _refuse_if_signed(state)
    counts = {status: state.count(status) for status in get_args(Status)}
    return {"analysis_version": analysis_version, "events": counts}


def reopening(state: ReviewState, reason: str) -> dict[str, Any]:
    """Payload of a ``reopen``, which must say why.

    Raises:
        ConflictError: it is not signed. InvalidRequestError: no reason given.
    """
    if state.signature is None:
        raise ConflictError("This review is not signed, so there is nothing to reopen.")
    why = " ".join(reason.split())[:_LONGEST_NOTE]
    if not why:
        raise InvalidRequestError("Say in a few words why the review is opened again.", field="reason")
    return {"reason": why, "signed_by": state.signature.reviewer, "signed_at": state.signature.signed_at}


def _refuse_if_signed(state: ReviewState) -> None:
    if state.signature is not None:
        raise ConflictError("This review is signed. Reopen it first; that is written down too.")
