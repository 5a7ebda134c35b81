"""Gaze signals whose saccades people have marked, and what was held out of the choice of constants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from shared.events.velocity import runs
from shared.model import BoolArray, FloatArray, IntArray

HELD_OUT_PARTICIPANTS = ("UL31", "UL43")
HELD_OUT_FILMS = ("doves", "street", "koenigstrasse")
GAZECOM_SCREEN_DEG = (40.0, 22.5)
SACCADE, BLINK, UNDEFINED = 2, 5, 6


@dataclass(frozen=True, eq=False)
class Recording:
    """One labelled gaze signal: ``(N,)`` times, degrees (``nan`` = lost), and one label array for each coder."""

    name: str
    kind: str
    held_out: bool
    time_s: FloatArray
    x_deg: FloatArray
    y_deg: FloatArray
    labels: tuple[IntArray, ...]

    @property
    def interval_s(self) -> float:
        return float(np.median(np.diff(self.time_s)))

    @property
    def clean(self) -> BoolArray:
        """Samples that not all coders call blink or undefined."""
        return ~np.all([np.isin(label, (BLINK, UNDEFINED)) for label in self.labels], axis=0)


def andersson(material: Path) -> list[Recording]:
    """The trials of Andersson et al. (2017), 500 Hz, two coders; degrees by arctangent per axis."""
    found = []
    for first in sorted((material / "labels" / "andersson2017").glob("*/*_MN.mat")):
        pair = [first, first.with_name(first.name.replace("_MN.mat", "_RA.mat"))]
        data = [_fields(path) for path in pair]
        count = min(len(part["pos"]) for part in data)
        x_px, y_px = data[0]["pos"][:count, 3], data[0]["pos"][:count, 4]
        lost = ((x_px == 0) & (y_px == 0)) | ~np.isfinite(x_px) | ~np.isfinite(y_px)
        degrees = [
            np.where(
                lost, np.nan, np.degrees(np.arctan((px - screen_px / 2) * size_m / screen_px / data[0]["viewDist"]))
            )
            for px, screen_px, size_m in zip((x_px, y_px), data[0]["screenRes"], data[0]["screenDim"], strict=True)
        ]
        found.append(
            Recording(
                name=first.name.removesuffix("_labelled_MN.mat"),
                kind=first.parent.name,
                held_out=first.name.startswith(HELD_OUT_PARTICIPANTS),
                time_s=np.arange(count) / float(data[0]["sampFreq"]),
                x_deg=degrees[0],
                y_deg=degrees[1],
                labels=tuple(part["pos"][:count, 5].astype(np.int64) for part in data),
            )
        )
    return found


def _fields(path: Path) -> dict[str, FloatArray]:
    table = loadmat(path, squeeze_me=True)["ETdata"]
    return {name: table[name].item() for name in table.dtype.names}


def gazecom(material: Path) -> list[Recording]:
    """The recordings of GazeCom, 250 Hz; samples with confidence under 0.5 count as lost."""
    codes = {"F": 1, "S": SACCADE, "P": 4, "B": BLINK}
    found = []
    for path in sorted((material / "labels" / "gazecom").glob("*.csv")):
        rows = np.array([line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]])
        x, y, confidence = rows[:, :3].astype(np.float64).T
        lost = confidence < 0.5
        found.append(
            Recording(
                name=path.stem,
                kind="film",
                held_out=path.stem.endswith(HELD_OUT_FILMS),
                time_s=np.arange(len(x)) / 250.0,
                x_deg=np.where(lost, np.nan, (x - 0.5) * GAZECOM_SCREEN_DEG[0]),
                y_deg=np.where(lost, np.nan, (y - 0.5) * GAZECOM_SCREEN_DEG[1]),
                labels=(np.array([codes.get(code, UNDEFINED) for code in rows[:, 3]]),),
            )
        )
    return found


def look_at_point(material: Path) -> list[Recording]:
    """The one recording of lookAtPoint_EL, 1000 Hz; development."""
    data = np.load(material / "labels" / "lookAtPoint_EL" / "lookAtPoint_EL_S1.npy")
    lost = ~data["status"]
    label = data["evt"].astype(np.int64)
    return [
        Recording(
            name="S1",
            kind="points",
            held_out=False,
            time_s=data["t"].astype(np.float64),
            x_deg=np.where(lost, np.nan, data["x"].astype(np.float64)),
            y_deg=np.where(lost, np.nan, data["y"].astype(np.float64)),
            labels=(np.where(label == 0, UNDEFINED, label),),
        )
    ]


def marked_saccades(recording: Recording, label: IntArray) -> FloatArray:
    """``(M, 3)`` start, end, amplitude of a coder's saccades."""
    rows = []
    for first, beyond in runs(label == SACCADE):
        last = beyond - 1
        moved = np.hypot(recording.x_deg[last] - recording.x_deg[first], recording.y_deg[last] - recording.y_deg[first])
        rows.append((recording.time_s[first], recording.time_s[last] + recording.interval_s, moved))
    return np.array(rows).reshape(-1, 3)
