"""The demo cases: computer-drawn films with known eye movements, analysed like any other film."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dashboard.services import DEMO_SOURCE, Services, is_comparable, is_open
from dashboard.texts import t
from shared.deletion import delete_analysis
from shared.errors import ConflictError, NotFoundError
from shared.ports import Job, JobStatus
from shared.synthetic.cases import DEMO_CASES, DemoCase

DEMO_FOLDER: Final = Path(__file__).with_name("demo")
_ID_PREFIX: Final = "demo-"


def add_demo_cases(services: Services, *, now: float, folder: Path = DEMO_FOLDER) -> int:
    """Queue the demo films for analysis; those whose result is there and current are kept.

    Args:
        services: where to.
        now: epoch seconds.
        folder: the films, ``<name>.mp4``.

    Returns:
        How many were queued.

    Raises:
        NotFoundError: no demo film is there.
    """
    films = {case: folder / f"{case.name}.mp4" for case in DEMO_CASES}
    present = {case: film for case, film in films.items() if film.is_file()}
    if not present:
        raise NotFoundError(t("The demo films are not part of this installation. Make them with: make demo-videos"))
    # A tick apart, so that their order is that of the list.
    return sum(_add(services, case, film, now + 0.001 * index) for index, (case, film) in enumerate(present.items()))


def _add(services: Services, case: DemoCase, film: Path, now: float) -> bool:
    """Queue one case unless that is done; whether it was queued."""
    analysis_id = _ID_PREFIX + case.name
    try:
        job = services.job(analysis_id)
    except NotFoundError:
        job = None
    if job is not None:
        if is_open(job) or (job.status is JobStatus.COMPLETED and is_comparable(job)):
            return False
        delete_analysis(services.store, analysis_id, now=now)
    code = _ID_PREFIX + case.name
    try:
        services.add_patient(code, t("Demo: {title}", title=case.title), now=now)
    except ConflictError:
        services.store.patients.get(code)
    with film.open("rb") as stream:
        services.submit(
            code=code,
            file_name=film.name,
            stream=stream,
            day=datetime.fromtimestamp(now, UTC).date(),
            parameters={"task": case.task.value},
            label=case.title,
            now=now,
            source=DEMO_SOURCE,
            analysis_id=analysis_id,
        )
    return True


def case_text(job: Job) -> tuple[str, str]:
    """Title and description of a demo recording."""
    for case in DEMO_CASES:
        if job.analysis_id == _ID_PREFIX + case.name:
            return t(case.title), t(case.description)
    return job.label, ""
