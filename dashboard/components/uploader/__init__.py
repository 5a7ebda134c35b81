"""Uploading a film: choose or drop it, see how far it is, cancel, continue after a broken line or a reload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.language.texts import t

_FOLDER = Path(__file__).parent
_MIB: Final = 1024 * 1024


@lru_cache(maxsize=1)
def _texts_of_component() -> tuple[str, str, str]:
    html, css, js = ((_FOLDER / f"uploader.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    shared = "".join((_FOLDER.parent / name).read_text(encoding="utf-8") for name in ("pieces.js", "files.js"))
    return html, css, shared + js


def _labels(max_bytes: int, types: Sequence[str]) -> dict[str, str]:
    limit_mb = f"{max_bytes / _MIB:g}"
    return {
        "choose": t("Choose a film"),
        "hint": t("or drag it here. Up to {limit} MB: {types}.", limit=limit_mb, types=", ".join(types)),
        "cancel": t("Cancel the upload"),
        "resume": t("Continue the upload"),
        "remove": t("Remove this film"),
        "progress": t("Upload of the film"),
        "sent": t("{percent} % of {size} MB sent", percent="{percent}", size="{size}"),
        "arrived": t("{size} MB have arrived.", size="{size}"),
        "cancelled": t("The upload was cancelled. Nothing of the film was kept."),
        "broken": t("The connection to the server broke off. What has arrived is kept; continue when it is back."),
        "retrying": t("The connection is interrupted; trying again …"),
        "too_large": t(
            "The film is larger than {limit} MB, the limit here. Trim it or export it at a lower resolution.",
            limit=limit_mb,
        ),
        "wrong_type": t("This is not a film that can be measured. Choose one of: {types}.", types=", ".join(types)),
        "empty": t("The file is empty (0 bytes). Copy it anew from the camera and choose it again."),
        "several": t("Only one film at a time. Choose one."),
    }


def uploader(
    *,
    token: str,
    label: str,
    max_bytes: int,
    types: Sequence[str],
    arrived: dict[str, Any] | None,
    key: str,
    on_film: Callable[[], None],
) -> Any:
    """Show the uploader.

    Args:
        token: of a fresh upload (see :mod:`dashboard.uploading.uploads`).
        label: what is to be uploaded.
        max_bytes: cap, the same as the token's.
        types: file name endings that are taken.
        arrived: ``{"token", "name", "size"}`` of a film that is here already, to be shown as such.
        key: of the widget.
        on_film: called when a film has arrived or was removed; ``film`` then holds such a dict, or None. Its token
            is another than ``token`` where an upload from before a reload was continued.
    """
    html, css, js = _texts_of_component()
    component = st.components.v2.component("eye_uploader", html=html, css=css, js=js)
    data = {
        "token": token,
        "label": label,
        "max_bytes": max_bytes,
        "types": list(types),
        "arrived": arrived,
        "labels": _labels(max_bytes, types),
    }
    return component(data=data, key=key, on_film_change=on_film)
