"""The copy for browsers shows the same pictures at the same times, upright."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from shared.errors import NotAVideoError
from shared.model import VideoMeta
from shared.playback import LONGEST_SIDE_PX, needs_proxy, write_proxy

TIME_BASE = Fraction(1, 600)
UNEVEN_STAMPS = np.cumsum([0, 20, 20, 25, 40, 20, 13, 20, 20, 60, 20, 20]) + 100


def write_film(path: Path, codec: str, width_px: int, height_px: int, rotation_deg: int = 0) -> None:
    """A film of uneven rate whose frames brighten one by one, with a white block in the stored top left corner."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number, stamp in enumerate(UNEVEN_STAMPS):
            picture = np.full((height_px, width_px, 3), 10 * number, np.uint8)
            picture[: height_px // 4, : width_px // 4] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = int(stamp), TIME_BASE
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def read_film(path: Path) -> tuple[str, list[float], list[np.ndarray]]:
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
        codec = film.streams.video[0].codec_context.name
        return codec, [f.time for f in frames if f.time is not None], [f.to_ndarray(format="gray") for f in frames]


def test_the_copy_has_the_same_frames_at_the_same_times(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mov", "mpeg4", 322, 240)
    counts: list[int] = []
    write_proxy(tmp_path / "film.mov", tmp_path / "copy", progress=counts.append)
    codec, times_s, pictures = read_film(tmp_path / "copy")
    assert codec == "h264"
    np.testing.assert_allclose(times_s, (UNEVEN_STAMPS - UNEVEN_STAMPS[0]) / 600, atol=1e-5)
    greys = [float(picture[200, 300]) for picture in pictures]
    np.testing.assert_allclose(greys, 10 * np.arange(len(UNEVEN_STAMPS)), atol=5)
    assert counts == list(range(1, len(UNEVEN_STAMPS) + 1))


@pytest.mark.parametrize(
    ("rotation_deg", "shape", "corner"), [(90, (320, 240), "bottom left"), (180, (240, 320), "bottom right")]
)
def test_the_copy_is_upright(tmp_path: Path, rotation_deg: int, shape: tuple[int, int], corner: str) -> None:
    write_film(tmp_path / "film.mp4", "mpeg4", 320, 240, rotation_deg)
    write_proxy(tmp_path / "film.mp4", tmp_path / "copy")
    picture = read_film(tmp_path / "copy")[2][0]
    assert picture.shape == shape
    rows, columns = corner.split()
    block = picture[-20:] if rows == "bottom" else picture[:20]
    block = block[:, -20:] if columns == "right" else block[:, :20]
    assert block.mean() > 240
    assert picture.mean() < 100


def test_a_large_odd_film_is_made_smaller_and_even(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mov", "mpeg4", 1931, 1081)
    write_proxy(tmp_path / "film.mov", tmp_path / "copy")
    height_px, width_px = read_film(tmp_path / "copy")[2][0].shape
    assert width_px == LONGEST_SIDE_PX
    assert height_px == 716


def test_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as film:
        stream = film.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        film.mux(stream.encode(sound))
        film.mux(stream.encode(None))
    with pytest.raises(NotAVideoError):
        write_proxy(tmp_path / "sound.mp4", tmp_path / "copy")


@pytest.mark.parametrize(
    ("codec", "container", "expected"),
    [
        ("h264", "mov,mp4,m4a,3gp,3g2,mj2", False),
        ("hevc", "mov,mp4,m4a,3gp,3g2,mj2", True),
        ("h264", "mov", False),
        ("vp9", "matroska", False),
        ("vp8", "webm", False),
        ("h264", "matroska", True),
        ("h264", "avi", True),
        ("mpeg1video", "mpegvideo", True),
        ("", "", True),
    ],
)
def test_only_what_browsers_play_is_left_as_it_is(codec: str, container: str, expected: bool) -> None:
    meta = VideoMeta(640, 480, 300, 10.0, 30.0, codec=codec, container=container)
    assert needs_proxy(meta) is expected
