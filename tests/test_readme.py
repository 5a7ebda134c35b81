"""What the READMEs say is what the code does."""

import re
from pathlib import Path

import pytest

import shared
from tests.readme_tables import README, TABLES, with_tables

KOREAN = README.with_name("README.ko.md")
TEXTS = [README, KOREAN]


def test_the_data_dictionary_is_the_code_s() -> None:
    text = README.read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in text for name in TABLES)
    assert with_tables(text) == text


def test_the_public_names_are_shown() -> None:
    imported = re.search(r"from shared import (.+)", README.read_text(encoding="utf-8"))
    assert imported is not None
    assert sorted(name.strip() for name in imported[1].split(",")) == sorted(shared.__all__)


@pytest.mark.parametrize("readme", TEXTS, ids=lambda path: path.name)
def test_every_local_link_and_picture_exists(readme: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert local
    assert [target for target in local if not (readme.parent / target).exists()] == []


@pytest.mark.parametrize("readme", TEXTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(readme: Path) -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`?make ([a-z][a-z-]+)", readme.read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named
    assert {name for name in named if f"\n{name}:" not in makefile} == set()


def test_both_readmes_have_the_same_chapters() -> None:
    english, korean = (text.read_text(encoding="utf-8").count("\n## ") for text in TEXTS)
    assert english == korean
