"""``python -m lambda_fn.local [OPTIONS] [-- COMMAND ...]``: the emulated AWS, for as long as COMMAND runs.

COMMAND finds the cloud by the environment variables that the dashboard reads. Without one the cloud runs until its
input ends (Ctrl+D), so that it never outlives a program that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from lambda_fn.local.cloud import Cloud, running_cloud
from lambda_fn.local.emulator import ROOT_CREDENTIALS, EmulatorError, without_aws


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lambda_fn.local", description="The cloud path on this machine.")
    parser.add_argument("--port", type=int, default=0, help="port of the emulator (default: any)")
    parser.add_argument("--api-port", type=int, default=0, help="port of the API (default: any)")
    parser.add_argument("--workers", type=int, default=2, help="films measured at the same time (default: 2)")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="parameter of lambda_fn/template.yaml"
    )
    parser.add_argument(
        "--addresses", type=Path, help="write what a test needs to reach everything into this JSON file"
    )
    parser.add_argument("command", nargs="*", help="program to run with the cloud in its environment")
    return parser.parse_args(given)


def _write_addresses(cloud: Cloud, target: Path) -> None:
    """Write the file whole, when everything answers. It holds credentials, so only its owner may read it."""
    unfinished = target.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(
        json.dumps(
            {
                "environment": cloud.dashboard_environment(),
                "root": ROOT_CREDENTIALS,
                "outputs": dict(cloud.deployment.outputs),
                "folder": str(cloud.folder),
            }
        )
    )
    unfinished.replace(target)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(given: list[str] | None = None) -> int:
    """Start, run, clean up; returns the command's exit status."""
    options = _arguments(sys.argv[1:] if given is None else given)
    parameters = dict(pair.partition("=")[::2] for pair in options.parameter)
    signal.signal(signal.SIGTERM, _end)
    try:
        with running_cloud(
            port=options.port, api_port=options.api_port, workers=options.workers, parameters=parameters
        ) as cloud:
            if options.addresses:
                _write_addresses(cloud, options.addresses)
            sys.stdout.write(
                f"Emulated AWS: {cloud.emulator.url}  API: {cloud.api_url}  logs: {cloud.folder}\n"
                "Nothing leaves this machine; everything in it is forgotten when it ends.\n"
            )
            sys.stdout.flush()
            if not options.command:
                sys.stdin.read()
                return 0
            return subprocess.call(options.command, env={**without_aws(os.environ), **cloud.dashboard_environment()})
    except EmulatorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
