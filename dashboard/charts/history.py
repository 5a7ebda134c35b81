"""The chart of one measurement over a patient's recordings.

Colours never carry a meaning alone: each kind of result has its own marker shape. Lines are SVG: WebGL stalls for
seconds without a graphics card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.inks import LIGHT_INK
from dashboard.language.texts import t
from shared.model import PspStatus

NEUTRAL_COLOUR: Final = "#7A8794"

STATUS_LOOK: Final[Mapping[str, tuple[str, str]]] = {
    PspStatus.SUSPECTED: ("#9B59C6", "diamond"),
    PspStatus.NOT_SUSPECTED: ("#2F7FC1", "circle"),
    PspStatus.INCONCLUSIVE: (NEUTRAL_COLOUR, "square-open"),
}
"""Colour and marker shape of each result, as beside its words on the pages."""


@dataclass(frozen=True)
class HistoryPoint:
    """One recording in the chart over time; ``value`` None where the quantity was not measured."""

    analysis_id: str
    recorded_at: str
    status: str
    status_text: str
    value: float | None
    comparable: bool = True


def _span_of(days: Sequence[str]) -> list[str] | None:
    """From well before the first to well after the last day, at least a month."""
    if not days:
        return None
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    margin = max(timedelta(days=15), (last - first) / 12)
    return [(first - margin).isoformat(), (last + margin).isoformat()]


def history_figure(
    points: Sequence[HistoryPoint], *, label: str, unit: str, threshold: float | None = None, ink: str = LIGHT_INK
) -> go.Figure:
    """One quantity over a patient's recordings; the result of each as shape and as text.

    The thin line joins only recordings that could be judged and were measured by the same analysis version.
    """
    figure = go.Figure()
    measured = [point for point in points if point.value is not None]
    joined = [point for point in measured if point.comparable and point.status != PspStatus.INCONCLUSIVE]
    if len(joined) > 1:
        figure.add_trace(
            go.Scatter(
                x=[p.recorded_at for p in joined],
                y=[p.value for p in joined],
                mode="lines",
                line={"color": NEUTRAL_COLOUR, "width": 1},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for status, (colour, symbol) in STATUS_LOOK.items():
        chosen = [point for point in measured if point.status == status]
        if not chosen:
            continue
        figure.add_trace(
            go.Scatter(
                x=[p.recorded_at for p in chosen],
                y=[p.value for p in chosen],
                customdata=[p.analysis_id for p in chosen],
                text=[p.status_text for p in chosen],
                textposition="middle right",
                textfont={"color": ink, "size": 13},
                mode="markers+text",
                name=chosen[0].status_text,
                marker={"color": colour, "symbol": symbol, "size": 14, "line": {"width": 2, "color": colour}},
                hovertemplate="%{text}<br>%{x}<br>%{y:.3g} " + unit + "<extra></extra>",
            )
        )
    if threshold is not None:
        figure.add_hline(
            y=threshold,
            line={"color": NEUTRAL_COLOUR, "dash": "dash", "width": 1.5},
            annotation_text=t("threshold {threshold:g}", threshold=threshold),
            annotation_position="bottom left",
            annotation_font_color=ink,
        )
    values = [p.value for p in measured if p.value is not None] + ([threshold] if threshold is not None else [])
    top = max(values, default=1.0)
    figure.update_layout(
        height=340,
        margin={"l": 70, "r": 60, "t": 30, "b": 40},
        showlegend=False,
        yaxis={
            "title": {"text": f"{label}, {unit}" if unit else label, "font": {"color": ink}},
            "range": [min(0.0, *values, 0.0), top * 1.25 or 1.0],
            "tickfont": {"color": ink},
        },
        xaxis={
            "title": {"text": t("Date of recording"), "font": {"color": ink}},
            "tickfont": {"color": ink},
            "tickformat": "%Y-%m-%d",
            # One visit would be magnified to thousandths of a second.
            "range": _span_of([point.recorded_at for point in points]),
        },
        hovermode="closest",
    )
    return figure
