"""Frames of a growing film are those of the finished one; a recording without an index gets one, frames unchanged."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from shared.errors import CancelledError, NotAVideoError, UnreadableVideoError
from shared.live_video import GrowingFile, read_live_frames
from shared.remux import with_index
from shared.video import probe, read_frames

UNEVEN_S = np.cumsum([0.0, *([0.033, 0.034, 0.033, 0.05, 0.017, 0.067] * 8)])


@pytest.fixture(scope="module", params=["webm", "mp4"])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written as a browser does: front to back, without length or index, frames at uneven times."""
    path: Path = tmp_path_factory.mktemp("live") / f"recording.{request.param}"
    options = {"webm": {"live": "1"}, "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}
    codec = {"webm": "libvpx", "mp4": "libx264"}[request.param]
    rng = np.random.default_rng(3)
    with av.open(str(path), "w", options=options[request.param]) as container:
        stream = container.add_stream(codec, rate=30, options={"g": "10", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for at_s in UNEVEN_S:
            picture = av.VideoFrame.from_ndarray(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8), format="rgb24")
            picture.pts, picture.time_base = round(at_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def growing(path: Path, pieces: int) -> tuple[GrowingFile, threading.Thread]:
    file, size_bytes = GrowingFile(path), path.stat().st_size

    def grow() -> None:
        for piece in range(1, pieces + 1):
            file.grow(size_bytes * piece // pieces)
        file.end()

    return file, threading.Thread(target=grow)


@pytest.mark.parametrize("pieces", [1, 7, 200])
def test_frames_of_a_growing_film_are_those_of_the_finished_one(recording: Path, pieces: int) -> None:
    file, thread = growing(recording, pieces)
    thread.start()
    live = list(read_live_frames(file))
    thread.join()
    whole = list(read_frames(recording))
    assert [frame.index for frame in live] == [frame.index for frame in whole]
    assert [frame.time_s for frame in live] == pytest.approx([frame.time_s for frame in whole], abs=1e-9)
    assert len(live) == len(UNEVEN_S)
    for one, other in zip(live, whole, strict=True):
        assert np.array_equal(one.image_bgr, other.image_bgr)


def test_frames_come_while_the_film_still_grows(recording: Path) -> None:
    file, size_bytes = GrowingFile(recording), recording.stat().st_size
    file.grow(size_bytes // 2)
    frames = read_live_frames(file)
    assert next(frames).index == 0
    file.grow(size_bytes)
    file.end()
    assert len(list(frames)) == len(UNEVEN_S) - 1


def test_a_film_that_breaks_off_is_read_as_far_as_it_goes(recording: Path) -> None:
    file = GrowingFile(recording)
    file.grow(recording.stat().st_size * 2 // 3)
    file.end()
    assert 10 < len(list(read_live_frames(file))) < len(UNEVEN_S)


def test_nobody_waits_for_a_film_that_was_given_up(recording: Path) -> None:
    file = GrowingFile(recording)
    file.grow(recording.stat().st_size // 2)
    frames = read_live_frames(file)
    next(frames)
    file.cancel()
    with pytest.raises(CancelledError):
        list(frames)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.webm"
    path.write_text("Dear colleague, " * 50)
    file, thread = growing(path, 2)
    thread.start()
    with pytest.raises((NotAVideoError, UnreadableVideoError)):
        list(read_live_frames(file))
    thread.join()


def test_a_recording_gets_length_and_index_and_keeps_its_frames(recording: Path, tmp_path: Path) -> None:
    whole = with_index(recording, tmp_path, "film")
    assert whole.suffix == recording.suffix
    before, after = list(read_frames(recording)), list(read_frames(whole))
    assert [frame.time_s for frame in after] == pytest.approx([frame.time_s for frame in before], abs=1e-9)
    assert all(np.array_equal(one.image_bgr, other.image_bgr) for one, other in zip(before, after, strict=True))
    assert probe(whole).duration_s == pytest.approx(UNEVEN_S[-1], abs=0.06)
    assert all(low < high for low, high in pairwise(frame.time_s for frame in after))


def test_a_recording_of_a_browser_is_read_by_its_own_times(recording: Path) -> None:
    times_s: Iterator[float] = (frame.time_s for frame in read_frames(recording))
    assert list(times_s) == pytest.approx(list(UNEVEN_S), abs=0.0011)
