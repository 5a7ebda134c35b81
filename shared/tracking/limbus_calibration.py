"""What the first open-eyed frames teach about a person's irises: their radius, and where they usually stand.

The radius matters most: where the lids leave only two short arcs of the rim, one percent of radius is a degree of
vertical gaze. The landmark diameter is up to 3 % off, so the radius is measured on the rims themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_IRIS_PX, EyePatches
from shared.tracking.eye_tones import eye_tones
from shared.tracking.lid_margins import find_lid_margins
from shared.tracking.limbus_edges import LimbusEdges, find_limbus_edges
from shared.tracking.limbus_fit import LimbusCalibration, LimbusFitter

_FRAMES: Final = 16
_ROUNDS: Final = 4
_OVERSHOOT: Final = 1.6
"""A fit held to a wrong radius shows only part of the error: corrections are enlarged by this."""
_BOUNDS_PX: Final = (12.5, 19.5)
"""The landmark diameter is never further off than this."""


def limbus_edges(eyes: EyePatches, *, logarithmic: bool = True) -> LimbusEdges:
    """Limbus edges of both eyes between the lids as found in the picture."""
    tones = eye_tones(eyes)
    return find_limbus_edges(eyes, tones, find_lid_margins(eyes, tones), logarithmic=logarithmic)


def calibrate_limbus(eyes: Sequence[EyePatches]) -> LimbusCalibration:
    """Learn from open-eyed frames; a few, spread evenly, are enough.

    Both eyes get one radius: they differ by less than either can be measured.
    """
    chosen = [eyes[i] for i in np.unique(np.linspace(0, len(eyes) - 1, _FRAMES).round().astype(int))]
    searched = [limbus_edges(patches) for patches in chosen]
    calibration = LimbusCalibration.nominal()
    radius = PATCH_IRIS_PX / 2
    for _ in range(_ROUNDS):
        seen, centres = _fit_all(calibration, searched, chosen)
        radius = float(np.clip(radius + _OVERSHOOT * (seen - radius), *_BOUNDS_PX))
        calibration = LimbusCalibration(np.full(2, radius), np.full(2, radius), np.median(centres, axis=0))
    unbiased, _ = _fit_all(calibration, [limbus_edges(p, logarithmic=False) for p in chosen], chosen)
    true_radius = float(np.clip(unbiased, radius, 1.08 * radius))
    return LimbusCalibration(calibration.radius_px, np.full(2, true_radius), calibration.rest_px)


def _fit_all(
    calibration: LimbusCalibration, edges: Sequence[LimbusEdges], eyes: Sequence[EyePatches]
) -> tuple[float, FloatArray]:
    """Median radius that the frames show and ``(n, 2, 2)`` their centres."""
    fitter = LimbusFitter(calibration)
    fits = [fitter.fit(e, p.iris_px, p.inside.astype(np.float64)) for e, p in zip(edges, eyes, strict=True)]
    radii = np.stack([fit.radius_px for fit in fits])
    known = radii[np.isfinite(radii)]
    radius = float(np.median(known)) if len(known) else float(calibration.radius_px.mean())
    return radius, np.stack([fit.centre_px for fit in fits])
