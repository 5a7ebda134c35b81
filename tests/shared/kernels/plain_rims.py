"""What the kernels of rims and pupils compute, slowly, in plain numpy: one eye, one circle."""

import numpy as np

from shared.tracking.rim_edges import REACH_PX
from shared.tracking.rim_ellipse import MIN_FORESHORTENING
from shared.tracking.rim_profile import PROFILE_PX


def bilinear(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Places beyond the edge are held at it."""
    rows, columns = picture.shape[:2]
    x, y = np.clip(np.nan_to_num(x), 0, columns - 1), np.clip(np.nan_to_num(y), 0, rows - 1)
    left, top = x.astype(int), y.astype(int)
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    across, along = x - left, y - top
    if picture.ndim > 2:
        across, along = across[..., None], along[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, right] * across
    lower = picture[bottom, left] * (1 - across) + picture[bottom, right] * across
    return np.asarray(upper * (1 - along) + lower * along)


def tilted_circle(tilt: np.ndarray, rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points ``u`` of a circle about an axis that leans by ``tilt``, as they are seen along the third axis."""
    squared, limit = (tilt**2).sum(), 1 - MIN_FORESHORTENING
    tilt = tilt * np.sqrt(min(1.0, limit / max(squared, 1e-9)))
    flattening = np.sqrt(1 - min(squared, limit))
    along = (rim @ tilt)[:, None] * tilt
    points, normal = rim - along / (1 + flattening), rim + along / (flattening * (1 + flattening))
    return points, normal / np.linalg.norm(normal, axis=1, keepdims=True)


def sub_step_peak(values: np.ndarray, near: np.ndarray) -> tuple[float, float]:
    chosen = int((values * near).argmax())
    around = np.clip(chosen + np.arange(-2, 3), 0, len(values) - 1)
    index = int(np.clip(around[values[around].argmax()], 1, len(values) - 2))
    before, here, after = values[index - 1 : index + 2].astype(float)
    curvature = before - 2 * here + after
    shift = np.clip(0.5 * (before - after) / curvature, -1, 1) if curvature < -1e-6 else 0.0
    return REACH_PX[index] + 0.8 * shift, (values * near)[chosen]


def matched_edge(outward: np.ndarray, openness: np.ndarray, cap: float) -> tuple[float, float]:
    bell = np.exp(-(PROFILE_PX**2) / 2)
    design = openness[:, None] * np.stack([bell, PROFILE_PX * bell], axis=1)
    (flat, mixed), (_, steep) = design.T @ design + np.diag([1e-3, 1e-3])
    information = max(steep - mixed**2 / flat, 1e-3)
    height_of, shift_of = design.T @ outward
    change = (shift_of - mixed / flat * height_of) / information
    height = (height_of - mixed * change) / flat
    shift = np.clip(change / max(height, 1e-3), -2, 2)
    share = min(information / ((PROFILE_PX * bell) ** 2).sum(), 1)
    return shift, np.clip(height / cap, 0, 1) * share if height >= 0.1 * cap else 0.0


def robust_circle(
    normal: np.ndarray, offset: np.ndarray, weight: np.ndarray, grown_px: float, firmness: float
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """Step of centre and radius, weights used in the end, spread, inverse of the normal equations."""
    basis, step = np.column_stack([normal, np.ones(len(normal))]), np.zeros(3)
    used, spread, inverse = weight, 0.5, np.zeros((3, 3))
    for _ in range(3):
        residual = offset - basis @ step
        distances = np.sort(np.abs(residual[weight > 0]))
        spread = 1.48 * distances[max(len(distances) // 2, 1) - 1] if len(distances) else np.inf
        used = weight * np.clip(1 - (residual / (3 * np.clip(spread, 0.5, 10))) ** 2, 0, None) ** 2
        inverse = np.linalg.inv((basis.T * used) @ basis + np.diag([1e-6, 0.05, firmness]))
        step = inverse @ ((basis.T * used) @ offset - [0, 0, firmness * grown_px])
    return step, used, spread, inverse


def edges_of_an_eye(centre: np.ndarray, radius: float, rows: int = 60, columns: int = 80) -> tuple[np.ndarray, ...]:
    """Field and sclera about a dark disc with a soft rim and noise, lids above and below."""
    y, x = np.mgrid[:rows, :columns]
    distance = np.hypot(x - centre[0], y - centre[1])
    rng = np.random.default_rng(5)
    steepness = 8 * np.exp(-((distance - radius) ** 2) / 3) / np.maximum(distance, 1)
    openness = np.clip(1.2 - (np.abs(y - rows / 2) / (rows / 3)) ** 4, 0, 1)
    field = np.stack([steepness * (x - centre[0]), steepness * (y - centre[1])], axis=-1)
    field = (field + rng.normal(0, 0.3, field.shape)) * openness[..., None]
    sclera = np.clip((distance - radius) / 2 + 0.5, 0, 1) * openness
    return np.dstack([field, openness]).astype(np.float32), sclera.astype(np.float32)
