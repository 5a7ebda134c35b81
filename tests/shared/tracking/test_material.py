"""Real clips: the same footage must measure the same however it is packed, mirrored or turned."""

from pathlib import Path

import numpy as np
import pytest

from shared.analysis import analyse
from shared.model import FloatArray, PspStatus, Trace
from shared.video import probe, read_frames
from tests.material_traces import TraceOf

pytestmark = pytest.mark.material

FACE_FRAMES = slice(0, 70)


def median_difference(one: FloatArray, other: FloatArray) -> float:
    return float(np.nanmedian(np.abs(one - other)))


def both_eyes(trace: Trace, name: str) -> FloatArray:
    return np.stack([getattr(trace.left, name), getattr(trace.right, name)])


@pytest.mark.parametrize(("name", "shift"), [("pyfeat_face_noface.mov", 0), ("pyfeat_noface_face.mov", 96)])
def test_the_same_footage_measures_the_same_in_another_file(material_trace: TraceOf, name: str, shift: int) -> None:
    """Another codec, another size, another place in the film, uneven times."""
    alone = material_trace("pyfeat_single.mp4")
    inside = material_trace(name)
    for quantity, tolerance in {"v_offset": 0.03, "h_offset": 0.03, "eye_open": 0.02, "lid_opening": 0.04}.items():
        one = both_eyes(alone, quantity)[:, FACE_FRAMES]
        other = both_eyes(inside, quantity)[:, shift : shift + 70]
        assert median_difference(one, other) < tolerance, quantity
    lids = (alone.mean_of_eyes("eye_open")[FACE_FRAMES], inside.mean_of_eyes("eye_open")[shift : shift + 70])
    assert np.corrcoef(*lids)[0, 1] > 0.97


@pytest.mark.parametrize(
    ("name", "faces"), [("pyfeat_face_noface.mov", slice(0, 72)), ("pyfeat_noface_face.mov", slice(97, 169))]
)
def test_frames_without_a_face_are_not_valid_and_the_others_are(
    material_trace: TraceOf, name: str, faces: slice
) -> None:
    expected = np.full(169, False)
    expected[faces] = True
    assert np.sum(material_trace(name).valid != expected) <= 2


def test_a_mirrored_film_exchanges_left_and_right(material_trace: TraceOf) -> None:
    plain, mirrored = material_trace("vr_4.mp4"), material_trace("derived/vr_4_mirrored.mp4")
    for quantity, sign in {"v_offset": 1, "h_offset": -1, "eye_open": 1}.items():
        for eye, image in ((plain.left, mirrored.right), (plain.right, mirrored.left)):
            one, other = getattr(eye, quantity), sign * getattr(image, quantity)
            assert median_difference(one, other) < 0.06, quantity
            assert np.corrcoef(one, other)[0, 1] > 0.6, quantity
    assert median_difference(plain.head_yaw_deg, -mirrored.head_yaw_deg) < 1.5
    assert median_difference(plain.head_roll_deg, -mirrored.head_roll_deg) < 1.0


def test_rotation_by_metadata_changes_nothing(material_trace: TraceOf) -> None:
    plain, turned = material_trace("grid_bbaf2n.mpg"), material_trace("derived/grid_bbaf2n_rotmeta.mp4")
    assert turned.meta is not None
    assert turned.meta.rotation_deg == 90
    for quantity in ("v_offset", "h_offset", "eye_open"):
        assert median_difference(both_eyes(plain, quantity), both_eyes(turned, quantity)) < 0.03
    assert median_difference(plain.head_roll_deg, turned.head_roll_deg) < 0.5


def test_a_film_upside_down_is_measured_right_reported_and_inconclusive(material_trace: TraceOf) -> None:
    plain, turned = material_trace("lp_d0.mp4"), material_trace("derived/lp_d0_upsidedown.mp4")
    assert np.abs(turned.head_roll_deg).min() > 170
    for quantity in ("v_offset", "h_offset", "eye_open"):
        assert median_difference(both_eyes(plain, quantity), both_eyes(turned, quantity)) < 0.04
    result = analyse(turned)
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert "UPSIDE_DOWN" in {reason.code for reason in result.reasons}


def test_another_container_changes_little(material_trace: TraceOf) -> None:
    plain, webm = material_trace("pyfeat_single.mp4"), material_trace("derived/pyfeat_single.webm")
    assert median_difference(both_eyes(plain, "v_offset"), both_eyes(webm, "v_offset")) < 0.03
    assert np.abs(plain.time_s - webm.time_s).max() < 0.001


def test_times_of_uneven_films_are_the_containers(material: Path) -> None:
    videos = material / "videos"
    for name, shortest_s, longest_s in (
        ("pyfeat_noface_face.mov", 0.01367, 0.04167),
        ("pyfeat_face_noface.mov", 0.01367, 0.04167),
        ("vr_1.mp4", 0.0333, 0.0667),
    ):
        intervals_s = np.diff([frame.time_s for frame in read_frames(videos / name)])
        assert intervals_s.min() == pytest.approx(shortest_s, abs=1e-4), name
        assert intervals_s.max() == pytest.approx(longest_s, abs=1e-4), name


def test_every_clip_is_read_to_its_last_frame(material: Path) -> None:
    for name, frames in {"grid_lbbc2a.mpg": 75, "lp_d0.mp4": 78, "derived/grid_lbax4n_mjpeg.avi": 75}.items():
        path = material / "videos" / name
        assert sum(1 for _ in read_frames(path)) == frames
        assert probe(path).width_px > 0


def test_most_frames_of_real_people_are_valid(material_trace: TraceOf) -> None:
    for name in ("lp_d0.mp4", "vr_4.mp4", "grid_bbaf2n.mpg", "pyfeat_single.mp4"):
        assert material_trace(name).valid.mean() > 0.97, name
