"""*Compare thresholds* on many recordings: whose result changes, how values spread, agreement with labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts.compare import roc_figure, spread_figure, status_words
from dashboard.comparing.recordings import cohort_csv, settings_json, stored_recordings, uploaded_recordings
from dashboard.language.core_texts import core
from dashboard.language.texts import t, tn
from dashboard.page import STATUS_SHAPE, ink, services, task_text
from dashboard.panels.parameter_form import parameter_form
from shared.cohort import (
    QUANTITIES,
    Agreement,
    CohortRow,
    Recording,
    agreement,
    compare_cohort,
    flag_changes,
    label_of,
    read_labels,
)
from shared.documents import dumps
from shared.errors import InvalidRequestError
from shared.model import PspStatus, Task
from shared.parameters import Parameters

_STORE, _FILES = "store", "files"
_ROWS: Final = "compare-rows"


def cohort() -> None:
    """Recordings, two sets, labels; then what comes of them."""
    recordings = _recordings()
    left, right = st.columns(2)
    with left:
        a = parameter_form("A", Parameters())
    with right:
        b = parameter_form("B", Parameters())
    labels = _labels()
    if not recordings:
        st.write(t("Choose patients or bring trace tables to compare."))
        return
    asked = dumps({"a": a, "b": b, "recordings": [recording.name for recording in recordings]})
    count = tn("Compare on {count} recording", "Compare on {count} recordings", len(recordings))
    if st.button(count, type="primary", key="compare-run", icon=":material/play_arrow:"):
        st.session_state[_ROWS] = (asked, _run(recordings, a, b))
    kept = st.session_state.get(_ROWS)
    if kept is None:
        return
    if kept[0] != asked:
        st.info(t("The choice above has changed since this was computed. Compare again to renew it."))
    _show(kept[1], labels)
    _downloads(kept[1], labels, a, b)


def _recordings() -> list[Recording]:
    source = st.segmented_control(
        t("Recordings"),
        [_STORE, _FILES],
        default=_STORE,
        required=True,
        key="compare-source",
        format_func=lambda value: t("Stored recordings") if value == _STORE else t("Trace tables (CSV)"),
    )
    if source == _STORE:
        codes = services().patient_codes()
        chosen = st.multiselect(t("Patients"), codes, default=codes, key="compare-patients")
        return stored_recordings(services(), chosen)
    task = st.selectbox(
        t("What they were asked to do"),
        [task.value for task in Task],
        index=list(Task).index(Task.VERTICAL_HORIZONTAL),
        format_func=task_text,
        key="compare-task",
        width=420,
    )
    files = st.file_uploader(
        t("Trace tables that an analysis wrote"), "csv", accept_multiple_files=True, key="compare-csv"
    )
    return uploaded_recordings(
        [(file.name, file.getvalue()) for file in files or ()], Parameters(task=Task(task)).as_dict()
    )


def _labels() -> dict[str, bool]:
    with st.expander(t("Labels, for agreement (optional)")):
        st.caption(t("A CSV with the columns recording or patient, and label (psp or healthy)."))
        file = st.file_uploader(t("Labels"), "csv", key="compare-labels", label_visibility="collapsed")
    return read_labels(file.getvalue()) if file else {}


def _run(recordings: Sequence[Recording], a: Mapping[str, Any], b: Mapping[str, Any]) -> list[CohortRow]:
    rows: list[CohortRow] = []
    bar = st.progress(0.0)
    for row in compare_cohort(recordings, a, b):
        rows.append(row)
        bar.progress(
            len(rows) / len(recordings),
            text=t("{done} of {total} recordings", done=len(rows), total=len(recordings)),
        )
    bar.empty()
    return rows


def _show(rows: Sequence[CohortRow], labels: Mapping[str, bool]) -> None:
    changed = [row for row in rows if row.changes]
    st.subheader(
        tn("{count} recording changes its result", "{count} recordings change their result", len(changed)), anchor=False
    )
    left, right = st.columns(2, gap="large")
    with left:
        _matrix(rows)
        _table(changed or rows)
    with right:
        quantity = st.selectbox(
            t("Quantity"), QUANTITIES, format_func=_quantity_text, key="compare-quantity", width=420
        )
        groups = {row.recording: _group(label_of(row, labels)) for row in rows}
        figure = spread_figure(rows, quantity, _quantity_text(quantity), groups, ink=ink())
        st.plotly_chart(figure, key="compare-spread", config={"displayModeBar": False})
        if labels:
            _agreement(rows, labels, quantity)


def _matrix(rows: Sequence[CohortRow]) -> None:
    words, changes = status_words(), flag_changes(rows)
    order = list(words)
    table = {"a": [f"A · {STATUS_SHAPE[one.value]} {words[one]}" for one in order]}
    for other in order:
        table[other.value] = [str(changes[one, other]) for one in order]
    columns = {"a": ""} | {status.value: f"B · {STATUS_SHAPE[status.value]} {words[status]}" for status in order}
    st.dataframe(pd.DataFrame(table), hide_index=True, column_config=columns)


def _table(rows: Sequence[CohortRow]) -> None:
    words = status_words()

    def text(status: PspStatus) -> str:
        return f"{STATUS_SHAPE[status.value]} {words[status]}"

    st.dataframe(
        pd.DataFrame(
            {
                "recording": [row.recording for row in rows],
                "a": [text(row.a.status) for row in rows],
                "b": [text(row.b.status) for row in rows],
                "range": [row.a.quantities["vertical_range_lid_gaps"] for row in rows],
                "blinks_a": [row.a.blink_count for row in rows],
                "blinks_b": [row.b.blink_count for row in rows],
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "recording": t("Recording"),
            "a": "A",
            "b": "B",
            "range": st.column_config.NumberColumn(t("Vertical range, A"), format="%.3f"),
            "blinks_a": t("Blinks, A"),
            "blinks_b": t("Blinks, B"),
        },
    )


def _agreement(rows: Sequence[CohortRow], labels: Mapping[str, bool], quantity: str) -> None:
    try:
        found = {
            "A": agreement(rows, labels, quantity, lambda row: row.a),
            "B": agreement(rows, labels, quantity, lambda row: row.b),
        }
    except InvalidRequestError as error:
        st.info(core(error.user_message))
        return
    figure = roc_figure({name: item.curve for name, item in found.items()}, ink=ink())
    st.plotly_chart(figure, key="compare-roc", config={"displayModeBar": False})
    for name, item in found.items():
        st.write(_agreement_text(name, item))


def _agreement_text(name: str, found: Agreement) -> str:
    curve = found.curve
    inconclusive = sum(count for (_, status), count in found.by_label.items() if status is PspStatus.INCONCLUSIVE)
    return t(
        "{name}: area under the curve {auc:.3f} (95 % {low:.3f} to {high:.3f}) over {positives} recordings with and "
        "{negatives} without the label; {missing} not measured. Of all labelled, {inconclusive} are inconclusive and "
        "count as neither right nor wrong.",
        name=name,
        auc=curve.auc,
        low=curve.auc_low,
        high=curve.auc_high,
        positives=curve.positives,
        negatives=curve.negatives,
        missing=found.not_measured,
        inconclusive=inconclusive,
    )


def _downloads(
    rows: Sequence[CohortRow], labels: Mapping[str, bool], a: Mapping[str, Any], b: Mapping[str, Any]
) -> None:
    with st.container(horizontal=True, key="compare-downloads"):
        st.download_button(
            t("Table (CSV)"),
            cohort_csv(rows, labels),
            "comparison.csv",
            "text/csv",
            on_click="ignore",
            key="compare-get-csv",
        )
        st.download_button(
            t("Settings (JSON)"),
            settings_json(a, b, len(rows)),
            "comparison.json",
            "application/json",
            on_click="ignore",
            key="compare-get-json",
        )


def _quantity_text(name: str) -> str:
    texts = {
        "vertical_range_lid_gaps": t("Vertical range, open lid gaps (landmark)"),
        "vertical_range_deg": t("Vertical range, deg (limbus)"),
        "vertical_horizontal_ratio": t("Vertical / horizontal range (limbus)"),
        "blink_rate_per_min": t("Blink rate, 1/min"),
    }
    return texts[name]


def _group(label: bool | None) -> str:
    if label is None:
        return t("no label")
    return t("labelled psp") if label else t("labelled healthy")
