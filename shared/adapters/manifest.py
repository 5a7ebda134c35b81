"""The manifest: the last file of a result, which says that the others are whole.

A result without a manifest was never finished. One whose files do not match their hashes is damaged, and is
refused rather than shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from shared.adapters.layout import CSV_NAME, DOCUMENT_NAME
from shared.errors import StorageError
from shared.version import ANALYSIS_VERSION, SCHEMA_VERSION

MANIFEST_VERSION: Final = 1
_DAMAGED: Final = (
    "The stored result does not match its checksum, so it is not shown. "
    "Analyse the video again, or restore the data folder from a backup."
)


def encode_document(document: Mapping[str, Any]) -> bytes:
    """The result document as it is stored: UTF-8 JSON without NaN.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1).encode()


def decode_document(data: bytes) -> dict[str, Any]:
    """The stored JSON object.

    Raises:
        StorageError: it is not one.
    """
    try:
        document = json.loads(data)
    except ValueError:
        raise StorageError(_DAMAGED) from None
    if not isinstance(document, dict):
        raise StorageError(_DAMAGED)
    return document


def build_manifest(analysis_id: str, files: Mapping[str, bytes], *, document: Mapping[str, Any]) -> bytes:
    """The manifest of a result.

    Args:
        analysis_id: the analysis it belongs to.
        files: file name -> content, ``analysis_results.csv`` and ``summary.json``.
        document: the result document, for the version that computed it and the film it was computed from.
    """
    entries: dict[str, dict[str, Any]] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        for name, content in files.items()
    }
    if CSV_NAME in entries:
        entries[CSV_NAME]["rows"] = max(0, files[CSV_NAME].count(b"\n") - 1)
    summary = document.get("summary")
    analysis_version = summary.get("analysis_version") if isinstance(summary, Mapping) else None
    return encode_document(
        {
            "manifest_version": MANIFEST_VERSION,
            "analysis_id": analysis_id,
            "analysis_version": analysis_version or ANALYSIS_VERSION,
            "trace_schema_version": SCHEMA_VERSION,
            "video_sha256": document.get("sha256"),
            "files": entries,
        }
    )


def check_content(manifest: Mapping[str, Any], name: str, content: bytes | None) -> bytes:
    """Return ``content`` if it is what the manifest says ``name`` holds.

    Raises:
        StorageError: missing, or another content.
    """
    files = manifest.get("files")
    entry = files.get(name) if isinstance(files, dict) else None
    expected = entry.get("sha256") if isinstance(entry, dict) else None
    if content is None or hashlib.sha256(content).hexdigest() != expected:
        raise StorageError(_DAMAGED)
    return content


RESULT_NAMES: Final = (CSV_NAME, DOCUMENT_NAME)
"""The files that a manifest vouches for, in the order in which they are written."""
