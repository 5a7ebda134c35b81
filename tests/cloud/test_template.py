"""What the template promises, read from the plain CloudFormation that AWS makes of it; no emulator can prove it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulated_cloud import PYTHON, REGION, REPOSITORY

pytestmark = pytest.mark.cloud

TEMPLATE = REPOSITORY / "lambda_fn" / "template.yaml"
BIN = PYTHON.parent
CHECKOV = PYTHON.parents[1] / "lint" / "bin" / "checkov"
WARNINGS_OF_SAM = ("W2001", "W3005", "W1020")
"""Of the translation alone: sam puts parameters' values in, adds dependencies and leaves empty substitutions."""
LONGEST_TIMEOUT_S = 900
SIX_TIMES = 6


@pytest.fixture(scope="session")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as plain CloudFormation, in a file."""
    target = tmp_path_factory.mktemp("template") / "translated.json"
    run = subprocess.run(
        [str(PYTHON), "-m", "lambda_fn.local.template"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    target.write_text(run.stdout)
    return target


@pytest.fixture(scope="session")
def resources(translated: Path) -> dict[str, Any]:
    """Resources of the translated template by name."""
    found: dict[str, Any] = json.loads(translated.read_text())["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    found = {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}
    assert found, kind
    return found


def statements(resources: dict[str, Any], *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All statements of roles and policies, with the name of the resource that holds each."""
    for kind in kinds or ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        for name, properties in of_type(resources, kind).items():
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
            for document in documents:
                for statement in document["Statement"]:
                    yield name, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(resource: Any) -> str:
    """An ARN as written in the template, before its variables are filled in."""
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        written = resource["Fn::Sub"]
        return str(written[0] if isinstance(written, list) else written)
    return json.dumps(resource)


def lint(*arguments: str) -> str:
    run = subprocess.run(
        [str(BIN / "cfn-lint"), "--regions", REGION, "--template", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def test_cfn_lint_has_nothing_to_say_about_the_template() -> None:
    assert lint(str(TEMPLATE)) == ""


def test_cfn_lint_has_nothing_to_say_about_what_aws_makes_of_it(translated: Path) -> None:
    assert lint(str(translated), "--ignore-checks", *WARNINGS_OF_SAM) == ""


def test_checkov_passes_but_for_the_rules_explained_beside_the_template(translated: Path) -> None:
    run = subprocess.run(
        [
            str(CHECKOV),
            *("--file", str(translated), "--config-file", str(REPOSITORY / "lambda_fn" / "checkov.yaml")),
            *("--framework", "cloudformation", "--skip-download", "--quiet", "--compact"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "FAILED" not in run.stdout


def test_every_exception_from_checkov_is_explained() -> None:
    lines = (REPOSITORY / "lambda_fn" / "checkov.yaml").read_text().splitlines()
    for line in lines:
        if line.lstrip().startswith("- CKV"):
            assert len(line.partition("#")[2].split()) >= 5, line


def test_no_role_may_scan_or_do_everything(resources: dict[str, Any]) -> None:
    for name, statement in statements(resources):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert "*" not in action, (name, action)
            assert action != "dynamodb:Scan", name


def test_a_star_in_a_resource_stands_behind_a_fixed_path_only(resources: dict[str, Any]) -> None:
    behind = ("/uploads/*", "/users/*", "/users/*/eye/*", ":log-stream:*")
    for name, statement in statements(resources):
        if name == "TracingPolicy":
            continue
        for resource in as_list(statement["Resource"]):
            written = text_of(resource)
            assert "*" not in written or written.endswith(behind), (name, written)


def test_the_one_permission_without_a_resource_is_off_by_default(translated: Path, resources: dict[str, Any]) -> None:
    assert resources["TracingPolicy"]["Condition"] == "TracingOn"
    assert json.loads(translated.read_text())["Parameters"]["Tracing"]["Default"] == "PassThrough"


def test_functions_delete_only_what_belongs_to_an_analysis(resources: dict[str, Any]) -> None:
    deletes = {
        (name, action, text_of(resource).rpartition("}")[2])
        for name, statement in statements(resources, "AWS::IAM::Role")
        for resource in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
        if "Delete" in action and action.startswith(("s3:", "dynamodb:"))
    }
    assert deletes == {
        ("WorkerRole", "s3:DeleteObject", "/users/*/eye/*"),
        ("ReconcilerRole", "s3:DeleteObject", "/users/*/eye/*"),
        ("ReconcilerRole", "dynamodb:DeleteItem", ""),
    }


def test_roles_can_be_assumed_by_lambda_only(resources: dict[str, Any]) -> None:
    for properties in of_type(resources, "AWS::IAM::Role").values():
        (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert "ManagedPolicyArns" not in properties


def test_the_bucket_is_encrypted_private_versioned_and_cleans_up(resources: dict[str, Any]) -> None:
    (bucket,) = of_type(resources, "AWS::S3::Bucket").values()
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert any(rule.get("Prefix") == "uploads/" and "ExpirationInDays" in rule for rule in rules)
    assert all("ExpirationInDays" not in rule for rule in rules if rule.get("Prefix") != "uploads/")


def test_the_bucket_refuses_what_does_not_come_over_tls(resources: dict[str, Any]) -> None:
    (policy,) = of_type(resources, "AWS::S3::BucketPolicy").values()
    conditions = [statement["Condition"] for statement in policy["PolicyDocument"]["Statement"]]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert all(statement["Effect"] == "Deny" for statement in policy["PolicyDocument"]["Statement"])


def test_the_table_has_the_keys_of_deployments_of_the_guide(resources: dict[str, Any]) -> None:
    (table,) = of_type(resources, "AWS::DynamoDB::Table").values()
    assert table["KeySchema"] == [
        {"AttributeName": "analysisId", "KeyType": "HASH"},
        {"AttributeName": "testType", "KeyType": "RANGE"},
    ]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEType"] == "KMS"


def test_what_patients_left_outlives_the_stack(resources: dict[str, Any]) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        for one in resources.values():
            if one["Type"] == kind:
                assert one["DeletionPolicy"] == one["UpdateReplacePolicy"] == "Retain"


def test_names_default_to_those_of_the_guide(translated: Path) -> None:
    parameters = json.loads(translated.read_text())["Parameters"]
    assert parameters["FunctionName"]["Default"] == "parkinson-eye-tracking"
    assert parameters["TableName"]["Default"] == "parkinson-analysis"
    assert parameters["StageName"]["Default"] == "dev"


def test_every_function_writes_to_a_log_that_is_encrypted_and_ends(resources: dict[str, Any]) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] and group["KmsKeyId"] for group in groups.values())
    for properties in of_type(resources, "AWS::Lambda::Function").values():
        assert properties["LoggingConfig"]["LogGroup"]["Ref"] in groups


def test_functions_run_on_a_python_that_is_supported_and_the_worker_in_an_image(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {one.get("Runtime") for one in functions.values()} == {None, "python3.12"}
    assert [name for name, one in functions.items() if one.get("PackageType") == "Image"] == ["WorkerFunction"]
    assert "FROM public.ecr.aws/lambda/python:3.12" in (REPOSITORY / "lambda_fn" / "Dockerfile").read_text()


def test_only_health_and_preflight_do_without_a_key(resources: dict[str, Any]) -> None:
    (api,) = of_type(resources, "AWS::ApiGateway::RestApi").values()
    methods = api["Body"]["paths"]["/"]
    assert [name for name, method in methods.items() if "security" not in method] == ["get", "options"]
    security = json.dumps(methods["post"]["security"])
    assert security.count('"ApiKey": []') == security.count("[{")
    assert api["Parameters"] == {"endpointConfigurationTypes": "REGIONAL"}


def test_errors_of_the_gateway_can_be_read_by_the_named_origin(resources: dict[str, Any]) -> None:
    (api,) = of_type(resources, "AWS::ApiGateway::RestApi").values()
    responses = api["Body"]["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED"} <= set(responses)
    for response in responses.values():
        origin = response["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"]
        assert origin == {"Fn::Sub": "'${AllowedOrigin}'"}
        body = response["responseTemplates"]["application/json"].replace("$context.error.messageString", '"why"')
        assert set(json.loads(body)["error"]) == {"code", "message", "request_id"}


def test_jobs_come_again_late_enough_and_end_in_the_dead_letter_queue(
    translated: Path, resources: dict[str, Any]
) -> None:
    parameters = json.loads(translated.read_text())["Parameters"]
    assert parameters["JobVisibilitySeconds"]["Default"] >= SIX_TIMES * parameters["WorkerTimeoutSeconds"]["Default"]
    assert parameters["WorkerTimeoutSeconds"]["MaxValue"] == LONGEST_TIMEOUT_S
    queues = of_type(resources, "AWS::SQS::Queue")
    assert queues["JobQueue"]["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping")
    assert all(one["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for one in mappings.values())


def test_the_overview_shows_what_the_guide_watches(resources: dict[str, Any]) -> None:
    (overview,) = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    body = overview["DashboardBody"]["Fn::Sub"]
    assert json.loads(body)["widgets"]
    for metric in ("Invocations", "Errors", "Duration", "maxMemoryUsed", "ApproximateAgeOfOldestMessage"):
        assert metric in body


def test_every_alarm_is_sent_to_the_topic_if_there_is_one(resources: dict[str, Any]) -> None:
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic"
        assert alarm["TreatMissingData"] == "notBreaching"


def test_the_template_can_be_pasted_into_the_console() -> None:
    """CloudFormation reads no YAML aliases, and a template over 1 MB is refused."""
    text = TEMPLATE.read_text()
    assert not [line for line in text.splitlines() if line.strip().startswith(("<<:", "- *", "*"))]
    assert len(text) < 1_000_000
