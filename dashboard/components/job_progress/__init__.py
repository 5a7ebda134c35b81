"""A job under way, kept fresh by the browser alone; the page runs again once, when the job has come to an end."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import streamlit as st

from dashboard.jobs.progress import ProgressMessage
from dashboard.language.texts import t

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _texts_of_component() -> tuple[str, str, str]:
    html, css, js = ((_FOLDER / f"progress.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return html, css, js


def job_progress(*, token: str, first: ProgressMessage, key: str, compact: bool = False) -> None:
    """Show how far a job is.

    Args:
        token: of the job (see :mod:`dashboard.tokens`).
        first: what is known now; what comes later, the browser fetches.
        key: of the widget.
        compact: without the line of facts.
    """
    html, css, js = _texts_of_component()
    component = st.components.v2.component("eye_job_progress", html=html, css=css, js=js)
    data = {"url": f"/api/progress/{token}", "first": asdict(first), "label": t("Progress"), "compact": compact}
    component(data=data, key=key, on_finished_change=lambda: None)
