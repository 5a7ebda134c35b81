"""Deploying the template as `sam deploy` does, and doing by hand what the emulator leaves out of it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambda_fn.local.emulator import Emulator, EmulatorError
from lambda_fn.local.functions import emulator_client
from lambda_fn.local.template import CODE_BUCKET, CODE_KEY, packaged, read_template

STACK: Final = "eye-review"
DASHBOARD_USER: Final = "eye-review-dashboard"
_DEPLOY_S: Final = 240.0


@dataclass(frozen=True)
class Deployment:
    """What is deployed where, and the credentials that the dashboard gets.

    ``outputs`` are those of the template; ``access_key_id`` and ``secret_access_key`` belong to a user with the
    template's ``DashboardPolicy`` and nothing else.
    """

    outputs: Mapping[str, str]
    api_key: str
    access_key_id: str
    secret_access_key: str


def deploy(emulator: Emulator, parameters: Mapping[str, str]) -> Deployment:
    """Put the template into force and return what others need to use it.

    Raises:
        EmulatorError: the stack could not be made; with the reasons.
    """
    _upload_code(emulator)
    template = read_template()
    outputs = _run_change_set(emulator, packaged(template), parameters)
    _limit_workers(emulator)
    _encrypt_by_default(emulator, outputs)
    _apply_gateway_responses(emulator, template, parameters, outputs["ApiId"])
    key = emulator_client(emulator, "apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)
    credentials = _make_dashboard_user(emulator, outputs["DashboardPolicyArn"])
    return Deployment(outputs, key["value"], credentials["AccessKeyId"], credentials["SecretAccessKey"])


def _upload_code(emulator: Emulator) -> None:
    """An empty package: the functions run from a folder (``functions.py``)."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as empty:
        empty.writestr("README", "The code runs from a folder beside the emulator.")
    s3 = emulator_client(emulator, "s3")
    s3.create_bucket(Bucket=CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": emulator.region})
    s3.put_object(Bucket=CODE_BUCKET, Key=CODE_KEY, Body=archive.getvalue())


def _run_change_set(emulator: Emulator, template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    cloudformation = emulator_client(emulator, "cloudformation")
    s3 = emulator_client(emulator, "s3")
    s3.put_object(Bucket=CODE_BUCKET, Key="template.json", Body=json.dumps(template).encode())
    change_set = cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        TemplateURL=f"{emulator.url}/{CODE_BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )["Id"]
    _wait(
        lambda: cloudformation.describe_change_set(ChangeSetName=change_set),
        {"CREATE_COMPLETE"},
        "Status",
        "change set",
    )
    cloudformation.execute_change_set(ChangeSetName=change_set)
    try:
        stack = _wait(
            lambda: cloudformation.describe_stacks(StackName=STACK)["Stacks"][0],
            {"CREATE_COMPLETE"},
            "StackStatus",
            "stack",
        )
    except EmulatorError as error:
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]
        raise EmulatorError("\n".join([str(error), *reasons])) from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _wait(look: Any, done: set[str], status_field: str, what: str) -> Any:
    deadline = time.monotonic() + _DEPLOY_S
    while True:
        seen = look()
        status = seen[status_field]
        if status in done:
            return seen
        if "FAILED" in status or "ROLLBACK" in status or time.monotonic() > deadline:
            raise EmulatorError(f"The {what} ended as {status}: {seen.get('StatusReason', 'no reason given')}")
        time.sleep(0.05)


def _limit_workers(emulator: Emulator) -> None:
    """Write the limit as a number: a parameter's value reaches the emulator's poller as a text, and stops it."""
    functions = emulator_client(emulator, "lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if "ScalingConfig" in mapping:
            limit = int(mapping["ScalingConfig"]["MaximumConcurrency"])
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": limit})


def _encrypt_by_default(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    """The emulator's CloudFormation ignores ``BucketEncryption``; its S3 does not."""
    emulator_client(emulator, "s3").put_bucket_encryption(
        Bucket=outputs["Bucket"],
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "BucketKeyEnabled": True,
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": outputs["KmsKeyArn"],
                    },
                }
            ]
        },
    )


def _apply_gateway_responses(
    emulator: Emulator, template: Mapping[str, Any], parameters: Mapping[str, str], api_id: str
) -> None:
    """The emulator reads paths and security of an API's definition, but not its gateway responses."""
    origin = parameters.get("AllowedOrigin") or template["Parameters"]["AllowedOrigin"]["Default"]
    stage = parameters.get("StageName") or template["Parameters"]["StageName"]["Default"]
    apigateway = emulator_client(emulator, "apigateway")
    for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        status = {"statusCode": response["StatusCode"]} if "StatusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseParameters={
                f"gatewayresponse.header.{name}": value["Fn::Sub"].replace("${AllowedOrigin}", origin)
                for name, value in response["ResponseParameters"]["Headers"].items()
            },
            responseTemplates=response["ResponseTemplates"],
            **status,
        )
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def _make_dashboard_user(emulator: Emulator, policy_arn: str) -> dict[str, str]:
    iam = emulator_client(emulator, "iam")
    iam.create_user(UserName=DASHBOARD_USER)
    iam.attach_user_policy(UserName=DASHBOARD_USER, PolicyArn=policy_arn)
    key: dict[str, str] = iam.create_access_key(UserName=DASHBOARD_USER)["AccessKey"]
    return key
