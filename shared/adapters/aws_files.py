"""Objects in the one bucket that belongs to this program.

Every request names the owner that the bucket must have and the key that encrypts, where these are configured. An
object appears whole or not at all: large ones are uploaded in parts, each with its own SHA-256, and an upload that
breaks off is withdrawn.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.adapters.aws_clients import cloud_errors
from shared.adapters.settings import MIB
from shared.errors import NotFoundError, StorageError

PART_BYTES: Final = 8 * MIB
"""S3 takes parts from 5 MiB on and 10 000 of them: films up to 80 GB."""
_LARGEST_COPY_BYTES: Final = 5 * 1024 * MIB
_UPLOAD_BROKEN: Final = "The video did not arrive whole. Nothing was stored; upload it again."
_DOWNLOAD_BROKEN: Final = "The video could not be fetched to this machine. Check that its disk is not full; try again."


@dataclass(frozen=True)
class Digest:
    """Size and hash of what was written."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object, pinned so that what was checked is what is read.

    Attributes:
        key: where it lies.
        size_bytes: its length.
        etag: S3's mark of its content.
        version_id: its version, or None in a bucket without versions.
        content_type: as its sender gave it.
        modified_at: when it was written, epoch seconds.
    """

    key: str
    size_bytes: int
    etag: str
    version_id: str | None = None
    content_type: str = ""
    modified_at: float = 0.0


class Bucket:
    """The bucket, addressed by key."""

    def __init__(self, client: Any, name: str, *, owner: str | None = None, kms_key_id: str | None = None) -> None:
        """Point at a bucket; nothing is sent.

        Args:
            client: of :func:`shared.adapters.aws_clients.connect`.
            name: the bucket.
            owner: account that must own it, or None.
            kms_key_id: key that encrypts what is written, or None for the bucket's default.
        """
        self.name = name
        self._client = client
        self._place = {"Bucket": name, **({"ExpectedBucketOwner": owner} if owner else {})}
        self._owner = owner
        self.encryption: Mapping[str, str] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
        )

    def address(self, key: str) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.name}/{key}"

    def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write a small object, replacing one that is there. Raises StorageError."""
        with cloud_errors():
            self._client.put_object(
                **self._place,
                **self.encryption,
                Key=key,
                Body=content,
                ContentType=content_type,
                ChecksumSHA256=_checksum(content),
            )

    def write_stream(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> Digest:
        """Write an object of any length from pieces, whole or not at all.

        Raises:
            StorageError: it could not be written, or the pieces broke off; what was there before is still there.
        """
        digest = hashlib.sha256()
        size_bytes = 0
        parts = _parts(chunks)
        with _broken_streams(_UPLOAD_BROKEN):
            first = next(parts, b"")
            second = next(parts, None)
            if second is None:
                self.write(key, first, content_type=content_type)
                return Digest(len(first), hashlib.sha256(first).hexdigest())
            with self._multipart(key, content_type) as upload:
                for part in _chain(first, second, parts):
                    digest.update(part)
                    size_bytes += len(part)
                    upload.add(part)
        return Digest(size_bytes, digest.hexdigest())

    def read(self, key: str) -> bytes:
        """The content. Raises NotFoundError, StorageError."""
        with cloud_errors():
            return bytes(self._client.get_object(**self._place, Key=key)["Body"].read())

    def look_at(self, key: str) -> ObjectVersion:
        """Length and version of an object without its content. Raises NotFoundError, StorageError."""
        with cloud_errors():
            head = self._client.head_object(**self._place, Key=key)
        version_id = head.get("VersionId")
        return ObjectVersion(
            key=key,
            size_bytes=int(head["ContentLength"]),
            etag=str(head["ETag"]),
            version_id=version_id if version_id not in {None, "null"} else None,
            content_type=str(head.get("ContentType", "")),
            modified_at=head["LastModified"].timestamp(),
        )

    def download(self, version: ObjectVersion, target: Path) -> Digest:
        """Fetch one version into a file.

        Raises:
            NotFoundError: it is gone, or was replaced in a bucket without versions.
            StorageError: it could not be fetched, or not to a full disk.
        """
        pinned = {"VersionId": version.version_id} if version.version_id else {"IfMatch": version.etag}
        digest = hashlib.sha256()
        size_bytes = 0
        with cloud_errors(), _broken_streams(_DOWNLOAD_BROKEN):
            body = self._client.get_object(**self._place, **pinned, Key=version.key)["Body"]
            with target.open("wb") as file:
                for chunk in body.iter_chunks(MIB):
                    digest.update(chunk)
                    size_bytes += len(chunk)
                    file.write(chunk)
        return Digest(size_bytes, digest.hexdigest())

    def copy(self, version: ObjectVersion, key: str) -> None:
        """Copy one version to another key inside the bucket. Raises NotFoundError, StorageError."""
        if version.size_bytes > _LARGEST_COPY_BYTES:
            raise StorageError("The video is larger than 5 GiB and cannot be filed. Trim it and upload it again.")
        source = {"Bucket": self.name, "Key": version.key}
        if version.version_id:
            source["VersionId"] = version.version_id
        owner = {"ExpectedSourceBucketOwner": self._owner} if self._owner else {}
        with cloud_errors():
            self._client.copy_object(
                **self._place, **owner, **self.encryption, Key=key, CopySource=source, CopySourceIfMatch=version.etag
            )

    def delete(self, key: str) -> None:
        """Remove an object; no error where there is none."""
        with cloud_errors():
            self._client.delete_object(**self._place, Key=key)

    def keys(self, prefix: str, *, limit: int = 1000) -> Iterator[ObjectVersion]:
        """Objects whose key begins with ``prefix``, up to ``limit``, in order of key."""
        with cloud_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                **self._place, Prefix=prefix, PaginationConfig={"MaxItems": limit}
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    written_at = found["LastModified"].timestamp()
                    yield ObjectVersion(
                        str(found["Key"]), int(found["Size"]), str(found["ETag"]), modified_at=written_at
                    )

    def link(self, key: str, *, expires_s: int, file_name: str) -> str:
        """An address from which anyone who holds it may fetch the object until it expires."""
        request = {
            "Bucket": self.name,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        }
        with cloud_errors():
            return str(self._client.generate_presigned_url("get_object", Params=request, ExpiresIn=expires_s))

    def upload_form(
        self, key: str, *, content_type: str, size_bytes: int, expires_s: int
    ) -> tuple[str, dict[str, str]]:
        """Address and form fields with which one object of this key, type and length may be uploaded.

        Returns:
            URL, and the fields that a multipart form must hold before its ``file``.
        """
        fields = {"Content-Type": content_type, "success_action_status": "201"}
        if self.encryption:
            fields["x-amz-server-side-encryption"] = "aws:kms"
            fields["x-amz-server-side-encryption-aws-kms-key-id"] = self.encryption["SSEKMSKeyId"]
        conditions: Sequence[Any] = [
            *({name: value} for name, value in fields.items()),
            ["content-length-range", size_bytes, size_bytes],
        ]
        with cloud_errors():
            form = self._client.generate_presigned_post(
                self.name, key, Fields=fields, Conditions=conditions, ExpiresIn=expires_s
            )
        return str(form["url"]), dict(form["fields"])

    @contextlib.contextmanager
    def _multipart(self, key: str, content_type: str) -> Iterator[_Upload]:
        """An upload in parts, completed when the block ends well and withdrawn otherwise."""
        with cloud_errors():
            begun = self._client.create_multipart_upload(
                **self._place, **self.encryption, Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
            )
        upload = _Upload(self._client, {**self._place, "Key": key, "UploadId": begun["UploadId"]})
        try:
            yield upload
            upload.complete()
        except BaseException:
            with contextlib.suppress(StorageError, NotFoundError):
                upload.withdraw()
            raise


class _Upload:
    """One upload in parts."""

    def __init__(self, client: Any, place: Mapping[str, str]) -> None:
        self._client = client
        self._place = place
        self._parts: list[dict[str, Any]] = []

    def add(self, part: bytes) -> None:
        number = len(self._parts) + 1
        checksum = _checksum(part)
        with cloud_errors():
            answer = self._client.upload_part(**self._place, PartNumber=number, Body=part, ChecksumSHA256=checksum)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})

    def complete(self) -> None:
        with cloud_errors():
            self._client.complete_multipart_upload(**self._place, MultipartUpload={"Parts": self._parts})

    def withdraw(self) -> None:
        with cloud_errors():
            self._client.abort_multipart_upload(**self._place)


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of equal length, the last one shorter."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > PART_BYTES:
            yield bytes(buffer[:PART_BYTES])
            del buffer[:PART_BYTES]
    if buffer:
        yield bytes(buffer)


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@contextlib.contextmanager
def _broken_streams(message: str) -> Iterator[None]:
    """A source or disk that breaks off is a :class:`StorageError` without its path."""
    try:
        yield
    except OSError as error:
        raise StorageError(message) from error
