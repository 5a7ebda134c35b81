"""Review: the result in words, why, and the film beside its traces. ``?analysis=`` names what is shown."""

import pandas as pd
import streamlit as st

from dashboard.language.texts import plain, t
from dashboard.page import (
    NEW_RECORDING,
    chosen_row,
    computed_badge,
    errors_in_words,
    failure_panel,
    label_text,
    open_history,
    open_review,
    progress_panel,
    result_with_shape,
    services,
    task_text,
)
from dashboard.panels.answer import checks_table, result_card
from dashboard.panels.calibration import calibration_panel
from dashboard.panels.findings import findings_panel
from dashboard.panels.measurements import metrics_table
from dashboard.panels.movements import movements_panel
from dashboard.panels.segments import segments_panel
from dashboard.panels.take_along import downloads, stamp
from dashboard.panels.target import target_panel
from dashboard.panels.workbench import desk_of, show_place, state_of, workbench
from dashboard.review.reviews import Review, load_review
from dashboard.services import day_of, is_open
from shared.documents import summary as summary_of
from shared.ports import Job, JobStatus
from shared.review_result import reviewed_result


def head_line(job: Job) -> None:
    """Whose recording this is and the way to the others."""
    parts = [
        t("Recorded {day}", day=day_of(job.recorded_at).isoformat()),
        t("asked to: {task}", task=task_text(job.parameters["task"])),
    ]
    if job.label:
        parts.append(plain(label_text(job)))
    with st.container(horizontal=True, vertical_alignment="center", key="review-head"):
        st.markdown(f"**{plain(job.user_id)}** · " + " · ".join(parts), width="content")
        if job.status is JobStatus.COMPLETED:
            computed_badge(job)
        st.space("stretch")
        if st.button(t("All recordings of this patient"), key="review-history", icon=":material/timeline:"):
            open_history(job.user_id)


@st.cache_resource(scope="session", max_entries=2, show_spinner=False)
def loaded(analysis_id: str, updated_at: float) -> Review:
    """The stored result, read once a session; ``updated_at`` makes a new run of the same analysis a new entry."""
    del updated_at
    return load_review(services().store, services().job(analysis_id))


@st.fragment
def show(review: Review) -> None:
    """A finished analysis. A fragment: a decision or a jump runs this part alone."""
    state = state_of(review)
    reviewed = summary_of(reviewed_result(review.trace, review.document, state)) if state.changed else None
    result_card(review.summary, reviewed, state)
    workbench(review)
    segments_panel(review)
    findings_panel(review.summary, reviewed, lambda start_s, end_s: show_place(review, start_s, end_s))
    movements_panel(review, state, lambda start_s, end_s: show_place(review, start_s, end_s))
    if review.summary["parameters"].get("target_log"):
        target_panel(review.summary)
    calibration_panel(review.summary)
    metrics_table(review.summary, reviewed)


def show_what_stays(review: Review) -> None:
    """What no decision changes, so that none sends it again."""
    checks_table(review.summary["quality"])
    st.subheader(t("To take along"), anchor=False)
    downloads(review, desk_of(review))
    stamp(review)


def choose_recording() -> None:
    """Without an id in the address: the newest recordings, to choose from."""
    st.title(t("Review"), anchor=False)
    rows = services().patients()
    jobs = sorted((row.latest for row in rows if row.latest), key=lambda job: job.recorded_at, reverse=True)
    if not jobs:
        st.write(t("There is no recording yet."))
        if st.button(t("New recording"), type="primary", key="review-new"):
            st.switch_page(NEW_RECORDING)
        return
    st.caption(t("Choose a recording. Each patient’s newest is listed."))
    chosen = st.dataframe(
        pd.DataFrame(
            {
                "result": [result_with_shape(job) for job in jobs],
                "patient": [job.user_id for job in jobs],
                "recorded": [day_of(job.recorded_at) for job in jobs],
                "label": [label_text(job) for job in jobs],
            }
        ),
        key="review-choice",
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "result": t("Result"),
            "patient": t("Patient"),
            "recorded": st.column_config.DateColumn(t("Recorded"), format="YYYY-MM-DD"),
            "label": t("Note"),
        },
    )
    row = chosen_row(chosen)
    if row is not None:
        open_review(jobs[row].analysis_id)


def main() -> None:
    """The page."""
    with errors_in_words():
        analysis_id = st.query_params.get("analysis")
        if not analysis_id:
            choose_recording()
            return
        job = services().job(analysis_id)
        head_line(job)
        if is_open(job):
            progress_panel(job)
        elif job.status is JobStatus.COMPLETED:
            review = loaded(job.analysis_id, job.updated_at)
            show(review)
            show_what_stays(review)
        else:
            failure_panel(job)


main()
