"""Traces and decisions over HTTP: only with the token, only from our own page, written before they are answered."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.review.desk import ReviewDesk
from dashboard.review.reviews import Review, load_review
from dashboard.routes.review import Desk, review_routes
from dashboard.services import Services
from dashboard.tokens import TokenRegistry
from shared.review import event_id
from tests.dashboard.recordings import NOW, add_finished, known_trace
from tests.dashboard.routes.test_films import Answer, Clock, ask


@pytest.fixture
def review(services: Services) -> Review:
    return load_review(services.store, add_finished(services, known_trace()))


@pytest.fixture
def desk(services: Services, review: Review) -> ReviewDesk:
    return ReviewDesk(review, services.store.decisions, clock=lambda: NOW)


Send = Callable[..., Answer]


@pytest.fixture
def send(desk: ReviewDesk) -> Send:
    """One POST of a decision, with the right token unless told otherwise."""
    desks = TokenRegistry[Desk]()
    routes = review_routes(TokenRegistry[bytes](), desks)
    token = desks.mint(desk)

    def post(content: object, *, token: str = token, **headers: str) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return ask(routes, f"/api/decisions/{token}", body=body, **{"content_type": "application/json", **headers})

    return post


def blink_ids(review: Review) -> list[str]:
    return [event_id("blinks", blink) for blink in review.events["blinks"]]


def stored(services: Services, review: Review) -> list[tuple[str, str, str]]:
    decisions = services.store.decisions.of(review.job.analysis_id)
    return [(d.action, d.reviewer, str(d.payload.get("event_id"))) for d in decisions]


def test_a_decision_is_in_the_store_when_it_is_answered(services: Services, review: Review, send: Send) -> None:
    name = blink_ids(review)[1]
    answer = send({"action": "reject", "event_id": name, "reason": "head", "reviewer": "KJ"})
    assert answer.status == 200
    assert stored(services, review) == [("reject", "KJ", name)]
    told = json.loads(answer.body)
    (event,) = [item for item in told["events"] if item["id"] == name]
    assert (event["status"], event["reason"], event["reviewer"]) == ("rejected", "head", "KJ")
    assert told["counts"]["rejected"] == 1
    assert told["decisions"] == 1


def test_what_is_stored_names_the_event_with_its_values(services: Services, review: Review, send: Send) -> None:
    send({"action": "accept", "event_id": blink_ids(review)[0], "reviewer": "KJ"})
    (decision,) = services.store.decisions.of(review.job.analysis_id)
    assert decision.payload["event"] == dict(review.events["blinks"][0])
    assert decision.payload["before"] == "measured"
    assert decision.decided_at == NOW


def test_an_added_blink_comes_back_named(review: Review, send: Send) -> None:
    told = json.loads(send({"action": "add", "start_s": 5.0, "end_s": 5.2, "reviewer": "KJ"}).body)
    assert told["added"].startswith("added-blinks@5.000-")
    assert told["counts"]["added"] == 1


def test_a_signed_review_is_locked(services: Services, review: Review, send: Send) -> None:
    told = json.loads(send({"action": "sign", "reviewer": "KJ"}).body)
    assert told["signature"]["reviewer"] == "KJ"
    refused = send({"action": "accept", "event_id": blink_ids(review)[0], "reviewer": "KJ"})
    assert refused.status == 409
    assert "signed" in json.loads(refused.body)["message"]
    assert [action for action, _, _ in stored(services, review)] == ["sign"]


@pytest.mark.parametrize(
    "content",
    [
        {"action": "delete", "reviewer": "KJ"},
        {"action": "accept", "reviewer": "KJ", "event_id": "blinks@0-1"},
        {"action": "accept", "reviewer": ""},
        {"action": "accept"},
        {"action": "add", "reviewer": "KJ", "start_s": "1", "end_s": 2},
        {"action": "add", "reviewer": "KJ", "start_s": 1e99, "end_s": 2e99},
        {"action": ["sign"], "reviewer": "KJ"},
        [],
        b"{",
        b'{"action": "sign", "reviewer": "KJ", "reason": "' + b"x" * 5000 + b'"}',
    ],
)
def test_a_malformed_decision_is_a_sentence_and_writes_nothing(
    services: Services, review: Review, send: Send, content: Any
) -> None:
    answer = send(content)
    assert answer.status == 400
    assert json.loads(answer.body)["message"]
    assert stored(services, review) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"origin": "http://elsewhere.example", "host": "localhost"},
        {"token": "guessed"},
    ],
)
def test_strangers_are_refused(services: Services, review: Review, send: Send, headers: dict[str, str]) -> None:
    assert send({"action": "sign", "reviewer": "KJ"}, **headers).status == 403
    assert stored(services, review) == []


def test_a_form_of_another_site_cannot_decide(services: Services, review: Review, send: Send) -> None:
    assert send({"action": "sign", "reviewer": "KJ"}, content_type="text/plain").status == 400
    assert stored(services, review) == []


def test_times_of_decisions_never_run_backwards(services: Services, review: Review) -> None:
    clock = iter([NOW, NOW - 3600])
    desk = ReviewDesk(review, services.store.decisions, clock=lambda: next(clock))
    first, second = blink_ids(review)[:2]
    desk.decide({"action": "accept", "event_id": first, "reviewer": "KJ"})
    desk.decide({"action": "accept", "event_id": second, "reviewer": "KJ"})
    assert [name for _, _, name in stored(services, review)] == [first, second]


def test_traces_come_compressed_only_with_their_token_and_are_not_kept() -> None:
    clock = Clock()
    feeds = TokenRegistry[bytes](clock=clock)
    routes = review_routes(feeds, TokenRegistry[Desk]())
    token = feeds.mint(gzip.compress(b"samples" * 200))
    answer = ask(routes, f"/api/traces/{token}", accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert gzip.decompress(answer.body) == b"samples" * 200
    assert ask(routes, "/api/traces/other").status == 403
    clock.now += 3601
    assert ask(routes, f"/api/traces/{token}").status == 403
