"""What the limbus instrument cuts out of a frame: some 170 kB of patches, all that is measured later.

Cutting is the only part that needs the picture. What comes after may therefore happen elsewhere
(:mod:`shared.tracking.limbus_process`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.planar_picture import Picture
from shared.tracking.canthi import CanthusPatches, cut_canthi
from shared.tracking.eye_crop import (
    LOWER_LID,
    UPPER_LID,
    EyePatches,
    canthus_span_px,
    crop_eyes,
    mesh_iris_diameter_px,
)
from shared.tracking.skin_reference import SkinPatch

_SMALLEST_SPAN_PX: Final = 30.0
"""Outer canthus distance below which an iris has some 4 px: nothing to fit."""
_OPEN_LID_GAP: Final = 0.12
"""Landmark lid gap over corner distance from which a frame may teach: clearly open in every eye shape."""
_IRIS_SHARE: Final = (0.09, 0.18)
"""Iris diameter over outer canthus distance: bounds that every face lies well within."""


@dataclass(frozen=True, eq=False)
class LimbusCut:
    """What is cut out of one frame before it is measured.

    Attributes:
        index: position among the measured frames, from 0.
        landmarks: ``(478, 3)`` px.
        picture_size: (width, height) of the frame, px.
        eyes, canthi, skin: the patches.
    """

    index: int
    landmarks: FloatArray
    picture_size: tuple[int, int]
    eyes: EyePatches
    canthi: CanthusPatches
    skin: SkinPatch


class LimbusCutter:
    """Cuts patches out of the frames of one film, in order."""

    def __init__(self) -> None:
        self._iris_share: float | None = None

    def cut(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> LimbusCut | None:
        """Patches of one frame; None where it shows no eyes that could be measured.

        Args:
            image_bgr: ``(H, W, 3)`` upright, at full resolution.
            landmarks: ``(478, 3)`` px, or None where there is no face.
            index: position among the measured frames, from 0.
        """
        if landmarks is None or not np.isfinite(landmarks).all():
            return None
        landmarks = np.asarray(landmarks, dtype=np.float64)
        span = canthus_span_px(landmarks)
        if span < _SMALLEST_SPAN_PX:
            return None
        if self._iris_share is None:
            self._iris_share = float(np.clip(mesh_iris_diameter_px(landmarks) / span, *_IRIS_SHARE))
        eyes = crop_eyes(image_bgr, landmarks, self._iris_share * span)
        if eyes is None:
            return None
        size = (image_bgr.shape[1], image_bgr.shape[0])
        return LimbusCut(
            index, landmarks, size, eyes, cut_canthi(image_bgr, landmarks), SkinPatch(image_bgr, landmarks)
        )


def eyes_open(cut: LimbusCut) -> bool:
    """Both eyes clearly open and in the picture, by the landmarks."""
    upper, lower = cut.landmarks[UPPER_LID[:, 2:7], 1], cut.landmarks[LOWER_LID[:, 2:7], 1]
    gap = np.abs(lower - upper).mean(axis=1) * cut.eyes.scale
    return bool((gap > 2 * _OPEN_LID_GAP * cut.eyes.half_width_px).all() and cut.eyes.inside.all())
