"""Keeps the catalogues: ``python -m tests.message_catalogue`` gathers all sentences, keeps translations, compiles.

Sentences come from two places: calls of ``t``, ``tn`` and ``say`` in the dashboard (Babel finds them), and the texts
of the analysis core, whose f-strings become templates with places ``{0}``, ``{1}`` ...
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dashboard.demo.cases import DEMO_CASES
from dashboard.language.core_texts import TEMPLATES, WORDS
from dashboard.language.texts import LOCALE_FOLDER

ROOT = Path(__file__).parents[1]
LANGUAGES = ("ko",)
KEYWORDS = {"t": None, "tn": (1, 2), "say": None, "self.say": None}
CORE = (
    "errors",
    "parameters",
    "bounds",
    "screening",
    "findings",
    "metrics",
    "quality",
    "calibration",
    "effort",
    "recording",
    "review",
    "review_result",
)
CORE_FOLDERS = ("checks", "gaze", "measures", "targets")
ERRORS_ONLY = ("tables", "video", "playback", "cohort", "roc")
"""Of these only the sentences of errors; their other texts are the data dictionary."""
_SPEAKING = ("cloud", "comparing", "demo", "jobs", "review", "routes", "station", "uploading")
SENTENCES_ONLY = ("shared/adapters", "dashboard", *(f"dashboard/{part}" for part in _SPEAKING))
"""Here whole sentences count: those of errors, which a page shows as they are."""
OF_OPERATORS = ("settings", "sign_in", "__main__", "server", "service", "aws")
"""Told to the one who starts the program, on the console."""
CITATION = re.compile(r"doi 10\.|PMC\d|\b(19|20)\d\d;\d|\b(19|20)\d\d, ")
"""Sources stay as they were published."""
_WORD = re.compile(r"[A-Za-z]{3,}")
_SENTENCE = re.compile(r"[A-Z][^=]{15,}\.", re.DOTALL)
_NAMED_PLACE = re.compile(r"\{[a-z]")
"""Of a sentence that the dashboard translates itself."""
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{4,}: ")


def po_path(language: str) -> Path:
    """Catalogue of a language, as people edit it."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / "dashboard.po"


def core_templates() -> list[str]:
    """Texts for people in the core, f-strings as templates, each once, in the order of the source."""
    files = [ROOT / "shared" / f"{name}.py" for name in CORE]
    files += [path for folder in CORE_FOLDERS for path in sorted((ROOT / "shared" / folder).glob("*.py"))]
    found = [text for path in files if path.is_file() for text in _texts(_tree(path))]
    for name in ERRORS_ONLY:
        raised = (node for node in ast.walk(_tree(ROOT / "shared" / f"{name}.py")) if isinstance(node, ast.Raise))
        found += [text for node in raised for text in _texts(node)]
    for folder in SENTENCES_ONLY:
        spoken = (path for path in sorted((ROOT / folder).glob("*.py")) if path.stem not in OF_OPERATORS)
        found += [text for path in spoken for text in _texts(_tree(path)) if _is_sentence(text)]
    own = {message.id for message in dashboard_messages()}
    return [text for text in dict.fromkeys(found) if not CITATION.search(text) and text not in own]


def _is_sentence(text: str) -> bool:
    return _SENTENCE.fullmatch(text) is not None and _NAMED_PLACE.search(text) is None


def _tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def _texts(tree: ast.AST) -> Iterator[str]:
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        # Docstrings and bare strings below constants are for developers.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        if isinstance(node, ast.JoinedStr):
            skipped.update(part for part in node.values if isinstance(part, ast.Constant))
            skipped.update(
                spec for part in node.values if isinstance(part, ast.FormattedValue) and part.format_spec
                for spec in ast.walk(part.format_spec)
            )  # fmt: skip
    for node in ast.walk(tree):
        text = None
        if node in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = _template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if text is not None and _for_people(text):
            yield _CODE.sub("", text)


def _template(node: ast.JoinedStr) -> str:
    parts, place = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{place}}}")
            place += 1
    return "".join(parts)


def _for_people(text: str) -> bool:
    return " " in text.strip() and bool(_WORD.search(text)) and text == text.strip()


def dashboard_messages() -> Catalog:
    """Sentences of the dashboard, with the files that have them."""
    catalogue = Catalog(charset="utf-8")
    for name, _, message, comments, context in extract_from_dir(
        ROOT / "dashboard", method_map=[("**.py", "python")], keywords=KEYWORDS
    ):
        if message == "message":  # the parameter that `say` passes on
            continue
        catalogue.add(
            message, locations=[(f"dashboard/{Path(name).as_posix()}", 0)], auto_comments=comments, context=context
        )
    for case in DEMO_CASES:
        for text in (case.title, case.description):
            catalogue.add(text, locations=[("dashboard/demo/cases.py", 0)])
    for word in WORDS:
        catalogue.add(word, locations=[("dashboard/language/core_texts.py", 0)])
    return catalogue


def gathered() -> Catalog:
    """Every sentence that needs a translation."""
    catalogue = dashboard_messages()
    for template in core_templates():
        if catalogue.get(template) is None:
            catalogue.add(template, locations=[("shared", 0)])
    return catalogue


def read(language: str) -> Catalog:
    """The catalogue as it stands; empty where there is none."""
    path = po_path(language)
    if not path.is_file():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as programs read it."""
    target = io.BytesIO()
    # The catalogue carries no dates, and Babel would put the time of the run in their place.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(target, catalogue)
    return target.getvalue()


def main() -> int:
    """Gather, keep translations, write catalogue, compiled catalogue and templates."""
    TEMPLATES.parent.mkdir(parents=True, exist_ok=True)
    TEMPLATES.write_text(json.dumps(core_templates(), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    for language in LANGUAGES:
        catalogue = read(language)
        catalogue.update(gathered(), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        catalogue.header_comment = "# Sentences of the dashboard. Kept by: python -m tests.message_catalogue"
        catalogue.project, catalogue.version = "psp-eye-review", ""
        catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = io.BytesIO()
        write_po(
            text, catalogue, width=120, no_location=False, include_lineno=False, omit_header=False, sort_output=False
        )
        # The date of the run would change the file each time.
        path.write_text(
            re.sub(r'^"(POT-Creation|PO-Revision)-Date:.*\n', "", text.getvalue().decode(), flags=re.MULTILINE),
            encoding="utf-8",
        )
        path.with_suffix(".mo").write_bytes(compiled(read(language)))
        missing = sum(1 for message in catalogue if message.id and not message.string)
        sys.stdout.write(f"{language}: {len(catalogue)} sentences, {missing} without a translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
