"""``python -m tests.benchmarks.upload``: memory and time of a large upload through a real browser, and how another
person's page fares meanwhile. Prints a line of Markdown."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import chromium_path, running_dashboard
from tests.waiting import wait_until

MEBIBYTE = 1024 * 1024
IDLE_LOOKS = 25
"""Looks, 20 ms apart, at the server's processor time before it counts as idle."""


def memory_mb(process: int, name: str) -> float:
    """``VmRSS`` or ``VmHWM`` of a process, MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def is_idle(process: int) -> Callable[[], bool]:
    """Asked again and again: whether the process did nothing during the last looks."""
    ticks: list[int] = []

    def look() -> bool:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks.append(int(fields[11]) + int(fields[12]))
        return len(ticks) > IDLE_LOOKS and ticks[-1] - ticks[-1 - IDLE_LOOKS] <= 1

    return look


def rerun_s(page: Page, text: str) -> float:
    """Time from typing into the search field until the page has run again."""
    started = time.perf_counter()
    field = page.get_by_role("textbox").first
    field.fill(text)
    field.press("Enter")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Cost:
    """Of one upload.

    Attributes:
        took_s: from choosing the film until it is here whole.
        before_mb, highest_mb: memory of the server.
        reruns_s: of another person's page meanwhile.
    """

    took_s: float
    before_mb: float
    highest_mb: float
    reruns_s: tuple[float, ...]


def measured(browser: Browser, size_mb: int) -> Cost:
    """Upload a film of so many MB to a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        with film.open("wb") as file:
            file.truncate(size_mb * MEBIBYTE)
        with running_dashboard(Path(folder) / "store") as (url, server):
            sender, other = (browser.new_context().new_page() for _ in range(2))
            for page, address in ((sender, f"{url}/new_recording"), (other, url)):
                page.set_default_timeout(120_000)
                page.goto(address)
            sender.get_by_role("button", name="Choose a film").wait_for()
            other.get_by_role("textbox").first.wait_for()
            wait_until(is_idle(server))  # what the server warms up in the background is not the upload's
            before_mb, started = memory_mb(server, "VmRSS"), time.perf_counter()
            with sender.expect_file_chooser() as chooser:
                sender.get_by_role("button", name="Choose a film").click()
            chooser.value.set_files(film)
            reruns, highest_mb = [], before_mb
            while not sender.get_by_text("✓ film.mp4").is_visible():
                reruns.append(rerun_s(other, f"P{len(reruns)}"))
                highest_mb = max(highest_mb, memory_mb(server, "VmRSS"))
            took_s = time.perf_counter() - started
    return Cost(took_s, before_mb, highest_mb, tuple(reruns))


def main() -> int:
    """Upload a film of the size given in MB (500) and print what it cost."""
    size_mb = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        cost = measured(browser, size_mb)
        browser.close()
    print(
        "| upload, MB | time, s | server before, MB | highest meanwhile, MB | other page's run, median / longest, s |"
    )
    print("|---|---|---|---|---|")
    print(
        f"| {size_mb} | {cost.took_s:.1f} | {cost.before_mb:.0f} | {cost.highest_mb:.0f} | "
        f"{statistics.median(cost.reruns_s):.2f} / {max(cost.reruns_s):.2f} |"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
