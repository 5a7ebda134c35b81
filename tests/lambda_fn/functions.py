"""Calling the functions as AWS calls them: in this process, or in one of their own that may die."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import REPOSITORY


@dataclass
class Context:
    """The context of a call, with as much time as the test gives."""

    remaining_s: float = 900.0
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = "parkinson-eye-tracking"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:us-west-1:123456789012:function:parkinson-eye-tracking"
    started_s: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self.remaining_s - (time.monotonic() - self.started_s))))


def http_event(body: Any = None, *, method: str = "POST", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An event of the gateway (REST, proxy integration)."""
    return {
        "resource": "/",
        "path": "/",
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "queryStringParameters": None,
        "requestContext": {"stage": "dev", "requestId": str(uuid.uuid4())},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def queue_event(*bodies: Any) -> dict[str, Any]:
    """A batch of messages."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-west-1:123456789012:eye-tracking-jobs",
                "awsRegion": "us-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def run_message(analysis_id: str) -> dict[str, str]:
    """The message that asks for a job."""
    return {"action": "run_job", "analysis_id": analysis_id}


def call_in_process(event: Mapping[str, Any], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Call ``lambda_handler`` in a process of its own; the answer is the last line of its output."""
    return subprocess.run(
        [sys.executable, "-m", "tests.lambda_fn.functions"],
        input=json.dumps(event),
        env={**os.environ, **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    """The process of :func:`call_in_process`."""
    from lambda_fn.handler import lambda_handler

    answer = lambda_handler(json.load(sys.stdin), Context())
    print()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
