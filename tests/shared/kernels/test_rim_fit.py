"""``rim_fit``, ``rim_settle`` and ``rim_contrast``, see ``shared.tracking.limbus_fit.LimbusFitter``."""

import numpy as np
import pytest

from shared.tracking.limbus_fit import _rim_contrast, _rim_fit, _rim_settle
from shared.tracking.rest_tilt import flattened
from shared.tracking.rim_edges import PEAK, REACH_PX, circle_fit
from shared.tracking.rim_ellipse import MIN_FORESHORTENING, unit_circle
from shared.tracking.rim_profile import BELL, PROFILE_PX
from tests.shared.kernels.plain_rims import (
    bilinear,
    edges_of_an_eye,
    matched_edge,
    robust_circle,
    sub_step_peak,
    tilted_circle,
)

RIM = unit_circle(60)
CENTRES = np.array([[38.3, 28.6], [41.2, 31.9]])
RADII = np.array([15.5, 16.4])
TOP_PX = 7
KNOWN = np.stack([[5.0, 6.0], RADII + 0.4, 0.9 * RADII, 1.1 * RADII, [40, 41], [30.0, 42.0], [29.0, 30.0]], axis=1)
LIMITS = np.array([1e-6, 0.6, 0.3, 0.1, 4.0])
FIRMNESS = 3.0
FIT = circle_fit(FIRMNESS, 4.0, 1.0)
NEAR = np.exp(-((REACH_PX / [[[4.0], [3.0]], [[4.2], [2.9]]]) ** 2)).astype(np.float32)
IN_PATCH = np.array([0.0, TOP_PX])
STARTS = (CENTRES + IN_PATCH)[:, None] + np.array([[0.0, -2.0], [0.5, 1.0]])


def eyes() -> tuple[np.ndarray, np.ndarray]:
    pairs = [edges_of_an_eye(*eye) for eye in zip(CENTRES, RADII, strict=True)]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def fitted(field: np.ndarray, sclera: np.ndarray, starts: np.ndarray = STARTS) -> np.ndarray:
    found = np.full((2, starts.shape[1], 7), 7.0)
    _rim_fit(
        *(field, sclera, len(field) // 2, field.shape[1], TOP_PX, KNOWN, starts, starts.shape[1], RIM, len(RIM)),
        *(REACH_PX, len(REACH_PX), NEAR, 2, PEAK, LIMITS, FIT, found),
    )
    return found


def settled(field: np.ndarray, sclera: np.ndarray, found: np.ndarray) -> np.ndarray:
    result = np.full((2, 9), 7.0)
    _rim_settle(
        *(field, sclera, len(field) // 2, field.shape[1], TOP_PX, KNOWN, np.ascontiguousarray(found)),
        *(RIM, flattened(RIM), len(RIM), PROFILE_PX, len(PROFILE_PX), 1, BELL, LIMITS[4], FIT, result),
    )
    return result


def contrasts(relative: np.ndarray, sclera: np.ndarray, centre: np.ndarray) -> np.ndarray:
    result = np.full(2, 7.0)
    rows, columns = len(relative) // 2, relative.shape[1]
    _rim_contrast(
        *(relative, sclera, rows, columns, TOP_PX, KNOWN, np.ascontiguousarray(centre)),
        *(RIM, len(RIM), 6.0, 4.0, MIN_FORESHORTENING, result),
    )
    return result


def ellipse(centre: np.ndarray, radius: float, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points, normal = tilted_circle((centre - known[4:6]) / known[6], RIM)
    return centre + radius * points, normal


def along(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    return bilinear(picture, points[..., 0], points[..., 1] - TOP_PX)


def plain_fit(field: np.ndarray, sclera: np.ndarray, known: np.ndarray, near: np.ndarray, centre: np.ndarray) -> list:
    radius = known[1]
    for wide in near:
        points, normal = ellipse(centre, radius, known)
        gradient = along(field, points[:, None] + REACH_PX[:, None] * normal[:, None])[..., :2]
        outward = (gradient * normal[:, None]).sum(axis=-1)
        cosine = outward / (np.linalg.norm(gradient, axis=-1) + 1e-6)
        edges = np.maximum(outward, 0) * np.clip((cosine - 0.6) / 0.3, 0, 1)
        offset, strength = np.array([sub_step_peak(ray, wide) for ray in edges]).T
        white = along(sclera, points + (offset + 4)[:, None] * normal)
        weight = np.where(strength < 0.1 * known[0], 0, np.minimum(strength / known[0], 1) * white)
        step, used, spread, inverse = robust_circle(normal, offset, weight, radius - known[1], FIRMNESS)
        centre = centre + np.clip(step[:2], -4, 4)
        radius = np.clip(radius + np.clip(step[2], -1, 1), known[2], known[3])
    on_right = normal[:, 0] > 0
    return [*centre, radius, used[~on_right].sum(), used[on_right].sum(), spread, np.sqrt(inverse[1, 1])]


def test_rims_are_those_that_numpy_fits() -> None:
    field, sclera = eyes()
    found = fitted(field, sclera)
    by_eye = zip(np.split(field, 2), np.split(sclera, 2), KNOWN, NEAR, STARTS, strict=True)
    for eye, (edges, white, known, near, starts) in enumerate(by_eye):
        for i, start in enumerate(starts):
            assert found[eye, i] == pytest.approx(plain_fit(edges, white, known, near, start), abs=2e-4)


def test_rims_are_found_from_wherever_the_search_starts() -> None:
    found = fitted(*eyes())
    assert found[:, :, :2] == pytest.approx((CENTRES + IN_PATCH)[:, None].repeat(2, axis=1), abs=0.6)
    assert (found[:, :, 3:5] > 5).all()


def test_rims_settle_where_numpy_says() -> None:
    field, sclera = eyes()
    start = fitted(field, sclera)[:, 0, :3]
    result = settled(field, sclera, start)
    for eye, (edges, white, known, circle) in enumerate(
        zip(np.split(field, 2), np.split(sclera, 2), KNOWN, start, strict=True)
    ):
        points, normal = ellipse(circle[:2], circle[2], known)
        profile = along(edges, points[:, None] + PROFILE_PX[:, None] * normal[:, None])
        outward = (profile[..., :2] * normal[:, None]).sum(axis=-1)
        shift, weight = np.array([matched_edge(*ray, known[0]) for ray in zip(outward, profile[..., 2], strict=True)]).T
        weight = weight * along(white, points + (shift + 4)[:, None] * normal)
        step, used, _, inverse = robust_circle(normal, shift, weight, circle[2] - known[1], FIRMNESS)
        assert result[eye, :3] == pytest.approx(circle + step, abs=1e-5)
        basis = np.column_stack([normal, np.ones(len(RIM))])
        answer = result[eye, 2] * inverse[:2] @ (basis.T * used) @ flattened(RIM)
        assert result[eye, 3:].reshape(2, 3) == pytest.approx(answer, abs=1e-4)


def test_contrast_is_the_step_of_brightness_where_sclera_shows() -> None:
    _, sclera = eyes()
    relative = np.random.default_rng(4).normal(size=sclera.shape).astype(np.float32)
    centre = CENTRES + IN_PATCH
    found = contrasts(relative, sclera, centre)
    for eye, (tone, white) in enumerate(zip(np.split(relative, 2), np.split(sclera, 2), strict=True)):
        points, normal = ellipse(centre[eye], KNOWN[eye, 1], KNOWN[eye])
        weight = along(white, points + 4 * normal)
        step = along(tone, points + 4 * normal) - along(tone, points - 6 * normal)
        assert found[eye] == pytest.approx((weight * step).sum() / weight.sum(), abs=1e-5)


def test_where_no_sclera_shows_there_is_no_contrast() -> None:
    _, sclera = eyes()
    assert (contrasts(sclera, np.zeros_like(sclera), CENTRES) == 0).all()


@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf, 1e30])
def test_a_hostile_eye_or_start_ends_and_spoils_no_other(hostile: float) -> None:
    field, sclera = eyes()
    good = fitted(field, sclera)
    starts = STARTS.copy()
    starts[0, 0] = hostile
    assert (fitted(field, sclera, starts)[0, 1] == good[0, 1]).all()
    spoilt, white = field.copy(), sclera.copy()
    spoilt[3:20:2], white[3:20:3] = hostile, hostile
    assert (fitted(spoilt, white)[1] == good[1]).all()
    assert (settled(spoilt, white, good[:, 0, :3])[1] == settled(field, sclera, good[:, 0, :3])[1]).all()
    circles = good[:, 0, :3].copy()
    circles[0] = hostile
    assert (settled(field, sclera, circles)[1] == settled(field, sclera, good[:, 0, :3])[1]).all()
    contrasts(white, white, np.full((2, 2), hostile))


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_the_smallest_window_holds_every_place(size: tuple[int, int]) -> None:
    field, sclera = np.ones((2 * size[0], size[1], 3), np.float32), np.ones((2 * size[0], size[1]), np.float32)
    found = fitted(field, sclera)
    assert np.isfinite(found).all()
    assert np.isfinite(settled(field, sclera, found[:, 0, :3])).all()
    assert (contrasts(sclera, sclera, CENTRES) == 0).all()


def test_of_an_empty_window_nothing_is_said() -> None:
    field, sclera = np.empty((0, 5, 3), np.float32), np.empty((0, 5), np.float32)
    assert (fitted(field, sclera) == 7).all()
    assert (settled(field, sclera, np.zeros((2, 3))) == 7).all()
    assert (contrasts(sclera, sclera, CENTRES) == 7).all()
