"""Where the eyes should be if they had not turned: the middle of each eye's corners, frame by frame.

Two witnesses. The *canthi* found in the picture keep to the eye when the head rotates, but some gaze leaks into
them. The *skin* of nose and cheeks is free of gaze, but lies in front of the eyes and moves against them in a
rotation. So the canthi alone decide while the head rotates. While it is still the skin carries what happens within
a second or two, the canthi what is slower; frame by frame each counts by how little it trembles.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray

_TREMBLE_S: Final = 0.10
_SLOW_S: Final = 2.0
"""Standard deviations of the two running lines of 'canthi minus skin', s: faster than the first is tremble."""
_POSE_S: Final = 0.07
"""The same for the head rotation: heads turn slowly against a frame, landmark noise does not."""
_STILL_DEG: Final = 1.5
_MOVING_DEG: Final = 3.0
"""Spread of head rotation within a few seconds below which the head counts as still, above which as moving."""
_STILL_WINDOW_S: Final = 1.5
_LEAST_SCATTER: Final = 0.01
"""Of the times around a gap, in squared standard deviations, from which a line can be told."""
_WORST_DISAGREEMENT_IRIS: Final = 0.6
"""Skin that differs by more from what it usually differs from the canthi by has slipped."""


def running_mean(values: FloatArray, time_s: FloatArray, sigma_s: float) -> FloatArray:
    """Gaussian running mean over time of ``(n, k)`` values; gaps (nan rows) are bridged, far gaps stay nan."""
    interval = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    reach = max(1, int(np.ceil(3 * sigma_s / max(interval, 1e-6))))
    reach = min(reach, max(len(time_s) - 1, 1))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * interval / sigma_s) ** 2)
    have = np.isfinite(values).all(axis=1)
    filled = np.where(have[:, None], values, 0.0)
    weight = np.convolve(have.astype(np.float64), kernel, mode="full")[reach : reach + len(values)]
    total = np.stack(
        [np.convolve(column, kernel, mode="full")[reach : reach + len(values)] for column in filled.T], axis=1
    )
    return np.where(weight[:, None] > 1e-3, total / np.maximum(weight, 1e-3)[:, None], np.nan)


def running_line(values: FloatArray, time_s: FloatArray, sigma_s: float) -> FloatArray:
    """Like :func:`running_mean`, by a straight line through the values around: true at the ends of a steady movement.

    A mean lags behind there, because it has values on one side only.
    """
    interval = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    reach = max(1, min(int(np.ceil(3 * sigma_s / max(interval, 1e-6))), len(time_s) - 1))
    away = np.arange(-reach, reach + 1) * interval / sigma_s
    kernel = np.exp(-0.5 * away**2)
    have = np.isfinite(values).all(axis=1)
    filled = np.where(have[:, None], values, 0.0)

    def moment(column: FloatArray, order: int) -> FloatArray:
        weights = (kernel * away**order)[::-1]
        return np.convolve(column, weights, mode="full")[reach : reach + len(values)][:, None]

    one = have.astype(np.float64)
    weight, lean, spread = (moment(one, order) for order in range(3))
    total, slope = (np.concatenate([moment(column, order) for column in filled.T], axis=1) for order in range(2))
    mean = total / np.maximum(weight, 1e-3)
    scatter = weight * spread - lean**2
    enough = scatter > _LEAST_SCATTER * weight**2
    line = (spread * total - lean * slope) / np.where(enough, scatter, 1.0)
    return np.where(weight > 1e-3, np.where(enough, line, mean), np.nan)


def smooth_rotation(rotation: FloatArray, time_s: FloatArray) -> FloatArray:
    """``(n, 3, 3)`` rotations without their frame-to-frame noise, re-orthonormalised; nan where unknown."""
    flat = running_line(rotation.reshape(-1, 9), time_s, _POSE_S)
    known = np.isfinite(flat).all(axis=1) & np.isfinite(rotation).all(axis=(1, 2))
    out = np.full_like(rotation, np.nan)
    if known.any():
        u, _, vt = np.linalg.svd(flat[known].reshape(-1, 3, 3))
        out[known] = u @ vt
    return out


def rotation_from_median_deg(rotation: FloatArray) -> FloatArray:
    """``(n, 3)`` (pitch, yaw, roll) of each frame against the recording's median pose, degrees.

    Pitch positive when the nose turns down, yaw positive when it turns toward the patient's left.
    """
    pitch = np.arctan2(rotation[:, 1, 2], rotation[:, 2, 2])
    yaw = -np.arcsin(np.clip(rotation[:, 0, 2], -1, 1))
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
    angles = np.rad2deg(np.stack([-pitch, yaw, roll], axis=1))
    known = np.isfinite(angles).all(axis=1)
    return np.asarray(angles - (np.median(angles[known], axis=0) if known.any() else 0.0))


def stillness(angles_deg: FloatArray, time_s: FloatArray) -> FloatArray:
    """1 where the head keeps its direction over some seconds, 0 where it rotates, between in between."""
    mean = running_mean(angles_deg[:, :2], time_s, _STILL_WINDOW_S)
    square = running_mean(angles_deg[:, :2] ** 2, time_s, _STILL_WINDOW_S)
    spread = 2 * np.sqrt(np.maximum(square - mean**2, 0).sum(axis=1))
    share = np.clip((_MOVING_DEG - spread) / (_MOVING_DEG - _STILL_DEG), 0, 1)
    return np.asarray(np.where(np.isfinite(share), share, 0.0))


def corner_middles(
    canthi_px: FloatArray,
    skin: FloatArray,
    reference_middles_px: FloatArray,
    *,
    still: FloatArray,
    time_s: FloatArray,
    iris_px: float,
) -> tuple[FloatArray, BoolArray]:
    """Middle of each eye's corners in every frame.

    Args:
        canthi_px: ``(n, 2, 2, 2)`` corners found in the picture: (frame, eye, corner, xy).
        skin: ``(n, 2, 3)`` similarity from the reference frame to each frame; nan where unknown.
        reference_middles_px: ``(2, 2)`` middles in the reference frame.
        still: ``(n,)`` see :func:`stillness`.
        time_s: ``(n,)``.
        iris_px: iris diameter in the reference frame.

    Returns:
        ``(n, 2, 2)`` middles, px, and ``(n,)`` whether skin took part.
    """
    observed = canthi_px.mean(axis=2)
    carried = np.einsum("nij,ej->nei", skin[:, :, :2], reference_middles_px) + skin[:, None, :, 2]
    lag = (observed - carried).reshape(-1, 4)
    usual = np.nanmedian(lag, axis=0) if np.isfinite(lag).any() else np.zeros(4)
    slipped = np.abs(lag - usual).max(axis=1) > _WORST_DISAGREEMENT_IRIS * iris_px
    with_skin = np.isfinite(lag).all(axis=1) & ~slipped
    lag = np.where(with_skin[:, None], lag, np.nan)
    tremble = lag - running_line(lag, time_s, _TREMBLE_S)
    by_canthi = _share_of_canthi(observed, carried)
    while_still = running_line(lag, time_s, _SLOW_S) + by_canthi * tremble
    correction = still[:, None] * while_still + (1 - still[:, None]) * lag
    joined = carried + correction.reshape(-1, 2, 2)
    return np.where(with_skin[:, None, None], joined, observed), with_skin


def _share_of_canthi(canthi_px: FloatArray, skin_px: FloatArray) -> float:
    """How far canthi rather than skin are to be trusted from frame to frame: by the inverse squares of their noise."""
    canthi, skin = (_noise_squared(places.mean(axis=1)) for places in (canthi_px, skin_px))
    return skin / max(skin + canthi, 1e-12)


def _noise_squared(places: FloatArray) -> float:
    """Squared scatter of ``(n, 2)`` places about the mean of their neighbours: little of a movement is in it."""
    bend = np.diff(places, n=2, axis=0)
    bend = bend[np.isfinite(bend).all(axis=1)]
    return float((np.median(np.abs(bend), axis=0) ** 2).sum()) if len(bend) else 0.0
