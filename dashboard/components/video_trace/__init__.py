"""The review's centre: the film, its traces, the events and what is decided about them, in one part.

Playing, seeking, zooming and walking through events happen in the browser alone; traces and decisions travel over
the routes of :mod:`dashboard.routes.review`. Python hears only that a decision was saved. The part is written in
several files for the reader and sent as one; uPlot draws the lanes (``vendor/``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.components.video_trace.labels import labels

_FOLDER: Final = Path(__file__).parent
_SCRIPTS: Final = (
    "vendor/uPlot.iife.min.js",
    "feed.js",
    "marks.js",
    "overview.js",
    "lanes.js",
    "film.js",
    "eyes.js",
    "event_list.js",
    "desk.js",
    "main.js",
)
_STYLES: Final = ("vendor/uPlot.min.css", "video_trace.css")


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


@lru_cache(maxsize=1)
def _sources() -> tuple[str, str, str]:
    return _joined(("video_trace.html",)), _joined(_STYLES), _joined(_SCRIPTS)


def video_trace(
    *,
    film_url: str | None,
    traces_url: str,
    decisions_url: str,
    theme: str,
    seek: dict[str, Any] | None,
    key: str,
    on_segment: Callable[[], None],
) -> Any:
    """Show one recording for review.

    Args:
        film_url: of a film that the browser plays; None where it is no longer kept.
        traces_url: of :func:`dashboard.review.trace_feed.trace_feed`.
        decisions_url: of a :class:`dashboard.review.desk.ReviewDesk`.
        theme: ``light`` or ``dark``.
        seek: ``start_s``, ``end_s`` and ``nonce``: go to the time around them; a new nonce makes it happen again.
        key: of the widget. A decision that was saved runs the fragment again in which it stands.
        on_segment: called when a stretch was marked for the task; ``segment`` then holds ``start_s`` and ``end_s``.
    """
    html, css, js = _sources()
    part = st.components.v2.component("eye_video_trace", html=html, css=css, js=js)
    data = {
        "src": film_url,
        "traces_url": traces_url,
        "decisions_url": decisions_url,
        "theme": theme,
        "seek": seek,
        "labels": labels(),
    }
    return part(data=data, key=key, on_decided_change=lambda: None, on_segment_change=on_segment)
