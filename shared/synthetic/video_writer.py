"""Writes frames into a video file with exactly the time stamps they have."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from shared.model import FloatArray
from shared.synthetic.portrait import Image

TICKS_PER_S: Final = 90_000
"""Clock of the time stamps: divides 24, 25, 30, 50, 60, 120 and 240 frames/s evenly."""

_CODECS: Final = {
    ".mp4": ("libx264", "yuv420p"),
    ".mov": ("libx264", "yuv420p"),
    ".webm": ("libvpx-vp9", "yuv420p"),
    ".avi": ("mjpeg", "yuvj420p"),
}
_ROTATIONS: Final = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def write_video(
    path: Path,
    frames: Iterable[Image],
    time_s: FloatArray,
    *,
    crf: int = 23,
    keyframe_every: int = 60,
    rotation_deg: int = 0,
) -> Path:
    """Encode frames; the file's ending chooses container and codec (mp4 and mov H.264, webm VP9, avi Motion JPEG).

    AVI knows no time stamps: there frames are written at the mean rate.

    Args:
        path: file to write; replaced where it exists.
        frames: BGR pictures of one size, both sides even.
        time_s: one presentation time a frame, strictly increasing.
        crf: quality, lower is better and larger.
        keyframe_every: frames between key frames.
        rotation_deg: rotation that a player shall apply clockwise, written into an MP4's or MOV's header only.

    Returns:
        ``path``.
    """
    codec, pixel_format = _CODECS[path.suffix.lower()]
    has_stamps = path.suffix.lower() != ".avi"
    mean_rate = (len(time_s) - 1) / float(time_s[-1] - time_s[0]) if len(time_s) > 1 else 30.0
    clock = Fraction(1, TICKS_PER_S) if has_stamps else 1 / Fraction(mean_rate).limit_denominator(1001)
    stamps = np.round(time_s * TICKS_PER_S).astype(np.int64) if has_stamps else np.arange(len(time_s))
    options = {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(mean_rate).limit_denominator(1001))
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{codec} is no video codec")
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = clock
        stream.codec_context.gop_size = keyframe_every
        stream.options = dict(_encoder_options(codec, crf))
        for stamp, image in zip(stamps, frames, strict=True):
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            picture.pts, picture.time_base = int(stamp), clock
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    if rotation_deg:
        _write_rotation(path, rotation_deg)
    return path


def _encoder_options(codec: str, crf: int) -> dict[str, object]:
    if codec == "libx264":
        # B frames shift the first decoding stamp below zero, which some readers show as a late start.
        return {"crf": str(crf), "preset": "fast", "bf": "0", "threads": "2"}
    if codec == "libvpx-vp9":
        return {"crf": str(crf), "b": "0", "deadline": "realtime", "cpu-used": "8"}
    return {"qscale": "3"}


def _write_rotation(path: Path, rotation_deg: int) -> None:
    """Put the display matrix into the first video track header: phones turn their films this way."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd")
    matrix_at = header + 4 + (40 if data[header + 4] == 0 else 52)
    a, b, c, d = (value * 65536 for value in _ROTATIONS[rotation_deg])
    struct.pack_into(">9i", data, matrix_at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))
