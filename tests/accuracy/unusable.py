"""Recordings that nobody should judge: each must come out inconclusive and name its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from shared.analysis import analyse
from shared.model import CheckStatus, PspStatus, Result, Trace
from shared.parameters import GATE_NAMES, Gates, Parameters
from shared.pipeline import analyze_video
from shared.synthetic.commands import UNUSABLE_FILMS, film_of, task_of
from shared.synthetic.unusable import UNUSABLE
from tests.accuracy.context import Context
from tests.accuracy.people import IDLE, PARAMETERS, Group, filmed
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
    rows += [_row(group.name, "gaze", "NO_VERTICAL_EFFORT", _filmed(group)) for group in IDLE]
    right = sum(row[-1] == "yes" for row in rows)
    return [
        Table(
            f"{right} of {len(rows)} are inconclusive with the right code",
            ["recording", "made as", "code wanted", "status", "codes given", "right"],
            rows,
        ),
        _gates(),
    ]


def _filmed(group: Group) -> Result:
    return analyse(filmed(group, 0, 60.0), PARAMETERS)


def _gates() -> Table:
    """Each gate on the landmark streams: how often it blocks, and that switched off by name it blocks no more."""
    streams = [(case.build(), case.parameters) for case in UNUSABLE.values()]
    rows: list[list[Cell]] = []
    for gate in GATE_NAMES:
        on = Counter(code for trace, parameters in streams for code in blocked_by(trace, parameters, gate))
        off = replace(Gates(), disabled=(gate,))
        left = sum(len(blocked_by(trace, replace(parameters, gates=off), gate)) for trace, parameters in streams)
        rows.append([gate, sum(on.values()), ", ".join(sorted(on)), left])
    return Table(
        f"Gates on the {len(streams)} landmark streams",
        ["gate", "checks failed", "codes", "failed when switched off"],
        rows,
    )


def blocked_by(trace: Trace, parameters: Parameters, gate: str) -> list[str]:
    """Codes of a gate's checks that keep a recording from being judged."""
    return [c.code for c in analyse(trace, parameters).quality if c.gate == gate and c.status is CheckStatus.FAIL]


def _row(description: str, made_as: str, code: str, result: Result) -> list[Cell]:
    codes = [reason.code for reason in result.reasons]
    right = result.psp_status is PspStatus.INCONCLUSIVE and code in codes
    return [description, made_as, code, result.psp_status, ", ".join(codes), "yes" if right else "NO"]
