"""Reading films: times, rotation, damage, limits, and what is no film at all."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import EmptyFileError, NotAVideoError, TooLargeError, UnreadableVideoError
from shared.model import VideoMeta
from shared.synthetic.video_writer import write_video
from shared.video import Limits, measured_meta, probe, read_frames

WIDTH, HEIGHT = 96, 64


def picture(number: int) -> np.ndarray:
    """Grey, with a white upper left corner; brightness tells the frame."""
    image = np.full((HEIGHT, WIDTH, 3), 20 + 3 * number, np.uint8)
    image[:16, :16] = 255
    return image


def film(path: Path, count: int = 30, time_s: np.ndarray | None = None, **options: int) -> Path:
    times = np.arange(count) / 30 if time_s is None else time_s
    return write_video(path, (picture(i) for i in range(len(times))), times, **options)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".webm", ".avi"])
def test_every_container_gives_all_frames_at_their_times(tmp_path: Path, ending: str) -> None:
    frames = list(read_frames(film(tmp_path / f"film{ending}")))
    assert [frame.index for frame in frames] == list(range(30))
    tolerance_s = 0.001 if ending == ".webm" else 1e-5  # WebM counts milliseconds
    assert np.allclose([frame.time_s for frame in frames], np.arange(30) / 30, atol=tolerance_s)


def test_variable_frame_rate_file_gets_its_real_times(tmp_path: Path) -> None:
    """Fault of the published original: time = frame number / frame rate."""
    rng = np.random.default_rng(1)
    time_s = np.cumsum(rng.uniform(0.0137, 0.0417, 40))
    time_s -= time_s[0]
    path = film(tmp_path / "variable.mp4", time_s=time_s)
    read_s = np.array([frame.time_s for frame in read_frames(path)])
    assert np.abs(read_s - time_s).max() < 1e-4
    assert np.abs(np.arange(40) / probe(path).fps - time_s).max() > 0.005


def test_reordered_frames_that_start_late_keep_their_first_interval(tmp_path: Path) -> None:
    """OpenCV reports the decoding stamp for a frame presented at 0; phones write such files."""
    path = tmp_path / "reordered.mp4"
    stamps = [0, 41, 83, 250, 291, 333, 374, 416, 457, 500, 541, 583]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"bf": "3"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    read_s = [frame.time_s for frame in read_frames(path)]
    assert np.allclose(read_s, np.array(stamps) / 1000, atol=1e-4)


@pytest.mark.parametrize(("rotation_deg", "corner"), [(0, "tl"), (90, "tr"), (180, "br"), (270, "bl")])
def test_rotation_in_the_container_is_applied(tmp_path: Path, rotation_deg: int, corner: str) -> None:
    path = film(tmp_path / "turned.mp4", rotation_deg=rotation_deg)
    image = next(read_frames(path)).image_bgr
    corners = {"tl": image[4, 4], "tr": image[4, -4], "br": image[-4, -4], "bl": image[-4, 4]}
    assert max(corners, key=lambda name: corners[name].mean()) == corner
    meta = probe(path)
    assert (meta.height_px, meta.width_px) == image.shape[:2]


def test_step_and_max_frames_keep_the_frames_own_numbers_and_times(tmp_path: Path) -> None:
    frames = list(read_frames(film(tmp_path / "film.mp4"), step=4, max_frames=5))
    assert [frame.index for frame in frames] == [0, 4, 8, 12, 16]
    assert np.allclose([frame.time_s for frame in frames], np.arange(5) * 4 / 30, atol=1e-5)


def test_probe_tells_what_the_film_is(tmp_path: Path) -> None:
    meta = probe(film(tmp_path / "film.mp4"))
    assert (meta.width_px, meta.height_px, meta.frame_count, meta.codec) == (WIDTH, HEIGHT, 30, "h264")
    assert meta.fps == pytest.approx(30, rel=0.01)
    assert meta.duration_s == pytest.approx(1.0, abs=0.05)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    real = film(tmp_path / "film.mp4")
    renamed = tmp_path / "letter.txt"
    renamed.write_bytes(real.read_bytes())
    assert probe(renamed).frame_count == 30


def _sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(5):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _image(path: Path, ending: str) -> None:
    path.write_bytes(cv2.imencode(ending, picture(0))[1].tobytes())


NOT_FILMS = {
    "text": lambda path: path.write_text("Dear colleague,\n" * 50),
    "png": lambda path: _image(path, ".png"),
    "jpeg": lambda path: _image(path, ".jpg"),
    "webp": lambda path: _image(path, ".webp"),
    "pdf": lambda path: path.write_bytes(b"%PDF-1.4\n" + bytes(2000)),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(4000)),
    "sound": _sound,
    "playlist": lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nother.mp4\n"),
    "concatenation": lambda path: path.write_text("ffconcat version 1.0\nfile other.mp4\n"),
}


@pytest.mark.parametrize("kind", NOT_FILMS)
def test_what_is_no_film_is_refused_under_any_name(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "other.mp4")
    path = tmp_path / "upload.mp4"
    NOT_FILMS[kind](path)
    with pytest.raises(NotAVideoError) as refusal:
        probe(path)
    assert "upload" not in refusal.value.user_message
    with pytest.raises(NotAVideoError):
        next(read_frames(path))
    assert capfd.readouterr() == ("", "")


def test_empty_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    with pytest.raises(EmptyFileError):
        probe(path)


def test_missing_file_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideoError) as refusal:
        probe(tmp_path / "gone.mp4")
    assert str(tmp_path) not in refusal.value.user_message


def test_a_film_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noisy = np.random.default_rng(2).integers(0, 255, (60, HEIGHT, WIDTH, 3), dtype=np.uint8)
    whole = write_video(tmp_path / "whole.mp4", iter(noisy), np.arange(60) / 30)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = list(read_frames(broken))
    assert 10 < len(frames) < 50
    assert np.all(np.diff([frame.time_s for frame in frames]) > 0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kept_bytes", [20, 400])
def test_a_film_cut_off_before_its_first_frame_is_unreadable(tmp_path: Path, kept_bytes: int) -> None:
    whole = film(tmp_path / "whole.mp4")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[:kept_bytes])
    with pytest.raises(UnreadableVideoError) as refusal:
        probe(broken)
    assert not isinstance(refusal.value, NotAVideoError)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(max_bytes=500), "GiB"),
        (Limits(max_side_px=80), "80 px"),
        (Limits(max_duration_s=0.6), "0.01 minutes"),
    ],
)
def test_over_a_limit_is_refused_with_the_limit_named(tmp_path: Path, limits: Limits, named: str) -> None:
    with pytest.raises(TooLargeError, match=named):
        probe(film(tmp_path / "film.mp4"), limits=limits)


def test_default_limits_refuse_8k_and_two_hours_and_take_4k_and_a_quarter_of_an_hour() -> None:
    limits = Limits()
    assert 3840 <= limits.max_side_px < 7680
    assert 15 * 60 <= limits.max_duration_s < 2 * 3600


@given(
    st.lists(st.floats(0.001, 0.2), min_size=1, max_size=50),
)
def test_measured_meta_is_finite_and_agrees_with_the_times(intervals: list[float]) -> None:
    time_s = np.concatenate([[0.0], np.cumsum(intervals)])
    meta = measured_meta(VideoMeta(640, 480, 0, 0.0, 0.0, codec="h264"), time_s, len(time_s))
    assert meta.fps == pytest.approx(len(intervals) / time_s[-1])
    assert meta.frame_interval_jitter >= 0
    assert meta.duration_s == pytest.approx(time_s[-1] + np.median(intervals))
    assert meta.codec == "h264"


def test_even_frames_have_no_jitter_and_dropped_frames_show() -> None:
    probed = VideoMeta(640, 480, 0, 0.0, 0.0)
    even = np.arange(100) / 30
    assert measured_meta(probed, even, 100).frame_interval_jitter == pytest.approx(0, abs=1e-9)
    gaps = np.delete(even, np.arange(5, 95, 10))
    assert measured_meta(probed, gaps, 91).frame_interval_jitter > 0.5
