"""A copy of a film that every browser plays: H.264 in MP4, the same pictures at the same times.

Phones film HEVC, hospital systems export AVI and MPEG; few browsers play those. The copy is for looking at, never
for measuring. It holds no sound: a voice is a patient datum that nobody needs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from shared.errors import NotAVideoError
from shared.model import VideoMeta

_PLAYED_CODECS: Final = {
    "mov": {"h264", "vp9", "av1"},
    "mp4": {"h264", "vp9", "av1"},
    "matroska": {"vp8", "vp9", "av1"},
    "webm": {"vp8", "vp9", "av1"},
}
"""Container -> codecs that browsers in common use play in it. A WebM calls itself ``matroska``, its superset."""
LONGEST_SIDE_PX: Final = 1280
_TIME_BASE: Final = Fraction(1, 90_000)
_CLOSED_GROUP_FRAMES: Final = 30
"""A key frame at least this often, so that stepping back through the film stays quick."""


def needs_proxy(meta: VideoMeta) -> bool:
    """Whether browsers in common use fail to play such a film.

    >>> needs_proxy(VideoMeta(1920, 1080, 300, 10.0, 30.0, codec="hevc", container="mov,mp4,m4a"))
    True
    >>> needs_proxy(VideoMeta(1920, 1080, 300, 10.0, 30.0, codec="h264", container="mov,mp4,m4a"))
    False
    """
    return not any(meta.codec in _PLAYED_CODECS.get(name, ()) for name in meta.container.split(","))


def write_proxy(source: Path, target: Path, *, progress: Callable[[int], None] | None = None) -> None:
    """Write a browser-playable copy: same frames and time stamps from the first frame, upright, without sound.

    Pictures with a side over 1280 px are made smaller. ``target`` is replaced; its name needs no extension.
    ``progress`` is told the number of frames done.

    Raises:
        NotAVideoError: ``source`` has no frame that can be decoded.
        av.FFmpegError: the film breaks off in a way that the decoder cannot skip, or ``target`` cannot be written.
    """
    with av.open(str(source)) as reader, av.open(str(target), "w", format="mp4", options=_FROM_START) as writer:
        if not reader.streams.video:
            raise NotAVideoError()
        reader.streams.video[0].thread_type = "AUTO"
        encoder: av.VideoStream | None = None
        for frames_done, frame in enumerate(_upright_frames(reader), start=1):
            if encoder is None:
                encoder = _encoder(writer, frame)
            writer.mux(encoder.encode(frame))
            if progress is not None:
                progress(frames_done)
        if encoder is None:
            raise NotAVideoError()
        writer.mux(encoder.encode(None))


_FROM_START: Final = {"movflags": "+faststart"}


def _encoder(writer: av.container.OutputContainer, first: av.VideoFrame) -> av.VideoStream:
    stream = writer.add_stream("libx264", options={"preset": "veryfast", "crf": "21", "bf": "0"})
    stream.width, stream.height = first.width, first.height
    stream.pix_fmt = "yuv420p"
    stream.gop_size = _CLOSED_GROUP_FRAMES
    stream.time_base = stream.codec_context.time_base = _TIME_BASE
    return stream


def _upright_frames(reader: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Frames of even size, turned upright, stamped from 0 in ``_TIME_BASE`` with strictly increasing times."""
    first_time: Fraction | None = None
    last_stamp = -1
    size: tuple[int, int] | None = None
    for frame in reader.decode(video=0):
        if frame.pts is None or frame.time_base is None:
            continue
        time = frame.pts * frame.time_base
        first_time = time if first_time is None else first_time
        stamp = max(round((time - first_time) / _TIME_BASE), last_stamp + 1)
        last_stamp = stamp
        size = size or _even_size(frame.width, frame.height)
        picture = _turned(frame.reformat(*size, format="yuv420p"), frame.rotation)
        picture.pts, picture.time_base = stamp, _TIME_BASE
        picture.pict_type = av.video.frame.PictureType.NONE  # the encoder chooses its own key frames
        yield picture


def _even_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Size with no side over the longest allowed and both sides even, as the pixel format demands."""
    scale = min(1.0, LONGEST_SIDE_PX / max(width_px, height_px))
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


def _turned(frame: av.VideoFrame, rotation_deg: int) -> av.VideoFrame:
    """The frame after the counter-clockwise rotation that its display matrix asks for."""
    quarter_turns = round(rotation_deg / 90) % 4
    if quarter_turns == 0:
        return frame
    turned = np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns).astype(np.uint8, order="C")
    return av.VideoFrame.from_ndarray(turned, format="rgb24").reformat(format="yuv420p")
