"""Patients: the list, the search, a new one; and the demo cases, one click away."""

import time

import pandas as pd
import streamlit as st

from dashboard.components.job_progress import job_progress
from dashboard.demo.cases import add_demo_cases, case_text, note_text
from dashboard.jobs.progress import progress_message
from dashboard.language.texts import plain, t, tn
from dashboard.page import (
    NEW_RECORDING,
    chosen_row,
    errors_in_words,
    job_token,
    open_history,
    open_review,
    result_with_shape,
    services,
)
from dashboard.services import PatientRow, day_of, is_open
from shared.ports import Job


def head() -> str:
    """Title, search and the two ways to begin; returns the search text."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="patients-head"):
        st.title(t("Patients"), anchor=False, width="content")
        st.space("stretch")
        text = st.text_input(
            t("Search"),
            key="patients-search",
            placeholder=t("Code or note"),
            icon=":material/search:",
            label_visibility="collapsed",
            width=240,
        )
        if st.button(t("Add patient"), icon=":material/person_add:", key="patients-add"):
            add_patient()
        if st.button(t("New recording"), icon=":material/videocam:", type="primary", key="patients-new"):
            st.switch_page(NEW_RECORDING)
    return text


@st.dialog(t("Add a patient"))
def add_patient() -> None:
    """A code and a note; the key to the code stays with the clinic."""
    with st.form("patients-form", border=False):
        code = st.text_input(
            t("Patient code"), key="patients-code", max_chars=64, help=t("Letters, digits, - and _. Never a name.")
        )
        note = st.text_input(t("Note (optional, no names)"), key="patients-note", max_chars=200)
        if st.form_submit_button(t("Add"), type="primary"):
            with errors_in_words():
                patient = services().add_patient(code, note, now=time.time())
                open_history(patient.user_id)


def demo_card(job: Job) -> None:
    """One demo case: what is filmed, what was found, and the way in."""
    title, text = case_text(job)
    with st.container(border=True, height="stretch", key=f"demo-card-{job.analysis_id}"):
        st.markdown(f"**{title}**")
        st.caption(text)
        st.space("stretch")
        if is_open(job):
            job_progress(
                token=job_token(job.analysis_id),
                first=progress_message(job, time.time()),
                key=f"demo-progress-{job.analysis_id}",
                compact=True,
            )
        else:
            st.markdown(result_with_shape(job))
        if st.button(t("Open"), key=f"demo-open-{job.analysis_id}", width="stretch"):
            open_review(job.analysis_id)


def demo_strip(cases: list[Job]) -> None:
    """The demo cases side by side."""
    st.subheader(t("Open a demo case"), anchor=False)
    st.caption(
        t("Computer-drawn faces whose eye movements are known. Each went through the same analysis as any film.")
    )
    for column, job in zip(st.columns(len(cases)), cases, strict=True):
        with column:
            demo_card(job)


def empty_state() -> None:
    """What to do on the first day."""
    with st.container(border=True, key="empty"):
        st.subheader(t("No patients yet"), anchor=False)
        st.write(
            t(
                "Film a face while the eyes look up and down, left and right; upload the film; see what the eyes did. "
                "Or look at a demo case first: four computer-drawn recordings, analysed here in about a minute."
            )
        )
        if st.button(t("Open a demo case"), type="primary", icon=":material/play_circle:", key="demo-add"):
            with errors_in_words(), st.spinner(t("Preparing the demo cases …")):
                add_demo_cases(services(), now=time.time())
                st.rerun()


def table(rows: list[PatientRow]) -> None:
    """The patients; choosing a row opens the patient's recordings."""
    frame = pd.DataFrame(
        {
            "latest": [result_with_shape(row.latest) if row.latest else t("No recording") for row in rows],
            "patient": [row.patient.user_id for row in rows],
            "note": [note_text(row.patient) for row in rows],
            "recorded": [day_of(row.latest.recorded_at) if row.latest else None for row in rows],
            "recordings": [row.recordings for row in rows],
        }
    )
    chosen = st.dataframe(
        frame,
        key="patients-table",
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "latest": st.column_config.TextColumn(t("Latest result"), width="medium"),
            "patient": st.column_config.TextColumn(t("Patient"), width="medium"),
            "note": st.column_config.TextColumn(t("Note"), width="large"),
            "recorded": st.column_config.DateColumn(t("Last recorded"), format="YYYY-MM-DD"),
            "recordings": st.column_config.NumberColumn(t("Recordings"), width="small"),
        },
    )
    row = chosen_row(chosen)
    if row is not None:
        open_history(rows[row].patient.user_id)


def main() -> None:
    """The page."""
    text = head()
    with errors_in_words():
        rows = services().patients(text)
        cases = services().demo_cases() if not text else []
        if not rows and not text:
            empty_state()
            return
        if cases:
            demo_strip(cases)
        st.subheader(tn("{count} patient", "{count} patients", len(rows)), anchor=False)
        if rows:
            st.caption(t("Choose a row to see the patient’s recordings."))
            table(rows)
        else:
            st.write(t("No patient’s code or note contains “{text}”.", text=plain(text)))


main()
