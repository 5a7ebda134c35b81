"""Where things lie: the same keys in a local folder and in S3 (DESIGN: ``users/{user_id}/eye/{analysis_id}/...``).

Keys are made of checked codes only. A file name that a person gave never becomes part of a path; its
extension does, if it is a known one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from shared.errors import InvalidRequestError, NotFoundError

CSV_NAME: Final = "analysis_results.csv"
DOCUMENT_NAME: Final = "summary.json"
MANIFEST_NAME: Final = "manifest.json"
PARTIAL_NAME: Final = "partial_results.csv"
"""The trace of the first part of a film whose analysis ran out of time; no result, and never read as one."""
PLAYBACK_NAME: Final = "playback.mp4"
VIDEO_STEM: Final = "raw_video"
VIDEO_EXTENSIONS: Final = frozenset(
    {"mp4", "m4v", "mov", "avi", "webm", "mkv", "mpg", "mpeg", "3gp", "mts", "m2ts", "ts", "wmv", "ogv"}
)
OTHER_EXTENSION: Final = "bin"
"""For names without a known extension: the content, not the name, decides whether it is a video."""
ORIGINAL_SOURCE: Final = "original"
"""``Job.source`` of analyses by the published original, which kept a CSV and neither document nor manifest."""

_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY: Final = re.compile(r"users/[A-Za-z0-9_-]{1,64}/eye/[A-Za-z0-9_-]{1,64}/[a-z][a-z_]*\.[a-z0-9]{2,4}")
_LONGEST_FILE_NAME: Final = 120


def check_user_id(user_id: str) -> str:
    """Return the patient code if it is well formed.

    >>> check_user_id("P-017")
    'P-017'

    Raises:
        InvalidRequestError: anything but 1 to 64 letters, digits, hyphens and underscores.
    """
    if not _CODE.fullmatch(user_id):
        raise InvalidRequestError(
            "A patient code has 1 to 64 letters A-Z, digits, hyphens or underscores. Choose another code.",
            field="user_id",
        )
    return user_id


def check_analysis_id(analysis_id: str) -> str:
    """Return the identifier if it is well formed; a malformed one cannot exist, so it is *not found*.

    Raises:
        NotFoundError: not 1 to 64 letters, digits, hyphens and underscores.
    """
    if not _CODE.fullmatch(analysis_id):
        raise NotFoundError(field="analysis_id")
    return analysis_id


def analysis_prefix(user_id: str, analysis_id: str) -> str:
    """Key prefix of everything that belongs to one analysis, without a slash at the end."""
    return f"users/{check_user_id(user_id)}/eye/{check_analysis_id(analysis_id)}"


def video_key(user_id: str, analysis_id: str, file_name: str) -> str:
    """Key of the film; of ``file_name`` only a known extension is used.

    >>> video_key("P-017", "a1", "../../etc/My film.MOV")
    'users/P-017/eye/a1/raw_video.mov'
    """
    return f"{analysis_prefix(user_id, analysis_id)}/{VIDEO_STEM}.{video_extension(file_name)}"


def video_extension(file_name: str) -> str:
    """Known video extension of a file name in lower case, or ``bin``."""
    extension = file_name.rpartition(".")[2].lower()
    return extension if extension in VIDEO_EXTENSIONS else OTHER_EXTENSION


def display_name(file_name: str) -> str:
    """The last part of a file name as a person gave it, without folders and control characters, for showing only.

    >>> display_name("C:\\\\clips\\\\visit 2.mov")
    'visit 2.mov'
    """
    last_part = PureWindowsPath(PurePosixPath(file_name).name).name
    printable = "".join(character for character in last_part if character.isprintable()).strip()
    return printable[-_LONGEST_FILE_NAME:] or "video"


def check_key(key: str) -> str:
    """Return the key if this module could have made it.

    Raises:
        NotFoundError: it could not, so nothing can lie there.
    """
    if not _KEY.fullmatch(key):
        raise NotFoundError()
    return key
