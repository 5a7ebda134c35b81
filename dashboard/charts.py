"""Figures: the traces of one recording, and one measurement over a patient's recordings.

Colours are Okabe-Ito's and never carry a meaning alone: left is also solid, right also dashed, and each kind
of event and of result has its own marker shape. Lines are SVG: WebGL stalls for seconds without a graphics card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.inks import LIGHT_INK
from dashboard.reviews import Masks
from dashboard.texts import t
from shared.model import BoolArray, FloatArray, PspStatus, Trace

LEFT_COLOUR: Final = "#0072B2"
RIGHT_COLOUR: Final = "#D55E00"
BLINK_COLOUR: Final = "#E69F00"
SACCADE_COLOUR: Final = "#009E73"
JERK_COLOUR: Final = "#CC79A7"
NEUTRAL_COLOUR: Final = "#7A8794"
INVALID_FILL: Final = "rgba(122, 135, 148, 0.28)"
BLINK_FILL: Final = "rgba(230, 159, 0, 0.30)"
BAND_FILL: Final = "rgba(86, 180, 233, 0.16)"

MAX_POINTS: Final = 2000
"""Most points of one line that are sent to the browser."""
WHOLE_FILM_UP_TO_S: Final = 30.0
WINDOW_S: Final = 10.0

GazeInstrument = Literal["landmark", "limbus"]
Rows = Literal["vertical", "horizontal", "lids", "events"]
_ROW_OF: Final[Mapping[Rows, int]] = {"vertical": 1, "horizontal": 2, "lids": 3, "events": 4}


@dataclass(frozen=True)
class Channel:
    """How one instrument's signal of one direction is called and where it lies in the trace."""

    field: str
    title: str


def _channels(instrument: GazeInstrument) -> tuple[Channel, Channel]:
    if instrument == "limbus":
        return (
            Channel("limbus_v_deg", t("Vertical, approx. degrees<br>limbus, up ↑")),
            Channel("limbus_h_deg", t("Horizontal, approx. degrees<br>limbus, patient’s left ↑")),
        )
    return (
        Channel("v_offset", t("Vertical, open lid gaps<br>landmark, up ↑")),
        Channel("h_offset", t("Horizontal, open lid gaps<br>landmark, patient’s left ↑")),
    )


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Stretches where ``mask`` holds, as (first, last) indices, inclusive.

    >>> runs(np.array([True, False, True, True]))
    [(0, 0), (2, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def _thin_run(time_s: FloatArray, values: FloatArray, points: int) -> tuple[FloatArray, FloatArray]:
    """Least and greatest value of each of ``points / 2`` bins, in their order: one-frame peaks survive."""
    if len(values) <= points:
        return time_s, values
    edges = np.linspace(0, len(values), max(points // 2, 1) + 1).astype(int)
    keep: list[int] = []
    for first, after in pairwise(edges):
        part = values[first:after]
        keep.extend(sorted({first + int(part.argmin()), first + int(part.argmax())}))
    return time_s[keep], values[keep]


def thin(time_s: FloatArray, values: FloatArray, max_points: int = MAX_POINTS) -> tuple[FloatArray, FloatArray]:
    """At most about ``max_points`` points that look the same, with every gap kept as a gap.

    Each stretch of finite samples is thinned alone and closed with a ``nan``, so that no line is ever drawn
    across a blink or a lost face.

    Args:
        time_s: ``(N,)``, s.
        values: ``(N,)``, ``nan`` where missing.
        max_points: of the finite samples in the answer; a stretch always keeps its least and greatest.
    """
    finite = np.isfinite(values)
    stretches = runs(finite)
    share = min(1.0, max_points / max(int(finite.sum()), 1))
    times: list[FloatArray] = []
    kept: list[FloatArray] = []
    for first, last in stretches:
        length = last - first + 1
        part = _thin_run(time_s[first : last + 1], values[first : last + 1], max(int(length * share), 2))
        times += [part[0], time_s[last : last + 1]]
        kept += [part[1], np.array([np.nan])]
    if not stretches:
        return np.empty(0), np.empty(0)
    return np.concatenate(times)[:-1], np.concatenate(kept)[:-1]


def thin_around(
    time_s: FloatArray, values: FloatArray, window_s: tuple[float, float], max_points: int = MAX_POINTS
) -> tuple[FloatArray, FloatArray]:
    """Like :func:`thin`, with three quarters of the points spent on the window and its neighbourhood."""
    if np.isfinite(values).sum() <= max_points:
        return thin(time_s, values, max_points)
    width_s = window_s[1] - window_s[0]
    near = (time_s >= window_s[0] - width_s / 2) & (time_s <= window_s[1] + width_s / 2)
    close = thin(time_s, np.where(near, values, np.nan), max_points * 3 // 4)
    far = thin(time_s, np.where(near, np.nan, values), max_points // 4)
    times = np.concatenate([close[0], far[0]])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate([close[1], far[1]])[order]


def vertical_band(trace: Trace, usable: BoolArray, field: str = "v_offset") -> tuple[float, float] | None:
    """P5 and P95 of the mean of both eyes over usable frames: the range that the threshold is set against."""
    values = trace.mean_of_eyes(field)[usable]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return None
    low, high = np.percentile(values, [5, 95])
    return float(low), float(high)


def default_window_s(duration_s: float, around_s: float | None = None) -> tuple[float, float]:
    """The stretch to show: the whole of a short film, else ten seconds, with ``around_s`` a third into it.

    >>> default_window_s(20.0), default_window_s(60.0), default_window_s(60.0, around_s=58.0)
    ((0.0, 20.0), (0.0, 10.0), (50.0, 60.0))
    """
    if duration_s <= WHOLE_FILM_UP_TO_S:
        return 0.0, max(duration_s, 1e-3)
    start = 0.0 if around_s is None else around_s - WINDOW_S / 3
    start = min(max(start, 0.0), duration_s - WINDOW_S)
    return start, start + WINDOW_S


def _y_range(lines: Sequence[FloatArray], include: Sequence[float]) -> tuple[float, float] | None:
    finite = [line[np.isfinite(line)] for line in lines]
    values = np.concatenate([*finite, np.asarray(include, dtype=np.float64)])
    if not len(values):
        return None
    core = np.concatenate(finite)
    low, high = np.percentile(core, [0.5, 99.5]) if len(core) else (values.min(), values.max())
    low, high = min(low, *include) if include else low, max(high, *include) if include else high
    margin = 0.08 * (high - low) or 0.05
    return float(low - margin), float(high + margin)


def _add_eyes(
    figure: go.Figure,
    row: Rows,
    trace: Trace,
    lines: Mapping[str, FloatArray],
    window_s: tuple[float, float],
    *,
    legend: bool,
) -> None:
    looks = {
        "left": (t("Patient’s left eye"), LEFT_COLOUR, "solid"),
        "right": (t("Patient’s right eye"), RIGHT_COLOUR, "dash"),
    }
    for eye, (name, colour, dash) in looks.items():
        time_s, values = thin_around(trace.time_s, lines[eye], window_s)
        figure.add_trace(
            go.Scatter(
                x=np.round(time_s, 4),
                y=np.round(values, 4),
                mode="lines",
                connectgaps=False,
                name=name,
                legendgroup=eye,
                showlegend=legend,
                line={"color": colour, "dash": dash, "width": 1.6},
                hovertemplate="%{y:.3f}",
            ),
            row=_ROW_OF[row],
            col=1,
        )


def _add_mean(figure: go.Figure, trace: Trace, mean: FloatArray, window_s: tuple[float, float], ink: str) -> None:
    """The mean of both eyes: what the range and its threshold are about."""
    time_s, values = thin_around(trace.time_s, mean, window_s)
    figure.add_trace(
        go.Scatter(
            x=np.round(time_s, 4),
            y=np.round(values, 4),
            mode="lines",
            connectgaps=False,
            name=t("Mean of both eyes"),
            line={"color": ink, "dash": "dot", "width": 1.4},
            hovertemplate="%{y:.3f}",
        ),
        row=_ROW_OF["vertical"],
        col=1,
    )


def _add_stretch(figure: go.Figure, start_s: float, end_s: float, fill: str, name: str) -> None:
    figure.add_shape(
        type="rect",
        xref="x",
        yref="paper",
        x0=start_s,
        x1=end_s,
        y0=0,
        y1=1,
        fillcolor=fill,
        line_width=0,
        layer="below",
        name=name,
    )


def _add_threshold(figure: go.Figure, row: Rows, value: float, name: str, dash: str = "dot") -> None:
    axis = "" if _ROW_OF[row] == 1 else str(_ROW_OF[row])
    figure.add_shape(
        type="line",
        xref="paper",
        yref=f"y{axis}",
        x0=0,
        x1=1,
        y0=value,
        y1=value,
        line={"color": NEUTRAL_COLOUR, "dash": dash, "width": 1.5},
        name=name,
    )


def _note(figure: go.Figure, row: Rows, text: str) -> None:
    axis = "" if _ROW_OF[row] == 1 else str(_ROW_OF[row])
    figure.add_annotation(
        xref="paper",
        yref=f"y{axis} domain",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        text=text,
        showarrow=False,
        font={"size": 12},
    )


def _add_event_lane(figure: go.Figure, events: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    lanes = (
        ("blinks", t("Blink"), BLINK_COLOUR, "square", 2),
        ("saccades", t("Saccade"), SACCADE_COLOUR, "triangle-up", 1),
        ("square_wave_jerks", t("Square-wave jerk"), JERK_COLOUR, "diamond", 0),
    )
    for kind, name, colour, symbol, height in lanes:
        starts = [float(event["start_s"]) for event in events.get(kind, ())]
        if not starts:
            continue
        figure.add_trace(
            go.Scatter(
                x=starts,
                y=[height] * len(starts),
                mode="markers",
                name=name,
                showlegend=False,
                marker={"color": colour, "symbol": symbol, "size": 9},
                hovertemplate=f"{name}, %{{x:.2f}} s<extra></extra>",
            ),
            row=_ROW_OF["events"],
            col=1,
        )


def _show_vertical_thresholds(
    figure: go.Figure, band: tuple[float, float] | None, vpp_thresh: float
) -> tuple[float, ...]:
    """Draw the measured P5-P95 band and, about its middle, the width that the threshold asks for."""
    if band is None:
        _note(figure, "vertical", t("Range not measurable · threshold {threshold:g}", threshold=vpp_thresh))
        return ()
    middle = (band[0] + band[1]) / 2
    needed = (middle - vpp_thresh / 2, middle + vpp_thresh / 2)
    figure.add_shape(
        type="rect",
        xref="paper",
        yref="y",
        x0=0,
        x1=1,
        y0=band[0],
        y1=band[1],
        fillcolor=BAND_FILL,
        line_width=0,
        layer="below",
        name="vertical-band",
    )
    for value in needed:
        _add_threshold(figure, "vertical", value, "vpp-threshold", "dash")
    _note(
        figure,
        "vertical",
        t(
            "Shaded: P5–P95 of the mean, {range:.3f} · dashed grey: the threshold, {threshold:g} wide",
            range=band[1] - band[0],
            threshold=vpp_thresh,
        ),
    )
    return (*needed, *band)


def traces_figure(
    trace: Trace,
    document: Mapping[str, Any],
    masks: Masks,
    *,
    instrument: GazeInstrument = "landmark",
    window_s: tuple[float, float] | None = None,
    revision: str = "",
    ink: str = LIGHT_INK,
) -> go.Figure:
    """Vertical and horizontal gaze, lid opening and events of one recording over a common time axis.

    Gaze is left out while lids are shut (a closing lid drags the iris along); lids are shown throughout.

    Args:
        trace: as read from the stored table.
        document: the stored result: ``summary`` with ``parameters``, and ``events``.
        masks: frames to draw, and frames that entered the ranges.
        instrument: ``landmark`` or ``limbus``.
        window_s: stretch to show; None for :func:`default_window_s`.
        revision: a new value shows ``window_s`` again; the same one keeps what the person zoomed to.
        ink: colour of all writing, one of :mod:`dashboard.inks`.
    """
    events = document["events"]
    parameters = document["summary"]["parameters"]
    blinks = events["blinks"]
    window = window_s or default_window_s(trace.duration_s)
    figure = make_subplots(
        rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.055, row_heights=[0.38, 0.27, 0.23, 0.12]
    )
    vertical, horizontal = _channels(instrument)

    band = vertical_band(trace, masks.usable) if instrument == "landmark" else None
    include: tuple[float, ...] = ()
    if instrument == "landmark":
        include = _show_vertical_thresholds(figure, band, parameters["vpp_thresh"])
    else:
        _note(figure, "vertical", t("No threshold applies to this instrument"))
    for row, channel in (("vertical", vertical), ("horizontal", horizontal)):
        lines = {
            eye: np.where(masks.visible, getattr(getattr(trace, eye), channel.field), np.nan)
            for eye in ("left", "right")
        }
        _add_eyes(figure, row, trace, lines, window, legend=row == "vertical")  # type: ignore[arg-type]
        if row == "vertical":
            _add_mean(figure, trace, np.where(masks.visible, trace.mean_of_eyes(channel.field), np.nan), window, ink)
        y_range = _y_range(list(lines.values()), include if row == "vertical" else ())
        if y_range is not None:
            upward = row == "horizontal"
            figure.update_yaxes(range=y_range if upward else y_range[::-1], row=_ROW_OF[row], col=1)  # type: ignore[index]
        figure.update_yaxes(title_text=channel.title, row=_ROW_OF[row], col=1)  # type: ignore[index]

    _add_lids(figure, trace, parameters, window)
    _add_event_lane(figure, events)
    for blink in blinks:
        _add_stretch(figure, blink["start_s"], blink["end_s"], BLINK_FILL, "blink")
    half_frame_s = 0.5 / trace.frame_rate_hz if trace.frame_rate_hz else 0.0
    for first, last in runs(~trace.valid):
        _add_stretch(
            figure, trace.time_s[first] - half_frame_s, trace.time_s[last] + half_frame_s, INVALID_FILL, "invalid"
        )
    _lay_out(figure, window, trace.duration_s, revision, ink)
    return figure


def _add_lids(figure: go.Figure, trace: Trace, parameters: Mapping[str, Any], window_s: tuple[float, float]) -> None:
    fixed = parameters["blink_method"] == "fixed"
    field = "eye_open" if fixed else "lid_opening"
    lines = {eye: np.where(trace.valid, getattr(getattr(trace, eye), field), np.nan) for eye in ("left", "right")}
    _add_eyes(figure, "lids", trace, lines, window_s, legend=False)
    if fixed:
        threshold = float(parameters["blink_thresh"])
        text = t("Dotted: shut below {threshold:g}", threshold=threshold)
        title = t("Lid opening<br>gap / eye width")
    else:
        middle = np.concatenate(list(lines.values()))
        middle = middle[np.isfinite(middle)]
        threshold = float(np.median(middle) * (1 - parameters["blink_min_depth"])) if len(middle) else float("nan")
        text = t(
            "Dotted: {depth:.0%} below the median opening (blinks are judged against the opening around them)",
            depth=parameters["blink_min_depth"],
        )
        title = t("Lid opening<br>iris diameters")
    include = (threshold, 0.0) if np.isfinite(threshold) else (0.0,)
    if np.isfinite(threshold):
        _add_threshold(figure, "lids", threshold, "blink-threshold")
    y_range = _y_range(list(lines.values()), include)
    _note(figure, "lids", text)
    figure.update_yaxes(title_text=title, range=y_range, row=_ROW_OF["lids"], col=1)


def _lay_out(figure: go.Figure, window_s: tuple[float, float], duration_s: float, revision: str, ink: str) -> None:
    for name, fill in ((t("Blink"), BLINK_FILL), (t("Not measurable"), INVALID_FILL)):
        figure.add_trace(
            go.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                name=name,
                marker={"symbol": "square", "size": 13, "color": fill},
                hoverinfo="skip",
            ),
            row=1,
            col=1,
        )
    figure.update_xaxes(
        range=list(window_s), zeroline=False, showgrid=True, showspikes=False, color=ink, title_font_color=ink
    )
    figure.update_xaxes(title_text=t("Time, s"), row=_ROW_OF["events"], col=1)
    figure.update_yaxes(
        zeroline=False, title_font={"size": 12, "color": ink}, title_standoff=6, color=ink, tickfont_color=ink
    )
    figure.update_xaxes(tickfont_color=ink)
    figure.update_annotations(font_color=ink)
    figure.update_yaxes(
        row=_ROW_OF["events"],
        col=1,
        range=[-0.7, 2.7],
        tickvals=[0, 1, 2],
        ticktext=[t("Jerk"), t("Saccade"), t("Blink")],
        fixedrange=True,
    )
    if duration_s > WHOLE_FILM_UP_TO_S:
        figure.update_xaxes(
            rangeslider={"visible": True, "thickness": 0.05, "range": [0, duration_s]},
            row=_ROW_OF["events"],
            col=1,
        )
    figure.update_layout(
        height=640,
        margin={"l": 76, "r": 14, "t": 40, "b": 36},
        hovermode="x unified",
        uirevision=revision or "traces",
        legend={
            "orientation": "h",
            "y": 1.045,
            "x": 1,
            "xanchor": "right",
            "yanchor": "bottom",
            "font": {"size": 12, "color": ink},
        },
        dragmode="zoom",
    )


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
                textposition="top center",
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
        margin={"l": 70, "r": 20, "t": 30, "b": 40},
        showlegend=False,
        yaxis={
            "title": {"text": f"{label}, {unit}" if unit else label, "font": {"color": ink}},
            "range": [min(0.0, *values, 0.0), top * 1.25 or 1.0],
            "tickfont": {"color": ink},
        },
        xaxis={"title": {"text": t("Date of recording"), "font": {"color": ink}}, "tickfont": {"color": ink}},
        hovermode="closest",
    )
    return figure
