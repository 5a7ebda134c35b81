"""The widgets for one set of parameters: what a researcher may move, with its bounds and unit."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.language.wording import unit_text
from shared.bounds import Bound
from shared.parameters import BOUNDS, GATE_NAMES, Parameters

_STEPS: Final = {
    "vpp_thresh": 0.005,
    "blink_thresh": 0.01,
    "blink_min_frames": 1.0,
    "blink_min_depth": 0.05,
    "range_thresh_deg": 1.0,
}


def parameter_form(name: str, start: Parameters) -> dict[str, Any]:
    """Widgets for one set; answers what it says, by name of the parameter.

    Args:
        name: of the set, e.g. ``A``; part of the widgets' keys.
        start: values at first.
    """
    with st.container(border=True, key=f"compare-set-{name}"):
        st.subheader(t("Set {name}", name=name), anchor=False)
        left, middle, right = st.columns(3)
        with left:
            changes: dict[str, Any] = {"vpp_thresh": _number(name, "vpp_thresh", start.vpp_thresh)}
            changes["range_thresh_deg"] = _number(name, "range_thresh_deg", start.range_thresh_deg)
        with middle:
            changes["blink_method"] = st.segmented_control(
                t("Blinks"),
                ["adaptive", "fixed"],
                default=start.blink_method,
                required=True,
                key=f"compare-{name}-blink_method",
                format_func=lambda method: t("adaptive") if method == "adaptive" else t("fixed (guide)"),
            )
            if changes["blink_method"] == "fixed":
                changes["blink_thresh"] = _number(name, "blink_thresh", start.blink_thresh)
        with right:
            if changes["blink_method"] == "fixed":
                changes["blink_min_frames"] = int(_number(name, "blink_min_frames", float(start.blink_min_frames)))
            else:
                changes["blink_min_depth"] = _number(name, "blink_min_depth", start.blink_min_depth)
            changes["range_flag"] = st.toggle(
                t("Limbus range takes part in the result"), value=start.range_flag, key=f"compare-{name}-range_flag"
            )
        disabled = st.multiselect(
            t("Gates switched off"),
            GATE_NAMES,
            default=list(start.gates.disabled),
            key=f"compare-{name}-disabled",
            placeholder=t("none"),
        )
        if tuple(disabled) != start.gates.disabled:
            changes["gates"] = {**start.as_dict()["gates"], "disabled": disabled}
    return changes


def _number(name: str, parameter: str, value: float) -> float:
    bound: Bound = BOUNDS[parameter]
    return float(
        st.number_input(
            f"{parameter}, {unit_text(bound.unit)}" if bound.unit else parameter,
            min_value=float(bound.low),
            max_value=float(bound.high),
            value=float(value),
            step=_STEPS[parameter],
            format="%.0f" if bound.kind is int else "%.3f" if _STEPS[parameter] < 1 else "%.1f",
            key=f"compare-{name}-{parameter}",
            help=core(bound.meaning),
        )
    )
