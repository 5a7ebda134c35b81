"""Films as frames with their presentation times, and what can be known about a film without decoding it.

Time is what the file says about each frame, never frame number / frame rate: phones film at a variable rate.
PyAV reads the container, and decodes what most films are: H.264 or VP8/9 in 4:2:0, stored upright. Their frames come as
they are stored and are turned into colours only where they are looked at. OpenCV decodes the rest. Both give the
same times to the microsecond on all files compared, but for one fault of OpenCV's: it reports the *decoding* stamp
of a frame whose presentation stamp is exactly 0, which is the first frame of most films with reordered frames and
then reads negative (up to one frame early in iPhone-like .mov files). Such a reading is taken as the 0 it stands for.

Stamps that do not increase (broken or spliced files) cannot be placed in time: the frame is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import EmptyFileError, NotAVideoError, TooLargeError, UnreadableVideoError
from shared.model import FloatArray, VideoMeta
from shared.planar_picture import Picture, PlanarPicture
from shared.processors import usable_processors

MIN_FRAMES: Final = 10
"""Fewer frames than this show no movement that could be measured."""

_PLANAR_CODECS: Final = {"h264", "vp8", "vp9", "libvpx", "libvpx-vp9"}
_PLANAR_FORMAT: Final = "yuv420p"
_TIMED_CONTAINERS: Final = {"mov", "matroska"}
_NO_FFMPEG_LOG: Final = "-8"
_MICROSECONDS: Final = 1_000_000
_FEW_PROCESSORS: Final = 2
_SNIFF_BYTES: Final = 64
_CONTAINERS: Final = "mov,mp4,matroska,webm,avi,mpeg,mpegvideo,mpegts,asf,flv,ogg,mxf,dv,h264,hevc,mjpeg"
"""Readers that may be tried. The others make "frames" out of texts and pictures, or follow links to other files."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes:
        index: number in decode order, from 0.
        time_s: presentation time from the first frame, s.
        picture: upright as a player shows it; read as an array ``(height, width, 3)``, BGR.
    """

    index: int
    time_s: float
    picture: Picture

    @property
    def image_bgr(self) -> NDArray[np.uint8]:
        """The whole picture, ``(height, width, 3)`` uint8."""
        return self.picture[:, :]


@dataclass(frozen=True)
class Limits:
    """What is refused before any time is spent on it."""

    max_bytes: int = 2 * 1024**3
    max_side_px: int = 4096
    max_duration_s: float = 20 * 60.0


DEFAULT_LIMITS: Final = Limits()


def probe(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> VideoMeta:
    """Read what the container says; decode one frame to be sure that there is something to see.

    The file's content decides what it is, not its name.

    Returns:
        Size after rotation, rotation, codec, container; ``frame_count`` and ``duration_s`` as the container
        promises them (0 where it promises nothing), ``fps`` the mean rate.

    Raises:
        EmptyFileError: no bytes.
        NotAVideoError: text, a picture, sound alone.
        TooLargeError: over one of the limits.
        UnreadableVideoError: a film, but not one frame of it can be decoded.
    """
    size_bytes = _check_bytes(path, limits)
    with _open_container(path) as container:
        stream = _film_stream(container)
        duration_s = _promised_duration_s(container, stream)
        _check_duration(duration_s, limits)
        _check_sides(stream.width, stream.height, limits)
        rotation_deg = _first_frame_rotation(container, stream)
        turned = rotation_deg in {90, 270}
        fps = float(stream.average_rate or 0)
        return VideoMeta(
            width_px=stream.height if turned else stream.width,
            height_px=stream.width if turned else stream.height,
            frame_count=stream.frames or round(duration_s * fps),
            duration_s=duration_s,
            fps=fps,
            rotation_deg=rotation_deg,
            codec=stream.codec_context.name,
            container=container.format.name.split(",")[0],
            size_bytes=size_bytes,
        )


def read_frames(
    path: Path,
    *,
    step: int = 1,
    max_frames: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    probed: VideoMeta | None = None,
) -> Generator[Frame, None, None]:
    """Decode a film frame by frame, at full resolution.

    Args:
        path: the film.
        step: yield every ``step``-th frame (numbers 0, step, 2 * step ...); the others are decoded but not
            converted.
        max_frames: stop after this many yielded frames.
        limits: a film whose container promises less than it holds is stopped at ``max_duration_s``.
        probed: what :func:`probe` said, for one who has asked already; it takes as long as some frames.

    Yields:
        Frames whose times increase strictly from 0. A file that breaks off is read as far as it goes.

    Raises:
        EmptyFileError, NotAVideoError, TooLargeError, UnreadableVideoError: as :func:`probe` does, at the first
            frame; TooLargeError also later, where it turns out longer than the limit.
    """
    upright = (probed or probe(path, limits=limits)).rotation_deg == 0
    with closing(_decoded(path, upright=upright)) as stamped:
        yield from _frames(stamped, step, max_frames, limits)


def measured_meta(probed: VideoMeta, time_s: FloatArray, frames_read: int) -> VideoMeta:
    """``probed`` with what the frames themselves said.

    Args:
        probed: from :func:`probe`.
        time_s: ``(n,)`` times of the frames that were measured (every ``step``-th).
        frames_read: frames decoded in all, which replaces the container's promise.
    """
    intervals = np.diff(time_s)
    if not intervals.size:
        return _replace_timing(probed, frames_read, 0.0, 0.0, 0.0)
    median = float(np.median(intervals))
    fps = float(len(intervals) / (time_s[-1] - time_s[0]))
    jitter = float(np.percentile(np.abs(intervals - median) / median, 95))
    return _replace_timing(probed, frames_read, float(time_s[-1] - time_s[0]) + median, fps, jitter)


def _replace_timing(probed: VideoMeta, frame_count: int, duration_s: float, fps: float, jitter: float) -> VideoMeta:
    return VideoMeta(
        **{
            **probed.__dict__,
            "frame_count": frame_count,
            "duration_s": duration_s,
            "fps": fps,
            "frame_interval_jitter": jitter,
        }
    )


_Stamped = Generator[tuple[float, Callable[[], Picture | None]], None, None]
"""Presentation time of each frame, s, and what gives its picture."""


def _frames(stamped: _Stamped, step: int, max_frames: int | None, limits: Limits) -> Iterator[Frame]:
    first_s: float | None = None
    last_s = -1.0
    index = -1
    yielded = 0
    for stamp_s, picture_of in stamped:
        index += 1
        first_s = stamp_s if first_s is None else first_s
        time_s = stamp_s - first_s
        if index % step or time_s <= last_s:
            continue
        _check_duration(time_s, limits)
        picture = picture_of()
        if picture is None:
            continue
        last_s = time_s
        yielded += 1
        yield Frame(index, time_s, picture)
        if yielded == max_frames:
            break
    if index < 0:
        raise UnreadableVideoError


def _converted_frames(path: Path) -> _Stamped:
    """Frames by OpenCV, which turns every one into colours and upright."""
    capture = _open_capture(path)
    try:
        while capture.grab():
            yield max(capture.get(cv2.CAP_PROP_POS_MSEC), 0.0) / 1000.0, lambda: _retrieved(capture)
    finally:
        capture.release()


def _retrieved(capture: cv2.VideoCapture) -> Picture | None:
    decoded, image = capture.retrieve()
    return np.asarray(image, dtype=np.uint8) if decoded else None


def _decoded(path: Path, *, upright: bool) -> _Stamped:
    """Frames as they are stored where that can be read from, else converted."""
    if upright:
        with _open_container(path) as container:
            if _is_planar(container):
                yield from _stored_frames(container)
                return
    yield from _converted_frames(path)


def _is_planar(container: Any) -> bool:
    """Whether PyAV decodes this film as fast as OpenCV and gives its frames as :class:`PlanarPicture` wants them."""
    codec = _film_stream(container).codec_context
    times_known = container.format.name.split(",")[0] in _TIMED_CONTAINERS
    return times_known and codec.name in _PLANAR_CODECS and codec.pix_fmt == _PLANAR_FORMAT


def _stored_frames(container: Any) -> _Stamped:
    """Frames by PyAV, as they are stored. Damaged packets are left out, as OpenCV does."""
    stream = _film_stream(container)
    # Of two processors the others make better use: a second decoding thread costs up to half more in all.
    stream.thread_type = "AUTO" if usable_processors() > _FEW_PROCESSORS else "NONE"
    for packet in _packets(container, stream):
        try:
            pictures = stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            continue
        for picture in pictures:
            if picture.pts is not None:
                yield float(picture.pts * stream.time_base), partial(stored_picture, picture)


def _packets(container: Any, stream: Any) -> Generator[Any, None, None]:
    """Packets as far as they can be read, and None, which asks the decoder for the frames that it still has."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.error.FFmpegError:
        pass
    yield None


def stored_picture(frame: Any) -> Picture:
    """The picture of a frame that PyAV decoded; converted as OpenCV would where it cannot be left as it is stored."""
    if frame.format.name != _PLANAR_FORMAT:
        return np.asarray(frame.reformat(format="bgr24", interpolation="BICUBIC").to_ndarray(), dtype=np.uint8)
    return PlanarPicture(
        *(
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            for plane in frame.planes
        )
    )


def _open_capture(path: Path) -> cv2.VideoCapture:
    # Read by OpenCV whenever it opens a file: damaged films would otherwise write to the terminal.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _NO_FFMPEG_LOG)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise UnreadableVideoError
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _check_bytes(path: Path, limits: Limits) -> int:
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_SNIFF_BYTES)
    except OSError:
        raise UnreadableVideoError(
            "The file could not be opened. Check that it still exists and may be read."
        ) from None
    if not head:
        raise EmptyFileError
    if size_bytes > limits.max_bytes:
        raise TooLargeError(
            f"The file is larger than the limit of {limits.max_bytes / 1024**3:.3g} GiB. "
            "Trim the film or export it at a lower resolution."
        )
    return size_bytes


@contextmanager
def _open_container(path: Path) -> Iterator[Any]:
    """The container, or the error that fits what the file is instead."""
    av.logging.set_level(None)
    try:
        container = av.open(str(path), options={"format_whitelist": _CONTAINERS})
    except (av.error.FFmpegError, ValueError):
        if _looks_like_film(path):
            raise UnreadableVideoError from None
        raise NotAVideoError from None
    with container:
        yield container


def _film_stream(container: Any) -> Any:
    """The first video stream that is not the cover picture of a sound file."""
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        raise NotAVideoError
    if streams[0].codec_context is None or not streams[0].codec_context.width:
        raise UnreadableVideoError
    return streams[0]


def _looks_like_film(path: Path) -> bool:
    """Whether the first bytes are those of a film container, though it cannot be opened (cut off)."""
    with path.open("rb") as file:
        head = file.read(_SNIFF_BYTES)
    return (
        head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}
        or head.startswith((b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba"))
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
    )


def _promised_duration_s(container: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / _MICROSECONDS


def _check_duration(duration_s: float, limits: Limits) -> None:
    if duration_s > limits.max_duration_s:
        raise TooLargeError(
            f"The film is longer than the limit of {limits.max_duration_s / 60:.3g} minutes. "
            "Trim it to the eye movement task."
        )


def _check_sides(width_px: int, height_px: int, limits: Limits) -> None:
    if max(width_px, height_px) > limits.max_side_px:
        raise TooLargeError(
            f"The picture is {width_px} x {height_px} px; the longer side may have at most "
            f"{limits.max_side_px} px. Record or export it at 4K or less."
        )


def _first_frame_rotation(container: Any, stream: Any) -> int:
    """Degrees that the container wants the picture turned; decodes one frame to learn it."""
    try:
        for frame in container.decode(stream):
            return int(frame.rotation) % 360
    except av.error.FFmpegError:
        pass
    raise UnreadableVideoError
