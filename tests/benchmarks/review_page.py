"""How quickly the review page answers at 18,000 frames: ``python -m tests.benchmarks.review_page``. Prints Markdown.

A real server and a real Chromium without a graphics card, on a film whose frames show their own numbers. Figures
taken while the machine does other work say nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from shared.adapters.local import open_local_store
from tests.e2e.barcodes import BITS, READ_NUMBER, add_analysis, trace_at, write_long_film
from tests.e2e.conftest import running_dashboard
from tests.waiting import wait_until

FRAMES = 18_000
RATE_HZ = 30.0
DECISIONS = 6
QUIET_LOOKS = 15
"""So many looks in a row, each a drawn page and 20 ms apart, must find nothing new."""
_WAIT_MS = 120_000


def timed(act: Callable[[], object]) -> float:
    """Seconds that ``act`` takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def open_page(page: Page, url: str) -> None:
    """The review of the long film, ready to be worked with."""
    page.goto(f"{url}/review?analysis=long")
    page.locator(".review[data-ready=yes][data-frame][data-decisions]").wait_for()


def attribute(page: Page, name: str) -> str:
    """One of the part's own facts."""
    return page.locator(".review").get_attribute(f"data-{name}") or ""


def playing(page: Page) -> dict[str, list[float]]:
    """Ten seconds of playing: time between drawn pages, tasks over 50 ms, frames between cursor and film."""
    measured: dict[str, list[float]] = page.locator(".review").evaluate(
        f"""async (part) => {{
            const video = part.querySelector("video");
            const read = {READ_NUMBER};
            const tasks = [];
            new PerformanceObserver((list) => list.getEntries().forEach((e) => tasks.push(e.duration)))
                .observe({{ entryTypes: ["longtask"] }});
            const frames = [];
            video.currentTime = 60;
            await video.play();
            let last = performance.now();
            while (video.currentTime < 70) {{
                const now = await new Promise((done) => requestAnimationFrame(done));
                frames.push(now - last);
                last = now;
            }}
            const apart = [];
            while (video.currentTime < 74) {{
                await new Promise((done) => requestAnimationFrame(done));
                apart.push(Math.abs(Number(part.dataset.frame) % {2**BITS} - read(video)));
            }}
            video.pause();
            return {{ frames, tasks, apart }};
        }}"""
    )
    return measured


def zooming(page: Page) -> tuple[list[float], float]:
    """Redraws of 40 turns of the wheel, ms, from the part's own clock; and the width of the window afterwards, s."""
    page.keyboard.press("0")
    box = page.locator(".review .u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 30)
    redraws = []
    for turn in range(40):
        before = attribute(page, "to")
        page.mouse.wheel(0, -120 if turn < 20 else 60)
        page.locator(f".review:not([data-to='{before}'])").wait_for()
        redraws.append(float(attribute(page, "redraw-ms")))
    return redraws, float(attribute(page, "to")) - float(attribute(page, "from"))


def seeking(page: Page) -> list[float]:
    """From the key to the frame on screen, s: the next event, twelve times."""
    times = []
    for _ in range(12):
        before = attribute(page, "frame")
        begun = time.perf_counter()
        page.keyboard.press("n")
        page.locator(f".review:not([data-frame='{before}'])").wait_for()
        times.append(time.perf_counter() - begun)
    return times


def deciding(page: Page) -> tuple[list[float], list[int]]:
    """From the key to the numbers on the page, s, and bytes over the websocket, for each of some rejections."""
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda load: received.append(len(load))))
    page.reload()
    page.locator(".review[data-ready=yes][data-frame][data-decisions]").wait_for()
    page.get_by_label("Reviewer").fill("KJ")
    page.locator(".review").focus()
    page.get_by_role("button", name="Traces (CSV)").wait_for()
    wait_until_quiet(page, received)
    times, sizes = [], []
    for number in range(1, DECISIONS + 1):
        page.keyboard.press("n")
        wait_until_quiet(page, received)
        before = sum(received)
        begun = time.perf_counter()
        page.keyboard.press("x")
        page.get_by_text(f"{number} event{'s' if number > 1 else ''} excluded").wait_for()
        times.append(time.perf_counter() - begun)
        wait_until_quiet(page, received)
        sizes.append(sum(received) - before)
    return times, sizes


def wait_until_quiet(page: Page, received: list[int]) -> None:
    """Return once the page has run and nothing more comes over its websocket."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    counts: list[int] = []

    def is_quiet() -> bool:
        page.evaluate("() => new Promise(requestAnimationFrame)")  # lets the messages in
        counts.append(len(received))
        return len(counts) > QUIET_LOOKS and counts[-1] == counts[-1 - QUIET_LOOKS]

    wait_until(is_quiet, timeout_s=60)


@dataclass(frozen=True)
class Figures:
    """Of the review page at :data:`FRAMES` frames.

    Attributes:
        first_s, again_s: until the page is ready, for a browser that was never here and later.
        feed_bytes: the traces as sent.
        drawn_ms, tasks_ms: while playing: between drawn pages, and tasks over 50 ms.
        apart_frames: while playing: from the cursor to the film's frame.
        redraw_ms: of all lanes, after a turn of the wheel; window_s: width of the window after all of them.
        jump_ms: from the key for the next event to its frame on the screen.
        decision_ms, decision_bytes: from the key to the new numbers, and what came over the websocket.
    """

    first_s: float
    again_s: list[float]
    feed_bytes: int
    drawn_ms: list[float]
    tasks_ms: list[float]
    apart_frames: list[float]
    redraw_ms: list[float]
    window_s: float
    jump_ms: list[float]
    decision_ms: list[float]
    decision_bytes: list[int]


def figures(browser: Browser, url: str) -> Figures:
    """Visit the page and measure."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(_WAIT_MS)
    first_s = timed(lambda: open_page(page, url))
    again_s = [timed(lambda: open_page(page, url)) for _ in range(3)]
    with page.expect_response("**/api/traces/*") as answer:
        page.reload()
    page.locator(".review[data-ready=yes][data-frame]").wait_for()
    page.locator(".review").focus()
    played = playing(page)
    redraw_ms, window_s = zooming(page)
    jumps_s = seeking(page)
    waits_s, sizes = deciding(page)
    context.close()
    return Figures(
        first_s=first_s,
        again_s=again_s,
        feed_bytes=int(answer.value.headers["content-length"]),
        drawn_ms=played["frames"],
        tasks_ms=played["tasks"],
        apart_frames=played["apart"],
        redraw_ms=redraw_ms,
        window_s=window_s,
        jump_ms=[1000 * value for value in jumps_s],
        decision_ms=[1000 * value for value in waits_s],
        decision_bytes=sizes,
    )


def table(found: Figures) -> str:
    """All figures as a Markdown table."""
    assert found.window_s < 0.9 * FRAMES / RATE_HZ, "the wheel did not zoom"
    rows = [
        ("page ready, first visit of a browser", f"{found.first_s:.2f} s"),
        ("page ready, later visits (median of 3)", f"{median(found.again_s):.2f} s"),
        ("traces sent, compressed", f"{found.feed_bytes / 1e6:.2f} MB"),
        ("playing: between drawn pages, p50 / p95", _spread(found.drawn_ms, "ms")),
        ("playing: longest task", f"{max(found.tasks_ms, default=0):.0f} ms"),
        ("playing: cursor from the film's frame, p50 / p95", _spread(found.apart_frames, "frames")),
        ("zoom: redraw of all lanes, p50 / p95", _spread(found.redraw_ms, "ms")),
        ("next event: key to frame on screen, p50 / p95", _spread(found.jump_ms, "ms")),
        ("decision: key to new numbers on the page, p50 / p95", _spread(found.decision_ms, "ms")),
        ("decision: sent over the websocket, p50 / p95", _spread([n / 1000 for n in found.decision_bytes], "kB")),
    ]
    lines = [f"Review at {FRAMES} frames", "", "| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)]
    return "\n".join(lines)


def _spread(values: list[float], unit: str) -> str:
    low, high = np.percentile(values, [50, 95])
    return f"{low:.1f} / {high:.1f} {unit}"


@contextmanager
def long_recording() -> Iterator[str]:
    """Address of a dashboard with a film of :data:`FRAMES` frames and its traces."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "long.mp4"
        time_s = np.arange(FRAMES) / RATE_HZ
        write_long_film(film, FRAMES, RATE_HZ)
        data = Path(folder) / "data"
        data.mkdir()
        add_analysis(open_local_store(data), "long", trace_at(time_s), film)
        with running_dashboard(data, "--address", "127.0.0.1") as (url, _):
            yield url


def main() -> int:
    """Print the table."""
    executable = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    with long_recording() as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        print(f"Load of the machine before: {os.getloadavg()[0]:.1f}\n")
        print(table(figures(chromium, url)))
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
