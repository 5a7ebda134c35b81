"""Frames are measured many at a time for speed; none of them may notice."""

from functools import lru_cache

import numpy as np
import pytest

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script, steps_between
from shared.synthetic.portrait import load_portrait
from shared.synthetic.puppet import Puppet
from shared.tracking.camera import Camera
from shared.tracking.canthi import CanthusReference, cut_canthi
from shared.tracking.eye_crop import EyePatches, crop_eyes
from shared.tracking.head_pose import HeadPose, mean_shape
from shared.tracking.limbus_calibration import calibrate_limbus, limbus_edges
from shared.tracking.limbus_fit import LimbusFitter
from shared.tracking.skin_reference import SkinPatch, SkinReference

COUNT = 9


@lru_cache
def pictures() -> tuple[np.ndarray, ...]:
    puppet = Puppet(load_portrait(width_px=480, height_px=540, iris_diameter_px=26.0))
    looks = steps_between(0.05, [(0, 12), (10, 0), (-8, -8)], dwell_s=0.05)
    return tuple(puppet.frames(puppet.truth(simulate(Script(duration_s=0.5, steps=looks), seed=2))))[:COUNT]


@lru_cache
def meshes() -> np.ndarray:
    """Landmarks that tremble a little, as they do."""
    points = load_portrait(width_px=480, height_px=540, iris_diameter_px=26.0).points_px
    return np.asarray(points + np.random.default_rng(3).normal(0, 0.4, (COUNT, *points.shape)))


@lru_cache
def eyes() -> tuple[EyePatches, ...]:
    patches = [crop_eyes(picture, mesh, 26.0) for picture, mesh in zip(pictures(), meshes(), strict=True)]
    return tuple(pair for pair in patches if pair is not None)


def test_limbi_are_the_same_alone_and_among_others() -> None:
    edges = limbus_edges(eyes())
    alone = [limbus_edges([pair])[0] for pair in eyes()]
    assert all((one.field == other.field).all() for one, other in zip(edges, alone, strict=True))
    fitter = LimbusFitter(calibrate_limbus(eyes()))
    seeds, usable, tilt = np.stack([pair.iris_px for pair in eyes()]), np.ones((COUNT, 2)), np.zeros((COUNT, 2, 2))
    size = np.linspace(0.96, 1.04, 2 * COUNT).reshape(COUNT, 2)
    together = fitter.fit_frames(edges, seeds, usable, tilt, size)
    for i, fit in enumerate(together):
        here = slice(i, i + 1)
        (single,) = fitter.fit_frames(edges[here], seeds[here], usable[here], tilt[here], size[here])
        assert single.centre_px == pytest.approx(fit.centre_px, abs=1e-9)


def test_head_rotations_are_the_same_alone_and_among_others() -> None:
    camera = Camera.of_picture((480, 540))
    pose = HeadPose(mean_shape(meshes(), camera), camera)
    alone = np.concatenate([pose.rotations(mesh[None]) for mesh in meshes()])
    assert pose.rotations(meshes()) == pytest.approx(alone, abs=1e-9)


def test_skin_and_canthi_are_the_same_alone_and_among_others() -> None:
    skins = [SkinPatch(picture, mesh) for picture, mesh in zip(pictures(), meshes(), strict=True)]
    corners = [cut_canthi(picture, mesh) for picture, mesh in zip(pictures(), meshes(), strict=True)]
    camera = Camera.of_picture((480, 540))
    shape = mean_shape(meshes(), camera)
    rotations = HeadPose(shape, camera).rotations(meshes())
    skin = SkinReference(skins[0], meshes()[0])
    canthi = CanthusReference(corners[0], shape, rotations[0], camera)
    alone = np.concatenate([skin.locate([patch])[0] for patch in skins])
    assert skin.locate(skins)[0] == pytest.approx(alone, abs=1e-4)
    found = canthi.locate(corners, rotations)
    single = [canthi.locate([patch], rotations[i : i + 1]) for i, patch in enumerate(corners)]
    assert found.corners_px == pytest.approx(np.concatenate([one.corners_px for one in single]), abs=1e-6)
    assert found.error_px == pytest.approx(np.concatenate([one.error_px for one in single]), abs=1e-6)
