"""Connections to S3, DynamoDB, SQS and Lambda, and their errors in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from shared.adapters.settings import Settings
from shared.errors import NotFoundError, StorageError

_MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404", "NotFound"})
_REFUSED: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnrecognizedClientException"),
        *("InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        *("ExpiredTokenException", "KMS.AccessDeniedException", "InvalidSignatureException"),
    }
)
_BUSY: Final = frozenset(
    {
        *("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown"),
        *("TooManyRequestsException", "Throttling", "EC2ThrottledException"),
    }
)
_ABSENT_PLACE: Final = frozenset(
    {"NoSuchBucket", "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue"}
)
_REFUSED_TEXT: Final = (
    "The cloud storage refused access. Check that this program's credentials are valid and allowed to use "
    "the bucket and the table."
)
_UNREACHABLE_TEXT: Final = (
    "The cloud storage could not be reached. Check the network connection and the region, and try again."
)
_ABSENT_TEXT: Final = "The configured bucket, table or queue does not exist. Check the names and the region."
_NO_CREDENTIALS_TEXT: Final = (
    "No credentials for the cloud storage were found. Set them up and start the program again."
)


class CloudBusyError(StorageError):
    """The cloud asks for fewer requests a second."""

    code = "TOO_MANY_REQUESTS"
    default_message = "The service has too much to do just now. Wait a few seconds and send the request again."


def connect(service: str, settings: Settings, *, read_timeout_s: float = 20.0, attempts: int = 3) -> Any:
    """A client for one service, in the configured region; safe to share between threads.

    Args:
        service: ``s3``, ``dynamodb``, ``sqs`` or ``lambda``.
        settings: region and, for an emulator, the endpoint.
        read_timeout_s: how long one answer may take, s.
        attempts: how often a request is sent in all before it counts as failed.
    """
    config = Config(
        region_name=settings.aws_region,
        signature_version="s3v4" if service == "s3" else None,
        connect_timeout=5,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path"} if settings.aws_endpoint_url else None,
    )
    return boto3.client(service, config=config, endpoint_url=settings.aws_endpoint_url)


@contextlib.contextmanager
def cloud_errors() -> Iterator[None]:
    """Turn errors of AWS into this program's, with a sentence for people that names no key and no account."""
    try:
        yield
    except ClientError as error:
        raise _translated(error_code(error)) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StorageError(_NO_CREDENTIALS_TEXT) from error
    except (EndpointConnectionError, HTTPClientError) as error:
        raise StorageError(_UNREACHABLE_TEXT) from error
    except BotoCoreError as error:
        raise StorageError() from error


def error_code(error: ClientError) -> str:
    """AWS's own code of an error, e.g. ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(code: str) -> NotFoundError | StorageError:
    if code in _MISSING:
        return NotFoundError()
    if code in _REFUSED:
        return StorageError(_REFUSED_TEXT)
    if code in _BUSY:
        return CloudBusyError()
    return StorageError(_ABSENT_TEXT if code in _ABSENT_PLACE else None)
