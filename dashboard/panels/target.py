"""How the eyes answered the target: how often, how soon, how far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.language.texts import t
from dashboard.language.wording import pretty

_DIRECTIONS: Final = ("up", "down", "left", "right")


def target_rows(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """Latency and gain of the first and of the final answer, by direction of the movement."""
    metrics = summary["metrics"]
    names = {"up": t("Up"), "down": t("Down"), "left": t("Left"), "right": t("Right")}
    return [
        {
            t("Movement"): names[direction],
            t("Time until the eyes set out (ms)"): _text(metrics.get(f"latency_{direction}_ms"), ".0f"),
            t("First movement, share of the way"): _text(metrics.get(f"primary_gain_{direction}"), ".2f"),
            t("Place reached, share of the way"): _text(metrics.get(f"final_gain_{direction}"), ".2f"),
        }
        for direction in _DIRECTIONS
    ]


def target_panel(summary: Mapping[str, Any]) -> None:
    """The table, with what its figures are worth."""
    st.subheader(t("Following the dot"), anchor=False)
    answered = summary["metrics"].get("target_steps_answered_percent", {})
    if answered.get("value") is None:
        reason = (answered.get("reason") or "").partition(": ")[2]
        st.write(pretty(reason) if reason else t("Whether the eyes followed the dot could not be measured."))
        return
    st.write(t("The eyes followed {percent:.0f} % of the jumps of the dot.", percent=answered["value"]))
    st.table(pd.DataFrame(target_rows(summary)), border="horizontal", hide_index=True)
    st.caption(
        t(
            "Medians. The delays of screen and camera, some hundredths of a second, are part of the times. "
            "Degrees are not calibrated to this person."
        )
    )


def _text(metric: Mapping[str, Any] | None, form: str) -> str:
    value = (metric or {}).get("value")
    return "–" if value is None else format(round(value, 2) + 0.0, form)  # no minus before a zero
