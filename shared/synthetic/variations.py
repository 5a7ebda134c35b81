"""Looks drawn at random, so that a method meets eyes that nobody chose."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.synthetic.eye_geometry import Lids
from shared.synthetic.eyeball import IRIS_COLOURS_BGR, SCLERA_BGR
from shared.synthetic.puppet import Look

_APERTURE: Final = (0.7, 1.15)
_UPPER_FOLLOW: Final = (0.55, 0.80)
_LOWER_FOLLOW: Final = (0.20, 0.35)
"""Share of a vertical iris movement by which the lids follow; published values are 0.6 to 0.8 and about a quarter."""


def random_look(seed: int) -> Look:
    """Iris, pupil, rim, white, lids, shadow and lashes, each drawn evenly within what people have.

    >>> random_look(3) == random_look(3), random_look(3) == random_look(4)
    (True, False)
    """
    rng = np.random.default_rng([seed, 41])
    paleness, redness = rng.uniform(0.85, 1.08), rng.uniform(0.94, 1.0)
    blue, green, red = (paleness * value for value in SCLERA_BGR)
    return Look(
        iris_colour=str(rng.choice(sorted(IRIS_COLOURS_BGR))),
        aperture=float(rng.uniform(*_APERTURE)),
        lids=Lids(upper_follow=float(rng.uniform(*_UPPER_FOLLOW)), lower_follow=float(rng.uniform(*_LOWER_FOLLOW))),
        pupil_radius=float(rng.uniform(0.25, 0.5)),
        limbus_softness=float(rng.uniform(0.08, 0.22)),
        sclera_bgr=(blue * redness, green * redness, min(red, 245.0)),
        lid_shadow=float(rng.uniform(0.3, 0.65)),
        lid_shadow_depth=float(rng.uniform(0.09, 0.18)),
        lashes=float(rng.uniform(0.5, 0.85)),
        wet_edge=float(rng.uniform(0.2, 0.6)),
        noise_sd=float(rng.uniform(1.0, 3.0)),
        seed=seed,
    )
