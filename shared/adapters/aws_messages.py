"""What is passed on: jobs to the queue, requests to the function that analyses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

from shared.adapters.aws_clients import cloud_errors, connect, error_code
from shared.adapters.settings import Settings
from shared.errors import EyeReviewError, StorageError

RUN_JOB: Final = "run_job"
ANSWER_WITHIN_S: Final = 26.0
"""Under the 29 s after which the gateway itself gives up."""


class NoAnswerYet(Exception):  # noqa: N818 - not an error: the work goes on
    """The function still works on the request."""


class JobQueue:
    """The queue that feeds the worker."""

    def __init__(self, settings: Settings, queue_url: str) -> None:
        self._client = connect("sqs", settings)
        self._queue_url = queue_url

    def send(self, analysis_id: str) -> None:
        """Ask for a job to be worked on; a job asked for twice is done once. Raises StorageError."""
        body = json.dumps({"action": RUN_JOB, "analysis_id": analysis_id})
        with cloud_errors():
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)


class WorkerFunction:
    """The function that analyses, called for its answer."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._client = connect("lambda", settings, read_timeout_s=ANSWER_WITHIN_S, attempts=1)
        self._name = name

    def call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an event.

        Raises:
            NoAnswerYet: it takes longer than a caller can wait.
            StorageError: it could not be reached, has too much to do, or broke down.
        """
        try:
            with cloud_errors():
                answer = self._client.invoke(FunctionName=self._name, Payload=json.dumps(event).encode())
                content = json.loads(answer["Payload"].read())
        except StorageError as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                raise NoAnswerYet() from None
            if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == "RequestTooLargeException":
                raise EyeReviewError() from None
            raise
        if answer.get("FunctionError") or not isinstance(content, dict):
            raise StorageError("The analysis stopped unexpectedly. Nothing already stored is lost; send it again.")
        return content
