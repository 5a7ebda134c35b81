"""The film beside its traces: jumps to the frame it is told, steps frame by frame, moves a line on the chart."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.texts import t

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _texts_of_component() -> tuple[str, str, str]:
    html, css, js = ((_FOLDER / f"player.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return html, css, js


def _labels() -> dict[str, str]:
    return {
        "player": t("Film of the recording"),
        "play": t("Play (space)"),
        "pause": t("Pause (space)"),
        "back": t("One frame back (left arrow)"),
        "forward": t("One frame on (right arrow)"),
        "position": t("Position in the film"),
        "speed": t("Speed"),
        "frame": t("Frame"),
        "keys": t("Space plays · ← → one frame · Shift + ← → one second · [ ] speed"),
        "no_film": t("The film of this recording is no longer kept. Its measurements are."),
        "cannot_play": t("This browser cannot play the format of this film. The measurements are not affected."),
    }


def video_player(
    *,
    token: str | None,
    chart_key: str,
    seek_time_s: float | None,
    seek_nonce: int,
    key: str,
    on_left_window: Callable[[], None],
) -> Any:
    """Show the film that ``token`` opens (see :mod:`dashboard.routes`).

    Args:
        token: of the film; None where it is no longer kept.
        chart_key: key of the container with the traces, over which the time line moves.
        seek_time_s: go to the frame shown at this time; a new ``seek_nonce`` makes it happen again.
        seek_nonce: counts the commands.
        key: of the widget.
        on_left_window: called when the film plays out of the chart's window; ``left_window`` then has the time.
    """
    html, css, js = _texts_of_component()
    player = st.components.v2.component("eye_video_player", html=html, css=css, js=js)
    data = {
        "src": f"/api/video/{token}" if token else None,
        "frames_url": f"/api/frames/{token}" if token else None,
        "chart_key": chart_key,
        "seek": None if seek_time_s is None else {"time_s": seek_time_s, "nonce": seek_nonce},
        "labels": _labels(),
    }
    return player(data=data, key=key, on_left_window_change=on_left_window)
