"""Analyses give way to the browser."""

import os
import subprocess
import sys
from pathlib import Path

SHOW = """
import os, pathlib
from dashboard.jobs.priority import give_way
give_way()
group = pathlib.Path("/proc/self/autogroup")
words = group.read_text().split() if group.exists() else []
print(os.nice(0), words[-1] if words else "none")  # the file is empty in the system's first session
"""


def shown(*, own_session: bool) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", SHOW], start_new_session=own_session, capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_process_with_a_session_of_its_own_gives_way_to_all_others() -> None:
    assert shown(own_session=True) in (["19", "19"], ["19", "none"])


def test_a_process_in_the_servers_session_does_not_slow_the_server_down() -> None:
    group = Path("/proc/self/autogroup")
    before = group.read_text() if group.exists() else ""
    assert shown(own_session=False)[0] == "19"
    assert (group.read_text() if group.exists() else "") == before
    assert os.nice(0) < 19
