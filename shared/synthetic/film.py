"""One puppet film, completely described, and how it and its truth are written to files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Script
from shared.synthetic.head_motion import HeadScript
from shared.synthetic.portrait import Image, load_portrait
from shared.synthetic.puppet import Look, Puppet, PuppetTruth
from shared.synthetic.video_writer import write_video


@dataclass(frozen=True)
class Film:
    """Everything that decides what a film shows.

    Attributes:
        script, camera, head, look, seed: see there.
        iris_diameter_px, width_px, height_px: size of eye and picture.
        crf: compression, lower is better and larger.
        half_turn: the picture stands on its head, without a note in the file.
    """

    script: Script
    camera: Camera = field(default_factory=Camera)
    head: HeadScript = field(default_factory=HeadScript)
    look: Look = field(default_factory=Look)
    iris_diameter_px: float = 28.0
    width_px: int = 640
    height_px: int = 720
    crf: int = 23
    half_turn: bool = False
    seed: int = 0

    def puppet(self) -> Puppet:
        """Prepare the renderer."""
        portrait = load_portrait(
            iris_diameter_px=self.iris_diameter_px, width_px=self.width_px, height_px=self.height_px
        )
        return Puppet(portrait, self.look)

    def write(self, path: Path) -> PuppetTruth:
        """Render and encode the film; returns its truth."""
        puppet = self.puppet()
        truth = puppet.truth(simulate(self.script, self.camera, seed=self.seed), self.head)
        frames = puppet.frames(truth)
        write_video(path, _turned(frames) if self.half_turn else frames, truth.gaze.time_s, crf=self.crf)
        return truth


def _turned(frames: Iterator[Image]) -> Iterator[Image]:
    return (np.ascontiguousarray(frame[::-1, ::-1]) for frame in frames)


def truth_events(truth: PuppetTruth) -> dict[str, Any]:
    """Events and size of a film as JSON values."""
    gaze = truth.gaze
    return {
        "frames": len(gaze),
        "duration_s": round(float(gaze.time_s[-1]), 4),
        "iris_diameter_px": truth.iris_diameter_px,
        "h_range_deg": round(float(np.ptp(gaze.h_deg)), 2),
        "v_range_deg": round(float(np.ptp(gaze.v_deg)), 2),
        "blinks": [asdict(blink) for blink in gaze.blinks],
        "saccades": [
            {
                "start_s": saccade.start_s,
                "end_s": saccade.end_s,
                "amplitude_deg": saccade.amplitude_deg,
                "direction_deg": saccade.direction_deg,
                "peak_velocity_deg_s": saccade.peak_velocity_deg_s,
                "kind": saccade.kind,
            }
            for saccade in gaze.saccades
        ],
        "square_wave_jerks": [asdict(jerk) for jerk in gaze.square_wave_jerks],
    }


def write_truth_json(path: Path, truth: PuppetTruth, **extra: Any) -> Path:
    """Write the events, with ``extra`` entries before them."""
    document = _rounded({**extra, **truth_events(truth)})
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def write_truth_csv(path: Path, truth: PuppetTruth) -> Path:
    """Write one line a frame: gaze, lids, head and true iris centres. L and R are the patient's own eyes."""
    gaze, head = truth.gaze, truth.head
    columns = {
        "time_s": gaze.time_s,
        "h_deg": gaze.h_deg,
        "v_deg": gaze.v_deg,
        "lid_closure_L": gaze.lid_closure_left,
        "lid_closure_R": gaze.lid_closure_right,
        "yaw_deg": head.yaw_deg,
        "pitch_deg": head.pitch_deg,
        "roll_deg": head.roll_deg,
        "iris_L_x_px": truth.iris_left_px[:, 0],
        "iris_L_y_px": truth.iris_left_px[:, 1],
        "iris_R_x_px": truth.iris_right_px[:, 0],
        "iris_R_y_px": truth.iris_right_px[:, 1],
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([f"{value:.6f}" for value in row] for row in zip(*columns.values(), strict=True))
    return path


def _rounded(value: Any) -> Any:
    """Numbers to a tenth of a millisecond or of a thousandth of a degree: more would be false precision."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
