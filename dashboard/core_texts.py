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

from dashboard.language import session_language
from dashboard.texts import entry

TEMPLATES: Final = Path(__file__).parent / "locale" / "core_templates.json"
"""Templates with places ``{0}``, ``{1}`` ..., as the core's source has them."""

_PLACE: Final = re.compile(r"\{(\d+)\}")
_MOST_NESTED: Final = 3


class _Template(NamedTuple):
    message: str
    pattern: re.Pattern[str]


def core(sentence: str, *, language: str | None = None) -> str:
    """A sentence, label or unit of the core in ``language`` (that of the session if not given)."""
    spoken = language or session_language()
    return sentence if spoken == "en" or not sentence else _translated(sentence, spoken, 0)


@lru_cache(maxsize=4096)
def _translated(sentence: str, language: str, depth: int) -> str:
    whole = entry(sentence, language)
    if whole is not None or depth > _MOST_NESTED:
        return whole or sentence
    for template in _templates():
        found = template.pattern.fullmatch(sentence)
        if found is not None:
            translated = entry(template.message, language)
            if translated is not None:
                return _filled(translated, [_translated(part, language, depth + 1) for part in found.groups()])
    return _each_sentence(sentence, language, depth)


def _filled(template: str, parts: list[str]) -> str:
    return _PLACE.sub(lambda place: parts[int(place.group(1))], template)


def _each_sentence(text: str, language: str, depth: int) -> str:
    """Several sentences in a row, each translated by itself."""
    sentences = re.split(r"(?<=[.;!?]) (?=[A-Z])", text)
    if len(sentences) == 1:
        return _without_its_end(text, language, depth)
    return " ".join(_translated(part, language, depth + 1) for part in sentences)


def _without_its_end(text: str, language: str, depth: int) -> str:
    """A clause to which the core put a full stop, or another clause after a comma."""
    clause = text.removesuffix(".")
    if clause != text and (translated := _translated(clause, language, depth + 1)) != clause:
        return translated + "."
    head, joint, tail = text.partition(", but ")
    if joint:
        parts = [_translated(part, language, depth + 1) for part in (head, f"but {tail}")]
        return ". ".join(parts) if parts != [head, f"but {tail}"] else text
    return text


@lru_cache(maxsize=1)
def _templates() -> tuple[_Template, ...]:
    """All templates that have places, those with the most fixed words first."""
    messages = [message for message in json.loads(TEMPLATES.read_text(encoding="utf-8")) if _PLACE.search(message)]
    return tuple(
        _Template(message, _pattern(message))
        for message in sorted(messages, key=lambda message: -len(_PLACE.sub("", message)))
    )


def _pattern(message: str) -> re.Pattern[str]:
    fixed = _PLACE.split(message)[::2]
    return re.compile("(.+?)".join(re.escape(part) for part in fixed), re.DOTALL)
