"""Every quantity with its unit, published range and source; measured and reviewed side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.language.core_texts import core
from dashboard.language.texts import plain, t
from dashboard.language.wording import instrument_text, number_text, pretty, reference_text, unit_text
from dashboard.services import metrics_of


def metric_rows(summary: Mapping[str, Any], reviewed: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Rows of the table: quantities that have a value, measured or reviewed."""
    rows = []
    corrected = metrics_of(reviewed) if reviewed else {}
    for name, metric in metrics_of(summary).items():
        after = corrected.get(name, metric)
        if metric.get("value") is None and after.get("value") is None:
            continue
        unit = unit_text(metric["unit"])
        reference = metric.get("reference") or after.get("reference")
        row = {
            t("Quantity"): plain(f"{core(metric['label'])}, {instrument_text(metric['instrument'])}"),
            t("Measured"): plain(number_text(metric.get("value"), unit)),
        }
        if reviewed is not None:
            before, now = (plain(number_text(item.get("value"), unit)) for item in (metric, after))
            row[t("Reviewed")] = t("the same") if now == before else f"**{now}**"
        rows.append(
            row
            | {
                t("Remark"): pretty(metric.get("qualifier") or ""),
                t("Published range"): plain(reference_text(reference)),
                t("Source of the range"): pretty((reference or {}).get("source", "")),
            }
        )
    return rows


def metrics_table(summary: Mapping[str, Any], reviewed: Mapping[str, Any] | None) -> None:
    """The table; below it what was not measured, by reason."""
    st.subheader(t("Measurements"), anchor=False)
    if reviewed is not None:
        st.caption(
            t(
                "Reviewed: without the rejected events and with the added ones. Nothing is detected anew; the stored "
                "result stays as it was measured."
            )
        )
        if reviewed["analysis_version"] != summary["analysis_version"]:
            st.warning(
                t(
                    "The result was measured by analysis version {old}, the reviewed numbers by version {new}: part of "
                    "a difference may come from that. Analyse the recording anew before comparing.",
                    old=plain(summary["analysis_version"]),
                    new=plain(reviewed["analysis_version"]),
                )
            )
    rows = metric_rows(summary, reviewed)
    if rows:
        with st.container(key="measurements"):
            st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    missing: dict[str, list[str]] = {}
    for metric in metrics_of(summary).values():
        if metric.get("value") is None:
            reason = (metric.get("reason") or "").partition(": ")[2]
            missing.setdefault(reason, []).append(core(metric["label"]))
    for reason, labels in missing.items():
        title = t("Not measured:")
        st.markdown(f"**{title}** {plain(', '.join(labels))}. {pretty(reason)}")
