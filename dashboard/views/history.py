"""History: a patient's recordings over time. ``?patient=`` names whose."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts import HistoryPoint, history_figure
from dashboard.page import (
    NEW_RECORDING,
    chosen_row,
    errors_in_words,
    ink,
    open_review,
    result_text,
    result_with_shape,
    services,
    task_text,
)
from dashboard.services import day_of, is_comparable, metric_value, metrics_of, status_of
from dashboard.texts import t, tn
from shared.ports import Job, JobStatus
from shared.version import ANALYSIS_VERSION

_GUIDE_METRIC: Final = "vertical_range_lid_gaps"


def choose_patient() -> str | None:
    """The patient of the address, or one chosen here."""
    codes = services().patient_codes()
    if not codes:
        return None
    wanted = st.query_params.get("patient")
    chosen = st.selectbox(
        t("Patient"),
        codes,
        index=codes.index(wanted) if wanted in codes else None,
        key="history-patient",
        placeholder=t("Choose a patient"),
        label_visibility="collapsed",
        width=320,
    )
    if chosen and chosen != wanted:
        st.query_params["patient"] = chosen
    return chosen


def offered_metrics(jobs: list[Job]) -> dict[str, tuple[str, str]]:
    """Quantities that at least one recording has: name -> label and unit; the guide's own first."""
    offered: dict[str, tuple[str, str]] = {}
    for job in jobs:
        for name, metric in metrics_of(job.summary or {}).items():
            if metric.get("value") is not None:
                offered.setdefault(name, (metric["label"], metric["unit"]))
    return offered


def threshold_of(jobs: list[Job], metric: str) -> float | None:
    """The threshold, where the quantity has one and all recordings share it."""
    if metric != _GUIDE_METRIC:
        return None
    thresholds = {float(job.parameters["vpp_thresh"]) for job in jobs}
    return thresholds.pop() if len(thresholds) == 1 else None


def point(job: Job, metric: str) -> HistoryPoint:
    """One completed recording as a point of the chart."""
    summary: Mapping[str, Any] = job.summary or {}
    status = status_of(job)
    return HistoryPoint(
        analysis_id=job.analysis_id,
        recorded_at=day_of(job.recorded_at).isoformat(),
        status=status,
        status_text=result_text(status),
        value=metric_value(summary, metric),
        comparable=is_comparable(job),
    )


def chart(jobs: list[Job]) -> None:
    """A chosen quantity over time; choosing a point opens its review."""
    finished = sorted((job for job in jobs if job.status is JobStatus.COMPLETED), key=lambda job: job.recorded_at)
    offered = offered_metrics(finished)
    if not offered:
        return
    names = list(offered)
    metric = st.selectbox(
        t("Quantity over time"),
        names,
        index=names.index(_GUIDE_METRIC) if _GUIDE_METRIC in names else 0,
        key="history-metric",
        format_func=lambda name: f"{offered[name][0]} ({offered[name][1]})" if offered[name][1] else offered[name][0],
        width=480,
    )
    label, unit = offered[metric]
    points = [point(job, metric) for job in finished]
    chosen = st.plotly_chart(
        history_figure(points, label=label, unit=unit, threshold=threshold_of(finished, metric), ink=ink()),
        key="history-chart",
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
    )
    missing = sum(p.value is None for p in points)
    if missing:
        st.caption(
            tn("{count} recording has no value for this.", "{count} recordings have no value for this.", missing)
        )
    if not all(p.comparable for p in points):
        st.caption(
            t(
                "Recordings analysed by another version than {version} are not joined by the line: "
                "their numbers may not compare.",
                version=ANALYSIS_VERSION,
            )
        )
    picked = chosen["selection"]["points"]
    if picked and picked[0].get("customdata"):
        data = picked[0]["customdata"]
        open_review(data if isinstance(data, str) else data[0])


def table(jobs: list[Job]) -> None:
    """The recordings, newest first; choosing one opens it."""
    values = [(job.summary or {}).get("vertical_peak_to_peak") for job in jobs]
    rates = [(job.summary or {}).get("blink_rate_per_min") for job in jobs]
    chosen = st.dataframe(
        pd.DataFrame(
            {
                "recorded": [day_of(job.recorded_at) for job in jobs],
                "result": [result_with_shape(job) for job in jobs],
                "label": [job.label for job in jobs],
                "task": [task_text(job.parameters["task"]) for job in jobs],
                "range": values,
                "blinks": rates,
                "version": [job.analysis_version or "" for job in jobs],
                "source": [job.source for job in jobs],
            }
        ),
        key="history-table",
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        placeholder="–",
        column_config={
            "recorded": st.column_config.DateColumn(t("Recorded"), format="YYYY-MM-DD", width="small"),
            "result": st.column_config.TextColumn(t("Result"), width="medium"),
            "label": st.column_config.TextColumn(t("Note"), width="medium"),
            "task": st.column_config.TextColumn(t("Asked to"), width="medium"),
            "range": st.column_config.NumberColumn(
                t("Vertical range"), format="%.3f", help=t("Landmark instrument, in open lid gaps")
            ),
            "blinks": st.column_config.NumberColumn(t("Blinks per min"), format="%.1f"),
            "version": st.column_config.TextColumn(t("Analysis"), width="small"),
            "source": st.column_config.TextColumn(t("Computed"), width="small"),
        },
    )
    row = chosen_row(chosen)
    if row is not None:
        open_review(jobs[row].analysis_id)


def main() -> None:
    """The page."""
    with errors_in_words():
        with st.container(horizontal=True, vertical_alignment="center", key="history-head"):
            st.title(t("History"), anchor=False, width="content")
            code = choose_patient()
            st.space("stretch")
            if code and st.button(t("New recording"), icon=":material/videocam:", type="primary", key="history-new"):
                st.switch_page(NEW_RECORDING, query_params={"patient": code})
        if code is None:
            st.write(t("Choose a patient to see the recordings over time."))
            return
        note = services().store.patients.get(code).note
        if note:
            st.text(note)
        jobs = services().history(code)
        if not jobs:
            st.write(t("No recording of this patient yet."))
            return
        st.caption(t("Choose a row or a point to open the recording."))
        table(jobs)
        chart(jobs)


main()
