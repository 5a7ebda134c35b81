"""Figures of the movements: the main sequence with its published band, and how far the eyes went each way.

They are sent anew with each decision, so they carry no more digits than are drawn and no template of Plotly's own.
All inks are set here: without that template Streamlit's theme does not reach them.

Direction is told by the marker's shape, not by colour alone. Saccades that a reviewer rejected are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.inks import LIGHT_INK
from dashboard.language.texts import t
from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY, Axis, main_axis, normal_band
from shared.model import Saccade

VERTICAL_COLOUR: Final = "#009E73"
HORIZONTAL_COLOUR: Final = "#CC79A7"
BAND_FILL: Final = "rgba(86, 180, 233, 0.22)"
NEUTRAL_COLOUR: Final = "#7A8794"
_PAPER: Final[Mapping[str, Any]] = {
    "template": "none",
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "plot_bgcolor": "rgba(0, 0, 0, 0)",
    "font": {"family": "Source Sans, NanumSquare, sans-serif"},
}
_GRID: Final = "rgba(122, 135, 148, 0.25)"
_BAND_DEG: Final[Mapping[Axis, tuple[float, float]]] = {"vertical": (5.0, 20.0), "horizontal": (5.0, 30.0)}
_SECTORS: Final = ("left", "down", "right", "up")


def sector(saccade: Saccade) -> str | None:
    """``up``, ``down``, ``left`` or ``right`` (the patient's own); None for an oblique one.

    >>> sector(Saccade(0.0, 0.1, 5.0, 100.0)), sector(Saccade(0.0, 0.1, 5.0, 45.0))
    ('down', None)
    """
    if main_axis(saccade.direction_deg) is None:
        return None
    return _SECTORS[round(saccade.direction_deg / 90) % 4]


def has_velocity(saccades: Sequence[Saccade]) -> bool:
    """Whether the film carried the peak velocity of most of them; a few alone would show a part for the whole."""
    return 2 * sum(saccade.peak_velocity_deg_s is not None for saccade in saccades) > len(saccades)


def main_sequence_figure(saccades: Sequence[Saccade], *, ink: str = LIGHT_INK) -> go.Figure:
    """Peak velocity over amplitude, vertical beside horizontal; durations where the film carries no velocity.

    Each point carries the saccade's start and end, s, as ``customdata``.
    """
    by_velocity = has_velocity(saccades)
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=(t("Vertical saccades"), t("Horizontal saccades")),
    )
    axes: tuple[Axis, Axis] = ("vertical", "horizontal")
    for column, axis in enumerate(axes, start=1):
        _add_band(figure, axis, column, by_velocity=by_velocity)
        for name, symbol, text in _marks(axis):
            chosen = [s for s in saccades if sector(s) == name and _height(s, by_velocity=by_velocity) is not None]
            _add_points(figure, chosen, column, name=text, symbol=symbol, by_velocity=by_velocity)
    title = t("Peak velocity, °/s") if by_velocity else t("Duration, ms")
    figure.update_yaxes(rangemode="tozero", color=ink, zeroline=False)
    figure.update_yaxes(title_text=title, row=1, col=1)
    figure.update_xaxes(title_text=t("Amplitude, approx. degrees"), rangemode="tozero", color=ink, zeroline=False)
    _ink_axes(figure, ink)
    figure.update_annotations(font={"color": ink, "size": 13})
    figure.update_layout(
        **_PAPER,
        height=330,
        margin={"l": 60, "r": 10, "t": 30, "b": 80},
        legend={"orientation": "h", "y": -0.32, "x": 0, "font": {"color": ink, "size": 12}},
        hovermode="closest",
        dragmode=False,
    )
    return figure


def _marks(axis: Axis) -> tuple[tuple[str, str, str], ...]:
    if axis == "vertical":
        return (("up", "triangle-up", t("Up")), ("down", "triangle-down", t("Down")))
    return (
        ("left", "triangle-right-open", t("To the patient’s left")),
        ("right", "triangle-left-open", t("To the patient’s right")),
    )


def _height(saccade: Saccade, *, by_velocity: bool) -> float | None:
    if by_velocity:
        return saccade.peak_velocity_deg_s
    return None if saccade.duration_s is None else 1000 * saccade.duration_s


def _add_points(
    figure: go.Figure,
    chosen: Sequence[Saccade],
    column: int,
    *,
    name: str,
    symbol: str,
    by_velocity: bool,
) -> None:
    if not chosen:
        return
    heights = [_height(s, by_velocity=by_velocity) for s in chosen]
    error = None
    if by_velocity and all(s.peak_velocity_low_deg_s is not None for s in chosen):
        error = {
            "type": "data",
            "symmetric": False,
            "array": [round((s.peak_velocity_high_deg_s or 0) - (s.peak_velocity_deg_s or 0)) for s in chosen],
            "arrayminus": [round((s.peak_velocity_deg_s or 0) - (s.peak_velocity_low_deg_s or 0)) for s in chosen],
            "thickness": 1,
            "width": 2,
        }
    figure.add_trace(
        go.Scatter(
            x=[round(s.amplitude_deg, 1) for s in chosen],
            y=[round(height or 0.0, 1) for height in heights],
            error_y=error,
            customdata=[[round(s.start_s, 3), round(s.end_s, 3)] for s in chosen],
            mode="markers",
            name=name,
            marker={
                "symbol": symbol,
                "size": 9,
                "color": VERTICAL_COLOUR if column == 1 else HORIZONTAL_COLOUR,
                "line": {"width": 1.5},
            },
            hovertemplate="%{x:.1f}° · %{y:.0f}<br>%{customdata[0]:.2f} s<extra>" + name + "</extra>",
        ),
        row=1,
        col=column,
    )


def _add_band(figure: go.Figure, axis: Axis, column: int, *, by_velocity: bool) -> None:
    amplitudes = np.linspace(*_BAND_DEG[axis], 16)
    bands = [band for band in (normal_band(float(a), axis) for a in amplitudes) if band is not None]
    low = np.array([band.low_deg_s for band in bands])
    high = np.array([band.high_deg_s for band in bands])
    at = np.array([band.amplitude_deg for band in bands])
    if not by_velocity:
        low, high = 1000 * PEAK_TO_MEAN_VELOCITY * at / high, 1000 * PEAK_TO_MEAN_VELOCITY * at / low
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([at, at[::-1]]),
            y=np.round(np.concatenate([low, high[::-1]]), 1),
            fill="toself",
            fillcolor=BAND_FILL,
            line={"width": 0},
            mode="lines",
            name=t("Healthy, mean ± 2 SD"),
            showlegend=column == 1,
            hoverinfo="skip",
        ),
        row=1,
        col=column,
    )


def ranges_figure(metrics: Mapping[str, Mapping[str, Any]], *, ink: str = LIGHT_INK) -> go.Figure | None:
    """How far the eyes went up, down, vertically in all, and horizontally, each with its published range.

    Returns:
        None where the limbus instrument measured none of them.
    """
    rows = (
        ("up_range_deg", t("Up")),
        ("down_range_deg", t("Down")),
        ("vertical_range_deg", t("Vertical, in all")),
        ("horizontal_range_deg", t("Horizontal, in all")),
    )
    known = [(metrics.get(name, {}), text) for name, text in rows]
    if all(metric.get("value") is None for metric, _ in known):
        return None
    values = [metric.get("value") for metric, _ in known]
    colours = [VERTICAL_COLOUR] * 3 + [HORIZONTAL_COLOUR]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[text for _, text in known],
            orientation="h",
            marker_color=colours,
            width=0.5,
            text=[t("{value:.1f}°", value=value) if value is not None else t("not measured") for value in values],
            textposition="outside",
            textfont={"color": ink, "size": 13},
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    ends = [value for value in values if value is not None]
    for place, (metric, _) in enumerate(known):
        reference = metric.get("reference") or {}
        low, high = reference.get("low"), reference.get("high")
        if high is None:
            continue
        ends.append(high)
        figure.add_shape(
            type="rect",
            x0=low or 0.0,
            x1=high,
            y0=place - 0.38,
            y1=place + 0.38,
            fillcolor=BAND_FILL,
            line={"color": NEUTRAL_COLOUR, "width": 1, "dash": "dot"},
            layer="below",
            name="reference",
        )
    figure.update_yaxes(autorange="reversed", color=ink, showgrid=False)
    figure.update_xaxes(
        range=[0, 1.18 * max(ends)], title_text=t("Approx. degrees, limbus instrument"), color=ink, zeroline=False
    )
    _ink_axes(figure, ink)
    figure.update_layout(
        **_PAPER, height=330, margin={"l": 110, "r": 30, "t": 30, "b": 50}, showlegend=False, dragmode=False
    )
    return figure


def _ink_axes(figure: go.Figure, ink: str) -> None:
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(tickfont_color=ink, title_font={"color": ink, "size": 12}, gridcolor=_GRID, linecolor=_GRID)
