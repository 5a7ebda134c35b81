"""Errors that only a service has, and which HTTP status each error of the program is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.adapters.settings import MIB
from shared.errors import EyeReviewError, InvalidRequestError

MAX_SYNC_BYTES: Final = 4_400_000
"""Largest file inside a request: as base64 with the gateway's envelope it stays under Lambda's 6 MB."""
MAX_BODY_CHARACTERS: Final = 6 * MIB
_HOW_ELSE: Final = (
    "The request is larger than the {limit:.1f} MB that fit into one call. Call create_upload, upload the file to the "
    "address it returns, then call process_s3_file with its s3_key."
)


class UnknownActionError(InvalidRequestError):
    """No such action."""

    code = "UNKNOWN_ACTION"


class ForbiddenError(EyeReviewError):
    """Someone else's file, or a place that is not ours."""

    code = "FORBIDDEN"
    default_message = "This file is not this user's. Use a key that create_upload returned for the same user_id."


class PayloadTooLargeError(EyeReviewError):
    """Too large for one call."""

    code = "PAYLOAD_TOO_LARGE"
    default_message = _HOW_ELSE.format(limit=MAX_SYNC_BYTES / 1e6)


class UnsupportedMediaTypeError(EyeReviewError):
    """Not a kind of file that is taken."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    default_message = "Only films are taken: content_type must begin with video/, or be application/octet-stream."


class MethodNotAllowedError(EyeReviewError):
    """Neither GET, POST nor OPTIONS."""

    code = "METHOD_NOT_ALLOWED"
    default_message = "Use GET for the state of the service and POST for everything else."


STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "INVALID_REQUEST": 400,
    "INVALID_PARAMETER": 400,
    "UNKNOWN_ACTION": 400,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "CANCELLED": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "NOT_A_VIDEO": 415,
    "NOT_AN_IMAGE": 415,
    "UNREADABLE_VIDEO": 422,
    "EMPTY_FILE": 422,
    "TOO_SHORT": 422,
    "TIME_LIMIT": 422,
    "TOO_MANY_REQUESTS": 429,
}
"""All others are 500."""


def status_of(code: str) -> int:
    """HTTP status of an error code."""
    return STATUS_OF_CODE.get(code, 500)


def error_body(code: str, message: str, *, field: str | None, request_id: str) -> dict[str, Any]:
    """The body of a refused request."""
    described: dict[str, Any] = {"code": code, "message": message, "request_id": request_id}
    if field is not None:
        described["field"] = field
    return {"error": described, "status": "error"}
