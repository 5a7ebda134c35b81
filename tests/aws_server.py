"""AWS on a loopback port, for tests that run in several processes: moto behind a small HTTP server.

moto decides by host name which service is meant; here the signature says so. One request is answered at a time,
because moto's tables are plain dictionaries: a conditional write must not be interrupted.
"""

import contextlib
import http.server
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

from shared.adapters.aws_table import OPEN_INDEX, USER_INDEX
from shared.adapters.settings import Settings

REGION = "us-west-1"
_SCOPE = re.compile(r"/\d{8}/[a-z0-9-]+/([a-z0-9]+)/aws4_request")
_HOSTS = {"dynamodb": "dynamodb", "sqs": "sqs", "s3": "s3"}
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

FUNCTIONS: dict[str, Callable[[bytes], bytes]] = {}
"""Functions that can be invoked by name: event in, answer out. moto itself would need Docker for them."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    lock = threading.Lock()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        function = _INVOKE.fullmatch(urlsplit(self.path).path)
        if function:
            self._answer_with(FUNCTIONS[function.group(1)](body))
            return
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        service = self._service()
        headers.replace_header("Host", f"{service}.{REGION}.amazonaws.com")
        url = f"https://{service}.{REGION}.amazonaws.com{self.path}"
        with self.lock:
            found = BotocoreStubber().process_request(AWSPreparedRequest(self.command, url, headers, body, False))
        status, answered, content = found or (404, {}, b"")
        data = content.encode() if isinstance(content, str) else bytes(content or b"")
        self.send_response(int(status))
        for name, value in answered.items():
            if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                self.send_header(name, str(value))
        is_head = self.command == "HEAD"
        length = {name.lower(): value for name, value in answered.items()}.get("content-length") if is_head else None
        if int(status) != 204:
            self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        if not is_head and int(status) != 204:
            self.wfile.write(data)

    def _answer_with(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # the caller did not wait for it
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

    def _service(self) -> str:
        query = parse_qs(urlsplit(self.path).query)
        signed = self.headers.get("Authorization") or "".join(query.get("X-Amz-Credential", []))
        scope = _SCOPE.search(signed)
        return _HOSTS[scope.group(1)] if scope else "s3"

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@dataclass(frozen=True)
class AwsPlace:
    """A bucket and a table of their own on a server. Picklable; the same from any process."""

    endpoint_url: str
    bucket: str
    table: str

    def settings(self, **more: Any) -> Settings:
        """Settings that point there."""
        values = {"data_folder": Path(), "s3_bucket": self.bucket, "dynamodb_table": self.table}
        return Settings(**{**values, "aws_region": REGION, "aws_endpoint_url": self.endpoint_url, **more})

    def client(self, service: str) -> Any:
        """A bare client, to look at what was stored."""
        return boto3.client(service, region_name=REGION, endpoint_url=self.endpoint_url)

    def rows(self) -> list[dict[str, Any]]:
        """All rows of the table as DynamoDB holds them (only a test scans)."""
        items: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=self.table)["Items"]
        return items

    def keys(self) -> list[str]:
        """All keys in the bucket."""
        found = self.client("s3").list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [str(entry["Key"]) for entry in found]


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a running server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def set_credentials(patch: pytest.MonkeyPatch) -> None:
    """Credentials that nobody checks, and no way to real ones."""
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.delenv("AWS_PROFILE", raising=False)
    patch.delenv("AWS_SESSION_TOKEN", raising=False)


def create_place(endpoint_url: str, *, versioned: bool = True) -> AwsPlace:
    """A new bucket and table as the template makes them."""
    name = uuid.uuid4().hex
    place = AwsPlace(endpoint_url, f"eye-{name}", f"table-{name}")
    s3 = place.client("s3")
    s3.create_bucket(Bucket=place.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versioned:
        s3.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    place.client("dynamodb").create_table(TableName=place.table, **TABLE)
    return place


def _index(name: str, hash_name: str, range_name: str, projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": hash_name, "KeyType": "HASH"},
            {"AttributeName": range_name, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": projection},
    }


TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in {
            "analysisId": "S",
            "testType": "S",
            "userId": "S",
            "timestamp": "N",
            "openState": "S",
            "createdAt": "N",
        }.items()
    ],
    "KeySchema": [
        {"AttributeName": "analysisId", "KeyType": "HASH"},
        {"AttributeName": "testType", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        _index(USER_INDEX, "userId", "timestamp", "ALL"),
        _index(OPEN_INDEX, "openState", "createdAt", "KEYS_ONLY"),
    ],
}
