"""Known-truth films by name, for the command line (``python -m shared synth KIND --out DIR``) and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from shared.errors import InvalidRequestError
from shared.model import Task
from shared.synthetic.cases import DEMO_CASES
from shared.synthetic.film import Film, write_truth_csv, write_truth_json
from shared.synthetic.gaze_script import BlinkStep, Camera, Script, steps_between
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.puppet import Look
from shared.synthetic.scripts import healthy, quiet, vertical_only


@dataclass(frozen=True)
class Kind:
    """A film that can be asked for by name.

    Attributes:
        meaning: one line for the list of kinds.
        film: what it shows.
        task: what such a recording would be filed as.
    """

    meaning: str
    film: Film
    task: Task = Task.VERTICAL_HORIZONTAL


_SACCADES: Final = steps_between(
    0.6,
    [(0, -5), (0, 0), (0, 10), (0, 0), (0, -20), (0, 20), (0, 0), (-10, 0), (10, 0), (0, 0), (-20, 0), (20, 0), (0, 0)],
    0.7,
)
_SACCADE_SCRIPT: Final = Script(10.0, _SACCADES)
_BLINKS: Final = Script(
    12.0,
    steps_between(5.5, [(0, 18), (0, 0)], 2.0),
    blinks=(
        BlinkStep(0.8),
        BlinkStep(1.8, depth=0.7),
        BlinkStep(2.8, closed_s=0.25),
        BlinkStep(4.0),
        BlinkStep(4.6),
        BlinkStep(6.5),
        BlinkStep(8.3, depth=0.5),
        BlinkStep(9.4, closing_s=0.06, closed_s=0.02, opening_s=0.1),
        BlinkStep(10.6, closing_s=0.16, closed_s=0.1, opening_s=0.4),
    ),
)
_TINY: Final = Script(2.0, steps_between(0.4, [(0, -15), (0, 15), (0, 0)], 0.4), blinks=(BlinkStep(1.45),))


def _demo_kind(index: int) -> Kind:
    case = DEMO_CASES[index]
    return Kind(f"demo case: {case.title.lower()}", case.film, case.task)


_KINDS: Final[dict[str, Kind]] = {
    "healthy": _demo_kind(0),
    "psp": _demo_kind(1),
    "poor": _demo_kind(2),
    "no_task": _demo_kind(3),
    "saccades": Kind("vertical and horizontal saccades of 5 to 40 degrees, 30 frames/s", Film(_SACCADE_SCRIPT)),
    "fps60": Kind("the same saccades at 60 frames/s", Film(_SACCADE_SCRIPT, Camera(60.0))),
    "fps120": Kind("the same saccades at 120 frames/s", Film(_SACCADE_SCRIPT, Camera(120.0))),
    "fps240": Kind("the same saccades at 240 frames/s", Film(_SACCADE_SCRIPT, Camera(240.0))),
    "vfr": Kind(
        "the same saccades with uneven frame times and lost frames", Film(_SACCADE_SCRIPT, Camera(30.0, 0.15, 0.05))
    ),
    "blinks": Kind("complete, partial, short, long and double blinks, one in down-gaze", Film(_BLINKS), Task.FREE),
    "head": Kind(
        "vertical and horizontal gaze while the head turns, nods and tilts",
        Film(healthy(), head=HeadScript(Swing(8.0, 0.3), Swing(6.0, 0.23), Swing(3.0, 0.17), Swing(0.3, 0.2))),
    ),
    "small_iris": Kind("iris of 15 px", Film(healthy(12.0), iris_diameter_px=15.0, width_px=360, height_px=400)),
    "large_iris": Kind("iris of 52 px", Film(healthy(12.0), iris_diameter_px=52.0, width_px=1080, height_px=1280)),
    "dark_iris": Kind("nearly black iris", Film(healthy(), look=Look(iris_colour="dark"))),
    "pale_iris": Kind("pale grey-blue iris", Film(healthy(), look=Look(iris_colour="pale"))),
    "narrow_lids": Kind("narrow lids", Film(healthy(), look=Look(aperture=0.72))),
    "turned": Kind("filmed from 22 degrees to the side", Film(healthy(12.0), head=HeadScript(Swing(offset=22.0)))),
    "upside_down": Kind("the film stands on its head", Film(healthy(12.0), half_turn=True)),
    "vertical": Kind("up and down only", Film(vertical_only()), Task.VERTICAL),
    "fixation": Kind("looking straight ahead", Film(quiet()), Task.FIXATION),
    "tiny": Kind("two seconds: up, down and a blink; for quick checks", Film(_TINY), Task.VERTICAL),
}

DEMO_KIND: Final = "demo"

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {name: kind.meaning for name, kind in _KINDS.items()}
    | {DEMO_KIND: "the four demo cases, named as in the dashboard"}
)
"""Name -> one line of description."""

UNUSABLE_FILMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "turned": "HEAD_TURNED",
        "upside_down": "UPSIDE_DOWN",
        "small_iris": "IRIS_TOO_SMALL",
        "head": "HEAD_MOVED",
        "fixation": "NO_VERTICAL_TASK",
    }
)
"""Films (kinds) that must be inconclusive, and the reason that must be named; filed under the kind's task."""


def film_of(kind: str) -> Film:
    """The film behind a name (all but ``demo``).

    Raises:
        InvalidRequestError: there is no such kind.
    """
    if kind not in _KINDS:
        raise InvalidRequestError(f"{kind[:40]!r} is not a kind of film. Known are: {', '.join(KINDS)}.", field="kind")
    return _KINDS[kind].film


def task_of(kind: str) -> Task:
    """What the patient was asked to do in it. Raises InvalidRequestError as :func:`film_of` does."""
    film_of(kind)
    return _KINDS[kind].task


def write_kind(
    kind: str, folder: Path, *, seed: int | None = None, progress: Callable[[str], None] | None = None
) -> list[Path]:
    """Render a film with its truth.

    Args:
        kind: a name in :data:`KINDS`.
        folder: where to; made if absent.
        seed: another eye that does the same; by default the kind's own.
        progress: told the name of each film before it is rendered.

    Returns:
        ``<kind>.mp4``, ``<kind>.truth.csv`` (one line a frame) and ``<kind>.truth.json`` (events); for ``demo`` a
        film and its events for each demo case.

    Raises:
        InvalidRequestError: there is no such kind.
    """
    if kind == DEMO_KIND:
        return _write_demo(folder, seed, progress)
    film = film_of(kind)
    if seed is not None:
        film = replace(film, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    if progress is not None:
        progress(kind)
    video = folder / f"{kind}.mp4"
    truth = film.write(video)
    described = {"name": kind, "meaning": KINDS[kind], "task": task_of(kind).value, "seed": film.seed}
    return [
        video,
        write_truth_csv(folder / f"{kind}.truth.csv", truth),
        write_truth_json(folder / f"{kind}.truth.json", truth, **described),
    ]


def _write_demo(folder: Path, seed: int | None, progress: Callable[[str], None] | None) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for case in DEMO_CASES:
        if progress is not None:
            progress(case.name)
        chosen = case if seed is None else replace(case, film=replace(case.film, seed=seed))
        video, events, _ = chosen.write(folder)
        written += [video, events]
    return written
