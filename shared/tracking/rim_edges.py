"""Fine steps of the rim fit: the edge along each ray, and the circle that the edges show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray
from shared.tracking.eye_crop import PATCH_IRIS_PX, Float32Array

_FINE_REACH: Final = 0.35
_FINE_STEP_PX: Final = 0.8
_PEAK_REACH: Final = 2
"""How many samples from the best weighted place the edge's own maximum may lie."""
_HEIGHT_FIRMNESS: Final = 0.05
"""Keeps the centre where it is when hardly an edge says how high it stands."""
REACH_PX: Final = np.arange(
    -_FINE_REACH * PATCH_IRIS_PX / 2, _FINE_REACH * PATCH_IRIS_PX / 2 + 0.01, _FINE_STEP_PX, dtype=np.float32
)
"""Where along each fine ray edges are looked for, from the expected rim, patch px."""
_AROUND: Final = np.arange(-_PEAK_REACH, _PEAK_REACH + 1)


def sub_step_peak(values: Float32Array, near: Float32Array) -> tuple[FloatArray, Float32Array]:
    """Where along each ray (last axis) the edge is strongest, between samples, and how strong there.

    ``near`` only chooses among edges. It must not shift the one chosen: an edge is as broad as the window, and
    a weighted peak would be drawn half-way back to the expected radius.
    """
    length = values.shape[-1]
    weighted = (values * near).reshape(-1, length)
    rays = np.arange(len(weighted)) * length
    chosen = weighted.argmax(axis=-1)
    flat = values.ravel()
    around = np.clip(chosen[:, None] + _AROUND, 0, length - 1)
    highest = flat[rays[:, None] + around].argmax(axis=-1)
    index = np.clip(chosen + highest - _PEAK_REACH, 1, length - 2)
    at = rays + index
    before, here, after = flat[at - 1], flat[at], flat[at + 1]
    curvature = before - 2 * here + after
    peaked = curvature < -1e-6
    shift = np.where(peaked, np.clip(0.5 * (before - after) / np.where(peaked, curvature, -1.0), -1, 1), 0.0)
    shape = values.shape[:-1]
    offset = REACH_PX[index].astype(np.float64) + _FINE_STEP_PX * shift
    return offset.reshape(shape), weighted.ravel()[rays + chosen].reshape(shape)


@dataclass(frozen=True, eq=False)
class RimStep:
    """What the edges of a rim say about the circle behind it. First axes as of the offsets, without the rays.

    Attributes:
        shift_px: ``(..., 2)`` of the centre.
        growth_px: of the radius.
        weight: ``(..., rays)`` with which each ray counted in the end.
        spread_px: robust scatter of the edges about the new circle.
        height_sd: standard deviation of the centre's height when each fully weighted edge has one of 1 px; what the
            radius leaves open is in it.
        inverse: ``(..., 3, 3)`` of the normal equations of centre and radius.
    """

    shift_px: FloatArray
    growth_px: FloatArray
    weight: FloatArray
    spread_px: FloatArray
    height_sd: FloatArray
    inverse: FloatArray

    def answer(self, normal: FloatArray, offsets: FloatArray) -> FloatArray:
        """``(..., 2, k)`` how the centre answers to ``(rays, k)`` offsets along ``normal``."""
        basis = np.concatenate([normal, np.ones_like(normal[..., :1])], axis=-1)
        pull = np.swapaxes(self.weight[..., None] * basis, -1, -2) @ offsets
        return np.asarray(self.inverse[..., :2, :] @ pull)


def robust_circle(
    normal: FloatArray, offset: FloatArray, weight: FloatArray, grown_px: FloatArray, firmness: float
) -> RimStep:
    """Change of centre and radius that explains the rim's offsets along their normals, by Tukey's biweight.

    The radius is free within what ``firmness`` allows. Held fast, an error of one percent would move the
    centre by up to two degrees: between narrow lids the rim shows two short upright arcs, and a circle that is too
    wide must slide up or down until its chord is as wide as the iris. Free, the centre follows from the slope of the
    arcs, which the radius does not change.

    Args:
        normal: ``(..., rays, 2)`` of the present rim.
        offset: ``(..., rays)`` of the edge found on each ray.
        weight: ``(..., rays)``.
        grown_px: how much larger than the usual one the present radius is.
        firmness: how firmly the radius is held to the usual one: as by so many fully weighted edges.
    """
    basis = np.concatenate([normal, np.ones_like(normal[..., :1])], axis=-1)
    step = np.zeros((*offset.shape[:-1], 3))
    used = weight
    spread = np.full(offset.shape[:-1], 0.5)
    inverse = np.zeros((*offset.shape[:-1], 3, 3))
    held = np.diag([1e-6, _HEIGHT_FIRMNESS, firmness])
    middle = np.maximum((weight > 0).sum(axis=-1, keepdims=True) // 2, 1) - 1
    for _ in range(3):
        residual = offset - (basis @ step[..., None])[..., 0]
        ordered = np.sort(np.where(weight > 0, np.abs(residual), np.inf), axis=-1)
        spread = 1.48 * np.take_along_axis(ordered, middle, -1)[..., 0]
        limit = 3 * np.clip(spread, 0.5, 10.0)[..., None]
        used = weight * np.clip(1 - (residual / limit) ** 2, 0, None) ** 2
        weighted = np.swapaxes(used[..., None] * basis, -1, -2)
        inverse = np.linalg.inv(weighted @ basis + held)
        right = (weighted @ offset[..., None])[..., 0]
        right[..., 2] -= firmness * grown_px
        step = (inverse @ right[..., None])[..., 0]
    return RimStep(step[..., :2], step[..., 2], used, spread, np.sqrt(inverse[..., 1, 1]), inverse)
