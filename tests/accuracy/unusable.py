"""Recordings that nobody should judge: each must come out inconclusive and name its reason."""

from __future__ import annotations

from shared.analysis import analyse
from shared.model import PspStatus, Result
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.synthetic.commands import UNUSABLE_FILMS, film_of, task_of
from shared.synthetic.unusable import UNUSABLE
from tests.accuracy.context import Context
from tests.accuracy.table import Cell, Table

title = "Unusable recordings"
needs_material = False


def tables(context: Context) -> list[Table]:
    """Landmark streams and rendered films."""
    rows = [
        _row(case.title, "landmarks", case.code, analyse(case.build(), case.parameters)) for case in UNUSABLE.values()
    ]
    for kind, code in UNUSABLE_FILMS.items():
        path = context.scratch / f"{kind}.mp4"
        film_of(kind).write(path)
        rows.append(_row(kind, "film", code, analyze_video(path, Parameters(task=task_of(kind))).result))
        path.unlink()
    right = sum(row[-1] == "yes" for row in rows)
    return [
        Table(
            f"{right} of {len(rows)} are inconclusive with the right code",
            ["recording", "made as", "code wanted", "status", "codes given", "right"],
            rows,
        )
    ]


def _row(description: str, made_as: str, code: str, result: Result) -> list[Cell]:
    codes = [reason.code for reason in result.reasons]
    right = result.psp_status is PspStatus.INCONCLUSIVE and code in codes
    return [description, made_as, code, result.psp_status, ", ".join(codes), "yes" if right else "NO"]
