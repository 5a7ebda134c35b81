"""The kernel behind ``find_limbus_edges``, against plain numpy."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from shared.tracking import limbus_edges
from shared.tracking.eye_crop import EyePatches
from shared.tracking.eye_tones import EyeColours, EyeTones, eye_tones, red_light, red_over_green
from shared.tracking.lid_margins import LidMargins, find_lid_margins
from shared.tracking.limbus_edges import LimbusEdges, find_limbus_edges
from tests.shared.tracking.drawn_eyes import GREEN_IRIS_BGR, PALE_IRIS_BGR, SHADED_SCLERA_BGR, DrawnEye, draw

MIDDLE_PX = 55.5
PAIRS = (
    draw(DrawnEye(), DrawnEye(x_px=8.0, y_px=2.0), noise=3.0),
    draw(DrawnEye(upper_px=7.0, lower_px=6.0), DrawnEye(y_px=5.0, catch_lights=True), noise=5.0),
    draw(DrawnEye(iris_bgr=GREEN_IRIS_BGR), DrawnEye(iris_bgr=PALE_IRIS_BGR, sclera_bgr=SHADED_SCLERA_BGR), noise=2.0),
    draw(DrawnEye(upper_px=2.0, lower_px=1.0), DrawnEye(upper_px=30.0, lower_px=25.0), noise=3.0),
)
COLOURS = EyeColours(iris=0.1, sclera=0.3)
WAYS = (
    {},
    {"logarithmic": False},
    {"sclera_level": 0.85},
    {"colours": COLOURS, "sclera_level": 0.6},
)


def clip01(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 1)


def nearest(columns_px: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(columns_px), 0, 111).astype(int)


def shadow_gain(lit: np.ndarray, upper: np.ndarray, lower: np.ndarray, half_width: float) -> np.ndarray | None:
    """By eighths of a pixel below the lid; ``upper`` and ``lower`` counted from the picture's first row."""
    bright, known = [], []
    at = nearest(MIDDLE_PX + np.linspace(-0.85, 0.85, 28) * half_width)
    for depth in range(10):
        rows = np.ceil(upper[at]).astype(int) + depth
        tones = [lit[row, i] for row, i in zip(rows, at, strict=True) if 0 <= row < len(lit) and lower[i] - row > 1]
        if len(tones) >= 6:
            known.append(depth)
            bright.append(np.sort(tones)[int(0.85 * (len(tones) - 1))])
    if len(known) < 3:
        return None
    profile = np.interp(np.arange(10), known, bright)
    padded = np.concatenate([profile[:1], profile, profile[-1:]])
    smooth = np.maximum.accumulate(np.convolve(padded, [0.25, 0.5, 0.25], mode="valid"))
    return np.interp(np.arange(73) / 8, np.arange(10) + 0.5, np.clip(smooth[-1] / smooth, 1, 2.2))


def tone_range(lit: np.ndarray, upper: np.ndarray, lower: np.ndarray, half_width: float) -> tuple[float, float]:
    at = nearest(MIDDLE_PX + np.linspace(-0.8, 0.8, 28) * half_width)
    rows = np.arange(0, len(lit), 2)[:, None]
    tones = np.sort(lit[::2, at][(rows > upper[at]) & (rows < lower[at])])
    if len(tones) < 8:
        tones = np.sort(lit[::2, at].ravel())
    low, high = tones[int(0.15 * (len(tones) - 1))], tones[int(0.95 * (len(tones) - 1))]
    return low, max(high, low * 1.02 + 1e-3)


def not_skin(colour: np.ndarray, inside: np.ndarray, sclera: np.ndarray) -> np.ndarray:
    skin, white = colour[(inside < -2) & (inside > -5)], colour[(inside > 2) & (sclera > 0.5)]
    if len(skin) < 50 or len(white) < 30 or np.median(skin) - np.median(white) < 0.12:
        return np.ones_like(colour)
    share = (np.median(skin) - colour) / (np.median(skin) - np.median(white))
    return clip01((share - 0.3) / 0.3)


def lid_likeness(along_normal: np.ndarray, distance: np.ndarray) -> np.ndarray:
    return clip01((4.5 - distance) / 1.5 + 0.5) * clip01((along_normal - 0.8) / 0.1)


def strong(magnitude: np.ndarray, openness: np.ndarray, sclera: np.ndarray) -> float:
    beside = cv2.dilate(cv2.erode(sclera, np.ones((5, 5))), np.ones((15, 15)))
    values = np.sort(magnitude[::2][(openness * beside)[::2] > 0.5])
    return max(values[int(0.85 * (len(values) - 1))], 1e-3) if len(values) > 8 else 1.0


def reference(
    light: np.ndarray,
    red_over_blue: np.ndarray,
    like_sclera: np.ndarray,
    lids: tuple[np.ndarray, np.ndarray],
    half_width: float,
    *,
    sclera_level: float,
    logarithmic: bool,
) -> dict[str, np.ndarray]:
    """Of the window's rows of one eye; lids are margins, from the window's first row, and normals."""
    (upper, lower), normals = lids
    y = np.arange(len(light))[:, None]
    below_upper, above_lower = y - upper, lower - y
    lit = light.astype(float) + 10
    gain = shadow_gain(lit, upper, lower, half_width)
    if gain is not None:
        lit *= gain[np.clip((below_upper.astype(np.float32) * 8), 0, 72).astype(int)]
    darkest, brightest = tone_range(lit, upper, lower, half_width)
    log_range = np.log(brightest / darkest)
    held = np.clip(np.log(lit), np.log(darkest), np.log(brightest))
    relative = (held - np.log(darkest)) / log_range
    flattened = 100 * held if logarithmic else np.clip(lit, darkest, brightest)
    gradient_x = cv2.Sobel(flattened, cv2.CV_64F, 1, 0, ksize=3, scale=1 / 8)
    gradient_y = cv2.Sobel(flattened, cv2.CV_64F, 0, 1, ksize=3, scale=1 / 8)
    magnitude = np.hypot(gradient_x, gradient_y) + 1e-6
    openness = clip01(below_upper - 1) * clip01(above_lower - 2)
    openness *= clip01(half_width - 1.5 - np.abs(np.arange(light.shape[1]) - MIDDLE_PX))
    along = [(gradient_x * normal[:, 0] + gradient_y * normal[:, 1]) / magnitude for normal in normals]
    likeness = np.maximum(lid_likeness(along[0], below_upper), lid_likeness(along[1], above_lower))
    weight = openness * (1 - likeness)
    sclera = clip01((relative - sclera_level) / 0.25 + 0.5) * like_sclera
    sclera *= not_skin(red_over_blue, np.minimum(below_upper, above_lower), sclera)
    sclera *= openness
    return {
        "field": np.stack([gradient_x * weight, gradient_y * weight, weight], axis=-1),
        "sclera": sclera,
        "relative": relative,
        "log_tone": np.log(lit),
        "openness": openness,
        "log_range": log_range,
        "cap": strong(magnitude, openness, sclera),
    }


def found_and_expected(eyes: EyePatches, way: dict) -> list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """By eye."""
    tones = eye_tones(eyes)
    margins = find_lid_margins([eyes], [tones])[0]
    edges = find_limbus_edges(eyes, tones, margins, **way)
    light, like_sclera = tones.without_catch_lights, np.ones_like(tones.grey)
    if "colours" in way:
        light, like_sclera = red_light(eyes), COLOURS.like_sclera(red_over_green(eyes))
    rows = len(edges.sclera) // 2
    pairs = []
    for eye in range(2):
        window = slice(96 * eye + edges.top_px, 96 * eye + edges.top_px + rows)
        expected = reference(
            *(light[window], tones.red_over_blue[window], like_sclera[window]),
            (margins.y_px[eye] - edges.top_px, margins.normal[eye]),
            eyes.half_width_px[eye],
            sclera_level=way.get("sclera_level", limbus_edges.DARK_IRIS_SCLERA_LEVEL),
            logarithmic=way.get("logarithmic", True),
        )
        half = slice(eye * rows, (eye + 1) * rows)
        found = {name: getattr(edges, name)[half] for name in ("field", "sclera", "relative", "log_tone", "openness")}
        pairs.append(({**found, "log_range": edges.log_range[eye], "cap": edges.cap[eye]}, expected))
    return pairs


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("eyes", PAIRS)
def test_edges_are_those_of_plain_numpy(eyes: EyePatches, way: dict) -> None:
    for found, expected in found_and_expected(eyes, way):
        for name in ("sclera", "relative", "log_tone", "openness", "log_range", "cap"):
            assert found[name] == pytest.approx(expected[name], rel=1e-5, abs=2e-5), name
        # Where a gradient is next to nothing, rounding turns it, and with it whether it runs along a lid.
        clear = np.hypot(*np.moveaxis(expected["field"][..., :2], -1, 0)) > 0.05
        assert found["field"][clear] == pytest.approx(expected["field"][clear], abs=0.02)
        assert np.median(np.abs(found["field"] - expected["field"])) < 1e-5


def test_windows_hold_both_eyes_and_are_no_larger_than_the_patch() -> None:
    eyes = PAIRS[0]
    tones = eye_tones(eyes)
    margins = find_lid_margins([eyes], [tones])[0]
    for shift, top, rows in ((0.0, None, None), (-300.0, 0, 12), (300.0, 84, 12)):
        edges = find_limbus_edges(eyes, tones, LidMargins(margins.y_px + shift, margins.normal))
        if top is None:
            assert edges.top_px < margins.y_px[:, 0].min() - 3
            assert edges.top_px + len(edges.sclera) // 2 > margins.y_px[:, 1].max() + 4
        else:
            assert (edges.top_px, len(edges.sclera)) == (top, 2 * rows)
            assert (edges.openness == 0).all()
            assert (edges.cap == 1).all()


def test_pictures_are_contiguous_and_of_single_precision() -> None:
    edges = _edges(PAIRS[0])
    for name in ("field", "sclera", "relative", "log_tone", "openness", "pupil"):
        picture = getattr(edges, name)
        assert picture.dtype == np.float32
        assert picture.flags.c_contiguous
        assert picture.shape[:2] == edges.field.shape[:2]


def _edges(eyes: EyePatches) -> LimbusEdges:
    tones = eye_tones(eyes)
    return find_limbus_edges(eyes, tones, find_lid_margins([eyes], [tones])[0])


def _broken(eyes: EyePatches, broken: str, value: float) -> tuple[EyePatches, EyeTones, LidMargins]:
    tones = eye_tones(eyes)
    margins = find_lid_margins([eyes], [tones])[0]
    if broken in ("y_px", "normal"):
        margins = replace(margins, **{broken: np.full_like(getattr(margins, broken), value)})
    elif broken == "half_width_px":
        eyes = replace(eyes, half_width_px=np.full(2, value))
    else:
        tones = replace(tones, **{broken: np.full_like(tones.grey, value)})
    return eyes, tones, margins


@pytest.mark.parametrize("top_and_rows", [(0, 96), (30, 40), (94, 2), (0, 12)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30, -10.0, 0.0])
@pytest.mark.parametrize("broken", ["y_px", "normal", "half_width_px", "without_catch_lights", "red_over_blue"])
def test_no_input_leads_outside_the_arrays(broken: str, value: float, top_and_rows: tuple[int, int]) -> None:
    eyes, tones, margins = _broken(PAIRS[0], broken, value)
    top, rows = top_and_rows
    size = rows * 112
    guarded = np.full(5 * size + 16 * 128 + 6 * size + 10 * size + 80, -7, dtype=np.float32)
    room = guarded[20 : 20 + 5 * size + 16 * 128]
    field = guarded[40 + room.size : 40 + room.size + 6 * size]
    planes = guarded[-20 - 10 * size : -20]
    log_range, cap = np.empty(2), np.empty(2)
    columns = limbus_edges._TONE_COLUMNS
    limbus_edges._edges(
        *(tones.without_catch_lights, tones.red_over_blue, tones.red_over_blue, 1),
        *(margins.y_px, margins.normal, eyes.half_width_px, 96, 112, top, rows),
        *(columns, columns, columns.size, 1, 0.5, limbus_edges._NUMBERS, room, field, planes, log_range, cap),
    )
    assert (guarded[:20] == -7).all()
    assert (guarded[20 + room.size : 40 + room.size] == -7).all()
    assert (guarded[40 + room.size + field.size : -20 - planes.size] == -7).all()
    assert (guarded[-20:] == -7).all()


@pytest.mark.parametrize("top_and_rows", [(0, 0), (0, 1), (-1, 20), (90, 7)])
def test_a_window_that_is_none_is_left_alone(top_and_rows: tuple[int, int]) -> None:
    eyes, tones, margins = _broken(PAIRS[0], "half_width_px", 40.0)
    untouched = np.full((3, 40), -7, dtype=np.float32)
    log_range, cap = np.full((2, 2), -7.0)
    columns = limbus_edges._TONE_COLUMNS
    limbus_edges._edges(
        *(tones.without_catch_lights, tones.red_over_blue, tones.red_over_blue, 1),
        *(margins.y_px, margins.normal, eyes.half_width_px, 96, 112, *top_and_rows),
        *(columns, columns, columns.size, 1, 0.5, limbus_edges._NUMBERS, *untouched, log_range, cap),
    )
    assert (untouched == -7).all()
    assert (cap == -7).all()
