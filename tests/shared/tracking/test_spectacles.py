"""A frame before the eyes: told by its look or its slide over the skin; then corners seen through the lenses count."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from shared.parameters import Parameters
from shared.synthetic.eye_geometry import head_rotation
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.portrait import load_portrait
from shared.synthetic.spectacles import THICK, SpectacledPuppet
from shared.synthetic.video_writer import write_video
from shared.tracking.camera import Camera
from shared.tracking.canthi import ABOUT, BESIDE, CanthusPatches, CanthusReference, Window
from shared.tracking.spectacles import DepthBesideCorners, depth_beside_corners, rim_seen
from shared.tracking.tracker import track

FRAMES = 90
IRIS = 30.0
CAMERA = Camera.of_picture((640, 720))
AWAY = np.array([-1.0, 1.0, -1.0, 1.0])


def turning(amplitude_deg: float) -> np.ndarray:
    phase = np.linspace(0, 3 * np.pi, FRAMES)
    angles = zip(amplitude_deg * np.sin(phase), 0.5 * amplitude_deg * np.sin(1.7 * phase), strict=True)
    return np.stack([head_rotation(yaw, pitch, 0.0) for yaw, pitch in angles])


def corners(rotations: np.ndarray, before_iris: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners found by something that lies before the skin, and the true ones."""
    true = np.random.default_rng(1).normal(300, 40, (FRAMES, 4, 2))
    return true - before_iris * IRIS * rotations[:, None, :2, 2], true


def depth(
    beside: np.ndarray,
    about: np.ndarray,
    rotations: np.ndarray,
    still: float = 0.0,
    apart: np.ndarray | None = None,
) -> DepthBesideCorners:
    return depth_beside_corners(
        beside,
        about,
        beside - about if apart is None else apart,
        rotations,
        sight=np.zeros((FRAMES, 2)),
        iris_px=np.full(FRAMES, IRIS),
        still=np.full(FRAMES, still),
    )


def told(*arrays: np.ndarray, **options: np.ndarray | float) -> bool:
    found = depth(*arrays, **options)
    assert found.hides_skin == found.is_spectacles
    return found.hides_skin


@pytest.mark.parametrize("before_iris", [0.3, 1.2])
def test_what_slides_like_a_frame_before_the_face_is_not_followed(before_iris: float) -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, before_iris)
    assert told(beside, true, rotations)


@pytest.mark.parametrize("before_iris", [-0.5, 0.0, 0.05])
def test_skin_that_stays_with_the_corners_or_lies_deeper_is_followed(before_iris: float) -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, before_iris)
    assert not told(beside, true, rotations)


def test_a_frame_is_told_although_patches_are_lost_now_and_then() -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, 0.3)
    beside[::7] += 40.0
    rotations[5] = np.nan
    assert told(beside, true, rotations)


def test_a_rim_that_holds_one_corner_alone_is_told() -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, 0.0)
    apart = np.zeros_like(true)
    apart[:, 2] = -0.6 * IRIS * rotations[:, :2, 2]
    apart[::5, 2] = np.nan
    apart[:, :2] = np.nan
    assert told(beside, true, rotations, apart=apart)
    assert not told(beside, true, rotations, apart=0.2 * apart)


@pytest.mark.parametrize("outer", [0, 3])
def test_hair_before_a_temple_hides_the_skin_and_is_no_spectacles(outer: int) -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, 0.0)
    apart = np.zeros_like(true)
    apart[:, outer] = -0.6 * IRIS * rotations[:, :2, 2]
    found = depth(beside, true, rotations, apart=apart)
    assert found.hides_skin
    assert not found.is_spectacles
    assert found.single[outer] == pytest.approx(0.6, abs=0.05)


def test_lost_patches_alone_are_no_frame() -> None:
    rotations = turning(8.0)
    beside, true = corners(rotations, 0.0)
    beside[:12] += 40.0
    assert not told(beside, true, rotations)


def test_a_head_that_hardly_turns_tells_nothing() -> None:
    beside, true = corners(turning(1.0), 1.2)
    assert not told(beside, true, turning(1.0))
    beside, true = corners(turning(8.0), 1.2)
    assert not told(beside, true, turning(8.0), still=1.0)
    assert not told(beside, true, np.full((FRAMES, 3, 3), np.nan))


def patches(frame_moved_px: float, darkness: float = 1.0, rims: tuple[int, ...] = (0, 1, 2, 3)) -> CanthusPatches:
    """Skin that stays where it is, and the upright rim of a lens 18 px (10 mm) beside corners."""
    mesh = np.full((4, 2), 25.0)
    mesh[:, 0] -= 10 * AWAY
    x = np.arange(51.0)
    grey = []
    for corner in range(4):
        skin = 150 + 60 * gaussian_filter(np.random.default_rng(corner).normal(size=(51, 51)), 2.0)
        rim = np.clip(3 - np.abs(x - (mesh[corner, 0] + 18 * AWAY[corner] + frame_moved_px)), 0, 1)
        rim = rim * darkness * (corner in rims)
        grey.append(skin * (1 - rim) + 20 * rim)
    to_image = np.tile(np.eye(2, 3), (4, 1, 1))
    to_image[:, :, 2] = np.array([[160.0, 300], [212, 300], [268, 300], [320, 300]]) - mesh
    return CanthusPatches(np.concatenate(grey).astype(np.float32), to_image, mesh)


def reference(of: CanthusPatches, window: Window) -> CanthusReference:
    shape = np.random.default_rng(3).normal(0, 60, (468, 3))
    shape[:, 2] = 0.0
    shape[[33, 133, 362, 263]] = np.array([[-80.0, 0, 0], [-28, 0, 0], [28, 0, 0], [80, 0, 0]])
    return CanthusReference(of, shape, np.eye(3), CAMERA, window)


def error_px(window: Window, frame_moved_px: float) -> float:
    found = reference(patches(0.0), window).locate([patches(frame_moved_px)], np.eye(3)[None])
    return float(np.abs(found.corners_px[0] - [[160.0, 300], [212, 300], [268, 300], [320, 300]]).max())


def test_within_the_rim_of_a_lens_the_corner_is_found_however_the_rim_moves() -> None:
    assert error_px(ABOUT, -3.0) < 0.3
    assert error_px(ABOUT, 3.0) < 0.3
    assert error_px(BESIDE, -3.0) > 1.0
    assert error_px(BESIDE, 0.0) == pytest.approx(0.0, abs=0.02)
    assert error_px(ABOUT, 0.0) == pytest.approx(0.0, abs=0.02)


def seen(of: CanthusPatches, iris_px: float = IRIS) -> bool:
    return rim_seen(reference(of, BESIDE).contrast, reference(of, ABOUT).contrast, iris_px)


@pytest.mark.parametrize("inner", [1, 2])
def test_a_rim_beside_an_inner_corner_is_seen(inner: int) -> None:
    assert seen(patches(0.0, rims=(inner,)))


def test_neither_bare_skin_nor_hair_beside_an_outer_corner_is_a_rim() -> None:
    assert not seen(with_eyes(patches(0.0, rims=())))
    assert not seen(with_eyes(patches(0.0, rims=(0, 3))))
    assert seen(with_eyes(patches(0.0)))


def test_in_irises_of_few_px_contrast_tells_nothing() -> None:
    assert not seen(patches(0.0), iris_px=10.0)


def with_eyes(of: CanthusPatches) -> CanthusPatches:
    """The same with the dark cleft between the lids, which ends in the corner."""
    grey = of.grey.copy().reshape(4, 51, 51)
    for corner in range(4):
        columns = (np.arange(51.0) - of.mesh_px[corner, 0]) * AWAY[corner] < 0
        grey[corner, 24:28, columns] -= 90
    return CanthusPatches(grey.reshape(-1, 51), of.to_image, of.mesh_px)


def test_gaze_fixed_in_a_shaken_head_stays_fixed_behind_spectacles(tmp_path: Path) -> None:
    puppet = SpectacledPuppet(load_portrait(), THICK)
    truth = puppet.truth(simulate(Script(duration_s=2.5), seed=4), HeadScript(yaw=Swing(10.0, 0.4)))
    path = write_video(tmp_path / "spectacles.mp4", puppet.frames(truth), truth.gaze.time_s)
    measured = track(path, Parameters())
    error = measured.mean_of_eyes("limbus_h_deg") - truth.gaze.h_deg
    slope = np.polyfit(truth.head.yaw_deg, error, 1)[0]
    assert abs(slope) < 0.3, "held by the frame it is half a degree for each degree of the head"
    assert np.std(error) < 2.0
    assert measured.spectacles
