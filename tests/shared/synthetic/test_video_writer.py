"""Films keep their frames, their time stamps and their rotation."""

from pathlib import Path

import numpy as np
import pytest

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Script
from shared.synthetic.video_writer import TICKS_PER_S, write_video
from shared.video import probe, read_frames


def squares(count: int) -> list[np.ndarray]:
    frames = []
    for index in range(count):
        frame = np.full((96, 128, 3), 40, np.uint8)
        frame[8:40, 8 + 2 * index : 40 + 2 * index] = (30, 60, 220)
        frames.append(frame)
    return frames


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize(
    "camera", [Camera(30.0), Camera(29.97), Camera(240.0), Camera(30.0, jitter=0.3, dropped_fraction=0.2)]
)
def test_time_stamps_survive_to_the_tick(tmp_path: Path, suffix: str, camera: Camera) -> None:
    time_s = simulate(Script(24 / camera.rate_hz), camera, seed=2).recorded().time_s
    path = write_video(tmp_path / f"film{suffix}", squares(len(time_s)), time_s)
    frames = list(read_frames(path))
    assert len(frames) == len(time_s)
    np.testing.assert_allclose([frame.time_s for frame in frames], time_s, atol=0.51 / TICKS_PER_S + 1e-6)


def test_pictures_survive_compression(tmp_path: Path) -> None:
    pictures = squares(20)
    path = write_video(tmp_path / "film.mp4", pictures, np.arange(20) / 30, crf=18)
    for frame, picture in zip(read_frames(path), pictures, strict=True):
        assert np.abs(frame.image_bgr.astype(int) - picture).mean() < 6


@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "vp9"), (".avi", "mjpeg"), (".mp4", "h264")])
def test_other_containers_can_be_written(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_video(tmp_path / f"film{suffix}", squares(15), np.arange(15) / 30)
    meta = probe(path)
    assert (meta.codec, meta.width_px, meta.height_px) == (codec, 128, 96)
    assert len(list(read_frames(path))) == 15


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_a_rotation_in_the_header_turns_the_picture(tmp_path: Path, rotation_deg: int) -> None:
    pictures = squares(12)
    path = write_video(tmp_path / "film.mp4", pictures, np.arange(12) / 30, rotation_deg=rotation_deg)
    upright = np.rot90(pictures[0], -rotation_deg // 90)
    shown = next(iter(read_frames(path))).image_bgr
    assert shown.shape == upright.shape
    assert np.abs(shown.astype(int) - upright).mean() < 8
