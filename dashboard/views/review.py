"""Review: the result in words, why, and the film beside its traces. ``?analysis=`` names what is shown."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts import GazeInstrument, default_window_s, traces_figure
from dashboard.components.video_player import video_player
from dashboard.page import (
    NEW_RECORDING,
    STATUS_SHAPE,
    chosen_row,
    disclaimer,
    errors_in_words,
    failure_panel,
    ink,
    open_history,
    open_review,
    progress_panel,
    result_text,
    result_with_shape,
    services,
    task_text,
)
from dashboard.reviews import Review, load_review, masks_of
from dashboard.routes import FILMS, Film
from dashboard.services import day_of, is_open, metrics_of
from dashboard.texts import plain, t
from shared.model import CheckStatus, PspStatus
from shared.ports import Job, JobStatus

CHART_KEY: Final = "review-traces"
_CHECK_SHAPE: Final = {
    CheckStatus.PASS.value: "✓",
    CheckStatus.WARNING.value: "▲",
    CheckStatus.FAIL.value: "✕",
    CheckStatus.NOT_CHECKED.value: "–",
}
_COMPASS: Final = ("left", "down-left", "down", "down-right", "right", "up-right", "up", "up-left")


def result_sentence(status: str) -> str:
    """What the result means, in one sentence."""
    texts = {
        PspStatus.SUSPECTED.value: t("The eyes moved less up and down than the threshold asks for."),
        PspStatus.NOT_SUSPECTED.value: t("The eyes moved up and down at least as far as the threshold asks for."),
        PspStatus.INCONCLUSIVE.value: t("This recording cannot be judged. Below stands why, and what to do next time."),
    }
    return texts[status]


def instrument_text(instrument: str) -> str:
    """An instrument's name for people."""
    texts = {
        "landmark": t("landmark instrument"),
        "limbus": t("limbus instrument"),
        "lids": t("lids"),
        "video": t("film"),
        "head": t("head"),
    }
    return texts.get(instrument, instrument)


def number_text(value: float | None, unit: str = "") -> str:
    """A value as read aloud, three significant digits, with its unit; a dash where there is none.

    >>> number_text(0.04123, "open lid gaps"), number_text(None), number_text(1800, "frames")
    ('0.0412 open lid gaps', '–', '1800 frames')
    """
    if value is None:
        return "–"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def pretty(text: str) -> str:
    """Text of the core, safe inside Markdown, with the sign for plus or minus.

    >>> pretty("uncalibrated, +-20 %")
    'uncalibrated, ±20 %'
    """
    return plain(text.replace("+-", "±"))


def comparison_text(item: Mapping[str, Any]) -> str:
    """Value, threshold with unit, and what measured it; empty without a number."""
    if item.get("value") is None:
        return ""
    unit = unit_text(item.get("unit") or "")
    parts = [number_text(item["value"], unit)]
    if item.get("threshold") is not None:
        parts.append(t("threshold {threshold}", threshold=number_text(item["threshold"], unit)))
    if item.get("instrument"):
        parts.append(instrument_text(item["instrument"]))
    return " · ".join(parts)


def head_line(job: Job) -> None:
    """Whose recording this is and the way to the others."""
    parts = [
        t("Recorded {day}", day=day_of(job.recorded_at).isoformat()),
        t("asked to: {task}", task=task_text(job.parameters["task"])),
    ]
    if job.label:
        parts.append(plain(job.label))
    with st.container(horizontal=True, vertical_alignment="center", key="review-head"):
        st.markdown(f"**{plain(job.user_id)}** · " + " · ".join(parts), width="content")
        st.space("stretch")
        if st.button(t("All recordings of this patient"), key="review-history", icon=":material/timeline:"):
            open_history(job.user_id)


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


def result_card(summary: Mapping[str, Any]) -> None:
    """The result in words, its reasons with their numbers, and whether the recording was good enough."""
    status = summary["psp_status"]
    with st.container(border=True, key="result"), st.container(key=f"result-{status}"):
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.title(f"{STATUS_SHAPE[status]} {result_text(status)}", anchor=False)
            st.markdown(f"{result_sentence(status)} **{disclaimer()}**")
            st.markdown("\n".join(reason_lines(summary)))
        with right:
            quality_summary(summary["quality"], {reason["code"] for reason in summary["reasons"]})


def quality_summary(checks: Sequence[Mapping[str, Any]], told: Set[str]) -> None:
    """How many checks passed, and in words those that did not and are not among the reasons already."""
    count = {status: sum(check["status"] == status for check in checks) for status in CheckStatus}
    parts = [
        t("{shape} {count} passed", shape=_CHECK_SHAPE["pass"], count=count[CheckStatus.PASS]),
        t("{shape} {count} failed", shape=_CHECK_SHAPE["fail"], count=count[CheckStatus.FAIL]),
        t("{shape} {count} to note", shape=_CHECK_SHAPE["warning"], count=count[CheckStatus.WARNING]),
        t("{shape} {count} not checked", shape=_CHECK_SHAPE["not_checked"], count=count[CheckStatus.NOT_CHECKED]),
    ]
    st.markdown(f"**{t('Quality of the recording')}**  \n" + " · ".join(parts))
    for check in checks:
        if check["status"] in {CheckStatus.FAIL, CheckStatus.WARNING} and check["code"] not in told:
            st.markdown(f"{_CHECK_SHAPE[check['status']]} {pretty(check['message'])}")


def seek(analysis_id: str, time_s: float) -> None:
    """Command the film to a time and the traces' window with it."""
    count = st.session_state.get("review-seek", {}).get("nonce", 0) + 1
    st.session_state["review-seek"] = {"analysis": analysis_id, "time_s": time_s, "nonce": count, "film": True}


def follow(analysis_id: str) -> None:
    """The film played out of the window: move the window, leave the film alone."""
    time_s = st.session_state["review-player"].get("left_window")
    if time_s is None:
        return
    last = st.session_state.get("review-seek", {})
    st.session_state["review-window"] = {
        "analysis": analysis_id,
        "time_s": float(time_s),
        "nonce": st.session_state.get("review-window", {}).get("nonce", 0) + 1,
        "after": last.get("nonce", 0),
    }


def direction_text(direction_deg: float) -> str:
    """Of eight directions the nearest, as the patient would say it."""
    texts = {
        "left": t("to the patient’s left"),
        "down-left": t("down and left"),
        "down": t("down"),
        "down-right": t("down and right"),
        "right": t("to the patient’s right"),
        "up-right": t("up and right"),
        "up": t("up"),
        "up-left": t("up and left"),
    }
    return texts[_COMPASS[round(direction_deg / 45) % 8]]


def event_rows(events: Mapping[str, Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """All events in order of time: start, kind, what was measured."""
    rows = []
    for blink in events["blinks"]:
        kind = t("Blink") if blink["kind"] == "complete" else t("Blink, incomplete")
        rows.append((blink["start_s"], "blink", kind, t("{d:.2f} s", d=blink["end_s"] - blink["start_s"])))
    for saccade in events["saccades"]:
        detail = t(
            "about {a:.0f}° {direction}",
            a=saccade["amplitude_deg"],
            direction=direction_text(saccade["direction_deg"]),
        )
        if saccade.get("peak_velocity_deg_s") is not None:
            detail = t("{detail}, peak {v:.0f} °/s", detail=detail, v=saccade["peak_velocity_deg_s"])
        rows.append((saccade["start_s"], "saccade", t("Saccade"), detail))
    for jerk in events["square_wave_jerks"]:
        detail = t("about {a:.1f}°, back after {d:.2f} s", a=jerk["amplitude_deg"], d=jerk["return_interval_s"])
        rows.append((jerk["start_s"], "jerk", t("Square-wave jerk"), detail))
    frame = pd.DataFrame(rows, columns=["start_s", "group", "kind", "detail"])
    return frame.sort_values("start_s", kind="stable", ignore_index=True)


def event_table(review: Review) -> None:
    """The events; choosing one sends the film and the traces there."""
    rows = event_rows(review.events)
    groups = {"blink": t("Blinks"), "saccade": t("Saccades"), "jerk": t("Jerks")}
    counts = rows["group"].value_counts()
    options = ["all", *(name for name in groups if counts.get(name, 0))]
    chosen = st.segmented_control(
        t("Events"),
        options,
        default="all",
        required=True,
        key="review-kind",
        format_func=lambda name: f"{groups.get(name, t('All'))} {counts.get(name, len(rows))}",
        label_visibility="collapsed",
    )
    shown = rows if chosen == "all" else rows[rows["group"] == chosen].reset_index(drop=True)
    if shown.empty:
        st.caption(t("No blink, saccade or square-wave jerk was found."))
        return
    key = f"review-events-{review.job.analysis_id}-{chosen}"

    def go() -> None:
        row = chosen_row(st.session_state[key])
        if row is not None:
            seek(review.job.analysis_id, float(shown["start_s"].iloc[row]))

    st.dataframe(
        shown,
        key=key,
        height=238,
        hide_index=True,
        on_select=go,
        selection_mode=["single-row", "single-cell"],
        column_order=("start_s", "kind", "detail"),
        column_config={
            "start_s": st.column_config.NumberColumn(t("Time, s"), format="%.2f", width="small"),
            "kind": st.column_config.TextColumn(t("Event"), width="small"),
            "detail": st.column_config.TextColumn(t("Measured")),
        },
    )
    st.caption(t("Choose an event: the film and the traces go there. A click on the traces moves the film too."))


def film_token(review: Review) -> str | None:
    """This session's token for the film; minted anew when the old one has expired."""
    if review.film is None:
        return None
    kept = st.session_state.get("review-token")
    if kept and kept[0] == review.job.analysis_id and FILMS.open(kept[1]):
        return str(kept[1])
    token = FILMS.mint(Film(review.film, review.trace.frame_idx.tolist(), review.trace.time_s.tolist()))
    st.session_state["review-token"] = (review.job.analysis_id, token)
    return token


def current_command(name: str, analysis_id: str) -> Mapping[str, Any]:
    """The last command of one kind that concerns this analysis."""
    command: Mapping[str, Any] = st.session_state.get(name, {})
    return command if command.get("analysis") == analysis_id else {}


def traces(review: Review, command: Mapping[str, Any]) -> None:
    """The traces by one instrument, and plainly which."""
    has_limbus = any(pd.notna(eye.limbus_v_deg).any() for eye in (review.trace.left, review.trace.right))
    with st.container(horizontal=True, vertical_alignment="center", key="review-instrument-line"):
        instruments: list[GazeInstrument] = ["landmark", "limbus"] if has_limbus else ["landmark"]
        instrument = st.segmented_control(
            t("Instrument"),
            instruments,
            default="landmark",
            required=True,
            key="review-instrument",
            format_func=lambda name: {"landmark": t("Landmark"), "limbus": t("Limbus")}[name],
            label_visibility="collapsed",
        )
        if instrument == "landmark":
            st.caption(
                t("Landmark instrument: under-reads vertical movement about threefold. Its threshold belongs to it.")
            )
        else:
            st.caption(
                t("Limbus instrument: approximate degrees, uncalibrated, ± 20 %. The threshold does not belong to it.")
            )
    parameters = review.summary["parameters"]
    window = default_window_s(review.trace.duration_s, command.get("time_s"))
    figure = traces_figure(
        review.trace,
        review.document,
        masks_of(review.trace, review.events, parameters),
        instrument=instrument,
        window_s=window,
        ink=ink(),
        revision=f"{review.job.analysis_id}-{instrument}-{command.get('nonce', 0)}",
    )
    with st.container(key=CHART_KEY):
        st.plotly_chart(
            figure, key=f"traces-{review.job.analysis_id}", config={"displaylogo": False, "scrollZoom": False}
        )


@st.fragment
def look(review: Review) -> None:
    """Film, events and traces. A fragment: choosing an event runs this part alone."""
    analysis_id = review.job.analysis_id
    jump = current_command("review-seek", analysis_id)
    moved = current_command("review-window", analysis_id)
    window_command = moved if moved and moved["after"] == jump.get("nonce", 0) else jump
    left, right = st.columns([5, 8], gap="medium")
    with left:
        video_player(
            token=film_token(review),
            chart_key=CHART_KEY,
            seek_time_s=jump.get("time_s"),
            seek_nonce=jump.get("nonce", 0),
            key="review-player",
            on_left_window=lambda: follow(analysis_id),
        )
        event_table(review)
    with right:
        traces(review, {**window_command, "nonce": f"{jump.get('nonce', 0)}-{moved.get('nonce', 0)}"})


def findings(review: Review) -> None:
    """Signs that the MDS-PSP criteria name, as far as this recording shows them."""
    states = {"present": t("◆ present"), "absent": t("● absent"), "not_measured": t("– not measured")}
    st.subheader(t("Findings beside the result"), anchor=False)
    st.caption(t("They support a reading and never change the result. The question mark tells what was looked for."))
    with st.container(border=True, key="findings", gap="xsmall"):
        for index, finding in enumerate(review.summary["findings"]):
            with st.container(horizontal=True, vertical_alignment="center", key=f"finding-{index}"):
                st.markdown(
                    f"**{plain(finding['label'])}: {states[finding['state']]}.** {pretty(finding['message'])}",
                    help=f"{pretty(finding['definition'])} ({pretty(finding['source'])})",
                    width="stretch",
                )
                if finding.get("start_s") is not None and st.button(
                    t("Show at {s:.1f} s", s=finding["start_s"]), key=f"finding-show-{index}"
                ):
                    seek(review.job.analysis_id, float(finding["start_s"]))
                    st.rerun()


def reference_text(reference: Mapping[str, Any] | None) -> str:
    """``8 to 21`` with open ends in words; empty without a reference."""
    if not reference:
        return ""
    low, high = reference.get("low"), reference.get("high")
    if low is not None and high is not None:
        text = t("{low:g} to {high:g}", low=low, high=high)
    elif low is not None:
        text = t("{low:g} or more", low=low)
    elif high is not None:
        text = t("up to {high:g}", high=high)
    else:
        text = ""
    population = reference.get("population")
    return f"{text} ({population})" if text and population else text


def unit_text(unit: str) -> str:
    """``1/min`` as people write it behind a number: ``/min``."""
    return unit.removeprefix("1") if unit.startswith("1/") else unit


def metrics_table(summary: Mapping[str, Any]) -> None:
    """Every quantity with its unit, reference and source; below, those not measured, by reason."""
    st.subheader(t("Measurements"), anchor=False)
    rows = []
    missing: dict[str, list[str]] = {}
    for metric in metrics_of(summary).values():
        label = f"{metric['label']}, {instrument_text(metric['instrument'])}"
        if metric.get("value") is None:
            reason = (metric.get("reason") or "").partition(": ")[2]
            missing.setdefault(reason, []).append(metric["label"])
            continue
        reference = metric.get("reference")
        rows.append(
            {
                t("Quantity"): plain(label),
                t("Value"): plain(number_text(metric["value"], unit_text(metric["unit"]))),
                t("Remark"): pretty(metric.get("qualifier") or ""),
                t("Published range"): pretty(reference_text(reference)),
                t("Source of the range"): pretty((reference or {}).get("source", "")),
            }
        )
    if rows:
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    for reason, labels in missing.items():
        st.markdown(f"**{t('Not measured:')}** {plain(', '.join(labels))}. {pretty(reason)}")


def checks_table(checks: Sequence[Mapping[str, Any]]) -> None:
    """Every question about the recording with its answer in numbers."""
    words = {
        CheckStatus.PASS.value: t("Passed"),
        CheckStatus.WARNING.value: t("Note"),
        CheckStatus.FAIL.value: t("Failed"),
        CheckStatus.NOT_CHECKED.value: t("Could not be checked"),
    }
    with st.expander(t("All quality checks"), icon=":material/checklist:", key="review-checks"):
        rows = [
            {
                t("Outcome"): f"{_CHECK_SHAPE[check['status']]} {words[check['status']]}",
                t("What was found"): pretty(check["message"]),
                t("Value"): plain(number_text(check.get("value"), check.get("unit") or "")),
                t("Threshold"): number_text(check.get("threshold")),
                t("Gate"): check.get("gate") or t("informs only"),
            }
            for check in checks
        ]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def downloads(review: Review) -> None:
    """Trace and result as files, for anyone's own tools."""
    stem = f"{review.job.user_id}_{day_of(review.job.recorded_at).isoformat()}_{review.job.analysis_id[:8]}"
    with st.container(horizontal=True, key="review-downloads"):
        st.download_button(
            t("Traces (CSV)"),
            review.trace_csv,
            file_name=f"{stem}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="review-csv",
            on_click="ignore",
        )
        st.download_button(
            t("Result (JSON)"),
            json.dumps(review.document, ensure_ascii=False, indent=2, allow_nan=False),
            file_name=f"{stem}.json",
            mime="application/json",
            icon=":material/download:",
            key="review-json",
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
            t("Computed"): review.job.source,
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


@st.cache_resource(scope="session", max_entries=2, show_spinner=False)
def loaded(analysis_id: str, updated_at: float) -> Review:
    """The stored result, read once a session; ``updated_at`` makes a new run of the same analysis a new entry."""
    del updated_at
    return load_review(services().store, services().job(analysis_id))


def show(job: Job) -> None:
    """A finished analysis."""
    review = loaded(job.analysis_id, job.updated_at)
    result_card(review.summary)
    look(review)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        findings(review)
    with right:
        st.subheader(t("To take along"), anchor=False)
        downloads(review)
        stamp(review)
    metrics_table(review.summary)
    checks_table(review.summary["quality"])


def choose_recording() -> None:
    """Without an id in the address: the newest recordings, to choose from."""
    st.title(t("Review"), anchor=False)
    rows = services().patients()
    jobs = sorted((row.latest for row in rows if row.latest), key=lambda job: job.recorded_at, reverse=True)
    if not jobs:
        st.write(t("There is no recording yet."))
        if st.button(t("New recording"), type="primary", key="review-new"):
            st.switch_page(NEW_RECORDING)
        return
    st.caption(t("Choose a recording. Each patient’s newest is listed."))
    chosen = st.dataframe(
        pd.DataFrame(
            {
                "result": [result_with_shape(job) for job in jobs],
                "patient": [job.user_id for job in jobs],
                "recorded": [day_of(job.recorded_at) for job in jobs],
                "label": [job.label for job in jobs],
            }
        ),
        key="review-choice",
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "result": t("Result"),
            "patient": t("Patient"),
            "recorded": st.column_config.DateColumn(t("Recorded"), format="YYYY-MM-DD"),
            "label": t("Note"),
        },
    )
    row = chosen_row(chosen)
    if row is not None:
        open_review(jobs[row].analysis_id)


def main() -> None:
    """The page."""
    with errors_in_words():
        analysis_id = st.query_params.get("analysis")
        if not analysis_id:
            choose_recording()
            return
        job = services().job(analysis_id)
        head_line(job)
        if is_open(job):
            progress_panel(job)
        elif job.status is JobStatus.COMPLETED:
            show(job)
        else:
            failure_panel(job)


main()
