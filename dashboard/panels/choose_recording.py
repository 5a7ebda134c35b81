"""One finished recording out of all, for pages that work on a single one. ``?analysis=`` names it."""

from __future__ import annotations

import streamlit as st

from dashboard.language.texts import t
from dashboard.page import label_text, result_with_shape, services
from dashboard.services import day_of
from shared.ports import Job, JobStatus


def choose_recording(page: str) -> Job | None:
    """The recording that the address names, or one chosen here; None, with a sentence, where there is none.

    Args:
        page: name of the page, for the widget's key.
    """
    jobs = {
        job.analysis_id: job
        for code in services().patient_codes()
        for job in services().history(code)
        if job.status is JobStatus.COMPLETED
    }
    if not jobs:
        st.write(t("No finished recording yet. Upload one, or open a demo case on the page Patients."))
        return None
    ids, wanted = list(jobs), st.query_params.get("analysis", "")
    chosen = st.selectbox(
        t("Recording"),
        ids,
        index=ids.index(wanted) if wanted in jobs else 0,
        format_func=lambda analysis_id: _title(jobs[analysis_id]),
        key=f"{page}-recording",
        width=480,
    )
    if chosen and chosen != wanted:
        st.query_params["analysis"] = chosen
    return jobs[chosen] if chosen else None


def _title(job: Job) -> str:
    parts = [job.user_id, day_of(job.recorded_at).isoformat(), result_with_shape(job), label_text(job)]
    return " · ".join(part for part in parts if part)
