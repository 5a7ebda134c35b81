"""The cloud path on emulated AWS, started once a session: fixture ``cloud``, known to every test."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests

from shared.adapters.settings import Settings, read_settings
from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = REPOSITORY / ".venv-cloud" / "bin" / "python"
REGION = "us-west-1"


@dataclass(frozen=True)
class EmulatedCloud:
    """Addresses and credentials of a running cloud.

    Attributes:
        environment: what the dashboard would find in its environment, with the dashboard's own credentials.
        root: the account's credentials, for looking at what happened.
        outputs: of the template.
        folder: with the logs of the functions.
    """

    environment: Mapping[str, str]
    root: Mapping[str, str]
    outputs: Mapping[str, str]
    folder: Path

    @property
    def certificate(self) -> str:
        return self.environment["AWS_CA_BUNDLE"]

    @property
    def api_url(self) -> str:
        return self.environment["API_URL"]

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A client with the account's rights, or with those of ``credentials``."""
        given = credentials or self.root
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=REGION,
            verify=self.certificate,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
        )

    def function_credentials(self, name: str) -> dict[str, str]:
        """Credentials that a function runs with: its own role's."""
        role = self.client("lambda").get_function_configuration(FunctionName=name)["Role"]
        session = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    def settings(self) -> Settings:
        """Settings of a program that uses the cloud."""
        return read_settings(self.environment)

    def post(self, body: Mapping[str, Any]) -> requests.Response:
        """Call the API with its key."""
        return requests.post(self.api_url, json=body, headers={"x-api-key": self.environment["API_KEY"]}, timeout=60)

    def row(self, analysis_id: str) -> dict[str, Any]:
        """A job as the table holds it, in DynamoDB's own types."""
        found = self.client("dynamodb").get_item(
            TableName=self.outputs["Table"],
            Key={"analysisId": {"S": analysis_id}, "testType": {"S": "eye-tracking"}},
            ConsistentRead=True,
        )
        return dict(found.get("Item", {}))

    def status(self, analysis_id: str) -> str:
        """Its status, or an empty text."""
        return str(self.row(analysis_id).get("status", {}).get("S", ""))

    def keys(self, prefix: str = "") -> list[str]:
        """Keys in the bucket."""
        listed = self.client("s3").list_objects_v2(Bucket=self.outputs["Bucket"], Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    @contextlib.contextmanager
    def worker(self, *, timeout_s: int | None = None, **environment: str) -> Iterator[None]:
        """Let the worker run with another time-out or environment."""
        functions, name = self.client("lambda"), self.outputs["WorkerName"]
        before = functions.get_function_configuration(FunctionName=name)
        variables = before["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name,
            Timeout=timeout_s or before["Timeout"],
            Environment={"Variables": {**variables, **environment}},
        )
        try:
            yield
        finally:
            functions.update_function_configuration(
                FunctionName=name, Timeout=before["Timeout"], Environment={"Variables": variables}
            )

    @contextlib.contextmanager
    def queues(self, *, again_after_s: int, deliveries: int) -> Iterator[None]:
        """Let an unfinished message come again soon, and go to the dead letters after so many deliveries."""
        names = ["VisibilityTimeout", "RedrivePolicy"]
        sqs = self.client("sqs")
        jobs, dead = self.outputs["QueueUrl"], self.outputs["DeadLetterQueueUrl"]
        before = {
            queue: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
            for queue in (jobs, dead)
        }
        redrive = {**json.loads(before[jobs]["RedrivePolicy"]), "maxReceiveCount": deliveries}
        soon = {"VisibilityTimeout": str(again_after_s)}
        sqs.set_queue_attributes(QueueUrl=jobs, Attributes={**soon, "RedrivePolicy": json.dumps(redrive)})
        sqs.set_queue_attributes(QueueUrl=dead, Attributes=soon)
        try:
            yield
        finally:
            for queue, attributes in before.items():
                sqs.set_queue_attributes(QueueUrl=queue, Attributes=attributes)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedCloud]:
    """The deployed template, with everything in it empty when the session begins."""
    if not PYTHON.exists():
        pytest.fail("The emulated AWS is not installed: run make cloud-test, which installs it.")
    folder = tmp_path_factory.mktemp("cloud")
    addresses = folder / "addresses.json"
    command = [str(PYTHON), "-m", "lambda_fn.local", "--addresses", str(addresses)]
    with (folder / "cloud.log").open("w") as log:
        cloud = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            wait_until(lambda: addresses.exists() or cloud.poll() is not None, timeout_s=300)
            assert addresses.exists(), (folder / "cloud.log").read_text()
            given = json.loads(addresses.read_text())
            yield EmulatedCloud(given["environment"], given["root"], given["outputs"], Path(given["folder"]))
        finally:
            cloud.communicate(timeout=60)
        address = urlsplit(given["environment"]["AWS_ENDPOINT_URL"])
        with socket.socket() as probe:
            assert probe.connect_ex((address.hostname, address.port)) != 0, "the emulator outlived whoever started it"
