"""What the pages ask of the stores, free of Streamlit so that it can be tested without a page.

Light on purpose: the server starts with it. What reads traces is in :mod:`dashboard.review.reviews`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from dashboard.backends import Backend, CloudError, LocalBackend
from shared.adapters.layout import check_user_id
from shared.adapters.local import LocalStore
from shared.errors import ConflictError, EyeReviewError, InvalidParameterError, InvalidRequestError, NotFoundError
from shared.parameters import Parameters
from shared.ports import Job, JobStatus, Patient, StoredVideo
from shared.version import ANALYSIS_VERSION

if TYPE_CHECKING:
    from dashboard.uploading.uploads import Arrived
    from shared.adapters.aws import AwsStore

Place = Literal["local", "cloud"]
"""Where films lie and are analysed: on this machine, or at the deployed service. Never both at once."""
LOCAL: Final = "local"
CLOUD: Final = "cloud"
VIDEO_TYPES: Final = ("mp4", "mov", "m4v", "avi", "webm", "mkv", "mpg", "mpeg")
SILENCE_WORTH_MENTION_S: Final = 15.0
DEMO_SOURCE: Final = "demo"
_HISTORY_LIMIT: Final = 1000
_QUESTIONS_AT_ONCE: Final = 8


@dataclass(frozen=True)
class PatientRow:
    """One patient in the list. ``latest`` is the newest recording by date; None without any."""

    patient: Patient
    recordings: int
    latest: Job | None


@dataclass(frozen=True)
class ProgressView:
    """A job that is not finished, in terms of what a person wants to know.

    Attributes:
        stage: queued, reading, tracking, analysing or saving.
        fraction: of the frames, or None where the total is not known.
        elapsed_s: since it was asked for.
        silent_s: since the last news, where that is long enough to be worth a word; else None.
        stopping: a person asked to cancel and the worker has not yet stopped.
    """

    stage: str
    frames_done: int
    frames_total: int | None
    fraction: float | None
    elapsed_s: float
    silent_s: float | None
    stopping: bool


def progress_view(job: Job, now: float) -> ProgressView:
    """How far ``job`` is at ``now`` (epoch seconds)."""
    progress = job.progress
    total = progress.frames_total
    silent_s = now - job.updated_at
    waits = job.status is JobStatus.QUEUED
    return ProgressView(
        stage="queued" if waits else progress.stage,
        frames_done=progress.frames_done,
        frames_total=total,
        fraction=min(progress.frames_done / total, 1.0) if total and not waits else None,
        elapsed_s=max(now - job.created_at, 0.0),
        silent_s=silent_s if silent_s >= SILENCE_WORTH_MENTION_S else None,
        stopping=job.cancel_requested,
    )


def is_open(job: Job) -> bool:
    """Whether the job still waits or runs."""
    return job.status in {JobStatus.QUEUED, JobStatus.RUNNING}


def status_of(job: Job) -> str:
    """The screening result of a completed job, else the state of the job (``queued``, ``failed`` ...)."""
    if job.status is JobStatus.COMPLETED and job.summary:
        return str(job.summary["psp_status"])
    return job.status.value


def recorded_at(day: date) -> float:
    """Noon of the day, UTC, epoch seconds: the same date wherever it is read."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()


def day_of(epoch_s: float) -> date:
    """The date that :func:`recorded_at` was given."""
    return datetime.fromtimestamp(epoch_s, UTC).date()


def metrics_of(summary: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The metrics of a summary by name, in their order."""
    metrics: Mapping[str, Mapping[str, Any]] = summary.get("metrics", {})
    return metrics


def metric_value(summary: Mapping[str, Any], name: str) -> float | None:
    """Value of one metric; None where not measured or not known to that version."""
    value = metrics_of(summary).get(name, {}).get("value")
    return None if value is None else float(value)


def is_comparable(job: Job) -> bool:
    """Whether the numbers of a completed job come from the analysis version that runs here."""
    return job.analysis_version == ANALYSIS_VERSION


@dataclass(frozen=True)
class WaitingFilm:
    """A film that was uploaded to the cloud by something else than this dashboard; when, in epoch seconds."""

    key: str
    size_bytes: int
    uploaded_at: float


class _Counted:
    """A film being read, which tells how much of it was."""

    def __init__(self, stream: BinaryIO, progress: Callable[[int], None]) -> None:
        self._stream = stream
        self._progress = progress
        self._size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._stream.read(size)
        self._size_bytes += len(chunk)
        self._progress(self._size_bytes)
        return chunk


def asks_the_same(job: Job, parameters: Parameters) -> bool:
    """Whether a job was asked for with these parameters."""
    try:
        return Parameters.from_mapping(job.parameters) == parameters
    except InvalidParameterError:
        return False  # asked for by an older program


def _queued(
    *,
    code: str,
    video: StoredVideo,
    parameters: Parameters,
    day: date,
    label: str,
    now: float,
    source: str,
    analysis_id: str,
) -> Job:
    return Job(
        analysis_id=analysis_id,
        user_id=code,
        video=video,
        parameters=parameters.as_dict(),
        status=JobStatus.QUEUED,
        created_at=now,
        updated_at=now,
        recorded_at=recorded_at(day),
        source=source,
        label=label.strip(),
    )


class Services:
    """The dashboard's questions to one store, and to who analyses what lies in it."""

    def __init__(self, store: LocalStore | AwsStore, backend: Backend | None = None) -> None:
        """Serve from a store.

        Args:
            store: of this machine or of the cloud.
            backend: who analyses; the worker on this machine where None.
        """
        self.store = store
        self._backend: Backend = backend or LocalBackend(store.jobs)
        self.place: Place = LOCAL if isinstance(store, LocalStore) else CLOUD

    def patients(self, text: str = "") -> list[PatientRow]:
        """Patients whose code or note contains ``text``, with their latest recording."""
        patients = list(self.store.patients.search(text))
        # In the cloud each history is a question of its own: asked side by side, a long list does not take long.
        with ThreadPoolExecutor(_QUESTIONS_AT_ONCE if self.place == CLOUD else 1) as pool:
            histories = list(pool.map(self.history, [patient.user_id for patient in patients]))
        return [
            PatientRow(patient, len(history), history[0] if history else None)
            for patient, history in zip(patients, histories, strict=True)
        ]

    def patient_codes(self) -> list[str]:
        """Codes of all patients, newest first."""
        return [patient.user_id for patient in self.store.patients.search("", limit=10_000)]

    def add_patient(self, code: str, note: str, *, now: float) -> Patient:
        """Add a patient.

        Raises:
            ConflictError: the code is taken. InvalidRequestError: not a valid code.
        """
        patient = Patient(code.strip(), note.strip(), now)
        try:
            self.store.patients.add(patient)
        except ConflictError:
            raise ConflictError("There is already a patient with this code. Choose that one from the list.") from None
        return patient

    def ensure_patient(self, code: str, *, now: float) -> None:
        """Add the patient unless there already. Raises InvalidRequestError for a malformed code."""
        try:
            self.store.patients.get(code)
        except NotFoundError:
            self.store.patients.add(Patient(code, "", now))

    def history(self, code: str) -> list[Job]:
        """A patient's analyses, newest recording first; ones being deleted are left out."""
        jobs = self.store.jobs.history(code, limit=_HISTORY_LIMIT)
        return [job for job in jobs if job.status is not JobStatus.DELETING]

    def same_analysis(self, code: str, film: Arrived, parameters: Parameters) -> Job | None:
        """The newest analysis of these very bytes with these parameters, done or under way; None without one.

        One that failed or was cancelled does not count: the film deserves another try.
        """
        for job in self.history(code):
            wanted = is_open(job) or job.status is JobStatus.COMPLETED
            if not wanted or job.video.size_bytes != film.size_bytes or not asks_the_same(job, parameters):
                continue
            if self._sha256_of(job) == film.sha256:
                return job
        return None

    def _sha256_of(self, job: Job) -> str:
        """Of the film's bytes; the cloud service notes it in the result, so it is empty before there is one."""
        if job.video.sha256 or job.status is not JobStatus.COMPLETED:
            return job.video.sha256
        try:
            return str(self.store.results.document(job.user_id, job.analysis_id)["sha256"])
        except EyeReviewError:
            return ""  # a result of the published original, or one that cannot be read just now

    def demo_cases(self) -> list[Job]:
        """The demo recordings in this store, in the order in which they are presented."""
        jobs = [
            job
            for patient in self.store.patients.search("demo")
            for job in self.history(patient.user_id)
            if job.source == DEMO_SOURCE
        ]
        return sorted(jobs, key=lambda job: (job.created_at, job.analysis_id))

    def submit(
        self,
        *,
        code: str,
        file_name: str,
        stream: BinaryIO,
        day: date,
        parameters: Mapping[str, Any],
        label: str,
        now: float,
        source: str = "local",
        analysis_id: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Job:
        """Keep a film and ask for its analysis.

        Args:
            code: the patient.
            file_name: as given, for showing.
            stream: the film.
            day: of the recording.
            parameters: of the analysis, unchecked.
            label: note on the recording.
            now: epoch seconds.
            source: where it is analysed; the cloud service says its own.
            analysis_id: a new one where None.
            progress: told how many bytes of the film have been read.

        Raises:
            InvalidParameterError, InvalidRequestError: before anything is stored.
            EmptyFileError, TooLargeError, StorageError: the film could not be kept.
            CloudError: the cloud service could not be reached, or refused.
        """
        checked = Parameters.from_mapping(parameters)
        if not code:
            raise InvalidRequestError("Choose a patient or type a new patient code.", field="user_id")
        self.ensure_patient(code, now=now)
        new_id = analysis_id or uuid.uuid4().hex
        counted: Any = _Counted(stream, progress) if progress else stream
        video = self.store.videos.put(code, new_id, file_name, counted)
        try:
            return self._backend.start(
                _queued(
                    analysis_id=new_id,
                    code=code,
                    video=video,
                    parameters=checked,
                    day=day,
                    label=label,
                    now=now,
                    source=source,
                )
            )
        except CloudError as error:
            if error.is_settled:  # the service certainly did not take the film: nothing of it is left behind
                self.store.videos.delete(video)
            raise

    def uploads(self, code: str) -> list[WaitingFilm]:
        """Films of a patient that an app or a script uploaded to the cloud, newest first; none on this machine."""
        if isinstance(self.store, LocalStore):
            return []
        try:
            prefix = f"uploads/{check_user_id(code)}/"
        except InvalidRequestError:
            return []  # a code that is still being typed
        found = self.store.bucket.keys(prefix, limit=_HISTORY_LIMIT)
        films = [WaitingFilm(entry.key, entry.size_bytes, entry.modified_at) for entry in found]
        return sorted(films, key=lambda film: film.uploaded_at, reverse=True)

    def analyse_upload(
        self, film: WaitingFilm, *, code: str, day: date, parameters: Mapping[str, Any], label: str, now: float
    ) -> Job:
        """Ask for the analysis of a film that lies in the cloud already.

        Raises:
            InvalidParameterError: before anything is asked. CloudError: the service did not take it.
        """
        checked = Parameters.from_mapping(parameters)
        self.ensure_patient(code, now=now)
        video = StoredVideo(film.key, "", film.size_bytes, "")
        return self._backend.start(
            _queued(
                analysis_id=uuid.uuid4().hex,  # the service names the analysis after its upload
                code=code,
                video=video,
                parameters=checked,
                day=day,
                label=label,
                now=now,
                source="lambda",
            )
        )

    def reanalyse(self, job: Job, *, now: float) -> Job:
        """Analyse the film of a finished recording anew, at the version that runs here; the old result stays.

        Raises:
            NotFoundError: the film is no longer there. InvalidParameterError: its parameters no longer hold.
        """
        with self.store.videos.local_path(job.video).open("rb") as stream:
            return self.submit(
                code=job.user_id,
                file_name=job.video.file_name,
                stream=stream,
                day=day_of(job.recorded_at),
                parameters=job.parameters,
                label=job.label,
                now=now,
                source=job.source,
            )

    def job(self, analysis_id: str) -> Job:
        """The job. Raises NotFoundError for an unknown or malformed id."""
        return self.store.jobs.get(analysis_id)

    def cancel(self, analysis_id: str, *, now: float) -> None:
        """Ask to stop."""
        self.store.jobs.request_cancel(analysis_id, now=now)

    def retry(self, analysis_id: str, *, now: float) -> None:
        """Queue a failed job again; no error where someone else already did. Raises CloudError."""
        self._backend.retry(self.store.jobs.get(analysis_id), now=now)
