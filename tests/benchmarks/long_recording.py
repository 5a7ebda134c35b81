"""Long recordings made from short ones, so that benchmarks need little rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np

from shared.model import EyeTrace, Trace
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script, steps_between
from shared.synthetic.portrait import Image, load_portrait
from shared.synthetic.puppet import Puppet
from shared.synthetic.unusable import recording
from shared.synthetic.video_writer import write_video

_TARGETS_DEG = [(0.0, 20.0), (0.0, -20.0), (20.0, 0.0), (-20.0, 0.0), (0.0, 0.0)] * 4
_SECONDS = 20.0


def _script(duration_s: float) -> Script:
    return Script(duration_s, steps=steps_between(1.0, _TARGETS_DEG), blink_rate_per_min=15)


def long_trace(frame_count: int) -> Trace:
    """A trace of ``frame_count`` frames at 30 frames/s: twenty seconds of a healthy task, repeated."""
    short = recording(_script(_SECONDS))
    pick = np.arange(frame_count) % len(short)

    def repeated(eye: EyeTrace) -> EyeTrace:
        return EyeTrace(**{f.name: getattr(eye, f.name)[pick] for f in fields(EyeTrace)})

    return replace(
        short,
        frame_idx=np.arange(frame_count),
        time_s=np.arange(frame_count) / 30.0,
        left=repeated(short.left),
        right=repeated(short.right),
        valid=short.valid[pick],
        face_count=short.face_count[pick],
        head_yaw_deg=short.head_yaw_deg[pick],
        head_pitch_deg=short.head_pitch_deg[pick],
        head_roll_deg=short.head_roll_deg[pick],
    )


def looped_puppet(path: Path, *, frames: int, size_px: tuple[int, int]) -> Path:
    """A film of ``frames`` frames that runs two seconds of a puppet to and fro."""
    width, height = size_px
    puppet = Puppet(load_portrait(iris_diameter_px=30.0, width_px=640, height_px=720))
    truth = puppet.truth(simulate(_script(2.0), seed=2))
    rendered = [cv2.resize(frame, (width, height)) for frame in puppet.frames(truth)]

    def loop() -> Iterator[Image]:
        period = 2 * (len(rendered) - 1)
        for i in range(frames):
            yield rendered[min(i % period, period - i % period)]

    return write_video(path, loop(), np.arange(frames) / 30.0)
