"""Puppet films for every test, rendered once a session.

Make the fixture known in a ``conftest.py``: ``from tests.puppets import puppet_video  # noqa: F401``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.synthetic.commands import film_of
from shared.synthetic.gaze import simulate
from shared.synthetic.puppet import PuppetTruth

PuppetVideo = Callable[[str], tuple[Path, PuppetTruth]]


@pytest.fixture(scope="session")
def puppet_video(tmp_path_factory: pytest.TempPathFactory) -> PuppetVideo:
    """``puppet_video(kind)``: a film of :data:`shared.synthetic.commands.KINDS` and its truth."""
    base = tmp_path_factory.getbasetemp()
    # Workers of one run have sibling folders; a film that one has rendered serves the others.
    folder = (base.parent if base.name.startswith("popen-") else base) / "puppets"
    folder.mkdir(exist_ok=True)
    known: dict[str, tuple[Path, PuppetTruth]] = {}

    def get(kind: str) -> tuple[Path, PuppetTruth]:
        if kind not in known:
            film, path = film_of(kind), folder / f"{kind}.mp4"
            if path.exists():
                truth = film.puppet().truth(simulate(film.script, film.camera, seed=film.seed), film.head)
            else:
                unfinished = folder / f"{base.name}-{kind}.mp4"
                truth = film.write(unfinished)
                unfinished.replace(path)
            known[kind] = (path, truth)
        return known[kind]

    return get
