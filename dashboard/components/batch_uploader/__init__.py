"""Uploading many films: a folder or several files, a queue with patient codes to correct, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.language.texts import t

_FOLDER = Path(__file__).parent
_SCRIPTS: Final = ("../pieces.js", "../files.js", "folder.js", "table.js", "batch.js")
_MIB: Final = 1024 * 1024


@lru_cache(maxsize=1)
def _texts_of_component() -> tuple[str, str, str]:
    html, css = ((_FOLDER / f"batch.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return html, css, "".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)


def _labels(max_bytes: int, types: Sequence[str]) -> dict[str, Any]:
    limit_mb = f"{max_bytes / _MIB:g}"
    return {
        **_labels_of_choice(limit_mb, types),
        **_labels_of_rows(limit_mb),
        "start": t(
            "Send and analyse: films {films}, patients {patients}, {size} MB",
            films="{films}",
            patients="{patients}",
            size="{size}",
        ),
        "stop": t("Stop sending"),
        "cancel": t("Cancel the analyses that are not finished"),
        "clear": t("Clear the list"),
        "whole": t("Upload of all films"),
        "needs_task": t("Say what the patients were asked to do; “Not recorded” is an answer too."),
        "retrying": t("The connection is interrupted; trying again …"),
        "stopped_all": t(
            "Sending was stopped. Films that have arrived are analysed; the others can be sent with the button."
        ),
        "sent": t("Films sent: {sent} of {total}.", sent="{sent}", total="{total}"),
        "not_all": t("The rows say why the others were not. The button sends those again."),
        "recovered": t(
            "These films were sent before the page was loaded anew. To send the others, choose the folder again: "
            "none is sent twice."
        ),
    }


def _labels_of_choice(limit_mb: str, types: Sequence[str]) -> dict[str, Any]:
    return {
        "label": t("Films of the face, as they came from the camera"),
        "folder": t("Choose a folder"),
        "films": t("Choose films"),
        "hint": t(
            "or drag a folder or films here. Each up to {limit} MB: {types}.", limit=limit_mb, types=", ".join(types)
        ),
        "rule": t("Patient code from"),
        "rules": {
            "first": t("the film’s name up to the first _ . or space"),
            "last": t("the film’s name after the last _ . or space"),
            "stem": t("the film’s whole name"),
            "folder": t("the folder of the film"),
            "one": t("one code for all"),
        },
        "one": t("Code"),
        "days": t(
            "Dates are those in the name of the film or folder; where there is none, the day of the file, and the row "
            "says so. Correct codes and dates in the table."
        ),
        "left_out": t("Left out, because they are no films ({count}): {names}", count="{count}", names="{names}"),
        "table": t("Films to send"),
    }


def _labels_of_rows(limit_mb: str) -> dict[str, Any]:
    return {
        "columns": {
            "film": t("Film"),
            "size": t("Size"),
            "patient": t("Patient"),
            "day": t("Recorded"),
            "state": t("State"),
        },
        "code_of": t("Patient code of {film}", film="{film}"),
        "day_of": t("Date of the recording of {film}", film="{film}"),
        "remove": t("Take {film} off the list", film="{film}"),
        "new_patient": t("new"),
        "from_file": t("day of the file"),
        "needs_code": t("Needs a patient code: letters A-Z, digits, - and _."),
        "needs_day": t("Needs the date of the recording."),
        "waiting": t("To be sent"),
        "sending": t("{percent} % sent", percent="{percent}"),
        "storing": t("Being stored"),
        "stopped": t("Not sent"),
        "broken": t("The connection to the server broke off. What has arrived is kept; send the rest when it is back."),
        "empty": t("The file is empty (0 bytes). Copy it anew from the camera and choose it again."),
        "too_large": t(
            "The film is larger than {limit} MB, the limit here. Trim it or export it at a lower resolution.",
            limit=limit_mb,
        ),
        "repeated": t("Was here already with the same parameters, not analysed twice."),
        "open": t("Open"),
        "open_film": t("Open the result of {film}", film="{film}"),
    }


def batch_uploader(
    *,
    token: str,
    place: str,
    max_bytes: int,
    types: Sequence[str],
    codes: Sequence[str],
    settings: Mapping[str, Any] | None,
    statuses: Mapping[str, str],
    review: str,
    key: str,
) -> Any:
    """Show the uploader.

    Args:
        token: of a batch (see :mod:`dashboard.uploading.batches`).
        place: where films go: a batch of the other place is not taken up after a reload.
        max_bytes: cap of one film.
        types: file name endings that are taken for films.
        codes: of the patients that there are, so that a new one is told.
        settings: ``label`` and ``parameters`` of the films sent next; None while something is missing.
        statuses: words for each result and state.
        review: address of a review, to which the ``analysis_id`` is added.
        key: of the widget.
    """
    html, css, js = _texts_of_component()
    component = st.components.v2.component("eye_batch_uploader", html=html, css=css, js=js)
    data = {
        "token": token,
        "place": place,
        "max_bytes": max_bytes,
        "types": list(types),
        "codes": list(codes),
        "settings": None if settings is None else dict(settings),
        "review": review,
        "labels": {**_labels(max_bytes, types), "statuses": dict(statuses)},
    }
    return component(data=data, key=key)
