"""New recording: whose film, what was asked, the film itself; then its analysis is under way."""

import time
from datetime import UTC, date, datetime
from typing import Any, Final

import streamlit as st

from dashboard.components.uploader import uploader
from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.language.wording import unit_text
from dashboard.page import errors_in_words, open_review, services, storing, task_text
from dashboard.panels.batch import batch_panel
from dashboard.services import VIDEO_TYPES, WaitingFilm
from dashboard.uploading.uploads import FOLDER_NAME, UPLOADS, Upload
from shared.adapters.settings import read_settings
from shared.errors import ConflictError
from shared.model import Task
from shared.parameters import BOUNDS, Parameters

_BLINK_METHODS = ("adaptive", "fixed")
_FILM: Final = "new-film"
"""In the session: token, name and size of the film that has arrived."""
_UPLOAD: Final = "new-upload"
_FILMS: Final = "films"
"""Name in the address."""
_ONE: Final = "one"
_SEVERAL: Final = "several"


def task_explanation(task: str) -> str:
    """One line that tells which choice fits."""
    texts = {
        Task.VERTICAL_HORIZONTAL.value: t("Best: left and right prove that eyes and camera work."),
        Task.VERTICAL.value: t("Without left and right, a small range cannot be told from a poor recording."),
        Task.FIXATION.value: t("Shows blinks and small jerks; the vertical range cannot be judged."),
        Task.FREE.value: t("Conversation or watching; a small range proves nothing."),
        Task.UNKNOWN.value: t("An old film; a small range proves nothing."),
    }
    return texts[task]


def choose_patient() -> str | None:
    """A patient from the list, or a new code typed in."""
    codes = services().patient_codes()
    wanted = st.query_params.get("patient")
    return st.selectbox(
        t("Patient"),
        codes,
        index=codes.index(wanted) if wanted in codes else None,
        key="new-patient",
        placeholder=t("Choose, or type a new patient code"),
        accept_new_options=True,
        help=t("A code, never a name: letters, digits, - and _. A new code adds a patient."),
    )


def choose_task() -> str | None:
    """What the patient was asked to do; nothing is assumed."""
    tasks = [task.value for task in (Task.VERTICAL_HORIZONTAL, Task.VERTICAL, Task.FIXATION, Task.FREE, Task.UNKNOWN)]
    return st.radio(
        t("What was the patient asked to do?"),
        tasks,
        index=None,
        key="new-task",
        format_func=task_text,
        captions=[task_explanation(task) for task in tasks],
    )


def choose_parameters() -> dict[str, Any]:
    """Every plain parameter with its unit, bounds and source."""
    defaults = Parameters()
    chosen: dict[str, Any] = {}
    with st.expander(t("Parameters of the analysis (defaults are fine)"), icon=":material/tune:"):
        chosen["blink_method"] = st.segmented_control(
            t("Blink method"),
            _BLINK_METHODS,
            default=defaults.blink_method,
            required=True,
            key="new-blink_method",
            format_func=lambda name: {"adaptive": t("Adaptive (recommended)"), "fixed": t("Fixed threshold")}[name],
        )
        columns = st.columns(2)
        for index, (name, bound) in enumerate(BOUNDS.items()):
            default = getattr(defaults, name)
            unit = f" ({unit_text(bound.unit)})" if bound.unit else ""
            explanation = t(
                "{meaning} From {low:g} to {high:g}. Default {default}: {source}.",
                meaning=core(bound.meaning),
                low=bound.low,
                high=bound.high,
                default=default,
                source=core(bound.source),
            )
            with columns[index % 2]:
                if bound.kind is bool:
                    chosen[name] = st.checkbox(name, value=default, key=f"new-{name}", help=explanation)
                    continue
                whole = bound.kind is int
                chosen[name] = st.number_input(
                    f"{name}{unit}",
                    min_value=bound.kind(bound.low),
                    max_value=bound.kind(bound.high),
                    value=default,
                    step=1 if whole else 0.01,
                    format="%d" if whole else "%.2f",
                    key=f"new-{name}",
                    help=explanation,
                )
    return chosen


def upload_token() -> str:
    """This session's token for the next film; minted anew when the old one has expired or was used."""
    token = st.session_state.get(_UPLOAD)
    if token is None or UPLOADS.open(token) is None:
        settings = read_settings()
        upload = Upload(settings.data_folder / FOLDER_NAME, max_bytes=settings.max_video_bytes)
        token = st.session_state[_UPLOAD] = UPLOADS.mint(upload)
    return str(token)


def arrived_film() -> dict[str, Any] | None:
    """The film that is here whole, as the uploader tells it; None where there is none, or it was swept away."""
    film: dict[str, Any] | None = st.session_state.get(_FILM)
    upload = UPLOADS.open(film["token"]) if film else None
    return film if upload is not None and upload.is_complete else None


def choose_film() -> dict[str, Any] | None:
    """The uploader; returns what :func:`arrived_film` does."""
    widget_key = "new-uploader"

    def take() -> None:
        st.session_state[_FILM] = st.session_state[widget_key].get("film")

    uploader(
        token=upload_token(),
        label=t("Film of the face, as it came from the camera"),
        max_bytes=read_settings().max_video_bytes,
        types=VIDEO_TYPES,
        arrived=arrived_film(),
        key=widget_key,
        on_film=take,
    )
    return arrived_film()


def choose_uploaded(code: str | None) -> WaitingFilm | None:
    """A film of this patient that lies in the cloud already; None where there is none, or none is wanted."""
    films = services().uploads(code) if code else []
    if not films:
        return None
    return st.selectbox(
        t("Or a film that was uploaded to the cloud already"),
        films,
        index=None,
        key="new-uploaded",
        format_func=lambda film: t(
            "{time} UTC, {size:.1f} MB",
            time=datetime.fromtimestamp(film.uploaded_at, UTC).strftime("%Y-%m-%d %H:%M"),
            size=film.size_bytes / 1e6,
        ),
        placeholder=t("Choose by time and size"),
    )


def send(film: dict[str, Any], *, code: str, day: date, task: str, label: str, parameters: dict[str, Any]) -> None:
    """Keep the film, queue its analysis, empty the uploader, and go to where the result will stand."""
    upload = UPLOADS.open(film["token"])
    if upload is None:
        raise ConflictError(t("The uploaded film is no longer here. Choose it again."))
    with storing(upload.arrived().size_bytes) as progress, upload.stream() as stream:
        job = services().submit(
            code=code,
            file_name=film["name"],
            stream=stream,
            day=day,
            parameters={**parameters, "task": task},
            label=label,
            now=time.time(),
            progress=progress,
        )
    UPLOADS.forget(film["token"])
    upload.remove()
    del st.session_state[_FILM]
    open_review(job.analysis_id)


def send_uploaded(
    film: WaitingFilm, *, code: str, day: date, task: str, label: str, parameters: dict[str, Any]
) -> None:
    """Ask for the analysis of a film in the cloud, and go to where the result will stand."""
    job = services().analyse_upload(
        film, code=code, day=day, parameters={**parameters, "task": task}, label=label, now=time.time()
    )
    open_review(job.analysis_id)


def about_the_recording(*, one: bool) -> tuple[date, str]:
    """Date and note; several films have dates of their own, so their date is not asked for."""
    today = datetime.now(UTC).date()
    day = today
    if one:
        day = st.date_input(
            t("Date of the recording"), value=today, max_value=today, key="new-day", format="YYYY-MM-DD"
        )
    label = st.text_input(
        t("Note on this recording (optional, no names)") if one else t("Note on all of them (optional, no names)"),
        key="new-label",
        max_chars=120,
        placeholder=t("e.g. visit 2, after medication"),
    )
    return day, label


def one_film() -> None:
    """One recording: patient, film, task."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        code = choose_patient()
        film = choose_film()
        uploaded = choose_uploaded(code) if film is None else None
        day, label = about_the_recording(one=True)
    with right:
        task = choose_task()
        good_film()
    parameters = choose_parameters()
    missing = [
        name
        for name, value in ((t("the patient"), code), (t("the film"), film or uploaded), (t("the task"), task))
        if not value
    ]
    ready = st.button(
        t("Analyse this film"), type="primary", icon=":material/play_arrow:", key="new-send", disabled=bool(missing)
    )
    if missing:
        st.caption(t("Still needed: {missing}.", missing=", ".join(missing)))
    if ready and code and task:
        if film is not None:
            send(film, code=code, day=day, task=task, label=label, parameters=parameters)
        elif uploaded is not None:
            send_uploaded(uploaded, code=code, day=day, task=task, label=label, parameters=parameters)


def several_films() -> None:
    """A folder of recordings: one task, note and set of parameters for all, then the queue."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        task = choose_task()
    with right:
        _, label = about_the_recording(one=False)
        good_film()
    parameters = choose_parameters()
    batch_panel({"label": label, "parameters": {**parameters, "task": task}} if task else None)


def good_film() -> None:
    """What a film should be like."""
    st.caption(
        t(
            "A good film: 10 s or longer, 30 pictures a second or more, the face fills the picture, "
            "light from the front, glasses off if possible, the head kept still."
        )
    )


def choose_kind() -> str:
    """One film or several; it stands in the address, so that a reload comes back to it."""
    texts = {_ONE: t("One film"), _SEVERAL: t("A folder or several films")}
    kind = st.segmented_control(
        t("What to add"),
        list(texts),
        default=_SEVERAL if st.query_params.get(_FILMS) == _SEVERAL else _ONE,
        required=True,
        key="new-kind",
        format_func=lambda name: texts[name],
        label_visibility="collapsed",
    )
    if kind == _SEVERAL:
        st.query_params[_FILMS] = _SEVERAL
        return _SEVERAL
    st.query_params.pop(_FILMS, None)
    return _ONE


def main() -> None:
    """The page."""
    st.title(t("New recording"), anchor=False)
    kind = choose_kind()
    with errors_in_words():
        if kind == _SEVERAL:
            several_films()
        else:
            one_film()


main()
