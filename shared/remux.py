"""A browser's recording made whole: the same pictures in a file that says how long it is and can be searched.

``MediaRecorder`` writes as it goes, so its files state no duration and hold no index: players show no length and cannot
jump. Nothing is encoded anew; the times of the frames stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av

from shared.errors import NotAVideoError, UnreadableVideoError

_FORMATS: Final = {"matroska": "webm", "webm": "webm", "mov": "mp4", "mp4": "mp4"}
_WEBM_CODECS: Final = {"vp8", "vp9", "av1"}


def with_index(source: Path, folder: Path, stem: str) -> Path:
    """Copy the pictures of ``source`` into ``folder/stem.webm`` (or ``.mp4``, ``.mkv``), with duration and index.

    Sound is left out: a voice is a patient datum that nobody needs here.

    Returns:
        The new file.

    Raises:
        NotAVideoError: no film in it. UnreadableVideoError: it is broken.
    """
    try:
        with av.open(str(source)) as reader:
            if not reader.streams.video:
                raise NotAVideoError
            stream = reader.streams.video[0]
            target = folder / f"{stem}.{_extension(reader.format.name, stream.codec_context.name)}"
            with av.open(str(target), "w", format=_format(target)) as writer:
                copy = writer.add_stream_from_template(stream)
                for packet in reader.demux(stream):
                    if packet.pts is not None:
                        packet.stream = copy
                        writer.mux(packet)
    except av.error.FFmpegError:
        raise UnreadableVideoError from None
    return target


def _extension(container: str, codec: str) -> str:
    extension = _FORMATS.get(container.split(",", maxsplit=1)[0], "mkv")
    return "mkv" if extension == "webm" and codec not in _WEBM_CODECS else extension


def _format(target: Path) -> str:
    return {".mkv": "matroska"}.get(target.suffix, target.suffix[1:])
