"""Vertical against horizontal, up against down: ranges, main sequence, and a table by direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import pandas as pd
import streamlit as st

from dashboard.charts.movements import has_velocity, main_sequence_figure, ranges_figure, sector
from dashboard.language.texts import plain, t
from dashboard.page import ink
from dashboard.review.reviews import Review
from dashboard.services import metrics_of
from shared.events.main_sequence import SOURCE
from shared.model import Saccade
from shared.review import ReviewState
from shared.review_result import reviewed_events

_CONFIG = {"displayModeBar": False}


def movements_panel(review: Review, state: ReviewState, show: Callable[[float, float], None]) -> None:
    """Both figures and the table; choosing a saccade takes film and traces there."""
    saccades = reviewed_events(state).saccades
    ranges = ranges_figure(metrics_of(review.summary), ink=ink())
    if ranges is None and not saccades:
        return
    st.subheader(t("Up, down, and sideways"), anchor=False)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if ranges is None:
            st.caption(t("The limbus instrument measured no range in this recording."))
        else:
            st.plotly_chart(ranges, key="review-ranges", config=_CONFIG)
            st.caption(t("Dotted frames: published ranges of healthy people, whose sources stand in the table below."))
    with right:
        _main_sequence(review, saccades, show)
    if saccades:
        with st.container(key="by-direction"):
            st.table(pd.DataFrame(direction_rows(saccades)), border="horizontal", hide_index=True)


def _main_sequence(review: Review, saccades: Sequence[Saccade], show: Callable[[float, float], None]) -> None:
    if not saccades:
        st.caption(t("No saccade was found."))
        return
    key = f"review-main-sequence-{review.job.analysis_id}"

    def go() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            show(*(float(time_s) for time_s in points[0]["customdata"]))

    st.plotly_chart(
        main_sequence_figure(saccades, ink=ink()), key=key, on_select=go, selection_mode="points", config=_CONFIG
    )
    if has_velocity(saccades):
        st.caption(t("Band: {source}. Choose a point to see it in the film.", source=plain(SOURCE)))
    else:
        st.caption(
            t(
                "At this frame rate peak velocity cannot be measured, so durations are shown; the band is derived from "
                "{source}. Choose a point to see it in the film.",
                source=plain(SOURCE),
            )
        )


def direction_rows(saccades: Sequence[Saccade]) -> list[dict[str, str]]:
    """Count, amplitude, duration and peak velocity of the saccades in each direction; medians."""
    names = {
        "up": t("Up"),
        "down": t("Down"),
        "left": t("To the patient’s left"),
        "right": t("To the patient’s right"),
        None: t("Oblique"),
    }
    rows = []
    for name, text in names.items():
        chosen = [s for s in saccades if sector(s) == name]
        durations = [1000 * s.duration_s for s in chosen if s.duration_s is not None]
        velocities = [s.peak_velocity_deg_s for s in chosen if s.peak_velocity_deg_s is not None]
        amplitudes = [s.amplitude_deg for s in chosen]
        rows.append(
            {
                t("Saccades"): text,
                t("Count"): str(len(chosen)),
                t("Amplitude, median"): t("{value:.1f}°", value=median(amplitudes)) if amplitudes else "–",
                t("Largest"): t("{value:.1f}°", value=max(amplitudes)) if amplitudes else "–",
                t("Duration, median"): t("{value:.0f} ms", value=median(durations)) if durations else "–",
                t("Peak velocity, median"): t("{value:.0f} °/s", value=median(velocities)) if velocities else "–",
            }
        )
    return rows
