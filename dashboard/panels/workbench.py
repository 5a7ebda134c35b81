"""Film, traces, events and decisions on the page: mints the tokens of their routes and tells the part where to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import streamlit as st

from dashboard.components.video_trace import video_trace
from dashboard.language.core_texts import core
from dashboard.language.reader import session_language
from dashboard.page import services
from dashboard.panels.segments import take_marked
from dashboard.review.desk import ReviewDesk
from dashboard.review.reviews import Review
from dashboard.review.trace_feed import trace_feed
from dashboard.routes.films import FILMS, Film
from dashboard.routes.review import DESKS, FEEDS
from dashboard.tokens import TokenRegistry
from shared.review import ReviewState

_TOKENS: Final = "review-tokens"
_SEEK: Final = "review-seek"
_Opened = TypeVar("_Opened")


def desk_of(review: Review) -> ReviewDesk:
    """Where decisions about it are made and read."""
    return ReviewDesk(review, services().store.decisions)


def state_of(review: Review) -> ReviewState:
    """What reviewers have decided so far."""
    return desk_of(review).state()


def workbench(review: Review) -> None:
    """The part itself."""
    key = "review-workbench"
    theme = "dark" if st.context.theme.type == "dark" else "light"
    film = review.film
    if review.film_error:
        st.warning(core(review.film_error), icon=":material/videocam_off:")
    video_trace(
        film_url=None if film is None else f"/api/video/{_kept(FILMS, review, lambda: Film(film))}",
        traces_url=f"/api/traces/{_kept(FEEDS, review, lambda: trace_feed(review))}",
        decisions_url=f"/api/decisions/{_kept(DESKS, review, lambda: desk_of(review))}",
        theme=theme,
        seek=_seek_of(review),
        key=key,
        on_segment=lambda: take_marked(st.session_state[key].get("segment")),
    )


def show_place(review: Review, start_s: float, end_s: float) -> None:
    """Take film and traces to the time around ``start_s`` to ``end_s`` when the part is drawn next."""
    nonce = st.session_state.get(_SEEK, {}).get("nonce", 0) + 1
    st.session_state[_SEEK] = {
        "analysis": review.job.analysis_id,
        "start_s": start_s,
        "end_s": end_s,
        "nonce": nonce,
    }


def _seek_of(review: Review) -> dict[str, Any] | None:
    command = st.session_state.get(_SEEK, {})
    if command.get("analysis") != review.job.analysis_id:
        return None
    return {name: command[name] for name in ("start_s", "end_s", "nonce")}


def _kept(registry: TokenRegistry[_Opened], review: Review, make: Callable[[], _Opened]) -> str:
    """This session's token for a part of one result; minted anew when the old one has expired."""
    tokens: dict[int, tuple[tuple[str, float, str], str]] = st.session_state.setdefault(_TOKENS, {})
    # The words in the traces' titles are of one language.
    result = (review.job.analysis_id, review.job.updated_at, session_language())
    kept = tokens.get(id(registry))
    if kept and kept[0] == result and registry.open(kept[1]) is not None:
        return kept[1]
    token = registry.mint(make())
    tokens[id(registry)] = (result, token)
    return token
