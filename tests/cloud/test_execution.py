"""The emulated Lambda: what it allows a function and how it ends one, with the real runtime interface client."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lambda_fn.local.execution import LARGEST_PAYLOAD_BYTES, ExecutionEnvironment, FunctionSettings
from tests.emulated_cloud import PYTHON

pytestmark = pytest.mark.cloud

STARTER = PYTHON.parents[1] / "starter" / "bin" / "python"
HANDLER = """
import os, time
calls = []
def handle(event, context):
    calls.append(event)
    match event.get("do"):
        case "fail": raise ValueError("no such thing")
        case "wait": time.sleep(60)
        case "die": os._exit(3)
        case "grow": calls.append(bytearray(event["bytes"])); time.sleep(60)
        case "answer": return "x" * event["bytes"]
        case "write": open(os.path.join(os.environ["TMPDIR"], "film"), "wb").write(bytes(event["bytes"]))
    told = {"name": context.function_name, "memory": context.memory_limit_in_mb, "id": context.aws_request_id}
    left_ms = context.get_remaining_time_in_millis()
    return {"calls": len(calls), "pid": os.getpid(), "left_ms": left_ms, "bucket": os.environ["S3_BUCKET"], **told}
"""
Start = Callable[..., ExecutionEnvironment]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an environment of a small function with the settings given."""
    (tmp_path / "probe.py").write_text(HANDLER)
    started: list[ExecutionEnvironment] = []

    def make(*, memory_mb: int = 256, timeout_s: float = 20.0, disk_mb: int = 64) -> ExecutionEnvironment:
        settings = FunctionSettings(
            "probe", "arn:probe", "probe.handle", memory_mb, timeout_s, disk_mb, "role", {"S3_BUCKET": "films"}
        )
        started.append(
            ExecutionEnvironment(settings, python=STARTER, code=tmp_path, environment={}, log=tmp_path / "log")
        )
        return started[-1]

    yield make
    for environment in started:
        environment.close()


def event(**content: object) -> bytes:
    return json.dumps(content).encode()


def test_a_warm_environment_keeps_its_process_and_the_context_is_told(start: Start) -> None:
    environment = start()
    first, second = (json.loads(environment.invoke(name, event()).body) for name in ("a", "b"))
    assert first["pid"] == second["pid"]
    assert (first["calls"], second["calls"]) == (1, 2)
    assert (second["name"], second["memory"], second["id"], second["bucket"]) == ("probe", "256", "b", "films")
    assert 10_000 < second["left_ms"] <= 20_000


def test_an_exception_is_told_by_its_own_name_and_the_environment_lives_on(start: Start) -> None:
    environment = start()
    answer = environment.invoke("a", event(do="fail"))
    assert answer.failed
    told = json.loads(answer.body)
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "no such thing")
    assert not environment.invoke("b", event()).failed


@pytest.mark.parametrize(
    ("limits", "asked", "kind"),
    [
        ({"timeout_s": 2.0}, {"do": "wait"}, "Sandbox.Timedout"),
        ({"memory_mb": 128}, {"do": "grow", "bytes": 300_000_000}, "Runtime.OutOfMemory"),
        ({}, {"do": "die"}, "Runtime.ExitError"),
    ],
)
def test_too_long_too_large_or_dead_ends_the_environment(
    start: Start, limits: dict[str, float], asked: dict[str, object], kind: str
) -> None:
    environment = start(**limits)
    answer = environment.invoke("a", event(**asked))
    assert answer.failed
    assert json.loads(answer.body)["errorType"] == kind
    assert not environment.alive


def test_an_answer_over_six_megabytes_is_refused(start: Start) -> None:
    answer = start().invoke("a", event(do="answer", bytes=LARGEST_PAYLOAD_BYTES))
    assert answer.failed
    assert json.loads(answer.body)["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_file_larger_than_the_disk_cannot_be_written(start: Start) -> None:
    answer = start(disk_mb=1).invoke("a", event(do="write", bytes=2_000_000))
    assert answer.failed
    assert json.loads(answer.body)["errorType"] == "OSError"
