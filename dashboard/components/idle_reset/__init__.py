"""Says when nobody has touched the page for a while, so that the next person finds nothing of the one before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.language.texts import t

_FOLDER = Path(__file__).parent


def idle_reset(*, after_s: float, key: str, on_idle: Callable[[], None]) -> None:
    """Count the seconds without pointer, touch or key, and show the last ten of them.

    Args:
        after_s: seconds until ``on_idle`` is called.
        key: of the widget.
        on_idle: called once.
    """
    js = (_FOLDER / "idle_reset.js").read_text(encoding="utf-8")
    html = '<p class="left" role="status"></p>\n'
    css = ".left { font-family: var(--st-font); color: var(--st-text-color); margin: 0; min-height: 1.4em; }\n"
    component = st.components.v2.component("eye_idle_reset", html=html, css=css, js=js)
    text = t("Nobody is here: this is thrown away in {seconds} s.", seconds="{seconds}")
    component(data={"after_s": after_s, "text": text}, key=key, on_idle_change=on_idle)
