"""Sentences of the analysis core in the reader's language.

The core speaks English, and its sentences are stored in results with their numbers already in place. Each was made from
a template (``The iris is only {0} px wide; ...``). Here the template that fits a sentence is found again, its
translation taken from the catalogue and the numbers put in. A sentence that fits none stays in English: it may be
one of an older or a newer version.

``python -m tests.message_catalogue`` gathers the templates from the source of the core.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from dashboard.language.reader import session_language
from dashboard.language.texts import entry

TEMPLATES: Final = Path(__file__).parents[1] / "locale" / "core_templates.json"
"""Templates with places ``{0}``, ``{1}`` ..., as the core's source has them."""

_PLACE: Final = re.compile(r"\{(\d+)\}")
_OPTIONAL_END: Final = re.compile(r"[a-z]\{\d+\}$")
_MOST_NESTED: Final = 4
WORDS: Final = ("vertical", "horizontal", "bounds")
"""Words that the core puts into places of its sentences or uses alone."""


class _Template(NamedTuple):
    message: str
    pattern: re.Pattern[str]
    greedy: re.Pattern[str]


def core(sentence: str, *, language: str | None = None) -> str:
    """A sentence, label or unit of the core in ``language`` (that of the session if not given)."""
    spoken = language or session_language()
    return sentence if spoken == "en" or not sentence else _translated(sentence, spoken, 0)


@lru_cache(maxsize=4096)
def _translated(sentence: str, language: str, depth: int) -> str:
    if not sentence:  # the catalogue keeps its own head under the empty text
        return sentence
    whole = entry(sentence, language)
    if whole is not None or depth > _MOST_NESTED:
        return whole or sentence
    for template in _templates():
        parts = _parts(template, sentence)
        translated = None if parts is None else entry(template.message, language)
        if parts is not None and translated is not None:
            return _filled(translated, [_translated(part, language, depth + 1) for part in parts])
    return _each_sentence(sentence, language, depth)


def _parts(template: _Template, sentence: str) -> tuple[str, ...] | None:
    """What stands in the places of a template; None where the sentence was not made from it.

    A comma may belong to a part or to the template: brackets that open in a part end in it.
    """
    for pattern in (template.pattern, template.greedy):
        found = pattern.fullmatch(sentence)
        if found is not None and all(part.count("(") == part.count(")") for part in found.groups()):
            return found.groups()
    return None


def _filled(template: str, parts: list[str]) -> str:
    return _PLACE.sub(lambda place: parts[int(place.group(1))], template)


def _each_sentence(text: str, language: str, depth: int) -> str:
    """Several sentences in a row, each translated by itself."""
    sentences = re.split(r"(?<=[.;!?]) (?=[A-Z])", text)
    if len(sentences) == 1:
        return _without_its_end(text, language, depth)
    return " ".join(_translated(part, language, depth + 1) for part in sentences)


def _without_its_end(text: str, language: str, depth: int) -> str:
    """A clause to which the core put a full stop, or another clause after a comma or a semicolon."""
    head, joint, tail = text.partition(", but ")
    if joint:
        parts = [_translated(part, language, depth + 1) for part in (head, f"but {tail}")]
        return ". ".join(parts) if parts != [head, f"but {tail}"] else text
    clause = text.removesuffix(".")
    if clause != text and (translated := _translated(clause, language, depth + 1)) != clause:
        return translated + "."
    return _remarks(text, language, depth)


def _remarks(text: str, language: str, depth: int) -> str:
    """Remarks that the core put after one another, each translated by itself or with the mark that joins it."""
    for joint in ("; ", ", "):
        head, found, tail = text.rpartition(joint)
        if not found:
            continue
        with_joint, alone = (_translated(part, language, depth + 1) for part in (joint + tail, tail))
        end = with_joint if with_joint != joint + tail else joint + alone
        if end != joint + tail:
            return _translated(head, language, depth + 1) + end
    return text


@lru_cache(maxsize=1)
def _templates() -> tuple[_Template, ...]:
    """All templates that have places, those with the most fixed words first."""
    messages = [message for message in json.loads(TEMPLATES.read_text(encoding="utf-8")) if _PLACE.search(message)]
    return tuple(
        _Template(message, _pattern(message, "(.+?)"), _pattern(message, "(.+)"))
        for message in sorted(messages, key=lambda message: -len(_PLACE.sub("", message)))
    )


def _pattern(message: str, place: str) -> re.Pattern[str]:
    fixed = _PLACE.split(message)[::2]
    pattern = place.join(re.escape(part) for part in fixed)
    if _OPTIONAL_END.search(message):  # what comes there begins with its own comma, or is nothing
        pattern = pattern.removesuffix(place) + "(.*)"
    return re.compile(pattern, re.DOTALL)
