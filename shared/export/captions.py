"""Events as WebVTT captions, so that any player shows beside the film what was found when.

Format: W3C WebVTT, https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from shared.model import Trace

SHORTEST_CUE_S: Final = 0.3
"""A saccade lasts 30 to 100 ms; a caption shorter than this cannot be seen. The text gives the true times."""
LONGEST_LOSS_IGNORED_S: Final = 0.2
"""Shorter gaps in the measurement get no caption of their own."""

ENGLISH: Final[Mapping[str, str]] = {
    "blink": "blink ({kind}), {duration_ms} ms",
    "complete": "complete",
    "incomplete": "incomplete",
    "saccade": "saccade, about {amplitude} deg {direction}",
    "square_wave_jerk": "square-wave jerk, about {amplitude} deg",
    "not_measured": "not measured",
    "left": "toward the patient's left",
    "right": "toward the patient's right",
    "up": "up",
    "down": "down",
}
"""Texts of the captions; give others for another language."""


class _Cue(NamedTuple):
    start_s: float
    end_s: float
    text: str


def captions(
    events: Mapping[str, Any], trace: Trace | None = None, *, texts: Mapping[str, str] = ENGLISH, title: str = ""
) -> str:
    """The events of a result document as a WebVTT file. Rejected events are left out.

    Args:
        events: ``events`` of the document.
        trace: if given, stretches that could not be measured become captions too.
        texts: sentences, keys as in :data:`ENGLISH`.
        title: one line that names the recording.
    """
    cues = [*_blinks(events, texts), *_saccades(events, texts), *_jerks(events, texts)]
    if trace is not None:
        cues += _losses(trace, texts)
    head = f"WEBVTT - {_escaped(title)}" if title else "WEBVTT"
    body = (f"{_time(cue.start_s)} --> {_time(cue.end_s)}\n{_escaped(cue.text)}" for cue in sorted(cues))
    return "\n\n".join([head, *body]) + "\n"


def compass(direction_deg: float) -> str:
    """``left``, ``down``, ``right`` or ``up``: the nearest to a direction (0 = patient's left, 90 = down).

    >>> compass(10.0), compass(95.0), compass(185.0), compass(270.0)
    ('left', 'down', 'right', 'up')
    """
    return ("left", "down", "right", "up")[round(direction_deg / 90.0) % 4]


def _kept(events: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    return (event for event in events[name] if event.get("status") != "rejected")


def _blinks(events: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[_Cue]:
    for blink in _kept(events, "blinks"):
        duration_ms = round(1000.0 * (blink["end_s"] - blink["start_s"]))
        kind = texts[blink.get("kind", "complete")]
        yield _cue(blink, texts["blink"].format(kind=kind, duration_ms=duration_ms))


def _saccades(events: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[_Cue]:
    for saccade in _kept(events, "saccades"):
        direction = texts[compass(saccade["direction_deg"])]
        yield _cue(saccade, texts["saccade"].format(amplitude=f"{saccade['amplitude_deg']:.1f}", direction=direction))


def _jerks(events: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[_Cue]:
    for jerk in _kept(events, "square_wave_jerks"):
        yield _cue(jerk, texts["square_wave_jerk"].format(amplitude=f"{jerk['amplitude_deg']:.1f}"))


def _losses(trace: Trace, texts: Mapping[str, str]) -> Iterator[_Cue]:
    start_s: float | None = None
    for time_s, valid in zip([*trace.time_s, math.inf], [*trace.valid, True], strict=True):
        if not valid and start_s is None:
            start_s = float(time_s)
        elif valid and start_s is not None:
            end_s = min(float(time_s), float(trace.time_s[-1]))
            if end_s - start_s > LONGEST_LOSS_IGNORED_S:
                yield _Cue(start_s, end_s, texts["not_measured"])
            start_s = None


def _cue(event: Mapping[str, Any], text: str) -> _Cue:
    return _Cue(event["start_s"], max(event["end_s"], event["start_s"] + SHORTEST_CUE_S), text)


def _time(seconds: float) -> str:
    milliseconds = round(1000.0 * max(seconds, 0.0))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def _escaped(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
