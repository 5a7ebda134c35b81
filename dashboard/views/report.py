"""Report: one recording as a page for the file, and everything that it can be exported to. ``?analysis=`` names it."""

import time
from typing import Final

import streamlit as st

from dashboard.language.reader import session_language
from dashboard.language.texts import plain, t
from dashboard.page import REVIEW, errors_in_words, services
from dashboard.panels.choose_recording import choose_recording
from dashboard.report.data import ReportData
from dashboard.report.gather import bids_zip, export_files, file_stem, report_data
from dashboard.report.pdf import report_pdf
from dashboard.services import day_of
from shared.export.archive import archive
from shared.ports import Job, JobStatus

_LANGUAGES: Final = {"en": "English", "ko": "한국어"}
_PREVIEW_HEIGHT_PX: Final = 900


def state_of_review(data: ReportData) -> None:
    """Whether somebody has reviewed and signed, and the way there."""
    if data.signature is not None:
        day = day_of(data.signature.signed_at).isoformat()
        st.success(t("Signed by {reviewer} on {day}.", reviewer=plain(data.signature.reviewer), day=day))
        return
    st.warning(t("DRAFT: nobody has signed the review of this recording yet."), icon=":material/draft:")
    if st.button(t("Review and sign"), key="report-review", icon=":material/visibility:"):
        st.switch_page(REVIEW, query_params={"analysis": data.analysis_id})


def downloads(job: Job, data: ReportData, report: bytes) -> None:
    """Each file alone, all of them together, and the patient's recordings as a BIDS dataset."""
    stem = file_stem(data)
    files = export_files(data, services().store.results.trace_csv(job.user_id, job.analysis_id), report)
    kinds = (
        (f"{stem}.pdf", t("Report (PDF)"), "application/pdf"),
        (f"{stem}_events.csv", t("Events (CSV)"), "text/csv"),
        (f"{stem}_trace.csv", t("Trace (CSV)"), "text/csv"),
        (f"{stem}.json", t("Result (JSON)"), "application/json"),
        (f"{stem}_reviewed.json", t("Reviewed result (JSON)"), "application/json"),
        (f"{stem}.vtt", t("Captions for the film (WebVTT)"), "text/vtt"),
    )
    for name, label, mime in kinds:
        if name in files:
            first = name.endswith(".pdf")
            st.download_button(
                label,
                files[name],
                name,
                mime,
                key=f"report-get-{name.removeprefix(stem)}",
                on_click="ignore",
                type="primary" if first else "secondary",
                width="stretch",
            )
    st.download_button(
        t("All of these (zip)"),
        archive(files),
        f"{stem}.zip",
        "application/zip",
        key="report-get-zip",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        t("All recordings of this patient (BIDS, zip)"),
        lambda: patient_dataset(job.user_id),
        f"{job.user_id}_bids.zip",
        "application/zip",
        key="report-get-bids",
        on_click="ignore",
        width="stretch",
    )
    st.caption(t("No export holds the film. The result (JSON) holds the name of its file."))


@st.cache_data(show_spinner=False, max_entries=16)
def printed(analysis_id: str, updated_at: float, decisions: int, language: str, _data: ReportData) -> bytes:
    """The page as PDF; drawn again only when the result, a decision or the language is another."""
    return report_pdf(_data, language=language, now=time.time())


def patient_dataset(code: str) -> bytes:
    """The finished recordings of a patient as BIDS."""
    jobs = [job for job in services().history(code) if job.status is JobStatus.COMPLETED]
    return bids_zip([report_data(services().store, job) for job in jobs])


def main() -> None:
    """The page."""
    with errors_in_words():
        st.title(t("Report"), anchor=False)
        job = choose_recording("report")
        if job is None:
            return
        data = report_data(services().store, job)
        side, sheet = st.columns([1, 2], gap="large")
        with side:
            state_of_review(data)
            language = st.segmented_control(
                t("Language of the report"),
                list(_LANGUAGES),
                default=session_language(),
                required=True,
                key="report-language",
                format_func=lambda code: _LANGUAGES[code],
            )
            decisions = len(services().store.decisions.of(job.analysis_id))
            report = printed(job.analysis_id, job.updated_at, decisions, language or "en", data)
            downloads(job, data, report)
        with sheet:
            st.pdf(report, height=_PREVIEW_HEIGHT_PX, key="report-preview")


main()
