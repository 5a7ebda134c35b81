"""The screening station's camera: check of the picture, target task with recording, wait for the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.language.texts import t
from dashboard.station.target_task import TargetTask

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def _texts_of_component() -> tuple[str, str, str]:
    html, css, js = ((_FOLDER / f"recorder.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return html, css, (_FOLDER.parent / "pieces.js").read_text(encoding="utf-8") + js


def _check_labels() -> dict[str, Any]:
    return {
        "items": {
            "face": t("Face in the picture"),
            "size": t("Near enough"),
            "light": t("Light"),
            "straight": t("Facing the camera"),
            "still": t("Head still"),
            "rate": t("Pictures per second"),
        },
        "good": t("good"),
        "not_good": t("not yet"),
        "advice": {
            "NO_FACE": t("No face is seen. Sit in front of the camera, with light on the face."),
            "WHOLE_FACE": t("Move so that the whole face is in the picture."),
            "ONE_PERSON": t("Several people are in the picture. Only one should be."),
            "CLOSER": t("Come closer to the camera."),
            "BACKLIGHT": t("The light comes from behind. Turn around, or close the curtain."),
            "DARK": t("It is too dark. Turn on a light in front of the face."),
            "BRIGHT": t("The light is too strong. Turn away from the lamp or the sun."),
            "STRAIGHT": t("Face the camera straight on, with the head upright."),
            "STILL": t("Hold the head still; rest the chin on the hands if that helps."),
            "SLOW": t("The camera is slow. More light helps; close other programs that use the camera."),
        },
        "ready": t("All is well. Keep the head like this and start."),
    }


def _labels() -> dict[str, Any]:
    return {
        **_check_labels(),
        "recorder": t("Camera check and recording"),
        "stage": t("Target of the eye movement task"),
        "start": t("Start the task"),
        "again": t("Try the camera again"),
        "how": t("A dot will jump over the screen. Follow it with the eyes alone; the head stays still."),
        "escape": t("Esc stops"),
        "task": t("Look at the dot and follow it with your eyes. Keep your head still."),
        "blink": t("Now blink a few times."),
        "opening": t("Allow the camera when the browser asks."),
        "denied": t(
            "The browser may not use the camera. Allow it beside the address at the top of the window, then try again."
        ),
        "no_camera": t("No camera was found. Connect one and try again."),
        "camera_busy": t("Another program uses the camera. Close it and try again."),
        "unsupported": t("This browser cannot record. Use a current Chrome, Edge or Firefox."),
        "insecure": t("Browsers give the camera only to this machine itself or over https. Open the station there."),
        "lost": t("The camera was disconnected. Connect it and try again."),
        "ended": t("This screening has ended and nothing of it was kept. Start again."),
        "hidden": t("The page was left during the task, so the recording was thrown away. Start again."),
        "stopped": t("Stopped. The recording was thrown away."),
        "failed": t("The recording did not reach the server and was thrown away. Start again."),
        "sending": t("Sending the last second of the recording …"),
        "measuring": t("Measuring the eyes …"),
    }


def recorder(
    *,
    visit: str,
    upload: str,
    task: TargetTask,
    distance_cm: float,
    screen_width_cm: float,
    key: str,
    on_finished: Callable[[], None],
    on_stopped: Callable[[], None],
) -> Any:
    """Show the part.

    Args:
        visit: token of the visit (see :mod:`dashboard.station.visit`).
        upload: token of its recording (see :mod:`dashboard.uploading.uploads`).
        task: what the target does.
        distance_cm: from the eyes to the screen.
        screen_width_cm: width of the screen's picture.
        key: of the widget.
        on_finished: called when the visit has a result, or failed.
        on_stopped: called when the recording ended early; ``stopped`` then holds a sentence.
    """
    html, css, js = _texts_of_component()
    component = st.components.v2.component("eye_recorder", html=html, css=css, js=js)
    data = {
        "visit": visit,
        "upload": upload,
        "task": asdict(task),
        "distance_cm": distance_cm,
        "screen_width_cm": screen_width_cm,
        "labels": _labels(),
    }
    return component(data=data, key=key, on_finished_change=on_finished, on_stopped_change=on_stopped)
