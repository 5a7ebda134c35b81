"""The dashboard on the deployed service: films go to S3, jobs through the API, results and history come from there.

Imported only where the cloud is configured, so that a dashboard of this machine alone starts without its libraries.
"""

from __future__ import annotations

from typing import Any

from dashboard.cloud.api import CloudApi
from dashboard.services import Services
from shared.adapters.aws import AwsStore, open_aws_store
from shared.adapters.settings import Settings
from shared.errors import InvalidRequestError
from shared.ports import Job

CACHE_NAME = "films-from-the-cloud"


class CloudBackend:
    """The deployed service, which writes the job's row itself."""

    def __init__(self, store: AwsStore, api: CloudApi) -> None:
        self._store = store
        self._api = api

    def start(self, job: Job) -> Job:
        """Ask the service to analyse the film, which lies in the bucket already.

        Raises:
            CloudError: the service could not be reached, or refused.
        """
        answer = self._ask(job, job.video.key)
        return self._store.jobs.get(str(answer["analysis_id"]))

    def retry(self, job: Job, *, now: float) -> None:
        """Send the request of a failed job again; the service's own clock counts. Raises CloudError."""
        del now
        origin = self._store.jobs.origin(job.analysis_id)
        self._ask(job, origin.source_key or job.video.key)

    def _ask(self, job: Job, key: str) -> dict[str, Any]:
        return self._api.ask(
            "process_s3_file",
            user_id=job.user_id,
            s3_key=key,
            file_name=job.video.file_name,
            parameters=dict(job.parameters),
            label=job.label,
            recorded_at=job.recorded_at,
        )


def open_cloud_services(settings: Settings) -> Services:
    """The services on the configured bucket, table and address; nothing is sent yet.

    Raises:
        InvalidRequestError: one of them is not configured.
    """
    if settings.api_url is None:
        raise InvalidRequestError("Set API_URL to the address of the deployed service.", field="API_URL")
    # Films fetched for viewing hold faces: they lie where this machine's own films lie, for its owner alone.
    store = open_aws_store(settings, cache_folder=settings.data_folder / CACHE_NAME)
    return Services(store, CloudBackend(store, CloudApi(settings.api_url, settings.api_key)))
