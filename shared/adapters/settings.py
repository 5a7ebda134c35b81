"""The one place that reads configuration: the environment, once, checked, into a frozen object."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from shared.adapters.sign_in import SignIn, read_sign_in
from shared.errors import InvalidRequestError

MIB: Final = 1024 * 1024
DEFAULT_REGION: Final = "us-west-1"
DEFAULT_MAX_VIDEO_BYTES: Final = 2048 * MIB
DEFAULT_LEASE_S: Final = 60.0
_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ACCOUNT: Final = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations.

    Attributes:
        data_folder: where patients' films and results lie in local mode (``EYE_REVIEW_DATA``).
        max_video_bytes: largest film taken (``EYE_REVIEW_MAX_VIDEO_MB``, mebibytes).
        api_url: address of the deployed service, or None (``API_URL``).
        api_key: its key; never printed (``API_KEY``).
        s3_bucket, dynamodb_table: names in the cloud, or None (``S3_BUCKET``, ``DYNAMODB_TABLE``).
        aws_region: ``AWS_REGION``, else ``AWS_DEFAULT_REGION``, else us-west-1.
        aws_endpoint_url: an emulator's address instead of AWS, or None (``AWS_ENDPOINT_URL``).
        s3_bucket_owner: account that must own the bucket, or None to leave that unchecked (``S3_BUCKET_OWNER``).
        kms_key_id: key that encrypts what is written to the bucket, or None for the bucket's default (``KMS_KEY_ID``).
        queue_url: queue of jobs for the worker function, or None (``QUEUE_URL``).
        worker_function_name: function that analyses, or None where this one does (``WORKER_FUNCTION_NAME``).
        cors_origin: the one web origin whose pages may call the service, or None (``CORS_ORIGIN``).
        lease_s: how long a job stays with a worker that gives no sign of life, s (``LEASE_SECONDS``).
        fault_point: for tests of crashes alone: where the worker kills itself, or None (``FAULT_POINT``).
        sign_in: the provider at which people sign in, or None (``OIDC_...``: :mod:`shared.adapters.sign_in`).
    """

    data_folder: Path
    max_video_bytes: int = DEFAULT_MAX_VIDEO_BYTES
    api_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    s3_bucket: str | None = None
    dynamodb_table: str | None = None
    aws_region: str = DEFAULT_REGION
    aws_endpoint_url: str | None = None
    s3_bucket_owner: str | None = None
    kms_key_id: str | None = None
    queue_url: str | None = None
    worker_function_name: str | None = None
    cors_origin: str | None = None
    lease_s: float = DEFAULT_LEASE_S
    fault_point: str | None = None
    sign_in: SignIn | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_video_bytes <= 1024 * 1024 * MIB:
            raise InvalidRequestError("EYE_REVIEW_MAX_VIDEO_MB must be between 1 and 1048576.", field="max_video_bytes")
        addresses = {
            "API_URL": self.api_url,
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "QUEUE_URL": self.queue_url,
            "CORS_ORIGIN": self.cors_origin,
        }
        for name, value in addresses.items():
            if value is not None and not _is_web_address(value):
                raise InvalidRequestError(f"{name} must be a web address such as https://example.org/dev.", field=name)
        if not _REGION.fullmatch(self.aws_region):
            raise InvalidRequestError("AWS_REGION must be a region name such as us-west-1.", field="AWS_REGION")
        if self.s3_bucket_owner is not None and not _ACCOUNT.fullmatch(self.s3_bucket_owner):
            raise InvalidRequestError(
                "S3_BUCKET_OWNER must be an account number of 12 digits.", field="S3_BUCKET_OWNER"
            )
        if not 1 <= self.lease_s <= 3600:
            raise InvalidRequestError("LEASE_SECONDS must be between 1 and 3600.", field="LEASE_SECONDS")
        if (self.s3_bucket is None) != (self.dynamodb_table is None):
            raise InvalidRequestError(
                "S3_BUCKET and DYNAMODB_TABLE belong together. Set both for the cloud store, or neither.",
                field="S3_BUCKET" if self.s3_bucket is None else "DYNAMODB_TABLE",
            )

    @property
    def has_cloud_store(self) -> bool:
        """Whether films and results are kept in S3 and DynamoDB."""
        return self.s3_bucket is not None

    @property
    def is_cloud(self) -> bool:
        """Whether the dashboard works on the deployed service: store and address are both given."""
        return self.has_cloud_store and self.api_url is not None


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; an empty variable counts as absent.

    Raises:
        InvalidRequestError: a variable is malformed; the message names it, never its value.
    """
    given = {name: value.strip() for name, value in (environment or os.environ).items() if value.strip()}
    return Settings(
        data_folder=_data_folder(given),
        max_video_bytes=_mebibytes(given.get("EYE_REVIEW_MAX_VIDEO_MB")),
        api_url=given.get("API_URL"),
        api_key=given.get("API_KEY"),
        s3_bucket=given.get("S3_BUCKET"),
        dynamodb_table=given.get("DYNAMODB_TABLE"),
        aws_region=given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        aws_endpoint_url=given.get("AWS_ENDPOINT_URL"),
        s3_bucket_owner=given.get("S3_BUCKET_OWNER"),
        kms_key_id=given.get("KMS_KEY_ID"),
        queue_url=given.get("QUEUE_URL"),
        worker_function_name=given.get("WORKER_FUNCTION_NAME"),
        cors_origin=given.get("CORS_ORIGIN"),
        lease_s=_seconds(given.get("LEASE_SECONDS")),
        fault_point=given.get("FAULT_POINT"),
        sign_in=read_sign_in(given),
    )


def _data_folder(given: Mapping[str, str]) -> Path:
    """``EYE_REVIEW_DATA``; else ``data`` beside a checkout; else the person's XDG data folder."""
    if "EYE_REVIEW_DATA" in given:
        return Path(given["EYE_REVIEW_DATA"]).expanduser().absolute()
    if (_REPOSITORY / "pyproject.toml").is_file():
        return _REPOSITORY / "data"
    return Path(given.get("XDG_DATA_HOME") or "~/.local/share").expanduser().absolute() / "psp-eye-review"


def _mebibytes(text: str | None) -> int:
    if text is None:
        return DEFAULT_MAX_VIDEO_BYTES
    if not text.isascii() or not text.isdecimal():
        raise InvalidRequestError(
            "EYE_REVIEW_MAX_VIDEO_MB must be a whole number of mebibytes, such as 2048.", field="max_video_bytes"
        )
    return int(text) * MIB


def _seconds(text: str | None) -> float:
    if text is None:
        return DEFAULT_LEASE_S
    if not text.isascii() or not text.isdecimal():
        raise InvalidRequestError("LEASE_SECONDS must be a whole number of seconds, such as 60.", field="LEASE_SECONDS")
    return float(text)


def _is_web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
