"""Every error that can reach a person, drawn as a tree.

    EyeReviewError
    ├── InvalidRequestError        the caller can mend the request
    │   ├── InvalidParameterError  names field, value and bound
    │   └── NotFoundError          unknown patient, recording or analysis
    ├── UnreadableVideoError       the file cannot be measured at all
    │   ├── NotAVideoError         no video stream: a picture, a document, audio only
    │   ├── EmptyFileError         zero bytes
    │   ├── TooShortError          fewer frames than any measurement needs
    │   ├── TooLargeError          over a size, resolution or length cap
    │   └── UnreadableTableError   a CSV that is not a trace
    ├── CancelledError             the person stopped the analysis
    ├── ConflictError              the record was changed by someone else meanwhile
    ├── KernelsMissingError        this installation was never completed
    └── StorageError               disk, database or network; may work when tried again
        └── MeasuringStoppedError  a process that helps to measure is gone

Each class carries a stable ``code`` for programs and a ``user_message`` for people: one sentence that
says what is wrong, one that says what to do. Neither ever holds a path, a key or a patient datum.
A recording that can be read but not judged is no error: it is an *inconclusive* result with reasons.
"""

from __future__ import annotations

from typing import ClassVar


class EyeReviewError(Exception):
    """Root of all errors raised on purpose.

    Attributes:
        code: stable upper-case identifier, also used in HTTP answers and job records.
        user_message: what happened and what to do next, fit to show to a clinician.
        retryable: whether the same request may succeed later without a change.
        field: name of the offending request field, where there is one.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    retryable: ClassVar[bool] = False
    default_message: ClassVar[str] = "Something went wrong inside the program. Try again; if it recurs, report it."

    def __init__(self, user_message: str | None = None, *, field: str | None = None) -> None:
        self.user_message = user_message or self.default_message
        self.field = field
        super().__init__(self.user_message)


class InvalidRequestError(EyeReviewError):
    """The request is wrong and its sender can mend it."""

    code = "INVALID_REQUEST"
    default_message = "The request is not valid. Correct it and send it again."


class InvalidParameterError(InvalidRequestError):
    """A parameter is unknown, of the wrong type, out of bounds, or impossible at this frame rate."""

    code = "INVALID_PARAMETER"


class NotFoundError(InvalidRequestError):
    """No such patient, recording or analysis."""

    code = "NOT_FOUND"
    default_message = "There is no such record. It may have been deleted; go back to the list."


class UnreadableVideoError(EyeReviewError):
    """The file cannot be measured at all."""

    code = "UNREADABLE_VIDEO"
    default_message = "The video could not be read to its first frame. Export it again as MP4 (H.264) and upload that."


class NotAVideoError(UnreadableVideoError):
    """No decodable video stream: a picture, a document, or sound alone."""

    code = "NOT_A_VIDEO"
    default_message = "This file holds no video. Upload the film itself (MP4, MOV, AVI, WebM or MPEG)."


class EmptyFileError(UnreadableVideoError):
    """Zero bytes."""

    code = "EMPTY_FILE"
    default_message = "The file is empty (0 bytes). The copy or upload was cut off; upload it again."


class TooShortError(UnreadableVideoError):
    """Fewer frames than any measurement needs."""

    code = "TOO_SHORT"
    default_message = "The video has too few frames to measure movement. Record at least 10 seconds."


class TooLargeError(UnreadableVideoError):
    """Over a cap on bytes, pixels or duration."""

    code = "TOO_LARGE"
    default_message = "The video is larger than the stated limit. Trim it or export it at a lower resolution."


class UnreadableTableError(UnreadableVideoError):
    """A CSV that is not a trace of this program or of the original."""

    code = "UNREADABLE_TABLE"
    default_message = "This CSV is not an eye trace. Use the CSV that an analysis wrote."


class CancelledError(EyeReviewError):
    """A person stopped the analysis."""

    code = "CANCELLED"
    default_message = "The analysis was cancelled. The video is kept; start it again when you like."


class ConflictError(EyeReviewError):
    """The record was changed by someone else meanwhile."""

    code = "CONFLICT"
    default_message = "This record was changed meanwhile. Reload the page and try again."


class KernelsMissingError(EyeReviewError):
    """The measuring loops are not compiled, and there is no compiler to do it with."""

    code = "KERNELS_MISSING"
    default_message = (
        "The installation is not complete: the measuring part has not been compiled. "
        "Run make demo once, or install a C compiler, and try again."
    )


class StorageError(EyeReviewError):
    """Disk, database or network trouble that may pass."""

    code = "STORAGE_ERROR"
    retryable = True
    default_message = "The data could not be saved or read just now. Nothing already stored is lost; try again."


class MeasuringStoppedError(StorageError):
    """A process that helps to measure a film was ended from outside, most often for lack of memory."""

    default_message = (
        "A part of the program that measures the video was stopped, perhaps for lack of memory. "
        "The video is kept; close other programs and try again."
    )
