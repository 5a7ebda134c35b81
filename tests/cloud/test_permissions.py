"""What each function and the dashboard may do, asked of an AWS that checks it."""

import pytest
from botocore.exceptions import ClientError

from tests.emulated_cloud import EmulatedCloud

pytestmark = pytest.mark.cloud

WORKER = "parkinson-eye-tracking"
FUNCTIONS = [WORKER, f"{WORKER}-starter", f"{WORKER}-dead-letters", f"{WORKER}-reconciler"]
ROW = {"analysisId": {"S": "a"}, "testType": {"S": "eye-tracking"}}


@pytest.fixture(scope="module")
def foreign(cloud: EmulatedCloud) -> str:
    """Name of a bucket and of a table of the same account that belong to someone else."""
    name = "someone-elses"
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-1"})
    cloud.client("s3").put_object(Bucket=name, Key="users/a/eye/b/summary.json", Body=b"{}")
    cloud.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "analysisId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "analysisId", "KeyType": "HASH"}],
    )
    return name


def refused(call: object, **arguments: object) -> bool:
    assert callable(call)
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
    return False


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_may_scan_the_history(cloud: EmulatedCloud, name: str) -> None:
    table = cloud.client("dynamodb", cloud.function_credentials(name))
    assert refused(table.scan, TableName=cloud.outputs["Table"])
    assert not refused(table.get_item, TableName=cloud.outputs["Table"], Key=ROW)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_reaches_other_buckets_and_tables(cloud: EmulatedCloud, foreign: str, name: str) -> None:
    credentials = cloud.function_credentials(name)
    s3 = cloud.client("s3", credentials)
    assert refused(s3.list_buckets)
    assert refused(s3.get_object, Bucket=foreign, Key="users/a/eye/b/summary.json")
    assert refused(s3.put_object, Bucket=foreign, Key="users/a/eye/b/summary.json", Body=b"")
    table = cloud.client("dynamodb", credentials)
    assert refused(table.get_item, TableName=foreign, Key={"analysisId": {"S": "a"}})
    assert refused(table.put_item, TableName=foreign, Item={"analysisId": {"S": "a"}})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_deletes_outside_its_path(cloud: EmulatedCloud, name: str) -> None:
    s3 = cloud.client("s3", cloud.function_credentials(name))
    for key in ("other/file", "uploads/P-1/a/source", "users/P-1/other/file", "users/P-1"):
        assert refused(s3.delete_object, Bucket=cloud.outputs["Bucket"], Key=key)


def test_results_and_rows_are_deleted_only_by_those_whose_task_it_is(cloud: EmulatedCloud) -> None:
    """The worker withdraws an old result before it writes the new one; the reconciler finishes deletions."""
    place = {"Bucket": cloud.outputs["Bucket"], "Key": "users/P-1/eye/nothing/manifest.json"}
    row = {"TableName": cloud.outputs["Table"], "Key": ROW}
    with_results, with_rows = [], []
    for name in FUNCTIONS:
        credentials = cloud.function_credentials(name)
        if not refused(cloud.client("s3", credentials).delete_object, **place):
            with_results.append(name)
        if not refused(cloud.client("dynamodb", credentials).delete_item, **row):
            with_rows.append(name)
    assert with_results == [WORKER, f"{WORKER}-reconciler"]
    assert with_rows == [f"{WORKER}-reconciler"]


def test_the_worker_writes_results_and_no_uploads(cloud: EmulatedCloud) -> None:
    s3 = cloud.client("s3", cloud.function_credentials(WORKER))
    bucket = cloud.outputs["Bucket"]
    assert not refused(s3.put_object, Bucket=bucket, Key="users/P-1/eye/permissions/probe.txt", Body=b"")
    assert refused(s3.put_object, Bucket=bucket, Key="uploads/P-1/permissions/source", Body=b"")
    assert refused(s3.put_object, Bucket=bucket, Key="elsewhere.txt", Body=b"")


def test_the_dashboard_reads_its_own_bucket_and_table_and_scans_neither(cloud: EmulatedCloud, foreign: str) -> None:
    s3, table = cloud.client("s3", cloud.environment), cloud.client("dynamodb", cloud.environment)
    bucket = cloud.outputs["Bucket"]
    assert not refused(s3.list_objects_v2, Bucket=bucket, Prefix="uploads/")
    assert refused(s3.list_objects_v2, Bucket=bucket)
    assert refused(s3.get_object, Bucket=foreign, Key="users/a/eye/b/summary.json")
    assert refused(table.scan, TableName=cloud.outputs["Table"])
    assert refused(table.get_item, TableName=foreign, Key={"analysisId": {"S": "a"}})


def test_a_stranger_reads_nothing(cloud: EmulatedCloud) -> None:
    stranger = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "stranger"}
    with pytest.raises(ClientError, match=r"InvalidAccessKeyId|UnrecognizedClient|InvalidClientTokenId|AccessDenied"):
        cloud.client("s3", stranger).list_objects_v2(Bucket=cloud.outputs["Bucket"], Prefix="users/")


def test_the_bucket_is_encrypted_with_the_key_of_the_stack(cloud: EmulatedCloud) -> None:
    s3 = cloud.client("s3", cloud.function_credentials(WORKER))
    key = "users/P-1/eye/permissions/encrypted.txt"
    s3.put_object(Bucket=cloud.outputs["Bucket"], Key=key, Body=b"x")
    head = cloud.client("s3").head_object(Bucket=cloud.outputs["Bucket"], Key=key)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == cloud.outputs["KmsKeyArn"]
