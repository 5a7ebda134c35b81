"""The answer first: the result in words, its reasons with their numbers, whether the recording was good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.language.texts import plain, t, tn
from dashboard.language.wording import CHECK_SHAPE, advice, amount_text, comparison_text, pretty, result_sentence
from dashboard.page import STATUS_SHAPE, disclaimer, result_text
from dashboard.services import day_of
from shared.model import CheckStatus, PspStatus
from shared.review import ReviewState


def result_card(summary: Mapping[str, Any], reviewed: Mapping[str, Any] | None, state: ReviewState) -> None:
    """The result in words, largest on the page, and everything that it rests on.

    Args:
        summary: as stored.
        reviewed: of the same recording with the reviewer's corrections; None where there are none.
        state: of the review.
    """
    status = summary["psp_status"]
    with st.container(border=True, key="result"), st.container(key=f"result-{status}"):
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.title(f"{STATUS_SHAPE[status]} {result_text(status)}", anchor=False)
            st.markdown(f"{result_sentence(status)} **{disclaimer()}**")
            _reviewed_line(status, reviewed, state)
            _signature_line(state, summary["analysis_version"])
            st.markdown("\n".join(reason_lines(summary)))
        with right:
            if status == PspStatus.INCONCLUSIVE:
                _next_time(summary)
            quality_summary(summary["quality"], {reason["code"] for reason in summary["reasons"]})


def _reviewed_line(status: str, reviewed: Mapping[str, Any] | None, state: ReviewState) -> None:
    """What the reviewer's corrections make of the result, if anything."""
    if reviewed is None:
        return
    excluded = tn("{count} event excluded", "{count} events excluded", state.count("rejected"))
    added = tn("{count} added", "{count} added", state.count("added"))
    now = reviewed["psp_status"]
    if now == status:
        text = t("Reviewed, {excluded}, {added}: the result stays the same.", excluded=excluded, added=added)
    else:
        text = t(
            "Reviewed, {excluded}, {added}: with these corrections the result is {shape} {result}.",
            excluded=excluded,
            added=added,
            shape=STATUS_SHAPE[now],
            result=result_text(now),
        )
    with st.container(key="reviewed-line"):
        st.markdown(f"**{text}**")


def _signature_line(state: ReviewState, analysis_version: str) -> None:
    """Who signed the review, and what of it does not concern the result that is shown."""
    signature = state.signature
    if signature is not None:
        text = t(
            "Review signed by {reviewer} on {day}.",
            reviewer=plain(signature.reviewer),
            day=day_of(signature.signed_at).isoformat(),
        )
        st.markdown(f":material/lock: {text}")
        if signature.analysis_version != analysis_version:
            st.warning(
                t(
                    "The signature is for a result of analysis version {signed}; this one is of version {shown}.",
                    signed=plain(signature.analysis_version),
                    shown=plain(analysis_version),
                )
            )
    if state.orphans:
        st.warning(
            tn(
                "{count} decision is about an event that this result does not have; it was made on an older result.",
                "{count} decisions are about events that this result does not have; they were made on an older result.",
                len(state.orphans),
            )
        )


def reason_lines(summary: Mapping[str, Any]) -> list[str]:
    """The reasons as Markdown; for an inconclusive result what blocks it comes first, the rule last."""
    reasons = list(summary["reasons"])
    if summary["psp_status"] == PspStatus.INCONCLUSIVE:
        reasons.sort(key=lambda reason: reason["code"].startswith("RANGE_"))
    lines = []
    for reason in reasons:
        numbers = comparison_text(reason)
        lines.append(f"- {pretty(reason['message'])}" + (f"  \n  :small[{pretty(numbers)}]" if numbers else ""))
    return lines


def _next_time(summary: Mapping[str, Any]) -> None:
    lines = advice([reason["code"] for reason in summary["reasons"]])
    if lines:
        title = t("At the next recording")
        st.markdown(f"**{title}**\n" + "\n".join(f"- {plain(line)}" for line in lines))


def quality_summary(checks: Sequence[Mapping[str, Any]], told: Set[str]) -> None:
    """How many checks passed, and in words those that did not and are not among the reasons already."""
    count = {status: sum(check["status"] == status for check in checks) for status in CheckStatus}
    parts = [
        t("{shape} {count} passed", shape=CHECK_SHAPE["pass"], count=count[CheckStatus.PASS]),
        t("{shape} {count} failed", shape=CHECK_SHAPE["fail"], count=count[CheckStatus.FAIL]),
        t("{shape} {count} to note", shape=CHECK_SHAPE["warning"], count=count[CheckStatus.WARNING]),
        t("{shape} {count} not checked", shape=CHECK_SHAPE["not_checked"], count=count[CheckStatus.NOT_CHECKED]),
    ]
    title = t("Quality of the recording")
    st.markdown(f"**{title}**  \n" + " · ".join(parts))
    for check in checks:
        if check["status"] in {CheckStatus.FAIL, CheckStatus.WARNING} and check["code"] not in told:
            st.markdown(f"{CHECK_SHAPE[check['status']]} {pretty(check['message'])}")


def checks_table(checks: Sequence[Mapping[str, Any]]) -> None:
    """Every question about the recording with its answer in numbers."""
    words = {
        CheckStatus.PASS.value: t("Passed"),
        CheckStatus.WARNING.value: t("To note"),
        CheckStatus.FAIL.value: t("Failed"),
        CheckStatus.NOT_CHECKED.value: t("Could not be checked"),
    }
    with st.expander(t("All quality checks"), icon=":material/checklist:", key="review-checks"):
        rows = [
            {
                t("Outcome"): f"{CHECK_SHAPE[check['status']]} {words[check['status']]}",
                t("What was found"): pretty(check["message"]),
                t("Value"): plain(amount_text(check.get("value"), check.get("unit") or "")),
                t("Threshold"): plain(amount_text(check.get("threshold"), check.get("unit") or "")),
                t("Gate"): check.get("gate") or t("informs only"),
            }
            for check in checks
        ]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
