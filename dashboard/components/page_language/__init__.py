"""Tells the browser, and through it screen readers, which language the page is in."""

from __future__ import annotations

from typing import Final

import streamlit as st

_SCRIPT: Final = "export default ({ data }) => { document.documentElement.lang = data.language; };"


def page_language(language: str) -> None:
    """Set ``<html lang>`` to ``language``, e.g. ``ko``."""
    component = st.components.v2.component("eye_page_language", js=_SCRIPT)
    component(data={"language": language}, key="page-language")
