"""Screening: one person after the other; consent, camera check, target task, result, and then nothing is left."""

import time
from typing import Any, Final

import streamlit as st

from dashboard.components.idle_reset import idle_reset
from dashboard.components.recorder import recorder
from dashboard.language.core_texts import core
from dashboard.language.texts import plain, t
from dashboard.page import KIOSK_STYLE, PATIENTS, errors_in_words, services
from dashboard.panels.answer import result_card
from dashboard.panels.target import target_panel
from dashboard.station.target_task import TASKS, target_task
from dashboard.station.visit import FOLDER_NAME, VISITS, Visit, keep, suggested_code
from dashboard.uploading.uploads import UPLOADS
from shared.adapters.settings import read_settings
from shared.review import ReviewState

_IDLE_S: Final = 60.0
_CAMERA_IDLE_S: Final = 240.0
"""Longer than any task, during which nobody touches anything; then the camera is turned off."""
_STATION: Final = "screening-station"
"""In the session: how this station is set up; it outlives the people in front of it."""
_DEFAULTS: Final = {"distance_cm": 50.0, "screen_width_cm": 34.4, "task": "standard"}


def station_setup() -> dict[str, Any]:
    """Distance, width of the screen and task; kept from person to person."""
    setup: dict[str, Any] = st.session_state.setdefault(_STATION, dict(_DEFAULTS))
    with st.expander(t("Set up this station"), icon=":material/tune:", key="screening-setup"):
        left, middle, right = st.columns(3)
        with left:
            setup["distance_cm"] = st.number_input(
                t("Eyes to screen (cm)"),
                min_value=25.0,
                max_value=150.0,
                value=setup["distance_cm"],
                step=1.0,
                format="%.0f",
                key="screening-distance",
                help=t("Measure it. A nearer screen lets the target go farther out: 40 to 50 cm is good."),
            )
        with middle:
            setup["screen_width_cm"] = st.number_input(
                t("Width of the picture on the screen (cm)"),
                min_value=10.0,
                max_value=200.0,
                value=setup["screen_width_cm"],
                step=0.1,
                format="%.1f",
                key="screening-width",
                help=t(
                    "Measure it. Usual widths: laptops of 13 inches 28.6 cm, 14 inches 30.4, 15.6 inches 34.4, "
                    "17 inches 38.2; screens of 24 inches 53.1, 27 inches 59.8."
                ),
            )
        with right:
            setup["task"] = st.radio(
                t("Task"), TASKS, index=TASKS.index(setup["task"]), format_func=task_name, key="screening-task"
            )
        st.caption(
            t(
                "The camera stands in the middle above or below the screen, light comes from the front. From these two "
                "lengths the angles of the target are reckoned."
            )
        )
    return setup


def task_name(name: str) -> str:
    """A task with its length."""
    seconds = round(target_task(name).duration_s)
    texts = {
        "trial": t("Trial of the station ({seconds} s, too short to judge anyone)", seconds=seconds),
        "standard": t("Standard ({seconds} s)", seconds=seconds),
        "long": t("Long ({seconds} s)", seconds=seconds),
    }
    return texts[name]


def welcome() -> None:
    """What will happen, consent, and the start."""
    st.title(t("Eye movement screening"), anchor=False)
    if notice := st.session_state.pop("screening-notice", None):
        st.info(plain(core(notice)), icon=":material/info:")
    st.markdown(
        "\n".join(
            f"- {line}"
            for line in (
                t("The camera films your face for about a minute while you follow a dot with your eyes."),
                t("This computer then measures how your eyes moved. Nothing is sent anywhere."),
                t("Afterwards the film and the result are thrown away, unless you agree to keep them."),
                t("It is no examination by a doctor and cannot find or rule out an illness."),
            )
        )
    )
    setup = station_setup()
    glasses = st.radio(
        t("Do you wear glasses right now?"),
        ("none", "lenses", "glasses"),
        format_func=lambda worn: {"none": t("No"), "lenses": t("Contact lenses"), "glasses": t("Glasses")}[worn],
        horizontal=True,
        key=personal("glasses"),
    )
    if glasses == "glasses":
        st.caption(t("Take them off if you can see the dot without them: they reflect, and their rims hide the eyes."))
    agreed = st.checkbox(t("I agree to be filmed for this test."), key=personal("consent"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Begin"),
            type="primary",
            icon=":material/play_arrow:",
            key="screening-begin",
            disabled=not agreed,
            on_click=begin,
            args=(dict(setup), glasses),
        )
        if not agreed:
            st.caption(t("Tick the box to begin."))
    if st.button(t("Leave the station"), key="screening-leave", type="tertiary", icon=":material/logout:"):
        st.switch_page(PATIENTS)
    if agreed:
        idle_reset(after_s=_IDLE_S, key=personal("idle-welcome"), on_idle=reset)


def personal(name: str) -> str:
    """Key of a widget that the next person must find empty."""
    return f"screening-{name}-{st.session_state.get('screening-person', 0)}"


def begin(setup: dict[str, Any], glasses: str) -> None:
    """Open a visit and go to the camera."""
    visit = Visit(read_settings().data_folder / FOLDER_NAME)
    st.session_state["screening"] = {
        "visit": VISITS.mint(visit),
        "upload": UPLOADS.mint(visit.upload),
        "setup": setup,
        "glasses": glasses,
    }


def reset(notice: str | None = None) -> None:
    """End the visit, remove all of it, and be ready for the next person."""
    under_way: dict[str, Any] = st.session_state.pop("screening", {})
    if under_way:
        visit = VISITS.open(under_way["visit"])
        VISITS.forget(under_way["visit"])
        UPLOADS.forget(under_way["upload"])
        if visit is not None:
            visit.end()
    st.session_state["screening-person"] = st.session_state.get("screening-person", 0) + 1
    if notice:
        st.session_state["screening-notice"] = notice


def camera(under_way: dict[str, Any]) -> None:
    """Camera check and task; both run in the browser."""
    key = personal("recorder")

    def stopped() -> None:
        reset(st.session_state[key].get("stopped"))

    st.subheader(t("Camera check"), anchor=False)
    setup = under_way["setup"]
    recorder(
        visit=under_way["visit"],
        upload=under_way["upload"],
        task=target_task(setup["task"]),
        distance_cm=setup["distance_cm"],
        screen_width_cm=setup["screen_width_cm"],
        key=key,
        on_finished=lambda: None,
        on_stopped=stopped,
    )
    st.button(t("Cancel"), key="screening-cancel", icon=":material/close:", on_click=reset)
    idle_reset(after_s=_CAMERA_IDLE_S, key=personal("idle-camera"), on_idle=reset)


def result(under_way: dict[str, Any], visit: Visit) -> None:
    """The result in words, what it rests on, and the farewell."""
    summary = visit.document["summary"]
    result_card(summary, None, ReviewState(()))
    target_panel(summary)
    if under_way.get("kept"):
        st.success(t("Kept as recording of {code}.", code=plain(under_way["kept"])), icon=":material/check:")
        st.button(t("Next person"), key="screening-discard", type="primary", on_click=reset)
    else:
        st.button(
            t("Throw away and next person"),
            key="screening-discard",
            type="primary",
            icon=":material/delete:",
            on_click=reset,
        )
        keep_form(under_way, visit)
    idle_reset(after_s=_IDLE_S, key=personal("idle-result"), on_idle=reset)


def keep_form(under_way: dict[str, Any], visit: Visit) -> None:
    """Keeping needs the person's consent; nothing is ticked beforehand."""
    with st.expander(t("Keep this recording"), icon=":material/save:", key="screening-keep-form"):
        suggested = under_way.setdefault("code", suggested_code(time.time()))
        code = st.text_input(
            t("Code of the recording (never a name)"), value=suggested, key=personal("code"), max_chars=64
        )
        agreed = st.checkbox(
            t("The person agrees that film and result are kept on this computer for research."), key=personal("keep")
        )
        if st.button(t("Keep"), key="screening-keep", disabled=not agreed):
            with errors_in_words():
                label = t("screening with glasses") if under_way["glasses"] == "glasses" else t("screening")
                job = keep(services(), visit, code=code.strip(), label=label, now=time.time())
                under_way["kept"] = job.user_id
                st.rerun()


def main() -> None:
    """The page."""
    st.html(KIOSK_STYLE)
    with errors_in_words():
        under_way = st.session_state.get("screening")
        visit = VISITS.open(under_way["visit"]) if under_way else None
        if under_way is None or visit is None:
            if under_way is not None:
                reset(t("The last screening was left alone and thrown away."))
            welcome()
        elif visit.state.stage == "done":
            result(under_way, visit)
        elif visit.state.stage == "failed":
            reset(visit.state.message)
            st.rerun()
        else:
            UPLOADS.open(under_way["upload"])
            camera(under_way)


main()
