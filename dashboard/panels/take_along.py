"""What to take along: files for anyone's own tools, and what the result was made with."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from dashboard.language.texts import t
from dashboard.language.wording import number_text
from dashboard.page import computed_by
from dashboard.review.desk import ReviewDesk
from dashboard.review.reviews import Review
from dashboard.services import day_of
from shared.export.event_table import event_csv
from shared.review_result import events_with_status


def downloads(review: Review, desk: ReviewDesk) -> None:
    """Traces, result and events; the events carry what reviewers have decided when the file is asked for."""
    stem = f"{review.job.user_id}_{day_of(review.job.recorded_at).isoformat()}_{review.job.analysis_id[:8]}"
    document = json.dumps(review.document, ensure_ascii=False, indent=2, allow_nan=False)
    files = (
        (t("Traces (CSV)"), review.trace_csv, f"{stem}.csv", "text/csv", "review-csv"),
        (t("Result (JSON)"), document, f"{stem}.json", "application/json", "review-json"),
        (
            t("Events with decisions (CSV)"),
            lambda: event_csv(events_with_status(desk.state())),
            f"{stem}_events.csv",
            "text/csv",
            "review-events-csv",
        ),
    )
    with st.container(horizontal=True, key="review-downloads"):
        for label, content, name, mime, key in files:
            st.download_button(
                label,
                content,
                file_name=name,
                mime=mime,
                icon=":material/download:",
                key=key,
                on_click="ignore",
            )


def stamp(review: Review) -> None:
    """What this result was made with, so that it can be made again."""
    summary = review.summary
    with st.expander(t("Versions and parameters of this result"), icon=":material/fingerprint:", key="review-stamp"):
        facts = {
            t("Analysis version"): summary["analysis_version"],
            t("Measured by"): ", ".join(f"{name} {version}" for name, version in summary["tracker"].items()),
            t("Frames measured"): f"{summary['frames_processed']}, {number_text(summary['fps'], '1/s')}",
            t("Computed"): computed_by(review.job.source),
            t("File"): review.document["file"],
            "SHA-256": review.document["sha256"],
        }
        st.dataframe(
            pd.DataFrame({"name": list(facts), "value": [str(value) for value in facts.values()]}),
            hide_index=True,
            height="content",
            column_config={"name": t("Fact"), "value": st.column_config.TextColumn(t("Value"), width="large")},
        )
        st.json(dict(summary["parameters"]), expanded=False)
