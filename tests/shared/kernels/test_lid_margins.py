"""The kernel behind ``find_lid_margins``, against plain numpy."""

from dataclasses import replace

import numpy as np
import pytest

from shared.tracking import lid_margins
from shared.tracking.eye_crop import PATCH_WIDTH_PX, EyePatches
from shared.tracking.eye_tones import EyeTones, eye_tones
from shared.tracking.lid_margins import find_lid_margins
from tests.shared.tracking.drawn_eyes import GREEN_IRIS_BGR, HALF_WIDTH_PX, DrawnEye, draw

MIDDLE_PX = 55.5
COLUMNS = np.linspace(-0.72, 0.72, 21)
OFFSETS = np.arange(-8.0, 8.25, 0.5)
SAMPLED = np.arange(-9.5, 9.75, 0.5)
OUTWARD = (-1.0, 1.0)

PAIRS = (
    draw(DrawnEye(), DrawnEye(x_px=5.0, mesh_lid_error_px=2.0), noise=3.0),
    draw(DrawnEye(upper_px=8.0, lower_px=7.0, mesh_lid_error_px=-3.0), DrawnEye(y_px=3.0), noise=6.0),
    draw(DrawnEye(iris_bgr=GREEN_IRIS_BGR, catch_lights=True), DrawnEye(upper_px=3.0, lower_px=2.0), noise=2.0),
    draw(DrawnEye(mesh_lid_error_px=1.0), DrawnEye(mesh_lid_error_px=-1.0), noise=3.0, grey=True),
)


def bilinear(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.clip(x, 0, picture.shape[1] - 1), np.clip(y, 0, picture.shape[0] - 1)
    left, top = np.minimum(x.astype(int), picture.shape[1] - 2), np.minimum(y.astype(int), picture.shape[0] - 2)
    across, along = x - left, y - top
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return upper * (1 - along) + lower * along


def steps(values: np.ndarray, half: int) -> np.ndarray:
    """Of samples along the last axis, at every offset."""
    return np.maximum(values[..., 3 + half : 3 + half + 33] - values[..., 3 - half : 3 - half + 33], 0)


def fitted(x: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    powers = x[:, None] ** np.arange(len(ridge))
    return np.linalg.solve((powers.T * weight) @ powers + np.diag(ridge), (powers.T * weight) @ y)


def mesh_curves(eyes: EyePatches, eye: int) -> list[np.ndarray]:
    lids = (eyes.upper_lid_px[eye], eyes.lower_lid_px[eye])
    half = eyes.half_width_px[eye]
    return [fitted((lid[:, 0] - MIDDLE_PX) / half, lid[:, 1], np.ones(9), np.full(4, 1e-6)) for lid in lids]


def eye_steps(eyes: EyePatches, tones: EyeTones, eye: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps of redness and of brightness of one eye, ``(lid, column, offset)``."""
    half = slice(eye * 96, eye * 96 + 96)
    redness, grey = tones.redness[half].astype(float), tones.grey[half].astype(float)
    x = MIDDLE_PX + COLUMNS * eyes.half_width_px[eye]
    upper, lower = (np.polyval(curve[::-1], COLUMNS) for curve in mesh_curves(eyes, eye))
    rows = np.arange(0, 96, 2)[:, None]
    at = np.clip(np.rint(x), 0, 111).astype(int)
    inside = np.sort(grey[::2, at][(rows > upper) & (rows < lower)])
    if len(inside) < 8:
        inside = np.sort(grey[::2, at].ravel())
    low, high = inside[int(0.15 * (len(inside) - 1))], inside[int(0.95 * (len(inside) - 1))]
    bright = 100 * np.log(np.clip(grey, low, max(high, low + 1)) + 10)
    places = np.stack([y[:, None] + out * SAMPLED for y, out in zip((upper, lower), OUTWARD, strict=True)])
    columns = np.broadcast_to(x[:, None], places.shape)
    red = bilinear(redness, columns, places)
    within = np.sort(red[..., :16].ravel())
    red = np.maximum(red, within[int(0.6 * len(within))])
    brighter = steps(bilinear(bright, columns, places), 2)
    greatest = np.sort(brighter.reshape(2, -1))[:, int(0.97 * (21 * 33 - 1))]
    return steps(red, 3), np.minimum(brighter / np.maximum(greatest, 1)[:, None, None], 1)


def correction(offset: np.ndarray) -> np.ndarray:
    ridge = np.array([0.05, 0.5, 1.0])
    coefficients = fitted(COLUMNS, offset, 1 / (1 + (offset - np.median(offset)) ** 2 / 4), ridge)
    for _ in range(3):
        residual = offset - np.polyval(coefficients[::-1], COLUMNS)
        spread = max(0.6, 1.48 * np.median(np.abs(residual)))
        coefficients = fitted(COLUMNS, offset, 1 / (1 + (residual / spread) ** 2) ** 2, ridge)
    return coefficients


def reference(eyes: EyePatches, tones: EyeTones) -> np.ndarray:
    redder, brighter = (np.stack(both) for both in zip(*(eye_steps(eyes, tones, i) for i in range(2)), strict=True))
    evidence = redder * (brighter + 0.25) if redder.mean() > 1.5 else brighter
    padded = np.pad(evidence, ((0, 0), (0, 0), (2, 2), (0, 0)), mode="edge")
    averaged = sum(padded[:, :, k : k + 21] for k in range(5)) * np.exp(-((OFFSETS / 8) ** 2))
    offsets = OFFSETS[averaged.argmax(axis=-1)]
    y_px = np.empty((2, 2, PATCH_WIDTH_PX))
    for eye in range(2):
        share = (np.arange(PATCH_WIDTH_PX) - MIDDLE_PX) / eyes.half_width_px[eye]
        for lid, curve in enumerate(mesh_curves(eyes, eye)):
            mesh = np.polyval(curve[::-1], np.clip(share, -1, 1))
            found = correction(offsets[eye, lid])
            y_px[eye, lid] = mesh + OUTWARD[lid] * np.polyval(found[::-1], np.clip(share, -0.9, 0.9))
    return y_px


@pytest.mark.parametrize("eyes", PAIRS)
def test_margins_are_those_of_plain_numpy(eyes: EyePatches) -> None:
    tones = eye_tones(eyes)
    found = find_lid_margins([eyes], [tones])[0]
    assert found.y_px == pytest.approx(reference(eyes, tones), abs=1e-4)


@pytest.mark.parametrize("eyes", PAIRS)
def test_normals_stand_on_the_margins_and_point_out_of_the_eye(eyes: EyePatches) -> None:
    found = find_lid_margins([eyes], [eye_tones(eyes)])[0]
    slope = np.gradient(found.y_px, axis=-1)
    assert found.normal[..., 0] + slope * found.normal[..., 1] == pytest.approx(np.zeros_like(slope), abs=1e-12)
    assert np.hypot(*np.moveaxis(found.normal, -1, 0)) == pytest.approx(np.ones_like(slope))
    assert (found.normal[:, 0, :, 1] < 0).all()
    assert (found.normal[:, 1, :, 1] > 0).all()


def test_frames_are_measured_each_for_itself() -> None:
    tones = [eye_tones(eyes) for eyes in PAIRS]
    together = find_lid_margins(PAIRS, tones)
    for eyes, tone, found in zip(PAIRS, tones, together, strict=True):
        assert (find_lid_margins([eyes], [tone])[0].y_px == found.y_px).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0])
@pytest.mark.parametrize("broken", ["half_width_px", "upper_lid_px", "lower_lid_px", "grey", "redness"])
def test_no_input_leads_outside_the_arrays(broken: str, value: float) -> None:
    eyes = PAIRS[0]
    tones = eye_tones(eyes)
    if broken in ("grey", "redness"):
        tones = replace(tones, **{broken: np.full_like(tones.grey, value)})
    else:
        eyes = replace(eyes, **{broken: np.full_like(getattr(eyes, broken), value)})
    guarded = np.full(20 + 3 * 448 + 20, -7.0)
    y_px, normal = guarded[20 : 20 + 448], guarded[20 + 448 : -20]
    room = np.full(25 * 96 + 693 + 40, -7, dtype=np.float32)
    lid_margins._margins(
        *(tones.redness, tones.grey, 96, 112, eyes.half_width_px, eyes.upper_lid_px, eyes.lower_lid_px),
        *(lid_margins._COLUMNS, lid_margins._NEARNESS, lid_margins._NUMBERS, room[20:-20], y_px, normal),
    )
    assert (guarded[:20] == -7).all()
    assert (guarded[-20:] == -7).all()
    assert (room[:20] == -7).all()
    assert (room[-20:] == -7).all()


def test_eyes_far_outside_their_patch_have_margins_too() -> None:
    eyes = replace(PAIRS[0], upper_lid_px=PAIRS[0].upper_lid_px + 500, half_width_px=np.full(2, 50 * HALF_WIDTH_PX))
    assert np.isfinite(find_lid_margins([eyes], [eye_tones(eyes)])[0].y_px).all()
