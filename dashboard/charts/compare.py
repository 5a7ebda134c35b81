"""Figures of the page *Compare thresholds*: where a decision flips, how values spread, a ROC curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.inks import LIGHT_INK
from dashboard.language.texts import t
from shared.cohort import CohortRow
from shared.model import PspStatus
from shared.roc import Roc
from shared.sweep import SweepGrid

STATUS_ORDER: Final = (PspStatus.NOT_SUSPECTED, PspStatus.INCONCLUSIVE, PspStatus.SUSPECTED)
_STATUS_COLOUR: Final = {
    PspStatus.NOT_SUSPECTED: "#56B4E9",
    PspStatus.INCONCLUSIVE: "#B8C0C8",
    PspStatus.SUSPECTED: "#D55E00",
}
_STATUS_SYMBOL: Final = {
    PspStatus.NOT_SUSPECTED: "circle",
    PspStatus.INCONCLUSIVE: "square-open",
    PspStatus.SUSPECTED: "diamond",
}
_NEUTRAL: Final = "#7A8794"
_HEIGHT_PX: Final = 340


def status_words() -> dict[PspStatus, str]:
    """The three results in words."""
    return {
        PspStatus.NOT_SUSPECTED: t("PSP not suspected"),
        PspStatus.INCONCLUSIVE: t("Inconclusive"),
        PspStatus.SUSPECTED: t("PSP suspected"),
    }


def landscape_figure(grid: SweepGrid, places: Mapping[str, tuple[float, float]], *, ink: str = LIGHT_INK) -> go.Figure:
    """The decision for each pair of thresholds, with the places of A and B in it.

    Args:
        grid: of :func:`shared.sweep.sweep`.
        places: name -> (vpp_thresh, blink_thresh).
        ink: colour of writing.
    """
    words = status_words()
    rank = {status: index for index, status in enumerate(STATUS_ORDER)}
    scale = [
        (edge / 3.0, _STATUS_COLOUR[status]) for index, status in enumerate(STATUS_ORDER) for edge in (index, index + 1)
    ]
    figure = go.Figure(
        go.Heatmap(
            x=grid.vpp_thresholds,
            y=grid.blink_thresholds,
            z=[[rank[status] for status in row] for row in grid.status],
            customdata=[[words[status] for status in row] for row in grid.status],
            zmin=-0.5,
            zmax=2.5,
            colorscale=scale,
            showscale=False,
            opacity=0.75,
            hovertemplate="vpp_thresh %{x:.3f}<br>blink_thresh %{y:.3f}<br>%{customdata}<extra></extra>",
        )
    )
    for status in STATUS_ORDER:
        if any(status in row for row in grid.status):
            figure.add_trace(_legend_entry(words[status], status))
    for side, (name, (vpp_thresh, blink_thresh)) in zip(("left", "right"), places.items(), strict=False):
        figure.add_trace(
            go.Scatter(
                x=[vpp_thresh],
                y=[blink_thresh],
                mode="markers+text",
                text=[name],
                textposition=f"middle {side}",
                textfont={"size": 16, "color": ink},
                marker={"symbol": "cross", "size": 13, "color": "#000000", "line": {"width": 2, "color": "#FFFFFF"}},
                showlegend=False,
                hovertemplate=f"{name}<br>vpp_thresh %{{x:.3f}}<br>blink_thresh %{{y:.3f}}<extra></extra>",
            )
        )
    _dress(figure, t("vpp_thresh, open lid gaps (landmark instrument)"), t("blink_thresh (fixed method)"), ink)
    return figure


def spread_figure(
    rows: Sequence[CohortRow], quantity: str, title: str, labels: Mapping[str, str], *, ink: str = LIGHT_INK
) -> go.Figure:
    """One quantity over all recordings under set A, one point each, by group.

    Args:
        rows: of the cohort.
        quantity: its name.
        title: for people, with unit.
        labels: recording -> name of its group.
        ink: colour of writing.
    """
    words = status_words()
    figure = go.Figure()
    for status in STATUS_ORDER:
        chosen = [row for row in rows if row.a.status is status and row.a.quantities[quantity] is not None]
        if chosen:
            figure.add_trace(
                go.Scatter(
                    x=[row.a.quantities[quantity] for row in chosen],
                    y=[labels[row.recording] for row in chosen],
                    text=[row.recording for row in chosen],
                    mode="markers",
                    name=words[status],
                    marker={
                        "symbol": _STATUS_SYMBOL[status],
                        "color": _STATUS_COLOUR[status],
                        "size": 11,
                        "opacity": 0.8,
                        "line": {"width": 1.5, "color": _STATUS_COLOUR[status]},
                    },
                    hovertemplate="%{text}<br>%{x:.4g}<extra></extra>",
                )
            )
    _dress(figure, title, "", ink)
    return figure


def roc_figure(curves: Mapping[str, Roc], *, ink: str = LIGHT_INK) -> go.Figure:
    """ROC curves by name; the diagonal is chance."""
    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": _NEUTRAL, "dash": "dot", "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for (name, curve), colour, dash in zip(curves.items(), ("#0072B2", "#D55E00"), ("solid", "dash"), strict=False):
        figure.add_trace(
            go.Scatter(
                x=curve.false_positive_rate,
                y=curve.sensitivity,
                customdata=curve.thresholds,
                mode="lines+markers",
                name=name,
                line={"color": colour, "dash": dash, "width": 2, "shape": "hv"},
                marker={"size": 5},
                hovertemplate="below %{customdata:.4g}<br>sensitivity %{y:.2f}<br>1 - specificity %{x:.2f}"
                "<extra></extra>",
            )
        )
    _dress(figure, t("1 − specificity"), t("Sensitivity"), ink)
    figure.update_xaxes(range=[-0.02, 1.02], constrain="domain")
    figure.update_yaxes(range=[-0.02, 1.02], scaleanchor="x")
    return figure


def _legend_entry(name: str, status: PspStatus) -> go.Scatter:
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=name,
        marker={"symbol": "square", "size": 14, "color": _STATUS_COLOUR[status]},
    )


def _dress(figure: go.Figure, x_title: str, y_title: str, ink: str) -> None:
    font = {"color": ink}
    figure.update_layout(
        height=_HEIGHT_PX,
        margin={"l": 60, "r": 20, "t": 10, "b": 45},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": font},
        hovermode="closest",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": {"text": x_title, "font": font}, "tickfont": font},
        yaxis={"title": {"text": y_title, "font": font}, "tickfont": font},
    )
