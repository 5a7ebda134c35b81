"""A person in front of Chromium's fake camera: a puppet that follows the target task, its frame number drawn in.

The file is played in a loop from the moment the camera opens, at 30 frames a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dashboard.station.target_task import TargetTask
from shared.model import FloatArray
from shared.synthetic.film import Film
from shared.synthetic.gaze import TrueSaccade, simulate
from shared.synthetic.gaze_script import BlinkStep, Dynamics, Script, Step
from shared.video import read_frames

RATE_HZ = 30.0
BITS = 12
CELL_PX = 16
"""The frame number stands in the upper left corner, in black and white squares, lowest bit first."""
REACH = {"horizontal": 15.0, "vertical": 10.0}
"""How far the puppet looks, deg, whatever the screen shows: so gains differ from 1 by a known amount."""


@dataclass(frozen=True)
class FakeCamera:
    """The file, and what its frames show.

    Attributes:
        path: Motion JPEG for ``--use-file-for-fake-video-capture``.
        frame_count: of one loop.
        start_s: time in the loop for which the puppet takes the task to begin.
        saccades: in the order of the task's steps but the first, times in the loop.
    """

    path: Path
    frame_count: int
    start_s: float
    saccades: tuple[TrueSaccade, ...]


def make_fake_camera(
    path: Path,
    task: TargetTask,
    *,
    lead_in_s: float,
    latency_s: float,
    width_px: int = 640,
) -> FakeCamera:
    """Render the file.

    Args:
        path: to write, ending in ``.mjpeg``.
        task: what the puppet does.
        lead_in_s: looking straight ahead before it.
        latency_s: from a step of the task to the puppet's answer.
        width_px: of the picture, which is 720 px high.
    """
    steps = [
        Step(lead_in_s + s.at_s, np.sign(s.x_deg) * REACH["horizontal"], np.sign(s.y_deg) * REACH["vertical"])
        for s in task.steps[1:]
        if s.x_deg is not None and s.y_deg is not None
    ]
    blink = BlinkStep(lead_in_s + task.steps[-1].at_s + 0.3)
    script = Script(lead_in_s + task.duration_s + 1.0, tuple(steps), Dynamics(latency_s=latency_s), blinks=(blink,))
    film = Film(script, width_px=width_px)
    puppet = film.puppet()
    truth = puppet.truth(simulate(script, film.camera, seed=film.seed), film.head)
    with path.open("wb") as file:
        for number, picture in enumerate(puppet.frames(truth)):
            for bit in range(BITS):
                picture[:CELL_PX, bit * CELL_PX : (bit + 1) * CELL_PX] = 255 * (number >> bit & 1)
            file.write(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    shifts = tuple(saccade for saccade in truth.gaze.saccades if saccade.kind == "shift")
    return FakeCamera(path, len(truth.gaze), lead_in_s, shifts)


def frame_numbers(film: Path) -> tuple[FloatArray, list[int]]:
    """Times and drawn frame numbers of a recording of the fake camera."""
    times, numbers = [], []
    for frame in read_frames(film):
        row = frame.image_bgr[CELL_PX // 2, CELL_PX // 2 : BITS * CELL_PX : CELL_PX].mean(axis=1)
        times.append(frame.time_s)
        numbers.append(sum(1 << bit for bit in range(BITS) if row[bit] > 127))
    return np.array(times), numbers
