"""Signs that the MDS-PSP criteria name, as far as this recording shows them, and where in the film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.language.texts import t
from dashboard.language.wording import pretty


def findings_panel(
    summary: Mapping[str, Any], reviewed: Mapping[str, Any] | None, show: Callable[[float, float], None]
) -> None:
    """All findings; where the reviewer's corrections change one, both states.

    Args:
        summary: as stored.
        reviewed: with the reviewer's corrections; None without any.
        show: takes film and traces to a start and an end, s.
    """
    states = {"present": t("◆ present"), "absent": t("● absent"), "not_measured": t("– not measured")}
    corrected = {finding["code"]: finding for finding in (reviewed or {}).get("findings", ())}
    st.subheader(t("Findings beside the result"), anchor=False)
    st.caption(t("They support a reading and never change the result. The question mark tells what was looked for."))
    with st.container(border=True, key="findings", gap="xsmall"):
        for index, finding in enumerate(summary["findings"]):
            with st.container(horizontal=True, vertical_alignment="center", key=f"finding-{index}"):
                text = f"**{pretty(finding['label'])}: {states[finding['state']]}.** {pretty(finding['message'])}"
                after = corrected.get(finding["code"], finding)
                if after["message"] != finding["message"] or after["state"] != finding["state"]:
                    told = t("As reviewed: {state}.", state=states[after["state"]])
                    text += f"  \n**{told}** {pretty(after['message'])}"
                st.markdown(
                    text, help=f"{pretty(finding['definition'])} ({pretty(finding['source'])})", width="stretch"
                )
                if finding.get("start_s") is not None:
                    st.button(
                        t("Show me, {s:.1f} s", s=finding["start_s"]),
                        key=f"finding-show-{index}",
                        on_click=show,
                        args=(float(finding["start_s"]), float(finding["end_s"] or finding["start_s"])),
                    )
