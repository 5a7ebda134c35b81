"""Tells the browser, and through it screen readers, which language the page is in; and the page, when the browser goes
from light to dark or back, so that charts are drawn in ink that can be read."""

from __future__ import annotations

from typing import Final

import streamlit as st

_SCRIPT: Final = """
export default ({ data, setTriggerValue }) => {
  document.documentElement.lang = data.language;
  const darkness = window.matchMedia("(prefers-color-scheme: dark)");
  // After the page itself has taken the new colours: it tells the server of them when it runs again.
  const tell = () => requestAnimationFrame(() => setTriggerValue("darkness", darkness.matches ? "dark" : "light"));
  darkness.addEventListener("change", tell);
  return () => darkness.removeEventListener("change", tell);
};
"""


def page_language(language: str) -> None:
    """Set ``<html lang>`` to ``language``, e.g. ``ko``; run the page again when its colours change."""
    component = st.components.v2.component("eye_page_language", js=_SCRIPT)
    component(data={"language": language}, key="page-language", on_darkness_change=lambda: None)
