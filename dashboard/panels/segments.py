"""What was asked, and when: stretches of the task marked on a finished recording, and the result with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

import streamlit as st

from dashboard.language.core_texts import core
from dashboard.language.texts import plain, t
from dashboard.page import STATUS_SHAPE, errors_in_words, open_review, place, result_text, services
from dashboard.review.reviews import Review
from dashboard.review.segments import (
    KINDS,
    checked_segment,
    judged_with,
    keep_result,
    origin_of,
    parameters_of,
    with_segment,
)
from dashboard.review.trace_feed import segment_words
from dashboard.services import CLOUD
from shared.errors import EyeReviewError
from shared.model import Segment
from shared.ports import Job

_DRAFT: Final = "segments-draft"
"""In the session: the analysis and its segments as they are being edited."""

_MOST_IN_SIGHT: Final = 6
_LIST_HEIGHT_PX: Final = 300
_PROBLEM: Final = "segments-problem"
_SHOWN: Final = "segments-shown"
"""In the session: the analysis whose form this is."""


def draft_of(review: Review) -> tuple[Segment, ...]:
    """The segments as they stand on the page."""
    kept: tuple[str, tuple[Segment, ...]] | None = st.session_state.get(_DRAFT)
    if kept is None or kept[0] != review.job.analysis_id:
        return parameters_of(review).segments
    return kept[1]


def _keep(review: Review, segments: Sequence[Segment]) -> None:
    st.session_state[_DRAFT] = (review.job.analysis_id, tuple(segments))


def take_marked(marked: dict[str, Any] | None) -> None:
    """Bring a stretch that was marked in the film into the form; called before the form is drawn."""
    if marked:
        st.session_state["segments-start"] = round(float(marked["start_s"]), 3)
        st.session_state["segments-end"] = round(float(marked["end_s"]), 3)
        st.session_state["segments-open"] = True


def segments_panel(review: Review) -> None:
    """List, form, what would come of it, and the button that keeps it."""
    _forget_other_recordings(review)
    segments = draft_of(review)
    is_changed = segments != parameters_of(review).segments
    is_open = bool(st.session_state.get("segments-open") or segments) or is_changed
    with st.expander(t("What was asked, and when"), icon=":material/timeline:", expanded=is_open):
        _origin_line(review.job)
        st.caption(
            t(
                "Mark the stretches of the task with i, o and t in the film, or by their times. With targets up or "
                "down at 20 degrees or more on record, a small vertical range counts as the patient’s own, and not as "
                "a lack of effort. Targets at known places also calibrate the degrees."
            )
        )
        if review.summary["parameters"].get("target_log"):
            st.caption(t("The targets that the screen showed are on record already; what is marked here is added."))
        with errors_in_words("segments"):
            _listed(review, segments)
            _form(review, segments)
            if is_changed:
                _outcome(review, segments)


def _forget_other_recordings(review: Review) -> None:
    """Times of one recording mean nothing in another, and may lie beyond its end."""
    if st.session_state.get(_SHOWN) != review.job.analysis_id:
        st.session_state[_SHOWN] = review.job.analysis_id
        for name in ("start", "end", "kind", "target", "open"):
            st.session_state.pop(f"segments-{name}", None)


def _origin_line(job: Job) -> None:
    origin = origin_of(services(), job.analysis_id)
    if origin is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        day = datetime.fromtimestamp(origin.marked_at, UTC).strftime("%Y-%m-%d %H:%M")
        st.markdown(
            t(
                "Marked by {reviewer}, {time} UTC, on an earlier result of this film: {status}.",
                reviewer=plain(origin.reviewer),
                time=plain(day),
                status=_status(origin.status_before),
            ),
            width="content",
        )
        if st.button(t("Open the earlier result"), key="segments-origin", type="tertiary"):
            open_review(origin.from_analysis)


def _listed(review: Review, segments: Sequence[Segment]) -> None:
    with st.container(height=_LIST_HEIGHT_PX if len(segments) > _MOST_IN_SIGHT else "content", border=False):
        _lines(review, segments)
    if not segments:
        st.write(t("No stretch is marked."))


def _lines(review: Review, segments: Sequence[Segment]) -> None:
    for index, segment in enumerate(segments):
        columns = st.columns([2, 3, 2, 1], vertical_alignment="center")
        columns[0].markdown(plain(t("{start} to {end} s", start=f"{segment.start_s:.2f}", end=f"{segment.end_s:.2f}")))
        columns[1].markdown(plain(segment_words().get(segment.label, segment.label)))
        columns[2].markdown(_target_text(segment))
        columns[3].button(
            "✕",
            key=f"segments-delete-{index}",
            help=t("Delete this stretch"),
            on_click=_keep,
            args=[review, [other for place_, other in enumerate(segments) if place_ != index]],
        )


def _target_text(segment: Segment) -> str:
    if segment.target_deg is None:
        return t("target not known")
    return t("target at {degrees:g}°", degrees=segment.target_deg)


def _form(review: Review, segments: Sequence[Segment]) -> None:
    words = segment_words()
    columns = st.columns([2, 2, 3, 2, 2], vertical_alignment="bottom")
    last_s = ceil(1000 * review.trace.time_s[-1]) / 1000
    for name in ("segments-start", "segments-end"):
        st.session_state.setdefault(name, None)
    titles = (t("From (s)"), t("To (s)"))
    for column, title, name in zip(columns, titles, ("segments-start", "segments-end"), strict=False):
        column.number_input(title, min_value=0.0, max_value=last_s, value=None, step=0.1, format="%.2f", key=name)
    columns[2].selectbox(
        t("Asked to look"),
        KINDS,
        index=None,
        key="segments-kind",
        format_func=lambda name: words[name],
        placeholder=t("Choose"),
    )
    columns[3].number_input(
        t("Target (degrees)"),
        min_value=0.0,
        max_value=90.0,
        value=None,
        step=5.0,
        format="%g",
        key="segments-target",
        help=t("How far the target lay from straight ahead. Leave it empty where that is not known."),
    )
    columns[4].button(
        t("Add"),
        key="segments-add",
        icon=":material/add:",
        width="stretch",
        on_click=_add,
        args=[review, segments],
    )
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(core(problem), icon=":material/error:")


def _add(review: Review, segments: Sequence[Segment]) -> None:
    """Take what the form says; the next stretch often begins where this one ends."""
    start_s, end_s, kind, target_deg = (
        st.session_state.get(f"segments-{name}") for name in ("start", "end", "kind", "target")
    )
    try:
        new = checked_segment(review.trace, start_s, end_s, kind, target_deg)
        _keep(review, with_segment(segments, new))
    except EyeReviewError as error:
        st.session_state[_PROBLEM] = error.user_message
        return
    st.session_state.update({"segments-start": new.end_s, "segments-end": None, "segments-kind": None})


def _outcome(review: Review, segments: tuple[Segment, ...]) -> None:
    """What would come of it, before anything is kept."""
    before, after = (
        judged(review.job.analysis_id, review.job.updated_at, chosen, review)
        for chosen in (parameters_of(review).segments, segments)
    )
    st.markdown(
        t(
            "Without the change: **{before}**. With it: **{after}**.",
            before=_status(before["psp_status"]),
            after=_status(after["psp_status"]),
        )
    )
    for reason in sorted(_reasons(before) - _reasons(after)):
        st.caption(t("No longer a reason: {reason}", reason=plain(core(reason))))
    for reason in sorted(_reasons(after) - _reasons(before)):
        st.caption(t("New reason: {reason}", reason=plain(core(reason))))
    if before["analysis_version"] != review.summary["analysis_version"]:
        st.caption(
            t(
                "Both are of analysis version {version}; the stored result is of version {stored}.",
                version=plain(before["analysis_version"]),
                stored=plain(review.summary["analysis_version"]),
            )
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reviewer = st.text_input(
            t("Reviewer"), key="segments-reviewer", max_chars=16, placeholder=t("Initials"), width=140
        )
        if st.button(t("Keep as a new result"), key="segments-keep", type="primary", disabled=not reviewer.strip()):
            job = keep_result(services(), review, segments, reviewer=reviewer, now=time.time())
            st.session_state.pop(_DRAFT)
            open_review(job.analysis_id)
        st.button(t("Drop the change"), key="segments-drop", on_click=lambda: st.session_state.pop(_DRAFT, None))
    if place() == CLOUD:
        st.caption(t("The cloud service measures the film again for it, which takes as long as the first time."))
    else:
        st.caption(t("The result that is there stays as it is. Decisions about its events stay with it."))


@st.cache_data(show_spinner=False, max_entries=16)
def judged(analysis_id: str, updated_at: float, segments: tuple[Segment, ...], _review: Review) -> dict[str, Any]:
    """Status, reasons and version with these segments; counted once while the page stays."""
    result = judged_with(_review, segments)
    return {
        "psp_status": result.psp_status.value,
        "reasons": [reason.message for reason in result.reasons],
        "analysis_version": result.analysis_version,
    }


def _reasons(outcome: dict[str, Any]) -> set[str]:
    return set(outcome["reasons"])


def _status(status: str) -> str:
    return f"{STATUS_SHAPE.get(status, '')} {result_text(status)}".strip()
