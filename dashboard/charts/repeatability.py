"""What the history's figure gets on top: how far each value could differ if it were measured again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.history import HistoryPoint

_NEUTRAL: Final = "#7A8794"


def add_bands(figure: go.Figure, points: Sequence[HistoryPoint], bands: Sequence[float | None]) -> None:
    """Draw a bar of the band's half-width up and down from each point that has one.

    Args:
        figure: of :func:`dashboard.charts.history.history_figure`.
        points: in the order of ``bands``.
        bands: repeatability, in the unit of the quantity; None where unknown.
    """
    drawn = [
        (point, band) for point, band in zip(points, bands, strict=True) if point.value is not None and band is not None
    ]
    if not drawn:
        return
    figure.add_trace(
        go.Scatter(
            x=[point.recorded_at for point, _ in drawn],
            y=[point.value for point, _ in drawn],
            error_y={
                "type": "data",
                "array": [band for _, band in drawn],
                "color": _NEUTRAL,
                "thickness": 1.5,
                "width": 6,
            },
            mode="markers",
            marker={"size": 1, "color": _NEUTRAL},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    top = max((point.value or 0.0) + band for point, band in drawn)
    low, high = figure.layout.yaxis.range
    figure.update_yaxes(range=[low, max(high, 1.1 * top)])
