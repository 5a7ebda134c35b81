"""Compare thresholds: two sets of parameters on one recording or on many. Nothing that is stored changes."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts.compare import landscape_figure
from dashboard.comparing.recordings import Pair, compare_one, landscape, margin
from dashboard.language.texts import plain, t
from dashboard.page import STATUS_SHAPE, errors_in_words, ink, open_review, result_text, services
from dashboard.panels.choose_recording import choose_recording
from dashboard.panels.cohort import cohort
from dashboard.panels.parameter_form import parameter_form
from shared.compare import Differences
from shared.model import Trace
from shared.parameters import Parameters
from shared.ports import Job
from shared.tables import read_trace

_LEAST_WIDTH: Final = 0.2
ONE, MANY = "one", "many"


@st.cache_data(show_spinner=False, max_entries=8)
def trace_of(user_id: str, analysis_id: str, updated_at: float) -> bytes:
    """The stored table of a recording; ``updated_at`` renews it after a new analysis."""
    return services().store.results.trace_csv(user_id, analysis_id)


def verdicts(pair: Pair) -> None:
    """Both results, large, with the number that decides and how far it is from its threshold."""
    for column, name, result in zip(st.columns(2), ("A", "B"), (pair.a, pair.b), strict=True):
        status = result.psp_status.value
        with column, st.container(border=True, key=f"compare-result-{name}"):
            st.subheader(f"{name} · {STATUS_SHAPE[status]} {result_text(status)}", anchor=False)
            distance = margin(result)
            if distance is None:
                st.write(t("The vertical range could not be measured."))
            else:
                st.write(
                    t(
                        "Vertical range {value:.4f} open lid gaps, {distance:.4f} {side} the threshold of {threshold:g}"
                        " (landmark instrument).",
                        value=result.vertical_peak_to_peak or 0.0,
                        distance=abs(distance),
                        side=t("below") if distance < 0 else t("above"),
                        threshold=result.parameters["vpp_thresh"],
                    )
                )
            for reason in result.reasons[1:]:
                st.caption(plain(reason.message))


def event_differences(pair: Pair) -> None:
    """How many events both sets find, and each that only one finds."""
    kinds: dict[str, Differences[Any]] = {
        t("blink"): pair.blinks,
        t("saccade"): pair.saccades,
        t("square-wave jerk"): pair.square_wave_jerks,
    }
    st.subheader(t("Events"), anchor=False)
    st.dataframe(
        pd.DataFrame(
            {
                "kind": list(kinds),
                "both": [len(found.both) for found in kinds.values()],
                "only_a": [len(found.only_a) for found in kinds.values()],
                "only_b": [len(found.only_b) for found in kinds.values()],
            }
        ),
        hide_index=True,
        width=520,
        column_config={
            "kind": t("Event"),
            "both": t("In both"),
            "only_a": t("Only in A"),
            "only_b": t("Only in B"),
        },
    )
    alone = [
        {"kind": kind, "set": name, "start_s": event.start_s, "end_s": event.end_s}
        for kind, found in kinds.items()
        for name, events in (("A", found.only_a), ("B", found.only_b))
        for event in events
    ]
    if alone:
        st.dataframe(
            pd.DataFrame(alone).sort_values("start_s"),
            hide_index=True,
            width=520,
            column_config={
                "kind": t("Event"),
                "set": t("Only in"),
                "start_s": st.column_config.NumberColumn(t("Start, s"), format="%.3f"),
                "end_s": st.column_config.NumberColumn(t("End, s"), format="%.3f"),
            },
        )


def landscape_part(trace: Trace, job: Job, pair: Pair, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
    """The decision over both thresholds; the blink threshold acts with the fixed method only."""
    st.subheader(t("Where the result flips"), anchor=False)
    method = st.segmented_control(
        t("Blinks in this map"),
        ["A", "B"],
        default="A",
        required=True,
        key="compare-map",
        format_func=lambda name: t("as in set {name}", name=name),
    )
    changes = a if method == "A" else b
    results = {"A": pair.a, "B": pair.b}
    values = [float(result.parameters["vpp_thresh"]) for result in results.values()]
    measured = [result.vertical_peak_to_peak or 0.0 for result in results.values()]
    grid = landscape(trace, job.parameters, changes, max(_LEAST_WIDTH, *(1.25 * value for value in values + measured)))
    places = {
        name: (float(result.parameters["vpp_thresh"]), float(result.parameters["blink_thresh"]))
        for name, result in results.items()
    }
    st.plotly_chart(
        landscape_figure(grid, places, ink=ink()), key="compare-landscape", config={"displayModeBar": False}
    )
    if changes["blink_method"] == "adaptive":
        st.caption(t("With adaptive blinks the blink threshold changes nothing, so the map has no steps upward."))


def one_recording() -> None:
    """Both sets on one recording."""
    job = choose_recording("compare")
    if job is None:
        return
    start = Parameters.from_mapping(job.parameters)
    left, right = st.columns(2)
    with left:
        a = parameter_form("A", start)
    with right:
        b = parameter_form("B", start)
    trace = read_trace(trace_of(job.user_id, job.analysis_id, job.updated_at))
    pair = compare_one(trace, job.parameters, a, b)
    verdicts(pair)
    left, right = st.columns(2, gap="large")
    with left:
        landscape_part(trace, job, pair, a, b)
    with right:
        event_differences(pair)
    if st.button(t("Open this recording"), icon=":material/visibility:", key="compare-open"):
        open_review(job.analysis_id)


def main() -> None:
    """The page."""
    with errors_in_words():
        st.title(t("Compare thresholds"), anchor=False)
        st.caption(t("For research. Nothing here changes a stored result."))
        scope = st.segmented_control(
            t("What to compare on"),
            [ONE, MANY],
            default=ONE,
            required=True,
            key="compare-scope",
            label_visibility="collapsed",
            format_func=lambda value: t("One recording") if value == ONE else t("Many recordings"),
        )
        if scope == MANY:
            cohort()
        else:
            one_recording()


main()
