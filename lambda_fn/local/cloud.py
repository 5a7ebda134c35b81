"""The whole of it: emulator, deployed template, functions, front door."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambda_fn.local.deployment import Deployment, deploy
from lambda_fn.local.emulator import Emulator, free_port, running_emulator
from lambda_fn.local.front_door import open_front_door
from lambda_fn.local.functions import FunctionCode, FunctionHost
from lambda_fn.local.template import read_template
from lambda_fn.package import package

ENVIRONMENTS: Final = Path(sys.prefix)
"""Where `make` puts the environments ``worker`` and ``starter``: inside the one that this program runs in."""
_DIRECT_CALLS: Final = 2
"""Pictures and short films that are measured beside the queue's."""
_SMALL: Final = ("-starter", "-dead-letters", "-reconciler")


@dataclass(frozen=True)
class Cloud:
    """A running cloud."""

    emulator: Emulator
    deployment: Deployment
    api_url: str
    folder: Path

    def dashboard_environment(self) -> dict[str, str]:
        """What the dashboard, or any client of the service, needs in its environment."""
        return {
            **self.emulator.client_environment(),
            "API_URL": self.api_url,
            "API_KEY": self.deployment.api_key,
            "S3_BUCKET": self.deployment.outputs["Bucket"],
            "DYNAMODB_TABLE": self.deployment.outputs["Table"],
            "KMS_KEY_ID": self.deployment.outputs["KmsKeyArn"],
            "AWS_ACCESS_KEY_ID": self.deployment.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.deployment.secret_access_key,
        }


def _codes(function_name: str, folder: Path, workers: int) -> dict[str, FunctionCode]:
    """Interpreter and modules of each function, by name: the worker's has vision, the small ones' has not."""
    code = package(folder / "code")
    small = {
        function_name + suffix: FunctionCode(ENVIRONMENTS / "starter" / "bin" / "python", code, at_once=10)
        for suffix in _SMALL
    }
    worker = FunctionCode(ENVIRONMENTS / "worker" / "bin" / "python", code, at_once=workers + _DIRECT_CALLS)
    return {function_name: worker, **small}


@contextlib.contextmanager
def running_cloud(*, port: int, api_port: int, workers: int, parameters: Mapping[str, str]) -> Iterator[Cloud]:
    """Run everything until the context ends; whatever was stored is forgotten then.

    Args:
        port: of the emulator; 0 for any.
        api_port: of the API; 0 for any.
        workers: how many films of the queue are measured at the same time; 2 or more, as on AWS.
        parameters: of the template, by name.
    """
    given = read_template()["Parameters"]
    function_name = parameters.get("FunctionName") or given["FunctionName"]["Default"]
    stage = parameters.get("StageName") or given["StageName"]["Default"]
    region = "us-west-1"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eye-review-cloud-")))
        logs = folder / "logs"
        logs.mkdir()
        host = FunctionHost(0, _codes(function_name, folder, workers), logs)
        urls = {name: host.url(name) for name in host.codes}
        emulator = stack.enter_context(
            running_emulator(folder, port=port or free_port(), region=region, function_urls=urls)
        )
        host.serve(emulator)
        stack.callback(host.close)
        deployment = deploy(emulator, {"WorkersAtOnce": str(workers), **parameters})
        api_url = stack.enter_context(open_front_door(api_port, emulator, deployment.outputs["ApiId"], stage))
        yield Cloud(emulator, deployment, api_url, folder)
