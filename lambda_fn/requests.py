"""Requests, checked before anything is done with them.

Sizes are looked at before anything is decoded, and whose file it is before it is touched. A key in S3 belongs to the
user whose code stands in it: the role of the function could read every patient's films, its caller must not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambda_fn.errors import (
    MAX_SYNC_BYTES,
    ForbiddenError,
    PayloadTooLargeError,
    UnknownActionError,
    UnsupportedMediaTypeError,
)
from shared.adapters.aws_job_rows import params_hash
from shared.adapters.layout import check_user_id
from shared.adapters.settings import MIB
from shared.errors import InvalidRequestError, TooLargeError
from shared.parameters import Parameters
from shared.version import ANALYSIS_VERSION

ACTIONS: Final = ("analyze_image", "analyze_video", "create_upload", "get_status", "process_s3_file")
FIELDS: Final = (
    *("action", "user_id", "parameters", "file_data", "file_name", "s3_key", "s3_path", "bucket", "wait"),
    *("label", "recorded_at", "idempotency_key", "content_type", "size_bytes", "analysis_id"),
)
"""All that a request may hold; anything else in it is ignored."""
_LARGEST_BASE64: Final = 4 * math.ceil(MAX_SYNC_BYTES / 3)
_LARGEST_PARAMETERS: Final = 64 * 1024
_LONGEST_NAME: Final = 255
_LONGEST_KEY: Final = 512
_LONGEST_LABEL: Final = 120
_LATEST_S: Final = 253_402_300_799.0
"""End of the year 9999, epoch seconds."""
_UPLOAD_KEY: Final = re.compile(r"uploads/[^/]+/([A-Za-z0-9_-]{1,64})/source")
_FILED_KEY: Final = re.compile(r"users/[^/]+/eye/([A-Za-z0-9_-]{1,64})/raw_video\.[a-z0-9]{2,4}")
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_MEDIA_TYPE: Final = re.compile(r"video/[a-z0-9.+-]{1,60}|application/octet-stream")


@dataclass(frozen=True)
class AnalyzeImage:
    """One picture, in the request."""

    user_id: str
    content: bytes
    parameters: Parameters
    idempotency_key: str | None = None


@dataclass(frozen=True)
class AnalyzeVideo:
    """A short film, in the request."""

    user_id: str
    content: bytes
    file_name: str
    parameters: Parameters
    label: str = ""
    recorded_at: float | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class ProcessFile:
    """A film in the bucket. ``wait``: the caller of the function itself wants the result, not a promise."""

    user_id: str
    key: str
    file_name: str
    parameters: Parameters
    label: str = ""
    recorded_at: float | None = None
    wait: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True)
class CreateUpload:
    """A film that is to be uploaded."""

    user_id: str
    file_name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True)
class GetStatus:
    """How far is it."""

    user_id: str
    analysis_id: str


Request = AnalyzeImage | AnalyzeVideo | ProcessFile | CreateUpload | GetStatus


def read_request(
    body: Mapping[str, Any], *, bucket: str, max_bytes: int, idempotency_key: str | None = None
) -> Request:
    """Check a request.

    Args:
        body: as it was sent.
        bucket: the only bucket that may be named.
        max_bytes: largest film that may be uploaded.
        idempotency_key: of the request's header; one in the body counts too.

    Raises:
        InvalidRequestError, InvalidParameterError: with the field. ForbiddenError: another's file or bucket.
        PayloadTooLargeError, TooLargeError, UnsupportedMediaTypeError.
    """
    action = body.get("action")
    if action not in ACTIONS:
        raise UnknownActionError(f"The action must be one of: {', '.join(ACTIONS)}.", field="action")
    user_id = check_user_id(_text(body, "user_id", longest=_LONGEST_NAME))
    key = _idempotency_key(body, idempotency_key)
    if action == "get_status":
        return GetStatus(user_id, _text(body, "analysis_id", longest=_LONGEST_NAME))
    if action == "create_upload":
        return _create_upload(body, user_id, max_bytes)
    parameters = _parameters(body)
    if action == "analyze_image":
        return AnalyzeImage(user_id, _file_data(body), parameters, key)
    label, recorded_at = _label(body), _recorded_at(body)
    if action == "analyze_video":
        return AnalyzeVideo(user_id, _file_data(body), _file_name(body), parameters, label, recorded_at, key)
    source_key, wait = _key(body, user_id, bucket), body.get("wait") is True
    return ProcessFile(user_id, source_key, _file_name(body), parameters, label, recorded_at, wait, key)


def own_analysis_id(key: str) -> str | None:
    """The analysis that a key was made for, or None for a key of another form.

    >>> own_analysis_id("uploads/P-1/0f3a/source"), own_analysis_id("users/P-1/film.mp4")
    ('0f3a', None)
    """
    found = _UPLOAD_KEY.fullmatch(key) or _FILED_KEY.fullmatch(key)
    return found.group(1) if found else None


def check_key(key: str, user_id: str) -> str:
    """Return a key of this user's.

    Raises:
        InvalidRequestError: malformed. ForbiddenError: not of this user.
    """
    parts = key.split("/")
    if len(key) > _LONGEST_KEY or not key.isprintable() or "\\" in key or {"", ".", ".."} & set(parts):
        raise InvalidRequestError(
            "s3_key must be a plain key without '..' or empty parts. Use the key that create_upload returned.",
            field="s3_key",
        )
    if not key.startswith((f"uploads/{user_id}/", f"users/{user_id}/")):
        raise ForbiddenError(field="s3_key")
    return key


def request_hash(user_id: str, action: str, source: str, parameters: Parameters) -> str:
    """SHA-256 of what a request asks for: the same for the same request, until the analysis itself changes.

    Args:
        user_id: patient code.
        action: what is asked.
        source: what is to be analysed: the content's hash, or key and version.
        parameters: of the analysis.
    """
    asked = [user_id, action, source, params_hash(parameters.as_dict()), ANALYSIS_VERSION]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def derived_id(*parts: str) -> str:
    """An analysis id that follows from what is asked, in the form of a UUID."""
    return str(uuid.UUID(bytes=hashlib.sha256(json.dumps(parts).encode()).digest()[:16], version=5))


def _create_upload(body: Mapping[str, Any], user_id: str, max_bytes: int) -> CreateUpload:
    file_name = _file_name(body)
    content_type = _text(body, "content_type", longest=_LONGEST_NAME).lower()
    if not _MEDIA_TYPE.fullmatch(content_type):
        raise UnsupportedMediaTypeError(field="content_type")
    size_bytes = body.get("size_bytes")
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 1:
        raise InvalidRequestError("size_bytes must be the file's length in bytes, 1 or more.", field="size_bytes")
    if size_bytes > max_bytes:
        raise TooLargeError(
            f"The video is larger than {max_bytes / MIB:.0f} MiB, the limit here. "
            "Trim it or export it at a lower resolution.",
            field="size_bytes",
        )
    return CreateUpload(user_id, file_name, content_type, size_bytes)


def _parameters(body: Mapping[str, Any]) -> Parameters:
    given = body.get("parameters")
    if given is not None and not isinstance(given, dict):
        raise InvalidRequestError("parameters must be an object of names and values, or absent.", field="parameters")
    if given is not None and len(json.dumps(given)) > _LARGEST_PARAMETERS:
        raise InvalidRequestError("parameters are longer than 64 KB. Send fewer segments.", field="parameters")
    return Parameters.from_mapping(given)


def _file_data(body: Mapping[str, Any]) -> bytes:
    data = body.get("file_data")
    if not isinstance(data, str) or not data:
        raise InvalidRequestError("file_data is missing: send the file's bytes encoded in base64.", field="file_data")
    if len(data) > _LARGEST_BASE64:
        raise PayloadTooLargeError(field="file_data")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(
            "file_data is not valid base64. Encode the file's bytes with the standard alphabet (A-Z a-z 0-9 + /) "
            "and padding.",
            field="file_data",
        ) from None


def _key(body: Mapping[str, Any], user_id: str, bucket: str) -> str:
    path = body.get("s3_path")
    key = body.get("s3_key")
    named = body.get("bucket", bucket)
    if isinstance(path, str):
        if not path.startswith("s3://"):
            raise InvalidRequestError("s3_path must have the form s3://bucket/key.", field="s3_path")
        named, _, path_key = path.removeprefix("s3://").partition("/")
        if key is not None and key != path_key:
            raise InvalidRequestError("s3_key and s3_path name different files. Send one of them.", field="s3_key")
        key = path_key
    if not isinstance(key, str) or not key:
        raise InvalidRequestError("s3_key is missing: send the key that create_upload returned.", field="s3_key")
    if named != bucket:
        raise ForbiddenError(
            "Only files in this service's own bucket are analysed. Upload the file with create_upload first.",
            field="s3_path" if path is not None else "bucket",
        )
    return check_key(key, user_id)


def _file_name(body: Mapping[str, Any]) -> str:
    """The name as given, for showing only; the content decides what a file is."""
    name = body.get("file_name", "")
    if (
        not isinstance(name, str)
        or len(name) > _LONGEST_NAME
        or not name.isprintable()
        or ".." in name
        or {"/", "\\"} & set(name)
    ):
        raise InvalidRequestError(
            "file_name must be a plain file name of up to 255 characters, without folders and without '..'.",
            field="file_name",
        )
    return name


def _label(body: Mapping[str, Any]) -> str:
    label = body.get("label", "")
    if not isinstance(label, str) or len(label) > _LONGEST_LABEL or not label.isprintable():
        raise InvalidRequestError("label must be a text of up to 120 characters.", field="label")
    return label.strip()


def _recorded_at(body: Mapping[str, Any]) -> float | None:
    seconds = body.get("recorded_at")
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LATEST_S:
        raise InvalidRequestError("recorded_at must be a time in seconds since 1970 (UTC).", field="recorded_at")
    return float(seconds)


def _text(body: Mapping[str, Any], name: str, *, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidRequestError(f"{name} is missing: it must be a text of 1 to {longest} characters.", field=name)
    return value


def _idempotency_key(body: Mapping[str, Any], header: str | None) -> str | None:
    key = header if header is not None else body.get("idempotency_key")
    if key is None:
        return None
    if not isinstance(key, str) or not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequestError(
            "The idempotency key must be 1 to 128 visible ASCII characters.", field="idempotency_key"
        )
    return key
