"""The four demo cases: one for each answer that the screening can give, and one where nothing was asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.model import PspStatus, Task
from shared.synthetic.film import Film, write_truth_json
from shared.synthetic.gaze_script import Camera
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.puppet import Look, PuppetTruth
from shared.synthetic.scripts import healthy, horizontal_only, psp_like
from shared.synthetic.unusable import UNUSABLE, UnusableCase

__all__ = ["DEMO_CASES", "UNUSABLE", "DemoCase", "UnusableCase"]


@dataclass(frozen=True)
class DemoCase:
    """A film that shows what the program says about it.

    Attributes:
        name: stem of its files.
        title, description: for people.
        task: what the recording is filed as.
        film: what it shows.
        expected_status: what the screening shall say.
        expected_code: the chief reason code for an inconclusive answer, else the rule's.
    """

    name: str
    title: str
    description: str
    task: Task
    film: Film
    expected_status: PspStatus
    expected_code: str

    def write(self, folder: Path) -> tuple[Path, Path, PuppetTruth]:
        """Render ``<name>.mp4`` and ``<name>.truth.json``; returns both and the truth."""
        video = folder / f"{self.name}.mp4"
        truth = self.film.write(video)
        described = {
            "name": self.name,
            "title": self.title,
            "task": self.task.value,
            "expected_status": self.expected_status.value,
            "expected_code": self.expected_code,
            "seed": self.film.seed,
        }
        return video, write_truth_json(folder / f"{self.name}.truth.json", truth, **described), truth


DEMO_CASES: Final[tuple[DemoCase, ...]] = (
    DemoCase(
        "healthy",
        "Full range of gaze",
        "Looks 20 degrees up and down, then 18 degrees left and right, at normal speed; blinks about 15 times a "
        "minute. The vertical range is far above the threshold.",
        Task.VERTICAL_HORIZONTAL,
        Film(healthy(), crf=26, seed=11),
        PspStatus.NOT_SUSPECTED,
        "RANGE_ABOVE_THRESHOLD",
    ),
    DemoCase(
        "psp_like",
        "Small, slow vertical range",
        "The same task: left and right are full, but up and down together reach only 2 to 3 degrees, slowly. "
        "Square-wave jerks, and hardly a blink.",
        Task.VERTICAL_HORIZONTAL,
        # At 60 frames/s, because compression hides how slow small movements are at 30.
        Film(psp_like(), Camera(60.0), look=Look(iris_colour="hazel", noise_sd=1.0), crf=24, seed=12),
        PspStatus.SUSPECTED,
        "RANGE_BELOW_THRESHOLD",
    ),
    DemoCase(
        "too_poor",
        "Too poor to judge",
        "A dark, noisy film from far away; the head nods and turns with the gaze. Nothing can be said, and the "
        "reasons say how to film better.",
        Task.VERTICAL_HORIZONTAL,
        Film(
            healthy(20.0),
            head=HeadScript(pitch=Swing(7.0, 0.23), yaw=Swing(6.0, 0.16), roll=Swing(3.0, 0.11)),
            look=Look(iris_colour="dark", brightness=0.38, flicker=0.03, noise_sd=7.0),
            iris_diameter_px=17.0,
            width_px=480,
            height_px=480,
            crf=26,
            seed=13,
        ),
        PspStatus.INCONCLUSIVE,
        "HEAD_MOVED",
    ),
    DemoCase(
        "no_vertical_task",
        "No up and down in the film",
        "The eyes move left and right only, and nothing tells what was asked for. A small vertical range means "
        "nothing here: inconclusive, not suspected.",
        Task.UNKNOWN,
        Film(horizontal_only(20.0), crf=26, seed=14),
        PspStatus.INCONCLUSIVE,
        "NO_VERTICAL_EFFORT",
    ),
)
"""In the order in which the dashboard lists them."""
