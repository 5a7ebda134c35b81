"""Every sentence of the dashboard passes through here, so that another language is one catalogue away.

The English sentence is the key, as in GNU gettext. A view writes ``t("{count} recordings", count=3)``;
extraction tools find the calls, and a catalogue for another language needs no change in the views.
"""

from __future__ import annotations

import gettext
import re
from functools import lru_cache
from pathlib import Path

from dashboard.language.reader import session_language

LOCALE_FOLDER = Path(__file__).parents[1] / "locale"
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:^&])")


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("dashboard", localedir=LOCALE_FOLDER, languages=[language], fallback=True)


def t(message: str, /, *, language: str | None = None, **values: object) -> str:
    """The sentence in ``language`` (that of the session if not given), with ``{name}`` places filled in.

    >>> t("{count} recordings", count=3)
    '3 recordings'
    """
    return _catalogue(language or session_language()).gettext(message).format(**values)


def entry(message: str, language: str) -> str | None:
    """The catalogue's own text for ``message``, places not filled in; None where it has none."""
    text = _catalogue(language).gettext(message)
    return None if text == message else text


def tn(singular: str, plural: str, count: int, /, *, language: str | None = None, **values: object) -> str:
    """The form of a sentence that fits ``count``, which also fills ``{count}``.

    >>> tn("{count} blink", "{count} blinks", 1), tn("{count} blink", "{count} blinks", 0)
    ('1 blink', '0 blinks')
    """
    catalogue = _catalogue(language or session_language())
    return catalogue.ngettext(singular, plural, count).format(count=count, **values)


def plain(text: str) -> str:
    r"""Text typed by people, made safe to stand inside Markdown: nothing in it formats, links or loads.

    >>> plain("visit *2* ![x](http://host)")
    'visit \\*2\\* \\!\\[x\\]\\(http\\://host\\)'
    """
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))
