"""Results in S3: the trace CSV, the result document and, last, the manifest that vouches for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.adapters.aws_files import Bucket
from shared.adapters.layout import CSV_NAME, DOCUMENT_NAME, MANIFEST_NAME, PARTIAL_NAME, analysis_prefix
from shared.adapters.manifest import build_manifest, check_content, decode_document, encode_document
from shared.errors import NotFoundError

_MEDIA_TYPES: Final = {CSV_NAME: "text/csv; charset=utf-8", DOCUMENT_NAME: "application/json"}

Reach = Callable[[str], None]
"""Told each point that a writer passes, so that a test can end the process there."""


def _go_on(_: str) -> None:
    """Nobody is interested."""


class AwsResultStore:
    """:class:`shared.ports.ResultStore` in S3."""

    def __init__(self, bucket: Bucket, *, reach: Reach = _go_on) -> None:
        self._bucket = bucket
        self._reach = reach

    def save(self, user_id: str, analysis_id: str, *, trace_csv: bytes, document: Mapping[str, Any]) -> None:
        """Write CSV, document and then the manifest, each whole or not at all.

        A result that is there already is withdrawn (its manifest goes first) before its files are replaced, so
        nobody ever reads a mixture of the two.
        """
        prefix = analysis_prefix(user_id, analysis_id)
        contents = {CSV_NAME: trace_csv, DOCUMENT_NAME: encode_document(document)}
        manifest = build_manifest(analysis_id, contents, document=document)
        if self.is_finished(user_id, analysis_id):
            self._bucket.delete(f"{prefix}/{MANIFEST_NAME}")
        for name, content in contents.items():
            self._bucket.write(f"{prefix}/{name}", content, content_type=_MEDIA_TYPES[name])
            self._reach("after_s3_write")
        self._reach("before_manifest")
        self._bucket.write(f"{prefix}/{MANIFEST_NAME}", manifest, content_type="application/json")
        self._bucket.delete(f"{prefix}/{PARTIAL_NAME}")

    def save_partial(self, user_id: str, analysis_id: str, trace_csv: bytes) -> None:
        """Keep the trace of a film's first part; without a manifest it is no result."""
        key = f"{analysis_prefix(user_id, analysis_id)}/{PARTIAL_NAME}"
        self._bucket.write(key, trace_csv, content_type=_MEDIA_TYPES[CSV_NAME])

    def document(self, user_id: str, analysis_id: str) -> Mapping[str, Any]:
        """The stored JSON document.

        Raises:
            NotFoundError: never finished. StorageError: does not match its checksum.
        """
        return decode_document(self._content(user_id, analysis_id, DOCUMENT_NAME))

    def trace_csv(self, user_id: str, analysis_id: str) -> bytes:
        """The stored trace CSV. Raises as :meth:`document`."""
        return self._content(user_id, analysis_id, CSV_NAME)

    def original_csv(self, user_id: str, analysis_id: str) -> bytes:
        """The CSV of an analysis by the published original, which wrote no manifest. Raises NotFoundError."""
        return self._bucket.read(self.csv_key(user_id, analysis_id))

    def is_finished(self, user_id: str, analysis_id: str) -> bool:
        """Whether there is a manifest, checked or not."""
        try:
            self._bucket.look_at(f"{analysis_prefix(user_id, analysis_id)}/{MANIFEST_NAME}")
        except NotFoundError:
            return False
        return True

    def csv_key(self, user_id: str, analysis_id: str) -> str:
        """Where the trace CSV lies."""
        return f"{analysis_prefix(user_id, analysis_id)}/{CSV_NAME}"

    def delete(self, user_id: str, analysis_id: str) -> None:
        """Remove all of it, the manifest first; no error where it is gone already."""
        prefix = analysis_prefix(user_id, analysis_id)
        for name in (MANIFEST_NAME, DOCUMENT_NAME, CSV_NAME, PARTIAL_NAME):
            self._bucket.delete(f"{prefix}/{name}")

    def _content(self, user_id: str, analysis_id: str, name: str) -> bytes:
        prefix = analysis_prefix(user_id, analysis_id)
        manifest = decode_document(self._bucket.read(f"{prefix}/{MANIFEST_NAME}"))
        try:
            content = self._bucket.read(f"{prefix}/{name}")
        except NotFoundError:
            content = None
        return check_content(manifest, name, content)
