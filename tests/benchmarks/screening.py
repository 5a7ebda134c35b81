"""``python -m tests.benchmarks.screening [trial|standard|long] [WIDTH]``: a whole screening in a real browser with a
puppet for a camera of that width: frames recorded, time from the end of the task to the result. Prints Markdown."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from dashboard.station.target_task import target_task
from tests.e2e.conftest import chromium_path, running_dashboard
from tests.fake_camera import frame_numbers, make_fake_camera

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
WATCH = """() => {
    const find = (root) => {
        for (const element of root.querySelectorAll('*')) {
            if (element.matches('.stage')) return element;
            const inside = element.shadowRoot && find(element.shadowRoot);
            if (inside) return inside;
        }
    };
    const stage = find(document);
    const seen = window.moments = {};
    const look = (now) => {
        if (!stage.hidden) seen.shown ??= now;
        else if (seen.shown) seen.over ??= now;
        if (document.querySelector('.st-key-result h1')) seen.result ??= now;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
"""When, by the page's own clock, the task ended and the result stood there."""
NAMES = {"trial": "^Trial of the station", "standard": "^Standard", "long": "^Long"}


def main() -> int:
    """Run one screening and print what it took."""
    name = sys.argv[1] if len(sys.argv) > 1 else "standard"
    task = target_task(name)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        # The puppet's loop is as long as the trial whatever the task: how the eyes move costs no time.
        path, width_px = Path(folder) / "puppet.mjpeg", int(sys.argv[2]) if len(sys.argv) > 2 else 640
        camera = make_fake_camera(path, target_task("trial"), lead_in_s=0.5, latency_s=0.2, width_px=width_px)
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*FLAGS, f"--use-file-for-fake-video-capture={camera.path}"]
        )
        data = Path(folder) / "store"
        with running_dashboard(data) as (url, _):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{url}/screening")
            page.get_by_text("Set up this station").click()
            page.get_by_text(re.compile(NAMES[name])).click()
            page.get_by_text("I agree to be filmed").click()
            page.get_by_role("button", name="Begin").click()
            start = page.get_by_role("button", name="Start the task").and_(page.locator(":enabled"))
            start.wait_for()
            page.evaluate(WATCH)
            start.click()
            page.locator(".st-key-result h1").wait_for(timeout=300_000)
            waited_s = page.evaluate("() => (moments.result - moments.over) / 1000")
            page.get_by_text("Keep this recording").click()
            page.get_by_role("textbox", name=re.compile("Code of the recording")).fill("S-1")
            page.get_by_text("The person agrees that film and result are kept").click()
            page.get_by_role("button", name="Keep", exact=True).click()
            page.get_by_text("Kept as recording of").wait_for()
            (kept,) = (data / "users" / "S-1" / "eye").iterdir()
            film = next(path for path in kept.iterdir() if path.stem == "raw_video")
            time_s, numbers = frame_numbers(film)
            meta = json.loads((kept / "summary.json").read_text())["summary"]["video_meta"]
        browser.close()
    made = int((np.diff(numbers) % camera.frame_count).sum()) + 1
    print("| task, s | picture, px | frames recorded | of those made | film, s | end of task to result, s |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {task.duration_s:.0f} | {meta['width_px']} x {meta['height_px']} | {len(numbers)} | "
        f"{100 * len(numbers) / made:.1f} % | {time_s[-1]:.1f} | {waited_s:.1f} |"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
