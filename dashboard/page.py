"""What all pages share: the store, the standing sentence, results in words, a job under way, errors in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st

from dashboard.charts.inks import DARK_INK, LIGHT_INK
from dashboard.components.job_progress import job_progress
from dashboard.components.page_language import page_language
from dashboard.jobs.progress import progress_message
from dashboard.language.core_texts import core
from dashboard.language.reader import KEY as LANGUAGE_KEY
from dashboard.language.reader import LANGUAGES, keep_in_address, session_language
from dashboard.language.texts import plain, t
from dashboard.routes.films import JOBS
from dashboard.services import CLOUD, DEMO_SOURCE, LOCAL, Place, Services, status_of
from shared.adapters.layout import ORIGINAL_SOURCE
from shared.adapters.local import open_local_store
from shared.adapters.settings import Settings, read_settings
from shared.errors import EyeReviewError
from shared.model import PspStatus, Task
from shared.ports import Job, JobStatus
from shared.version import ANALYSIS_VERSION

PATIENTS: Final = "views/patients.py"
NEW_RECORDING: Final = "views/new_recording.py"
REVIEW: Final = "views/review.py"
HISTORY: Final = "views/history.py"
COMPARE: Final = "views/compare.py"
REPORT: Final = "views/report.py"
SCREENING: Final = "views/screening.py"
SETTINGS: Final = "views/settings.py"

_PLACE: Final = "place"
_STYLE: Final = Path(__file__).with_name("style.css")
KIOSK_STYLE: Final = Path(__file__).with_name("kiosk.css")

STATUS_SHAPE: Final = {
    PspStatus.SUSPECTED.value: "◆",
    PspStatus.NOT_SUSPECTED.value: "●",
    PspStatus.INCONCLUSIVE.value: "▢",
    JobStatus.QUEUED.value: "…",
    JobStatus.RUNNING.value: "…",
    JobStatus.FAILED.value: "!",
}
"""A shape for each result and state, so that colour is never needed to tell them apart."""


@st.cache_resource(show_spinner=False)
def _services(settings: Settings, place: Place) -> Services:
    if place == CLOUD:
        from dashboard.cloud.service import open_cloud_services  # noqa: PLC0415 - slow, and not needed on this machine alone

        return open_cloud_services(settings)
    return Services(open_local_store(settings.data_folder, max_video_bytes=settings.max_video_bytes))


def services() -> Services:
    """The services of the place where this session works, opened once."""
    return _services(read_settings(), place())


def place() -> Place:
    """Where this session works: the cloud service where one is configured, until a person chooses this machine."""
    if not read_settings().is_cloud:
        return LOCAL
    if _PLACE not in st.session_state:
        st.session_state[_PLACE] = LOCAL if st.query_params.get(_PLACE) == LOCAL else CLOUD
    chosen: Place = st.session_state[_PLACE]
    return chosen


def _use(chosen: Place) -> None:
    st.session_state[_PLACE] = chosen


def place_name(chosen: Place) -> str:
    """A place in words."""
    if chosen == LOCAL:
        return t("this machine")
    return t("the cloud service at {host}", host=urlsplit(read_settings().api_url or "").netloc)


def place_line() -> None:
    """Where films go and are analysed, and the change to the other place; only where there are two."""
    if not read_settings().is_cloud:
        return
    here = place()
    other: Place = LOCAL if here == CLOUD else CLOUD
    with st.container(horizontal=True, vertical_alignment="center", key="place"):
        icon = ":material/cloud:" if here == CLOUD else ":material/computer:"
        st.badge(t("Films are kept and analysed by {place}.", place=place_name(here)), icon=icon, color="gray")
        st.button(
            t("Change to {place}", place=place_name(other)),
            key="place-change",
            type="tertiary",
            on_click=_use,
            args=[other],
        )


@contextmanager
def storing(size_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar that shows how much of a film of ``size_bytes`` has gone to where films are kept."""
    in_cloud = place() == CLOUD
    text = t("Sending the film to {place} …", place=place_name(CLOUD)) if in_cloud else t("Storing the film …")
    bar = st.progress(0.0, text=text)

    def told(done_bytes: int) -> None:
        bar.progress(min(done_bytes / max(size_bytes, 1), 1.0), text=text)

    try:
        yield told
    finally:
        bar.empty()


def computed_by(source: str) -> str:
    """Where a result was computed, in a word or two for a table."""
    words = {
        "local": t("this machine"),
        "lambda": t("cloud service"),
        "demo": t("demo case"),
        "screening": t("screening station"),
        ORIGINAL_SOURCE: t("original program"),
    }
    return words.get(source, source)


def computed_badge(job: Job) -> None:
    """Where a result was computed and by which version."""
    texts = {
        "local": t("Computed on this machine"),
        "lambda": t("Computed by the cloud service"),
        "demo": t("Demo case, computed on this machine"),
        ORIGINAL_SOURCE: t("Traced by the original program, judged anew here"),
    }
    where = texts.get(job.source, t("Computed by {source}", source=plain(job.source)))
    version = t("analysis version {version}", version=job.analysis_version or ANALYSIS_VERSION)
    icon = ":material/cloud:" if job.source == "lambda" else ":material/computer:"
    st.badge(f"{where} · {version}", icon=icon, color="gray")


def disclaimer() -> str:
    """The sentence that stands wherever a result does."""
    return t("Research and screening support, not a diagnosis.")


def result_text(status: str) -> str:
    """A screening result, or the state of a job, in words."""
    texts = {
        PspStatus.SUSPECTED.value: t("PSP suspected"),
        PspStatus.NOT_SUSPECTED.value: t("PSP not suspected"),
        PspStatus.INCONCLUSIVE.value: t("Inconclusive"),
        JobStatus.QUEUED.value: t("Waiting"),
        JobStatus.RUNNING.value: t("Being analysed"),
        JobStatus.FAILED.value: t("Not analysed"),
        JobStatus.DELETING.value: t("Being deleted"),
    }
    return texts[status]


def result_with_shape(job: Job) -> str:
    """For tables: shape and words, e.g. ``◆ PSP suspected``."""
    status = status_of(job)
    return f"{STATUS_SHAPE.get(status, '')} {result_text(status)}".strip()


def label_text(job: Job) -> str:
    """The note on a recording: as a person typed it, a demo case's in the reader's language."""
    return core(job.label) if job.source == DEMO_SOURCE else job.label


def task_text(task: str) -> str:
    """What the patient was asked to do, in words."""
    texts = {
        Task.VERTICAL.value: t("Look up and down"),
        Task.VERTICAL_HORIZONTAL.value: t("Look up and down, and left and right"),
        Task.FIXATION.value: t("Look straight ahead"),
        Task.FREE.value: t("Nothing in particular"),
        Task.UNKNOWN.value: t("Not recorded"),
    }
    return texts[task]


def style() -> None:
    """The few rules that the theme cannot express."""
    st.html(_STYLE)


def ink() -> str:
    """Colour of writing in charts, by the theme that this browser shows."""
    return DARK_INK if st.context.theme.type == "dark" else LIGHT_INK


def disclaimer_line() -> None:
    """The standing sentence at the head of every page, and the choice of language."""
    with st.container(key="disclaimer"):
        st.markdown(disclaimer())
    with st.container(key="language"):
        chosen = st.segmented_control(
            t("Language"),
            list(LANGUAGES),
            default=session_language(),
            required=True,
            key=LANGUAGE_KEY,
            format_func=lambda code: LANGUAGES[code],
            label_visibility="collapsed",
        )
        keep_in_address(str(chosen))
        page_language(session_language())


@contextmanager
def errors_in_words(name: str = "page") -> Iterator[None]:
    """Show an error of the core as the sentence that it carries, and go on with the page.

    Where the cloud failed, this machine is offered in its place; nothing changes over by itself.
    """
    try:
        yield
    except EyeReviewError as error:
        st.error(core(error.user_message), icon=":material/error:")
        if error.retryable and place() == CLOUD:
            st.write(t("Nothing was changed over. You can try again, or go on with the analysis on this machine."))
            st.button(
                t("Use this machine instead"),
                key=f"use-local-{name}",
                icon=":material/computer:",
                on_click=_use,
                args=[LOCAL],
            )


def job_token(analysis_id: str) -> str:
    """This session's token for the progress of a job; minted anew when the old one has expired."""
    tokens: dict[str, str] = st.session_state.setdefault("job-tokens", {})
    if analysis_id not in tokens or JOBS.open(tokens[analysis_id]) is None:
        tokens[analysis_id] = JOBS.mint(analysis_id)
    return tokens[analysis_id]


def progress_panel(job: Job) -> None:
    """A job under way, read from the store: a closed tab or a reload loses nothing."""
    with st.container(border=True, key="progress"):
        st.subheader(t("This film is being analysed"), anchor=False)
        job_progress(
            token=job_token(job.analysis_id),
            first=progress_message(job, time.time()),
            key=f"progress-{job.analysis_id}",
        )
        st.button(
            t("Cancel the analysis"),
            key=f"cancel-{job.analysis_id}",
            icon=":material/stop_circle:",
            disabled=job.cancel_requested,
            on_click=lambda: services().cancel(job.analysis_id, now=time.time()),
        )
        st.caption(t("You may close this page. The film is kept and the result will be in the patient’s history."))


def failure_panel(job: Job) -> None:
    """A job that ended without a result: the error's own sentence, and the way on."""
    error = job.error
    message = error.message if error else t("The analysis ended without a result. Start it again.")
    with st.container(border=True, key="failure"):
        cancelled = error is not None and error.code == "CANCELLED"
        st.subheader(t("Cancelled") if cancelled else t("This film could not be analysed"))
        st.write(plain(core(message)))
        with st.container(horizontal=True):
            if st.button(t("Try again"), key="retry", type="primary", icon=":material/refresh:"):
                with errors_in_words("retry"):
                    services().retry(job.analysis_id, now=time.time())
                st.rerun()
            if st.button(t("Upload another film"), key="another"):
                st.switch_page(NEW_RECORDING, query_params={"patient": job.user_id})


def open_review(analysis_id: str) -> None:
    """Go to the review of one analysis; its id stands in the address, so a reload returns to it."""
    st.switch_page(REVIEW, query_params={"analysis": analysis_id, **place_in_address()})


def open_history(code: str) -> None:
    """Go to a patient's recordings."""
    st.switch_page(HISTORY, query_params={"patient": code, **place_in_address()})


def place_in_address() -> dict[str, str]:
    """What to add to an address, so that a reload comes back to the place that a person chose."""
    return {_PLACE: LOCAL} if read_settings().is_cloud and place() == LOCAL else {}


def chosen_row(state: Any) -> int | None:
    """Row of a table that a person chose, by its box or by a click on any of its cells."""
    selection = state["selection"]
    if selection["rows"]:
        return int(selection["rows"][0])
    cells = selection.get("cells") or ()
    return int(cells[0][0]) if cells else None
