"""History: a patient's recordings over time, two of them side by side. ``?patient=`` names whose."""

import time
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts.history import HistoryPoint, history_figure
from dashboard.charts.repeatability import add_bands
from dashboard.comparing.visits import Line, judged, outdated, side_by_side
from dashboard.demo.cases import note_text
from dashboard.language.core_texts import core
from dashboard.language.texts import plain, t, tn
from dashboard.language.wording import unit_text
from dashboard.page import (
    NEW_RECORDING,
    chosen_row,
    computed_by,
    errors_in_words,
    ink,
    label_text,
    open_review,
    result_text,
    result_with_shape,
    services,
    task_text,
)
from dashboard.services import day_of, is_comparable, metric_value, metrics_of, status_of
from shared.change import band_around
from shared.errors import EyeReviewError
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
                offered.setdefault(name, (core(metric["label"]), unit_text(metric["unit"])))
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


def band_of(job: Job, metric: str) -> float | None:
    """Repeatability of one value of a recording; None where unknown."""
    summary = job.summary or {}
    value = metric_value(summary, metric)
    return None if value is None else band_around(metric, value, float(summary["duration_sec_est"]))


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
    figure = history_figure(points, label=label, unit=unit, threshold=threshold_of(finished, metric), ink=ink())
    bands = [band_of(job, metric) for job in finished]
    add_bands(figure, points, bands)
    chosen = st.plotly_chart(
        figure,
        key="history-chart",
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
    )
    if any(band is not None for band in bands):
        st.caption(
            t(
                "The bars show how far a repeated measurement may lie away by counting or by the instrument alone "
                "(95 of 100 times). A patient's own difference from day to day comes on top and is not known."
            )
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


def asked(job: Job) -> str:
    """What the patient was asked to do, and how many stretches of it were marked."""
    count = len(job.parameters.get("segments") or ())
    marked = [tn("{count} stretch marked", "{count} stretches marked", count)] if count else []
    return " · ".join([task_text(job.parameters["task"]), *marked])


def table(jobs: list[Job]) -> None:
    """The recordings, newest first; choosing one opens it."""
    values = [(job.summary or {}).get("vertical_peak_to_peak") for job in jobs]
    rates = [(job.summary or {}).get("blink_rate_per_min") for job in jobs]
    chosen = st.dataframe(
        pd.DataFrame(
            {
                "recorded": [day_of(job.recorded_at) for job in jobs],
                "result": [result_with_shape(job) for job in jobs],
                "label": [label_text(job) for job in jobs],
                "task": [asked(job) for job in jobs],
                "range": values,
                "blinks": rates,
                "version": [job.analysis_version or "" for job in jobs],
                "source": [computed_by(job.source) for job in jobs],
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


def change_text(line: Line) -> str:
    """Whether a difference is a change, in words."""
    if line.before is None or line.after is None:
        return t("not measured in both")
    if line.change is None:
        return t("other analysis version")
    if line.change.is_change is None:
        return t("repeatability not known")
    return t("change") if line.change.is_change else t("within repeatability")


def two_visits(jobs: list[Job]) -> None:
    """Two finished recordings side by side, metric by metric."""
    finished = {job.analysis_id: job for job in jobs if job.status is JobStatus.COMPLETED}
    if len(finished) < 2:
        return
    st.subheader(t("Two recordings side by side"), anchor=False)
    usable = [job.analysis_id for job in jobs if judged(job)]
    ids = list(finished)
    later_first = usable if len(usable) >= 2 else ids
    columns = st.columns(2)
    chosen = [
        column.selectbox(
            title,
            ids,
            index=ids.index(first),
            key=key,
            format_func=lambda analysis_id: recording_text(finished[analysis_id]),
        )
        for column, title, first, key in zip(
            columns,
            (t("Earlier"), t("Later")),
            (later_first[1], later_first[0]),
            ("history-earlier", "history-later"),
            strict=True,
        )
    ]
    earlier, later = finished[chosen[0]], finished[chosen[1]]
    if not (judged(earlier) and judged(later)):
        st.info(t("At least one of the two is inconclusive: its numbers may not stand for the patient."))
    lines = side_by_side(earlier, later)
    st.dataframe(
        pd.DataFrame(
            {
                "label": [core(line.label) for line in lines],
                "unit": [unit_text(line.unit) for line in lines],
                "before": [line.before for line in lines],
                "after": [line.after for line in lines],
                "difference": [
                    None if line.before is None or line.after is None else line.after - line.before for line in lines
                ],
                "band": [line.change.band if line.change else None for line in lines],
                "change": [change_text(line) for line in lines],
            }
        ),
        key="history-two",
        hide_index=True,
        placeholder="–",
        column_config={
            "label": st.column_config.TextColumn(t("Quantity"), width="medium"),
            "unit": t("Unit"),
            "before": st.column_config.NumberColumn(t("Earlier"), format="%.3g"),
            "after": st.column_config.NumberColumn(t("Later"), format="%.3g"),
            "difference": st.column_config.NumberColumn(t("Difference"), format="%+.3g"),
            "band": st.column_config.NumberColumn(t("Repeatability ±"), format="%.3g"),
            "change": st.column_config.TextColumn(t("Called"), width="medium"),
        },
    )


def recording_text(job: Job) -> str:
    """A recording in a list: date, result, version."""
    parts = [day_of(job.recorded_at).isoformat(), result_with_shape(job), label_text(job), job.analysis_version or ""]
    return " · ".join(part for part in parts if part)


def renew(jobs: list[Job]) -> None:
    """Offer to analyse films of other versions anew; old results stay beside the new ones."""
    old = outdated(jobs, ANALYSIS_VERSION)
    if not old:
        return
    with st.container(border=True, key="history-outdated"):
        st.write(
            tn(
                "{count} recording was analysed by another version than {version}. Its numbers may not compare.",
                "{count} recordings were analysed by another version than {version}. Their numbers may not compare.",
                len(old),
                version=ANALYSIS_VERSION,
            )
        )
        if st.button(t("Analyse them anew"), key="history-renew", icon=":material/refresh:"):
            failed = 0
            for job in old:
                try:
                    services().reanalyse(job, now=time.time())
                except EyeReviewError as error:
                    failed += 1
                    st.error(f"{recording_text(job)}: {plain(core(error.user_message))}", icon=":material/error:")
            if not failed:
                st.rerun()


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
        note = note_text(services().store.patients.get(code))
        if note:
            st.text(note)
        jobs = services().history(code)
        if not jobs:
            st.write(t("No recording of this patient yet."))
            return
        st.caption(t("Choose a row or a point to open the recording."))
        table(jobs)
        renew(jobs)
        chart(jobs)
        two_visits(jobs)


main()
