"""Both instruments on rendered films with a still head: how much of the true movement each shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shared.analysis import analyse
from shared.model import BoolArray, FloatArray, Trace
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.synthetic.commands import film_of
from shared.synthetic.film import Film
from shared.synthetic.portrait import find_face_points
from shared.synthetic.puppet import PuppetTruth
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, EyePoints, corner_distance_px, open_lid_ratio
from shared.video import read_frames
from tests.accuracy.context import Context
from tests.accuracy.table import Cell, Table

title = "Instruments on rendered faces with known gaze"
needs_material = False

FILMS = {
    "healthy": "28 px iris",
    "dark_iris": "nearly black iris",
    "pale_iris": "pale iris",
    "narrow_lids": "narrow lids",
    "small_iris": "15 px iris",
    "large_iris": "52 px iris",
    "fps60": "60 frames/s",
    "vfr": "uneven frame times, 5 % lost",
}
"""Kinds of ``python -m shared synth`` -> what is special about them."""

COMPRESSION = {"healthy, crf 32": 32, "healthy, crf 40": 40}
"""The first film again, at lower H.264 quality."""

_LEAST_MOVEMENT = 2.5
"""Range of the truth, px or deg: below it a film shows drift and no gaze shifts."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One axis by one instrument against the truth, over usable frames."""

    measured: FloatArray
    truth: FloatArray

    @property
    def moved(self) -> bool:
        """Whether the film shows a movement in this axis at all; some films are too short for both."""
        return float(np.ptp(self.truth)) > _LEAST_MOVEMENT

    @property
    def correlation(self) -> float | None:
        """Pearson's, of measured and true; None without movement."""
        if not self.moved:
            return None
        return float(np.corrcoef(self.measured, self.truth)[0, 1])

    @property
    def gain(self) -> float | None:
        """Slope of measured on true; 1 = all of the movement is shown. None without movement."""
        if not self.moved:
            return None
        return float(np.polyfit(self.truth, self.measured, 1)[0])

    @property
    def rmse(self) -> float | None:
        """Root mean square error, medians aligned. None without movement."""
        if not self.moved:
            return None
        error = self.measured - self.truth
        return float(np.sqrt(np.mean((error - np.median(error)) ** 2)))

    def where(self, chosen: BoolArray) -> Reading:
        """The same over a choice of samples."""
        return Reading(self.measured[chosen], self.truth[chosen])


def tables(context: Context) -> list[Table]:
    """One row a film."""
    films = {name: film_of(name) for name in FILMS}
    films |= {name: replace(film_of("healthy"), crf=crf) for name, crf in COMPRESSION.items()}
    measured = {name: _measure(context, name, film) for name, film in films.items()}
    return [
        Table(
            "Landmark instrument, mean of both eyes: correlation with the true position of the iris, and gain "
            "(iris landmarks against the eye's own corners, px per true px)",
            ["film", "", "vertical r", "vertical gain", "horizontal r", "horizontal gain"],
            [_landmark_row(name, *item) for name, item in measured.items()],
            "The gain is how much of a true movement the instrument shows: the mesh's eye corners follow the gaze, and "
            "its iris follows it only in part.",
        ),
        Table(
            "Limbus instrument, mean of both eyes, degrees of eye rotation",
            ["film", "", "V gain", "V RMSE deg", "down gain", "up gain", "H gain", "H RMSE deg", "frames measured"],
            [_limbus_row(name, *item) for name, item in measured.items()],
            "The rendered eyeballs turn about a centre of their own; degrees are those of the program's published "
            "geometry, uncalibrated.",
        ),
    ]


def _measure(context: Context, name: str, film: Film) -> tuple[Trace, PuppetTruth, BoolArray, FloatArray]:
    path = context.scratch / f"{name.replace(', ', '-').replace(' ', '')}.mp4"
    truth = film.write(path)
    trace = analyze_video(path).trace
    usable = analyse(trace, Parameters()).usable
    points_px = find_face_points(next(read_frames(path)).image_bgr)
    path.unlink()
    return trace, truth, usable, points_px


def _landmark_row(name: str, trace: Trace, truth: PuppetTruth, usable: BoolArray, points_px: FloatArray) -> list[Cell]:
    left = _in_px(trace, LEFT_EYE, points_px)
    right = _in_px(trace, RIGHT_EYE, points_px)
    true_px = (truth.iris_left_px + truth.iris_right_px) / 2
    cells: list[Cell] = [name, FILMS.get(name, "28 px iris, stronger compression")]
    for axis in (1, 0):
        position_px = (left[axis] + right[axis]) / 2
        seen = usable & np.isfinite(position_px)
        reading = Reading(position_px[seen], true_px[seen, axis])
        cells += [reading.correlation, reading.gain]
    return cells


def _in_px(trace: Trace, eye: EyePoints, points_px: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Offsets of one eye (h, v) turned from open lid gaps into px of the picture (the head is still and level)."""
    samples = trace.left if eye is LEFT_EYE else trace.right
    scale_px = open_lid_ratio(samples.eye_open, trace.valid) * corner_distance_px(points_px[None], eye)[0]
    return samples.h_offset * scale_px, samples.v_offset * scale_px


def _limbus_row(name: str, trace: Trace, truth: PuppetTruth, usable: BoolArray, _: FloatArray) -> list[Cell]:
    v_deg, h_deg = trace.mean_of_eyes("limbus_v_deg"), trace.mean_of_eyes("limbus_h_deg")
    seen = usable & np.isfinite(v_deg) & np.isfinite(h_deg)
    vertical = Reading(v_deg[seen], truth.gaze.v_deg[seen])
    horizontal = Reading(h_deg[seen], truth.gaze.h_deg[seen])
    return [
        name,
        FILMS.get(name, "28 px iris, stronger compression"),
        vertical.gain,
        vertical.rmse,
        vertical.where(vertical.truth > -1).gain,
        vertical.where(vertical.truth < 1).gain,
        horizontal.gain,
        horizontal.rmse,
        f"{100 * seen.sum() / max(usable.sum(), 1):.0f} %",
    ]
