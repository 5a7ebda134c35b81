"""Numbers, units and instruments as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.language.core_texts import core
from dashboard.language.texts import plain, t
from shared.model import CheckStatus, PspStatus

CHECK_SHAPE: Final = {
    CheckStatus.PASS.value: "✓",
    CheckStatus.WARNING.value: "▲",
    CheckStatus.FAIL.value: "✕",
    CheckStatus.NOT_CHECKED.value: "–",
}
"""A shape for each outcome of a quality check, so that colour is never needed."""


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


def unit_text(unit: str) -> str:
    """``1/min`` as people write it behind a number: ``/min``."""
    texts = {
        "1/min": t("/min"),
        "1/s": t("/s"),
        "deg": t("deg"),
        "deg/s": t("deg/s"),
        "frames": t("frames"),
        "shifts": t("shifts"),
        "fraction": t("fraction"),
    }
    return texts.get(unit, core(unit))


def amount_text(value: float | None, unit: str = "") -> str:
    """A value with its unit in the reader's language; a fraction in percent.

    >>> amount_text(0.935, "fraction"), amount_text(3e-5, "fraction"), amount_text(30, "1/s")
    ('93.5 %', '0 %', '30 /s')
    """
    if value is not None and unit == "fraction":
        return f"{round(100 * value, 1):g} %"
    return number_text(value, unit_text(unit))


def pretty(text: str) -> str:
    """Text of the core in the reader's language, safe inside Markdown, with the sign for plus or minus.

    >>> pretty("uncalibrated, +-20 %")
    'uncalibrated, ±20 %'
    """
    return plain(core(text).replace("+-", "±"))


def comparison_text(item: Mapping[str, Any]) -> str:
    """Value, threshold with unit, and what measured it; empty without a number."""
    if item.get("value") is None:
        return ""
    unit = item.get("unit") or ""
    parts = [amount_text(item["value"], unit)]
    if item.get("threshold") is not None:
        parts.append(t("threshold {threshold}", threshold=amount_text(item["threshold"], unit)))
    if item.get("instrument"):
        parts.append(instrument_text(item["instrument"]))
    return " · ".join(parts)


def reference_text(reference: Mapping[str, Any] | None) -> str:
    """``8 to 21`` with open ends in words; empty without a reference."""
    if not reference:
        return ""
    low, high = reference.get("low"), reference.get("high")
    if low is not None and high is not None:
        text = t("{low:.3g} to {high:.3g}", low=low, high=high)
    elif low is not None:
        text = t("{low:.3g} or more", low=low)
    elif high is not None:
        text = t("up to {high:.3g}", high=high)
    else:
        text = ""
    population = reference.get("population")
    return f"{text} ({core(population)})" if text and population else text


def advice(codes: list[str]) -> list[str]:
    """What to do at the next recording, for each code of a reason that has a remedy, none twice."""
    closer = t("Film closer, with the face filling the picture and the eyes in focus, so that each iris is large.")
    light = t("Use brighter, even light from the front; no window or lamp behind the patient.")
    still = t("Rest the head against something and point the camera at the face from eye height; only the eyes move.")
    task = t(
        "Ask the patient to look all the way up and down, then left and right, three times each, holding two seconds; "
        "choose that task when uploading."
    )
    rate = t("Record at 60 frames per second or more, and send the original file, not one from a messenger.")
    texts = {
        "NO_FACE": t("Keep the whole face in the picture from the first second to the last."),
        "TOO_FEW_VALID_FRAMES": t("Keep the whole face in the picture from the first second to the last."),
        "ONE_EYE_ONLY": t("Film from straight ahead, with both eyes free of hair, hands and frames of glasses."),
        "TASK_TOO_SHORT": t("Record for at least twenty seconds."),
        "FRAME_RATE_TOO_LOW": rate,
        "UNEVEN_FRAME_TIMES": rate,
        "IRIS_TOO_SMALL": closer,
        "HEAD_MOVED": still,
        "HEAD_TURNED": still,
        "UPSIDE_DOWN": t("Hold the camera upright."),
        "NO_VERTICAL_TASK": task,
        "NO_VERTICAL_EFFORT": task,
        "NO_HORIZONTAL_CONTROL": task,
        "TOO_NOISY": light,
        "LID_OCCLUDED": t("Ask the patient to open the eyes wide; if the lids hang, have someone lift them gently."),
        "EYES_DISAGREE": t("Film from straight ahead without glasses; if the eyes do move differently, note it."),
        "BORDERLINE": t("The range lies at the threshold: record once more and compare the two."),
        "INSTRUMENTS_DISAGREE": closer,
    }
    return list(dict.fromkeys(texts[code] for code in codes if code in texts))
