"""Whether the degrees of a result are held against known targets, how well that went, and why not where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.language.texts import plain, t
from dashboard.language.wording import pretty


def calibration_rows(calibration: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the table: what was found for each eye along each axis, and whether it is used."""
    eyes = {"left": t("Patient’s left eye"), "right": t("Patient’s right eye")}
    axes = {"horizontal": t("left and right"), "vertical": t("up and down")}
    return [
        {
            t("Eye"): eyes[one["eye"]],
            t("Axis"): axes[one["axis"]],
            t("Targets held"): str(one["target_count"]),
            t("Degrees measured per degree of target"): _slope_text(one),
            t("Residual (degrees)"): _text(one["residual_sd_deg"], ".1f"),
            t("Calibrated"): _state(one),
        }
        for one in calibration
    ]


def calibration_panel(summary: Mapping[str, Any]) -> None:
    """One sentence where there is nothing to tell, else the table."""
    calibration = summary.get("calibration") or ()
    st.subheader(t("How far the degrees can be trusted"), anchor=False)
    if not calibration:
        st.write(
            t(
                "Degrees are approximate, ± 20 %, and not calibrated: no targets at known places are on record. They "
                "are where the screening station showed them, or where they are marked under “What was asked, and "
                "when”."
            )
        )
        return
    used = [axis for axis in ("vertical", "horizontal") if _is_calibrated(calibration, axis)]
    st.write(_sentence(used))
    st.table(pd.DataFrame(calibration_rows(calibration)), border="horizontal", hide_index=True)
    st.caption(
        t(
            "A line through steady gaze and targets, by repeated medians. The traces are drawn as they were measured; "
            "the measurements below are in calibrated degrees where that was possible. It takes for granted that the "
            "patient reached most of the targets; a slope far from 1 says that they were not reached, and is not used."
        )
    )


def _sentence(used: Sequence[str]) -> str:
    if len(used) == 2:
        return t("Degrees are calibrated along both axes.")
    if used == ["vertical"]:
        return t("Degrees up and down are calibrated; left and right they are approximate, ± 20 %.")
    if used == ["horizontal"]:
        return t("Degrees left and right are calibrated; up and down they are approximate, ± 20 %.")
    return t("Degrees are approximate, ± 20 %: the targets on record did not serve to calibrate them.")


def _is_calibrated(calibration: Sequence[Mapping[str, Any]], axis: str) -> bool:
    along = [one for one in calibration if one["axis"] == axis]
    return bool(along) and all(one["reason"] is None for one in along)


def _slope_text(one: Mapping[str, Any]) -> str:
    if one["slope"] is None:
        return "–"
    if one["uncertainty"] is None:
        return _text(one["slope"], ".3f")
    return plain(f"{one['slope']:.3f} ± {abs(2 * one['uncertainty'] * one['slope']):.3f}")


def _state(one: Mapping[str, Any]) -> str:
    if one["reason"] is None:
        return t("yes")
    return pretty(str(one["reason"]).partition(": ")[2])


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else plain(format(value, form))
