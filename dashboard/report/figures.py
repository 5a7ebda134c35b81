"""The two pictures of the report, drawn for paper."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dashboard.language.texts import t as say
from dashboard.report.fonts import figure_font
from shared.model import BoolArray, FloatArray, Trace

LEFT_COLOUR: Final = "#0072B2"
RIGHT_COLOUR: Final = "#D55E00"
BLINK_COLOUR: Final = "#E69F00"
_GREY: Final = "#5B6671"
_DOTS_PER_INCH: Final = 200
_POINTS: Final = 7.5


def traces_png(trace: Trace, events: Mapping[str, Any], size_mm: tuple[float, float], *, language: str) -> bytes:
    """Vertical and horizontal eye position over the whole film, blinks shaded, as PNG.

    Degrees of the limbus instrument; up and the patient's left are drawn upward.
    """
    figure = _figure(size_mm)
    vertical, horizontal = figure.subplots(2, 1, sharex=True)
    shut = _in_blinks(trace.time_s, events)
    for axes, field, sign, title in (
        (vertical, "limbus_v_deg", -1.0, say("Up ↑, about deg", language=language)),
        (horizontal, "limbus_h_deg", 1.0, say("Left ↑, about deg", language=language)),
    ):
        for eye, colour, style, name in (
            (trace.left, LEFT_COLOUR, "-", say("left eye", language=language)),
            (trace.right, RIGHT_COLOUR, "--", say("right eye", language=language)),
        ):
            values = np.where(trace.valid & ~shut, sign * getattr(eye, field), np.nan)
            axes.plot(trace.time_s, values, style, color=colour, linewidth=0.6, label=name)
        _shade_blinks(axes, events, say("blink", language=language))
        _dress(axes, title)
    vertical.legend(
        prop=_font(_POINTS - 1), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, borderpad=0
    )
    horizontal.set_xlabel(say("Time, s", language=language), fontproperties=_font(), color=_GREY)
    horizontal.set_xlim(float(trace.time_s[0]), float(trace.time_s[-1]))
    return _png(figure)


def gaze_png(trace: Trace, events: Mapping[str, Any], size_mm: tuple[float, float], *, language: str) -> bytes:
    """Vertical against horizontal eye position, one dot a frame, axes of equal scale, as PNG."""
    figure = _figure(size_mm)
    axes = figure.subplots()
    seen = trace.valid & ~_in_blinks(trace.time_s, events)
    for eye, colour, marker in ((trace.left, LEFT_COLOUR, "o"), (trace.right, RIGHT_COLOUR, "x")):
        axes.plot(
            eye.limbus_h_deg[seen], -eye.limbus_v_deg[seen], marker, color=colour, markersize=1.2, markeredgewidth=0.3
        )
    axes.set_aspect("equal", adjustable="datalim")
    _dress(axes, say("Up ↑, about deg", language=language))
    axes.set_xlabel(say("Left →, about deg", language=language), fontproperties=_font(), color=_GREY)
    return _png(figure)


def _figure(size_mm: tuple[float, float]) -> Figure:
    width, height = size_mm
    figure = Figure(figsize=(width / 25.4, height / 25.4), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _dress(axes: Axes, title: str) -> None:
    axes.set_ylabel(title, fontproperties=_font(_POINTS - 1), color=_GREY)
    axes.tick_params(labelsize=_POINTS - 1, colors=_GREY, length=2)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(_font(_POINTS - 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.grid(color="#D9DEE3", linewidth=0.4)
    # A hyphen for the minus sign: the typeface has no U+2212.
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")


def _shade_blinks(axes: Axes, events: Mapping[str, Any], name: str) -> None:
    label: str | None = name
    for blink in events["blinks"]:
        if blink.get("status") != "rejected":
            axes.axvspan(blink["start_s"], blink["end_s"], color=BLINK_COLOUR, alpha=0.3, linewidth=0, label=label)
            label = None


def _in_blinks(time_s: FloatArray, events: Mapping[str, Any]) -> BoolArray:
    inside = np.zeros(len(time_s), dtype=np.bool_)
    for blink in events["blinks"]:
        if blink.get("status") != "rejected":
            inside |= (time_s >= blink["start_s"]) & (time_s <= blink["end_s"])
    return inside


def _font(size: float = _POINTS) -> Any:
    font = figure_font().copy()
    font.set_size(size)
    return font


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
