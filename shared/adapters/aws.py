"""S3 and DynamoDB as the place that keeps things: the same ports as the local folder.

    bucket   users/{user_id}/eye/{analysis_id}/raw_video.<ext>, analysis_results.csv, summary.json, last manifest.json
             uploads/{user_id}/{analysis_id}/source
    table    one row an analysis (:mod:`aws_job_rows`), patients and decisions (:mod:`aws_records`)

Nothing is sent when a store is opened; the first use finds out whether the cloud can be reached.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.aws_clients import connect
from shared.adapters.aws_files import Bucket
from shared.adapters.aws_jobs import AwsJobStore
from shared.adapters.aws_records import AwsDecisionStore, AwsPatientStore
from shared.adapters.aws_results import AwsResultStore, Reach
from shared.adapters.aws_table import Table
from shared.adapters.aws_videos import AwsVideoStore
from shared.adapters.settings import Settings
from shared.errors import InvalidRequestError
from shared.ports import Store


@dataclass(frozen=True)
class AwsStore(Store):
    """The five places of one bucket and table, and what only the cloud needs."""

    videos: AwsVideoStore
    results: AwsResultStore
    jobs: AwsJobStore
    patients: AwsPatientStore
    decisions: AwsDecisionStore
    bucket: Bucket
    table: Table


def open_aws_store(settings: Settings, *, cache_folder: Path | None = None, reach: Reach | None = None) -> AwsStore:
    """Point at the configured bucket and table.

    Args:
        settings: with ``s3_bucket`` and ``dynamodb_table``.
        cache_folder: where films are fetched to; one of this machine's temporary folders where None.
        reach: told each point that a writer of results passes; for tests of crashes.

    Raises:
        InvalidRequestError: no bucket is configured.
    """
    if settings.s3_bucket is None or settings.dynamodb_table is None:
        raise InvalidRequestError("Set S3_BUCKET and DYNAMODB_TABLE to use the cloud store.", field="S3_BUCKET")
    bucket = Bucket(
        connect("s3", settings),
        settings.s3_bucket,
        owner=settings.s3_bucket_owner,
        kms_key_id=settings.kms_key_id,
    )
    table = Table(connect("dynamodb", settings), settings.dynamodb_table)
    return AwsStore(
        videos=AwsVideoStore(
            bucket,
            max_bytes=settings.max_video_bytes,
            cache_folder=cache_folder or Path(tempfile.gettempdir()) / "eye-review-films",
        ),
        results=AwsResultStore(bucket, reach=reach) if reach else AwsResultStore(bucket),
        jobs=AwsJobStore(table, settings.s3_bucket),
        patients=AwsPatientStore(table),
        decisions=AwsDecisionStore(table),
        bucket=bucket,
        table=table,
    )
