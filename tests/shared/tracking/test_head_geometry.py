"""Eye, eye corners and skin of a head in space: what is computed from an exact picture of them must be exact."""

import tracemalloc

import numpy as np
import pytest

from shared.synthetic.eye_geometry import gaze_vector, head_rotation
from shared.tracking.camera import Camera
from shared.tracking.canthus_surface import CanthusSurface
from shared.tracking.corner_frame import CornerFrame
from shared.tracking.eye_crop import CORNERS
from shared.tracking.eye_in_head import CENTRE_BEHIND_CORNERS_IRIS, eye_in_head_rad
from shared.tracking.head_pose import mean_shape
from shared.tracking.head_reference import corner_middles, running_line, running_mean
from shared.tracking.limbus_fit import ROTATION_RADIUS_IRIS

CAMERA = Camera.of_picture((640, 720))
IRIS = 26.0
EYES = np.array([0.0, -80.0, CAMERA.focal_px])
NECK = EYES + IRIS * np.array([0.0, 6.0, 8.0])
FRAMES = 60


def projected(points: np.ndarray) -> np.ndarray:
    return points[..., :2] / points[..., 2:] * CAMERA.focal_px + CAMERA.middle_px


def nodding(amplitude_deg: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    """Rotations of a nod and shake about the neck, and where the middle between the eyes then is."""
    phase = np.linspace(0, 2 * np.pi, FRAMES)
    pitch, yaw = amplitude_deg * np.sin(phase), 0.6 * amplitude_deg * np.sin(2 * phase)
    rotations = np.stack([head_rotation(y, p, 0.0) for y, p in zip(yaw, pitch, strict=True)])
    return rotations, (EYES - NECK) @ np.swapaxes(rotations, 1, 2) + NECK


def test_gaze_fixed_in_the_head_stays_fixed_while_the_head_turns_about_the_neck() -> None:
    rotations, corners = nodding()
    inward = rotations @ np.array([0.0, 0.0, CENTRE_BEHIND_CORNERS_IRIS * IRIS])
    limbus = corners + inward + rotations @ (gaze_vector(np.array(0.0), np.array(0.0)) * ROTATION_RADIUS_IRIS * IRIS)
    middles = projected(corners)
    iris_px = IRIS * CAMERA.focal_px / corners[:, 2]
    found = np.rad2deg(
        eye_in_head_rad(
            projected(limbus),
            middles,
            rotations,
            sight=CAMERA.sight(middles),
            iris_px=iris_px,
            trusted=np.ones(FRAMES, dtype=np.bool_),
        )
    )
    assert np.ptp(found, axis=0) == pytest.approx([0.0, 0.0], abs=0.4)


def test_eyes_that_counter_rotate_read_the_whole_counter_rotation() -> None:
    rotations, corners = nodding(8.0)
    in_head = np.swapaxes(rotations, 1, 2) @ np.array([0.0, 0.0, -1.0])
    inward = rotations @ np.array([0.0, 0.0, CENTRE_BEHIND_CORNERS_IRIS * IRIS])
    limbus = corners + inward + np.array([0.0, 0.0, -1.0]) * ROTATION_RADIUS_IRIS * IRIS
    middles = projected(corners)
    found = eye_in_head_rad(
        projected(limbus),
        middles,
        rotations,
        sight=CAMERA.sight(middles),
        iris_px=IRIS * CAMERA.focal_px / corners[:, 2],
        trusted=np.ones(FRAMES, dtype=np.bool_),
    )
    assert np.polyfit(np.arcsin(in_head[:, 1]), found[:, 1], 1)[0] == pytest.approx(1.0, abs=0.03)
    assert np.polyfit(np.arctan2(in_head[:, 0], -in_head[:, 2]), found[:, 0], 1)[0] == pytest.approx(1.0, abs=0.03)


def bent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth of the face of these tests."""
    return 0.004 * x**2 + 0.1 * y


def face_shape() -> np.ndarray:
    """468 points on a bent surface, with eye corners in their places."""
    x, y = np.meshgrid(np.linspace(-115, 115, 26), np.linspace(-30, 30, 18))
    shape = np.stack([x.ravel(), y.ravel(), np.zeros(468)], axis=1)
    shape[CORNERS.ravel(), :2] = [[-80, 0], [-28, 2], [28, 2], [80, 0]]
    shape[:, 2] = bent(shape[:, 0], shape[:, 1])
    return shape


def pictured_corners(shape: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    middle = shape[CORNERS.ravel()].mean(axis=0)
    return projected((shape[CORNERS.ravel()] - middle) @ np.swapaxes(rotations, 1, 2) + EYES)


def test_the_mean_face_is_as_wide_at_its_depths_as_the_face_itself() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    seen = shape @ np.swapaxes(rotations, 1, 2) + EYES
    meshes = np.concatenate([projected(seen), seen[..., 2:] - CAMERA.focal_px], axis=-1)
    found = mean_shape(meshes, CAMERA)
    assert found == pytest.approx(shape - shape.mean(axis=0), abs=0.3)


def test_the_frame_of_corners_is_found_where_it_is_in_a_turned_head() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    corners = pictured_corners(shape, rotations)
    frame = CornerFrame(shape, np.eye(3), corners[0], CAMERA)
    assert frame.place(corners, np.ones((FRAMES, 4)), rotations) == pytest.approx(corners, abs=0.05)


def test_a_corner_known_to_be_wrong_hardly_moves_the_frame() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    corners = pictured_corners(shape, rotations)
    frame = CornerFrame(shape, np.eye(3), corners[0], CAMERA)
    errors = np.ones((FRAMES, 4))
    errors[:, 3] = 10.0
    astray = corners + np.array([0.0, 0.0, 0.0, 8.0])[:, None]
    assert frame.place(astray, errors, rotations) == pytest.approx(corners, abs=0.5)
    assert np.abs(frame.place(astray, np.ones((FRAMES, 4)), rotations) - corners).max() > 2


def test_a_frame_without_rotation_still_gets_corners() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    corners = pictured_corners(shape, rotations)
    frame = CornerFrame(shape, np.eye(3), corners[0], CAMERA)
    rotations[0] = np.nan
    assert frame.place(corners, np.ones((FRAMES, 4)), rotations)[0] == pytest.approx(corners[0], abs=0.05)


def test_in_a_long_film_corners_are_placed_as_in_a_short_one_and_take_little_memory() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    corners = pictured_corners(shape, rotations)
    frame = CornerFrame(shape, np.eye(3), corners[0], CAMERA)
    short = frame.place(corners, np.ones((FRAMES, 4)), rotations)
    times = 600
    arrays = np.tile(corners, (times, 1, 1)), np.ones((times * FRAMES, 4)), np.tile(rotations, (times, 1, 1))
    tracemalloc.start()
    long = frame.place(*arrays)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (long == np.tile(short, (times, 1, 1))).all()
    assert peak_bytes < 3 * long.nbytes


def test_skin_beside_a_corner_is_expected_where_a_turned_head_shows_it() -> None:
    shape = face_shape()
    rotations, _ = nodding()
    middle, outer = shape[CORNERS.ravel()].mean(axis=0), 3
    corners = pictured_corners(shape, rotations)
    scale = np.hypot(*(corners[:, 3] - corners[:, 0]).T) / 160.0
    matrices = np.zeros((FRAMES, 4, 2, 3))
    matrices[..., :2] = scale[:, None, None, None] * np.eye(2)
    matrices[..., 2] = corners
    axis = np.arange(-12.0, 13.0, 4.0)
    x, y = np.stack(np.meshgrid(axis, axis)).reshape(2, -1) + shape[CORNERS.ravel()[outer], :2, None]
    skin = np.stack([x, y, bent(x, y)], axis=1)
    shown = projected((skin - middle) @ np.swapaxes(rotations, 1, 2) + EYES)
    in_patches = np.swapaxes((shown - corners[:, outer, None]) / scale[:, None, None], 1, 2)
    surface = CanthusSurface(
        shape, np.eye(3), matrices[0], np.zeros((4, 2)), np.stack([in_patches[0]] * 4), span_px=160.0, camera=CAMERA
    )
    seen, step = surface.seen(rotations, matrices, np.zeros((FRAMES, 4, 2)))
    assert step[0] == pytest.approx(np.broadcast_to(np.eye(2), (4, 2, 2)), abs=1e-6)
    error, distortion = np.abs(seen[:, outer] - in_patches), np.abs(in_patches - in_patches[0])
    assert error.max() < 0.15 * distortion.max()
    assert distortion.max() > 1.0


def test_a_running_line_keeps_to_a_steady_movement_up_to_its_ends_and_across_a_gap() -> None:
    time_s = np.arange(90) / 30
    values = np.stack([3 * time_s, 1 - time_s], axis=1)
    values[40:46] = np.nan
    truth = np.stack([3 * time_s, 1 - time_s], axis=1)
    assert running_line(values, time_s, 0.1) == pytest.approx(truth, abs=1e-6)
    assert np.abs(running_mean(values, time_s, 0.1) - truth).max() > 0.15


def test_a_running_line_is_missing_where_nothing_is_near() -> None:
    time_s = np.arange(90) / 30
    values = np.ones((90, 1))
    values[30:] = np.nan
    assert np.isnan(running_line(values, time_s, 0.1)[60:]).all()


def test_while_the_head_turns_the_skin_has_no_say() -> None:
    canthi, skin, reference = _canthi_and_sliding_skin()
    time_s = np.arange(FRAMES) / 30
    middles, _ = corner_middles(canthi, skin, reference, still=np.zeros(FRAMES), time_s=time_s, iris_px=IRIS)
    assert middles == pytest.approx(canthi.mean(axis=2), abs=1e-9)


def test_on_a_still_head_trembling_skin_is_steadied_by_the_canthi() -> None:
    canthi, skin, reference = _canthi_and_sliding_skin(slide_px=0.0)
    skin[:, :, 2] += np.random.default_rng(4).normal(0, 0.5, (FRAMES, 2))
    time_s = np.arange(FRAMES) / 30
    middles, with_skin = corner_middles(canthi, skin, reference, still=np.ones(FRAMES), time_s=time_s, iris_px=IRIS)
    assert with_skin.all()
    assert np.std(np.diff(middles, axis=0)) < 0.3 * np.std(np.diff(skin[:, :, 2], axis=0))


def _canthi_and_sliding_skin(slide_px: float = 4.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners that stand still but for a tremble, and skin that slides against them."""
    corners = np.array([[[200.0, 300], [260, 300]], [[340, 300], [400, 300]]])
    canthi = corners + np.random.default_rng(1).normal(0, 0.05, (FRAMES, 2, 2, 2))
    skin = np.tile(np.eye(2, 3), (FRAMES, 1, 1))
    skin[:, 0, 2] = slide_px * np.sin(np.linspace(0, 2 * np.pi, FRAMES))
    return canthi, skin, corners.mean(axis=1)
