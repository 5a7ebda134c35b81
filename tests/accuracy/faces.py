"""The faces of the gaze tables: portraits, how they are rendered, and what each was used for.

Portraits other than the astronaut's are measured only where the folder of real clips is at hand; frames of those
clips serve as portraits too. A face is *held out* if no choice was made on it: looked at once the method stood.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2

from shared.synthetic.eye_geometry import Lids
from shared.synthetic.portrait import AS_MESH, Portrait, Relief, load_portrait
from shared.synthetic.puppet import Look
from shared.synthetic.variations import random_look
from shared.video import read_frames
from tests.accuracy.context import Context

DEVELOPMENT: Final = "development"
HELD_OUT: Final = "held out"


@dataclass(frozen=True)
class Face:
    """A portrait and its rendering.

    Attributes:
        name: for the table.
        picture: file under the folder of real clips, None for the astronaut; of a film, frame ``frame``.
        iris_px: iris diameter.
        look: colours, lids, lashes.
        role: what it was used for.
        frame: of the film.
        relief: how its depths differ from those that the face mesh believes.
    """

    name: str
    picture: str | None = None
    iris_px: float = 26.0
    look: Look = field(default_factory=Look)
    role: str = DEVELOPMENT
    frame: int = 0
    relief: Relief = AS_MESH


_NARROW = "images/biden_official.jpg"
_EARLIER = "images/obama_official.jpg"
_DEEP_TEMPLES: Final = Relief(temples_iris=0.4)
_NEAR_TEMPLES: Final = Relief(temples_iris=-0.4)
"""Within what people's outer eye corners show, -0.5 to 0.6."""

FACES: Final = (
    Face("astronaut"),
    Face("astronaut, 14 px", iris_px=14),
    Face("astronaut, dark iris", look=Look(iris_colour="dark")),
    Face("astronaut, pale iris", look=Look(iris_colour="pale")),
    Face("astronaut, narrow lids", look=Look(aperture=0.72)),
    Face("astronaut, narrower, dark", look=Look("dark", aperture=0.62, lid_shadow=0.6, lid_shadow_depth=0.16)),
    Face("astronaut, narrow, pale", look=Look("pale", aperture=0.75, pupil_radius=0.3)),
    Face("portrait 2, narrow lids, hazel", _NARROW, look=Look("hazel")),
    Face("portrait 2, narrow lids, dark", _NARROW, 28, Look("dark")),
    Face("portrait 2, narrow lids, pale", _NARROW, 24, Look("pale")),
    Face("portrait 2, lids follow less", _NARROW, look=Look("brown", lids=Lids(upper_follow=0.55, lower_follow=0.35))),
    Face("film A, dark iris", "videos/lp_d0.mp4", 24, Look("dark")),
    Face("film B, dark iris", "videos/lp_d14.mp4", look=Look("dark")),
    Face("film C, hazel iris", "videos/vr_4.mp4", 24, Look("hazel", lashes=0.85), frame=66),
    Face("astronaut, variation 1", iris_px=26, look=random_look(101), role=HELD_OUT),
    Face("astronaut, variation 2", iris_px=22, look=random_look(102), role=HELD_OUT),
    Face("portrait 2, variation 3", _NARROW, 24, random_look(103), HELD_OUT),
    Face("portrait 3, narrow lids, dark", _EARLIER, 28, Look("dark"), "held out today, development before"),
    Face("portrait 3, brown", _EARLIER, 26, Look("brown", aperture=1.15), "held out today, development before"),
    Face("film D, brown iris, glasses", "videos/lp_d13.mp4", 28, Look("brown"), HELD_OUT),
    Face("film E, dark iris", "videos/vr_1.mp4", 24, Look("dark"), HELD_OUT, 90),
    Face("film F, pale iris", "videos/lp_s18.mp4", 24, Look("pale"), HELD_OUT, 188),
    Face("film G, brown iris", "videos/pyfeat_single.mp4", 24, Look("brown"), HELD_OUT),
    Face("film H, hazel iris, glasses", "videos/lp_d9.mp4", 26, Look("hazel"), HELD_OUT),
)

_TURNING: Final = {
    "astronaut",
    "portrait 2, narrow lids, hazel",
    "film A, dark iris",
    "film B, dark iris",
    "film C, hazel iris",
    "astronaut, variation 1",
    "portrait 2, variation 3",
    "portrait 3, brown",
    "film D, brown iris, glasses",
    "film E, dark iris",
    "film F, pale iris",
    "film G, brown iris",
    "film H, hazel iris, glasses",
}
RELIEFS: Final = (
    Face("astronaut, relief x 1.2", relief=Relief(1.2)),
    Face("film A, relief x 0.9", "videos/lp_d0.mp4", 24, Look("dark"), relief=Relief(0.9)),
    Face("film C, deep temples", "videos/vr_4.mp4", 24, Look("hazel", lashes=0.85), frame=66, relief=_DEEP_TEMPLES),
    Face("film F, near temples", "videos/lp_s18.mp4", 24, Look("pale"), HELD_OUT, 188, _NEAR_TEMPLES),
    Face("film G, relief x 1.2", "videos/pyfeat_single.mp4", 24, Look("brown"), HELD_OUT, relief=Relief(1.2)),
)
"""Heads whose depths are not those of the face mesh, to which all other portraits are drawn and which is also where the
instrument takes them from. In a still head there is no difference."""

TURNING_FACES: Final = (*(face for face in FACES if face.name in _TURNING), *RELIEFS)


def portrait_of(face: Face, context: Context) -> Portrait | None:
    """The portrait at the size wanted; None where the folder of real clips is absent."""
    if face.picture is None:
        return load_portrait(None, iris_diameter_px=face.iris_px, relief=face.relief)
    if context.material is None:
        return None
    path = context.material / face.picture
    picture = path if path.suffix == ".jpg" else _still(path, face.frame, context)
    return load_portrait(picture, iris_diameter_px=face.iris_px, relief=face.relief)


def _still(film: Path, frame: int, context: Context) -> Path:
    path = context.scratch / f"{film.stem}-{frame}.png"
    if not path.exists():
        picture = next(f.image_bgr for f in read_frames(film) if f.index == frame)
        cv2.imwrite(str(path), picture)
    return path
