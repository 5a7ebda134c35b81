"""Many films at once: each arrives by an upload of its own, is kept under its patient's code and queued for analysis.

Free of Streamlit; the browser reaches a batch over :mod:`dashboard.routes.batches`. What was taken lies in the store,
so the analysis goes on without the page; the batch only remembers which file of the browser became which analysis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.services import Services, asks_the_same, day_of, is_open, progress_view, status_of
from dashboard.tokens import TokenRegistry
from dashboard.uploading.uploads import UPLOADS, Arrived, Upload
from shared.adapters.layout import display_name
from shared.errors import ConflictError, EyeReviewError, InvalidRequestError
from shared.parameters import Parameters
from shared.ports import Job, JobStatus

_ASKED_AT_ONCE: Final = 20
"""Most analyses whose state is read for one answer; the others keep what was known and come next."""
_LONGEST_TEXT: Final = 1000
_EARLIEST: Final = date(1900, 1, 1)


@dataclass(frozen=True)
class Taken:
    """One film that a batch has taken.

    Attributes:
        key: the browser's name for the file.
        sha256: of its bytes.
        is_repeated: the same film was there already with the same parameters, so nothing new was asked for.
        job: its analysis as last read.
        read_at: when that was, in seconds of the batch's clock.
    """

    key: str
    name: str
    sha256: str
    is_repeated: bool
    job: Job
    read_at: float


@dataclass(frozen=True)
class Wish:
    """What the browser says about a film that has arrived, checked.

    Attributes:
        key: the browser's name for the file.
        token: of its upload.
        name: file name, for showing.
        code: the patient.
        day: of the recording.
        label: note on it.
        parameters: of the analysis, unchecked.
    """

    key: str
    token: str
    name: str
    code: str
    day: date
    label: str
    parameters: Mapping[str, Any]


class Batch:
    """The films of one page. Safe to use from several threads; films are taken one after the other."""

    def __init__(
        self,
        services: Services,
        folder: Path,
        *,
        max_bytes: int,
        uploads: TokenRegistry[Upload] = UPLOADS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open an empty batch.

        Args:
            services: where films go.
            folder: where unfinished uploads lie.
            max_bytes: cap of one film.
            uploads: their tokens.
            clock: epoch seconds.
        """
        self._services = services
        self._folder = folder
        self._max_bytes = max_bytes
        self._uploads = uploads
        self._clock = clock
        self._taken: dict[str, Taken] = {}
        self._one_at_a_time = threading.Lock()

    def new_upload(self) -> str:
        """Token of an upload for the next film."""
        return self._uploads.mint(Upload(self._folder, max_bytes=self._max_bytes))

    def take(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a film that has arrived and ask for its analysis; asked twice, it is done once.

        Args:
            content: of the browser; see :func:`checked_wish`.

        Returns:
            The film's row, as in :meth:`rows`.

        Raises:
            InvalidRequestError, InvalidParameterError: before anything is kept.
            ConflictError: its upload is gone, or the same film was sent for another patient.
            EmptyFileError, TooLargeError, StorageError, CloudError: it could not be kept.
        """
        wish = checked_wish(content, today=datetime.fromtimestamp(self._clock(), UTC).date())
        with self._one_at_a_time:
            taken = self._taken.get(wish.key)
            if taken is None:
                taken = self._taken[wish.key] = self._take(wish)
        return self._row(taken)

    def _take(self, wish: Wish) -> Taken:
        upload = self._uploads.open(wish.token)
        if upload is None:
            raise ConflictError(t("The uploaded film is no longer here. Choose it again."))
        arrived = upload.arrived()
        self._refuse_under_another_code(wish, arrived)
        known = self._known(wish, arrived)
        job = known or self._submit(wish, upload)
        self._uploads.forget(wish.token)
        upload.remove()
        return Taken(wish.key, wish.name, arrived.sha256, known is not None, job, self._clock())

    def _known(self, wish: Wish, arrived: Arrived) -> Job | None:
        """An analysis that makes another one needless, of this batch or of the store."""
        parameters = Parameters.from_mapping(wish.parameters)
        for taken in self._taken.values():
            hopeful = is_open(taken.job) or taken.job.status is JobStatus.COMPLETED
            if hopeful and taken.sha256 == arrived.sha256 and asks_the_same(taken.job, parameters):
                return taken.job
        return self._services.same_analysis(wish.code, arrived, parameters)

    def _refuse_under_another_code(self, wish: Wish, arrived: Arrived) -> None:
        """A copy that strayed into another patient's folder would become that patient's result."""
        for taken in self._taken.values():
            if taken.sha256 == arrived.sha256 and taken.job.user_id != wish.code:
                raise ConflictError(
                    t(
                        "The same film was sent for patient {code} just before. Find out whose it is, and correct the "
                        "code.",
                        code=taken.job.user_id,
                    )
                )

    def _submit(self, wish: Wish, upload: Upload) -> Job:
        with upload.stream() as stream:
            return self._services.submit(
                code=wish.code,
                file_name=wish.name,
                stream=stream,
                day=wish.day,
                parameters=wish.parameters,
                label=wish.label,
                now=self._clock(),
            )

    def rows(self) -> list[dict[str, Any]]:
        """Every film taken, with the state of its analysis.

        Keys: ``key``, ``name``, ``size_bytes``, ``code``, ``day``, ``analysis``, ``repeated``, ``status`` (as
        :func:`dashboard.services.status_of` gives it), ``open``, ``fraction``, ``message``.
        A film whose analysis was deleted meanwhile is left out.
        """
        self._refresh()
        return [self._row(taken) for taken in tuple(self._taken.values())]

    def cancel(self) -> list[dict[str, Any]]:
        """Ask to stop every analysis of this batch that waits or runs, except those that others asked for."""
        for taken in tuple(self._taken.values()):
            if is_open(taken.job) and not taken.is_repeated:
                self._services.cancel(taken.job.analysis_id, now=self._clock())
                self._read(taken)
        return self.rows()

    def forget(self) -> list[dict[str, Any]]:
        """Begin anew; the analyses that were asked for go on. The rows: none."""
        self._taken.clear()
        return self.rows()

    def _refresh(self) -> None:
        waiting = sorted((taken for taken in self._taken.values() if is_open(taken.job)), key=lambda one: one.read_at)
        for taken in waiting[:_ASKED_AT_ONCE]:
            self._read(taken)

    def _read(self, taken: Taken) -> None:
        try:
            job = self._services.job(taken.job.analysis_id)
        except EyeReviewError as error:
            if not error.retryable:
                self._taken.pop(taken.key, None)
            return
        if taken.key in self._taken:
            self._taken[taken.key] = replace(taken, job=job, read_at=self._clock())

    def _row(self, taken: Taken) -> dict[str, Any]:
        job = taken.job
        return {
            "key": taken.key,
            "name": taken.name,
            "size_bytes": job.video.size_bytes,
            "code": job.user_id,
            "day": day_of(job.recorded_at).isoformat(),
            "analysis": job.analysis_id,
            "repeated": taken.is_repeated,
            "status": status_of(job),
            "open": is_open(job),
            "fraction": progress_view(job, self._clock()).fraction if is_open(job) else None,
            "message": core(job.error.message) if job.error else "",
        }


def checked_wish(content: Mapping[str, Any], *, today: date) -> Wish:
    """The browser's JSON: ``key``, ``upload``, ``name``, ``code``, ``day`` (ISO), ``label``, ``parameters``.

    Raises:
        InvalidRequestError: of another form, or the date cannot be one of a recording.
    """
    texts = {name: content.get(name) for name in ("key", "upload", "name", "code", "day", "label")}
    parameters = content.get("parameters")
    if not isinstance(parameters, dict) or not all(
        isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts.values()
    ):
        raise InvalidRequestError(t("The film could not be taken. Reload the page and choose it again."))
    return Wish(
        key=str(texts["key"]),
        token=str(texts["upload"]),
        name=display_name(str(texts["name"])),
        code=str(texts["code"]).strip(),
        day=_checked_day(str(texts["day"]), today),
        label=str(texts["label"]),
        parameters=parameters,
    )


def _checked_day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if not _EARLIEST <= day <= today:
        raise InvalidRequestError(t("The date of the recording is not a day up to today. Correct it."), field="day")
    return day


BATCHES: Final[TokenRegistry[Batch]] = TokenRegistry()
"""Batches that pages and routes of one server process share."""
