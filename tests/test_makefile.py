"""The Makefile looks for tests of a browser and of the cloud in some folders only: none may lie elsewhere."""

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.parametrize(("mark", "variable"), [("browser", "BROWSER_TESTS"), ("cloud", "CLOUD_TESTS")])
def test_no_test_with_the_mark_lies_where_make_does_not_look(mark: str, variable: str) -> None:
    found = re.search(rf"^{variable} := (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    folders = {Path(name) for name in found[1].split()}
    marked = {
        path.relative_to(REPOSITORY)
        for folder in ("tests", "shared", "dashboard")
        for path in (REPOSITORY / folder).rglob("*.py")
        if re.search(rf"pytest\.mark\.{mark}\b", path.read_text(encoding="utf-8"))
    }
    assert marked, "the mark is in use"
    assert [path for path in marked if not folders & set(path.parents)] == []
