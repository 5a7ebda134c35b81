"""The demo cases: computer-drawn films with known eye movements, analysed like any other film.

Their words stand here and not with what draws them (:mod:`shared.synthetic.cases`), which takes seconds to import;
a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dashboard.demo.results import adopt_result
from dashboard.language.texts import t
from dashboard.services import DEMO_SOURCE, LOCAL, Services, is_comparable, is_open
from shared.adapters.local import LocalStore
from shared.deletion import delete_analysis
from shared.errors import ConflictError, InvalidRequestError, NotFoundError
from shared.model import Task
from shared.ports import Job, JobStatus, Patient

DEMO_FOLDER: Final = Path(__file__).parent
_ID_PREFIX: Final = "demo-"


@dataclass(frozen=True)
class DemoCase:
    """A demo film as the dashboard presents it.

    Attributes:
        name: stem of its file.
        title, description: for people.
        task: what the recording is filed as.
    """

    name: str
    title: str
    description: str
    task: Task


DEMO_CASES: Final = (
    DemoCase(
        "healthy",
        "Full range of gaze",
        "Looks 20 degrees up and down, then 18 degrees left and right, at normal speed.",
        Task.VERTICAL_HORIZONTAL,
    ),
    DemoCase(
        "psp_like",
        "Small, slow vertical range",
        "The same task: left and right are full, up and down reach only 2 to 3 degrees.",
        Task.VERTICAL_HORIZONTAL,
    ),
    DemoCase(
        "too_poor",
        "Too poor to judge",
        "A dark, noisy film from far away; the head nods and turns with the gaze.",
        Task.VERTICAL_HORIZONTAL,
    ),
    DemoCase(
        "no_vertical_task",
        "No up and down in the film",
        "The eyes move left and right only, and nothing tells what was asked for.",
        Task.UNKNOWN,
    ),
)
"""In the order in which they are listed."""


def add_demo_cases(services: Services, *, now: float, folder: Path = DEMO_FOLDER) -> int:
    """Add the demo films with the results that come with them, or queue them for analysis where those do not fit.

    Cases whose result is there and current are kept.

    Args:
        services: where to.
        now: epoch seconds.
        folder: the films, ``<name>.mp4``, and their results.

    Returns:
        How many wait for analysis.

    Raises:
        NotFoundError: no demo film is there.
    """
    if services.place != LOCAL:
        raise InvalidRequestError(t("The demo cases are kept on this machine. Change to it first."))
    films = {case: folder / f"{case.name}.mp4" for case in DEMO_CASES}
    present = {case: film for case, film in films.items() if film.is_file()}
    if not present:
        raise NotFoundError(t("The demo films are not part of this installation. Make them with: make demo-videos"))
    # A tick apart, so that their order is that of the list.
    return sum(_add(services, case, film, now + 0.001 * index) for index, (case, film) in enumerate(present.items()))


def _add(services: Services, case: DemoCase, film: Path, now: float) -> bool:
    """Add one case unless that is done; whether it waits for analysis."""
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
        queued = services.submit(
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
    store = services.store
    return not (isinstance(store, LocalStore) and adopt_result(store, queued, film.parent, now=now))


def case_text(job: Job) -> tuple[str, str]:
    """Title and description of a demo recording."""
    for case in DEMO_CASES:
        if job.analysis_id == _ID_PREFIX + case.name:
            return t(case.title), t(case.description)
    return job.label, ""


def note_text(patient: Patient) -> str:
    """The note on a patient: as a person typed it, a demo patient's in the reader's language."""
    for case in DEMO_CASES:
        if patient.user_id == _ID_PREFIX + case.name:
            return t("Demo: {title}", title=t(case.title))
    return patient.note
