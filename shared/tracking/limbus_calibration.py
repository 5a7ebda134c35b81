"""What the first open-eyed frames teach about a person's irises: their radius, and where they usually stand.

The radius matters most: where the lids leave only two short arcs of the rim, one percent of radius is a degree of
vertical gaze. The landmark diameter is up to 3 % off, so the radius is measured on the rims themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray
from shared.tracking.eye_crop import PATCH_HEIGHT_PX, PATCH_IRIS_PX, EyePatches, Float32Array, sample
from shared.tracking.eye_tones import EyeColours, EyeTones, eye_tones, red_over_green
from shared.tracking.irises import LimbusCalibration
from shared.tracking.lid_margins import LidMargins, find_lid_margins
from shared.tracking.limbus_edges import DARK_IRIS_SCLERA_LEVEL, LimbusEdges, find_limbus_edges
from shared.tracking.limbus_fit import LimbusFitter

_FRAMES: Final = 16
_SCAN_FRAMES: Final = 8
_SCAN_PX: Final = np.arange(13.6, 21.7, 0.4)
"""Radii tried. The landmark diameter is up to 8 % too large, and of pale irises between narrow lids 27 % too small."""
_EVERY_OTHER: Final = 2
"""These first, then those beside the best of them: rims are as broad as two steps."""
_BESIDE_IRIS: Final = np.deg2rad([-20.0, 0.0, 20.0, 160.0, 180.0, 200.0])
"""Directions from the iris centre in which iris and sclera are compared: those that the lids leave open."""
_LESS_RED: Final = 0.1
"""Difference of log(red / green) between iris and sclera from which irises are looked for by their colour. Drawn
blue, green and grey ones have 0.08 to 0.22, hazel ones 0 and brown ones -0.2; it shrinks where a film's colour is
coarse."""
_SURE_SCLERA_LEVEL: Final = 0.85
"""Until this person's irises are known, only what is brighter than the palest irises counts as sclera."""
_ROUNDS: Final = 4
_LEARNING_FIRMNESS: Final = 0.3
"""How firmly the radius is held to that of the round before: hardly, as the first one may be far off."""


def limbus_edges(
    eyes: Sequence[EyePatches],
    sclera_level: float = DARK_IRIS_SCLERA_LEVEL,
    colours: EyeColours | None = None,
    *,
    logarithmic: bool = True,
) -> list[LimbusEdges]:
    """Limbus edges of both eyes of several frames, between the lids as found in the picture."""
    # One after the other: a frame's tones are let go, and their memory used again, before the next one's are made.
    return [
        _edges_between_lids(_with_lids([patches]), sclera_level, colours, logarithmic=logarithmic)[0]
        for patches in eyes
    ]


_EyeWithLids = tuple[EyePatches, EyeTones, LidMargins]


def _with_lids(eyes: Sequence[EyePatches]) -> list[_EyeWithLids]:
    """Eyes with what does not depend on the irises: learning looks at the same frames three times."""
    tones = [eye_tones(patches) for patches in eyes]
    return list(zip(eyes, tones, find_lid_margins(eyes, tones), strict=True))


def _edges_between_lids(
    eyes: Sequence[_EyeWithLids], sclera_level: float, colours: EyeColours | None, *, logarithmic: bool = True
) -> list[LimbusEdges]:
    return [
        find_limbus_edges(*eye, sclera_level=sclera_level, colours=colours, logarithmic=logarithmic) for eye in eyes
    ]


def calibrate_limbus(eyes: Sequence[EyePatches], size: FloatArray | None = None) -> LimbusCalibration:
    """Learn from open-eyed frames; a few, spread evenly, are enough.

    Each eye gets the radius of its own rim: in a head that is turned a little one eye is nearer to the camera. Their
    true radius is one, for it sets the scale of the movement.
    """
    picked = np.unique(np.linspace(0, len(eyes) - 1, _FRAMES).round().astype(int))
    chosen = [eyes[i] for i in picked]
    size = np.ones((len(picked), 2)) if size is None else size[picked]
    with_lids = _with_lids(chosen)
    searched = _edges_between_lids(with_lids, _SURE_SCLERA_LEVEL, None)
    colours = _eye_colours(searched, with_lids, np.stack([patches.iris_px for patches in chosen]), PATCH_IRIS_PX / 2)
    if colours is not None:
        searched = _edges_between_lids(with_lids, DARK_IRIS_SCLERA_LEVEL, colours)
    scanned = np.unique(np.linspace(0, len(chosen) - 1, _SCAN_FRAMES).round().astype(int))
    radius = _best_radius([searched[i] for i in scanned], [chosen[i] for i in scanned])
    calibration = _with_radius(radius, LimbusCalibration.nominal().rest_px)
    for round_number in range(_ROUNDS):
        seen, centres = _fit_all(calibration, searched, chosen, size)
        radius_px = np.clip(seen, 0.95 * calibration.radius_px, 1.05 * calibration.radius_px)
        calibration = replace(
            calibration, radius_px=radius_px, true_radius_px=radius_px, rest_px=np.median(centres, axis=0)
        )
        if round_number == 0:
            radius = float(radius_px.mean())
            colours = _eye_colours(searched, with_lids, centres, radius)
            level = _sclera_level(searched, centres, radius) if colours is None else DARK_IRIS_SCLERA_LEVEL
            searched = _edges_between_lids(with_lids, level, colours)
            pupil = _pupil_contrast(searched, centres)
            calibration = replace(calibration, sclera_level=level, pupil_contrast=pupil, colours=colours)
    plain = _edges_between_lids(with_lids, calibration.sclera_level, calibration.colours, logarithmic=False)
    unbiased, _ = _fit_all(calibration, plain, chosen, size)
    radius = float(calibration.radius_px.mean())
    true_radius = float(np.clip(unbiased.mean(), radius, 1.08 * radius))
    return replace(calibration, true_radius_px=np.full(2, true_radius))


def _with_radius(radius_px: float, rest_px: FloatArray) -> LimbusCalibration:
    return LimbusCalibration(np.full(2, radius_px), np.full(2, radius_px), rest_px)


def _pupil_contrast(edges: Sequence[LimbusEdges], centres: FloatArray) -> float:
    """Median over frames and eyes of the greatest pupil contrast at any height, where the iris stands."""
    rows = np.arange(0.0, PATCH_HEIGHT_PX)[:, None]
    best = []
    for frame, centre in zip(edges, centres, strict=True):
        x = np.broadcast_to(centre[:, :1, None], (2, PATCH_HEIGHT_PX, 1))
        contrast = sample(frame.pupil, x, np.broadcast_to(rows - frame.top_px, x.shape))
        best.append(contrast.max(axis=(1, 2)))
    return float(np.median(best))


def _sclera_level(edges: Sequence[LimbusEdges], centres: FloatArray, radius_px: float) -> float:
    """Half-way between the brightness of the iris's outer ring and that of the sclera beside it.

    A pale iris is bright enough to pass for sclera around its own pupil. Never below the usual level: a dark
    iris leaves more room there, and shaded sclera needs it.
    """
    inner, outer = (_tone_beside(edges, centres, radius_px * share) for share in (0.75, 1.25))
    if not (np.isfinite(inner) and np.isfinite(outer) and outer > inner):
        return DARK_IRIS_SCLERA_LEVEL
    return float(np.clip((inner + outer) / 2, DARK_IRIS_SCLERA_LEVEL, 0.85))


def _tone_beside(edges: Sequence[LimbusEdges], centres: FloatArray, distance_px: float) -> float:
    """Median relative brightness at a distance to both sides of the iris centres, where the lids are open."""
    tones = []
    for frame, centre in zip(edges, centres, strict=True):
        x, y, open_here = _beside(frame, centre, distance_px)
        tones.append(sample(frame.relative, x, y - frame.top_px)[open_here])
    return _median(tones)


def _eye_colours(
    edges: Sequence[LimbusEdges], eyes: Sequence[_EyeWithLids], centres: FloatArray, radius_px: float
) -> EyeColours | None:
    """Colours of irises and sclera beside them; None unless the irises are clearly less red."""
    iris, sclera = (_colour_beside(edges, eyes, centres, radius_px * share) for share in (0.75, 1.4))
    return EyeColours(iris, sclera) if sclera - iris >= _LESS_RED else None


def _colour_beside(
    edges: Sequence[LimbusEdges], eyes: Sequence[_EyeWithLids], centres: FloatArray, distance_px: float
) -> float:
    """Median log ratio of red and green at a distance to both sides of the iris centres, where the lids are open."""
    colours = []
    for frame, (patches, *_), centre in zip(edges, eyes, centres, strict=True):
        x, y, open_here = _beside(frame, centre, distance_px)
        colours.append(sample(red_over_green(patches), x, y)[open_here])
    return _median(colours)


def _beside(edges: LimbusEdges, centre: FloatArray, distance_px: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Patch points ``(2, 1, n)`` to both sides of the iris centres, and which of them lie between the lids."""
    x = centre[:, :1, None] + distance_px * np.cos(_BESIDE_IRIS)
    y = centre[:, 1:, None] + distance_px * np.sin(_BESIDE_IRIS)
    return x, y, np.asarray(sample(edges.field[..., 2], x, y - edges.top_px) > 0.5)


def _median(parts: Sequence[Float32Array]) -> float:
    """Median of all values; nan of fewer than six."""
    values = np.concatenate(parts)
    return float(np.median(values)) if len(values) > 5 else float("nan")


def _best_radius(edges: Sequence[LimbusEdges], eyes: Sequence[EyePatches]) -> float:
    """The radius at which the coarse search finds most evidence, over all frames and both eyes."""
    found = {i: _rim_evidence(_SCAN_PX[i], edges, eyes) for i in range(0, len(_SCAN_PX), _EVERY_OTHER)}
    best = max(found, key=found.__getitem__)
    for i in (best - 1, best + 1):
        if 0 <= i < len(_SCAN_PX):
            found[i] = _rim_evidence(_SCAN_PX[i], edges, eyes)
    return float(_SCAN_PX[max(found, key=found.__getitem__)])


def _rim_evidence(radius_px: float, edges: Sequence[LimbusEdges], eyes: Sequence[EyePatches]) -> float:
    """What the coarse search finds at one radius."""
    fitter = LimbusFitter(_with_radius(float(radius_px), LimbusCalibration.nominal().rest_px))
    return float(
        sum(
            (fitter.evidence(frame, patches.iris_px).max(axis=(1, 2)) * patches.inside).sum()
            for frame, patches in zip(edges, eyes, strict=True)
        )
    )


def _fit_all(
    calibration: LimbusCalibration, edges: Sequence[LimbusEdges], eyes: Sequence[EyePatches], size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """``(2,)`` median radius that the frames show, per eye, and ``(n, 2, 2)`` their centres."""
    fitter = LimbusFitter(calibration, _LEARNING_FIRMNESS)
    seeds = np.stack([patches.iris_px for patches in eyes])
    usable = np.stack([patches.inside.astype(np.float64) for patches in eyes])
    fits = fitter.fit_frames(edges, seeds, usable, np.zeros((len(eyes), 2, 2)), size)
    radius = np.median(np.stack([fit.radius_px for fit in fits]) / size, axis=0)
    return radius, np.stack([fit.centre_px for fit in fits])
