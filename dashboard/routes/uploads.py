"""HTTP for films on their way in. Streamlit's own uploader holds the whole film in memory; here it goes to disk.

    GET    /api/upload/{token}           where the upload stands: ``{"next", "size_bytes", "complete"}``
    PUT    /api/upload/{token}/{number}  one piece; 409 with ``next`` where another one is expected
    POST   /api/upload/{token}?size=N    all N bytes are sent; answers with their SHA-256
    DELETE /api/upload/{token}           throw away what came so far

The token is minted by the page (:mod:`dashboard.uploading.uploads`); without a known one, or from another site: 403.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.routes.access import PRIVATE_HEADERS, is_same_site
from dashboard.tokens import TokenRegistry
from dashboard.uploading.uploads import UPLOADS, Upload, WrongPieceError, too_large_message
from shared.errors import EmptyFileError, EyeReviewError, TooLargeError

_STATUS: Final = {TooLargeError.code: 413, EmptyFileError.code: 422, WrongPieceError.code: 409}
_NO_STORAGE: Final = 507


def upload_routes(uploads: TokenRegistry[Upload] = UPLOADS) -> list[Route]:
    """The routes above."""

    def admitted(request: Request) -> Upload | None:
        return uploads.open(request.path_params["token"]) if is_same_site(request) else None

    async def piece(request: Request) -> Response:
        upload = admitted(request)
        if upload is None:
            return _refusal()
        if upload.size_bytes + _announced_bytes(request) > upload.max_bytes:
            return _answer(413, message=too_large_message(upload.max_bytes))
        try:
            with upload.piece(request.path_params["number"]) as write:
                async for data in request.stream():
                    # A full disk cache holds a write up for seconds; the pages of others are served meanwhile.
                    await run_in_threadpool(write, data)
        except ClientDisconnect:
            return _answer(400, message=t("The connection broke off. Continue the upload."))
        except EyeReviewError as error:
            return _error(error)
        return _state(upload)

    async def whole(request: Request) -> Response:
        upload = admitted(request)
        if upload is None:
            return _refusal()
        if request.method == "DELETE":
            upload.restart()
        if request.method == "POST":
            try:
                film = upload.complete(_number(request.query_params.get("size")))
            except EyeReviewError as error:
                return _error(error)
            return _answer(200, size_bytes=film.size_bytes, sha256=film.sha256)
        return _state(upload)

    return [
        Route("/api/upload/{token}", whole, methods=["GET", "POST", "DELETE"]),
        Route("/api/upload/{token}/{number:int}", piece, methods=["PUT"]),
    ]


def _announced_bytes(request: Request) -> int:
    return _number(request.headers.get("content-length"))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else 0


def _state(upload: Upload) -> Response:
    return _answer(200, next=upload.next_piece, size_bytes=upload.size_bytes, complete=upload.is_complete)


def _refusal() -> Response:
    return _answer(403, message=t("This upload is no longer open. Reload the page and choose the film again."))


def _error(error: EyeReviewError) -> Response:
    content: dict[str, Any] = {"message": core(error.user_message)}
    if isinstance(error, WrongPieceError):
        content["next"] = error.expected
    return _answer(_STATUS.get(error.code, _NO_STORAGE), **content)


def _answer(status: int, **content: Any) -> Response:
    return JSONResponse(content, status, headers=PRIVATE_HEADERS)
