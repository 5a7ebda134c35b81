"""The screening station in a real browser, with a puppet in front of its camera that follows the target."""

import json
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.station.target_task import target_task
from tests.e2e.conftest import chromium_path
from tests.fake_camera import BITS, CELL_PX, RATE_HZ, FakeCamera, frame_numbers, make_fake_camera

pytestmark = [pytest.mark.browser, pytest.mark.alone]
expect.set_options(timeout=30_000)

TASK = target_task("trial")
LEAD_IN_S = 13.0
"""The page is ready well before the puppet is: no waiting for its next loop."""
START_TO_FIRST_TARGET_S = 3.75
"""Countdown and lead-in of the page, and what the browser takes to begin."""
PUPPET_LATENCY_S = 0.12
FRAME_S = 1 / RATE_HZ
SHARE = 0.95
RESULT_S = 10.0
TRIES = 3
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream"]

WATCH = """() => {
    window.streams = [];
    const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await original(wanted);
        window.streams.push(stream);
        return stream;
    };
    window.recorded = {};
    const {start, stop} = MediaRecorder.prototype;
    MediaRecorder.prototype.start = function (...how) {
        this.addEventListener('start', () => { window.recorded.from = performance.now(); });
        return start.apply(this, how);
    };
    MediaRecorder.prototype.stop = function () {
        window.recorded.to = performance.now();
        return stop.apply(this);
    };
}"""
"""Notes every camera stream that the page opens, and from when to when it records."""

OBSERVE = """([bits, cell, from, to]) => {
    const find = (root, selector) => {
        for (const element of root.querySelectorAll('*')) {
            if (element.matches(selector)) return element;
            const inside = element.shadowRoot && find(element.shadowRoot, selector);
            if (inside) return inside;
        }
    };
    const canvas = document.createElement('canvas');
    canvas.width = bits * cell; canvas.height = cell;
    const context = canvas.getContext('2d', {willReadFrequently: true});
    const numberIn = (video) => {
        context.drawImage(video, 0, 0, canvas.width, cell, 0, 0, canvas.width, cell);
        const row = context.getImageData(0, cell / 2, canvas.width, 1).data;
        let number = 0;
        for (let bit = 0; bit < bits; bit += 1) if (row[4 * (bit * cell + cell / 2)] > 127) number |= 1 << bit;
        return number;
    };
    const seen = window.seen = {targets: [], frames: []};
    const watch = find(document, 'video.watch');
    const note = (_, {captureTime}) => {
        if (watch.srcObject) seen.frames.push([captureTime, numberIn(watch)]);
        watch.requestVideoFrameCallback(note);
    };
    watch.requestVideoFrameCallback(note);
    const target = find(document, '.target');
    let last = '';
    new MutationObserver(() => {
        const place = target.hidden ? 'none' : target.style.transform;
        if (place !== last) { seen.targets.push([document.timeline.currentTime, place]); last = place; }
    }).observe(target, {attributes: true});
    const camera = find(document, 'video.camera');
    const start = find(document, 'button.start');
    const wait = () => {
        const number = numberIn(camera);
        if (!start.disabled && number >= from && number <= to) start.click();
        else camera.requestVideoFrameCallback(wait);
    };
    camera.requestVideoFrameCallback(wait);
}"""
"""An observer of its own: when the target moved and which frame the camera took when, both on the page's clock. Starts
the task when the puppet is at the right place of its loop."""


@pytest.fixture(scope="module")
def camera() -> Iterator[FakeCamera]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "puppet.mjpeg"
        yield make_fake_camera(path, TASK, lead_in_s=LEAD_IN_S, latency_s=PUPPET_LATENCY_S)


@pytest.fixture(scope="module")
def station(browser: Browser, camera: FakeCamera) -> Iterator[Browser]:
    """A browser with the puppet for a camera. It asks nobody: a context without the permission is denied it."""
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera.path}"]
    with_camera = browser.browser_type.launch(executable_path=chromium_path(), args=flags)
    yield with_camera
    with_camera.close()


@pytest.fixture
def visitor(station: Browser, dashboard_url: str) -> Iterator[Page]:
    context = station.new_context(viewport={"width": 1400, "height": 1000}, color_scheme="light")
    context.grant_permissions(["camera"], origin=dashboard_url)
    yield _page(context)
    context.close()


def _page(context: BrowserContext) -> Page:
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


def begin(page: Page, url: str) -> None:
    page.goto(f"{url}/screening")
    page.get_by_text("Set up this station").click()
    page.get_by_text(re.compile("^Trial of the station")).click()
    page.get_by_text("I agree to be filmed").click()
    page.get_by_role("button", name="Begin").click()


def camera_is_off(page: Page) -> bool:
    return bool(
        page.evaluate(
            "() => streams.length > 0 && streams.every(s => s.getTracks().every(t => t.readyState === 'ended'))"
        )
    )


def visits(data: Path) -> list[Path]:
    return list((data / "visits").glob("*"))


@dataclass
class Screening:
    """One whole visit: what the page said, what it kept, what an observer saw."""

    text: str
    document: dict[str, Any]
    film: Path
    seen: dict[str, list[list[Any]]]
    recorded_s: float
    waited_s: float
    camera_was_off: bool
    left_behind: list[Path]


def recorded_share(screening: Screening, camera: FakeCamera) -> float:
    """Frames in the film, of those that the camera gave while it recorded."""
    _, numbers = frame_numbers(screening.film)
    return len(numbers) / float((np.diff(numbers) % camera.frame_count).sum() + 1)


@pytest.fixture(scope="module")
def screening(station: Browser, camera: FakeCamera, dashboard_url: str, dashboard_data: Path) -> Iterator[Screening]:
    """A visit. Other work on the machine only takes frames away: so up to three visits, until nearly all are there."""
    for number in range(1, TRIES + 1):
        visit = whole_visit(station, dashboard_url, dashboard_data, code=f"S-puppet-{number}")
        if recorded_share(visit, camera) >= SHARE:
            break
    yield visit


def whole_visit(station: Browser, url: str, data: Path, code: str) -> Screening:
    """Screen the puppet, look at the result and keep the recording under ``code``."""
    context = station.new_context(viewport={"width": 1400, "height": 1000})
    context.grant_permissions(["camera"], origin=url)
    page = _page(context)
    begin(page, url)
    page.get_by_role("button", name="Start the task").and_(page.locator(":enabled")).wait_for()
    click_at = round((LEAD_IN_S - START_TO_FIRST_TARGET_S) * RATE_HZ)
    page.evaluate(OBSERVE, [BITS, CELL_PX, click_at - 2, click_at + 2])
    page.locator(".stage").wait_for(state="visible", timeout=60_000)
    page.locator(".stage").wait_for(state="hidden", timeout=90_000)
    ended_s = time.perf_counter()
    page.locator(".st-key-result h1").wait_for(timeout=90_000)
    waited_s = time.perf_counter() - ended_s
    page.get_by_role("button", name="Throw away and next person").wait_for()
    seen = page.evaluate("() => window.seen")
    recorded_s = page.evaluate("() => (recorded.to - recorded.from) / 1000")
    text = page.locator("[data-testid=stMain]").inner_text()
    was_off = camera_is_off(page)
    page.get_by_text("Keep this recording").click()
    page.get_by_role("textbox", name=re.compile("Code of the recording")).fill(code)
    page.get_by_text("The person agrees that film and result are kept").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("Kept as recording of").wait_for()
    page.get_by_role("button", name="Next person").click()
    page.get_by_role("button", name="Begin").wait_for()
    (kept,) = (data / "users" / code / "eye").iterdir()
    document = json.loads((kept / "summary.json").read_text())
    film = next(path for path in kept.iterdir() if path.stem == "raw_video")
    context.close()
    return Screening(text, document, film, seen, recorded_s, waited_s, was_off, visits(data))


def shown_at_s(screening: Screening) -> np.ndarray:
    """Page times at which the observer saw the target appear somewhere."""
    return np.array([now_ms / 1000 for now_ms, place in screening.seen["targets"] if place != "none"])


def test_the_page_shows_the_target_as_planned_and_logs_what_it_showed(screening: Screening) -> None:
    shown = screening.document["summary"]["parameters"]["target_log"]["steps"]
    assert [(np.sign(s["x_deg"] or 0), np.sign(s["y_deg"] or 0)) for s in shown] == [
        (np.sign(s.x_deg or 0), np.sign(s.y_deg or 0)) for s in TASK.steps
    ]
    assert max(step["x_deg"] or 0 for step in shown) > 15
    assert max(step["y_deg"] or 0 for step in shown) > 10
    assert shown[-1]["x_deg"] is None
    seen_s = shown_at_s(screening)
    logged_s = np.array([step["time_s"] for step in shown if step["x_deg"] is not None])
    planned_s = np.array([step.at_s for step in TASK.steps if step.x_deg is not None])
    assert len(seen_s) == len(logged_s)
    assert np.abs(np.diff(seen_s) - np.diff(logged_s)).max() < 0.002
    assert np.abs(seen_s - seen_s[0] - planned_s).max() < 0.25


def test_nearly_every_frame_is_recorded_at_its_time(screening: Screening, camera: FakeCamera) -> None:
    time_s, numbers = frame_numbers(screening.film)
    assert recorded_share(screening, camera) >= SHARE
    assert time_s[-1] - time_s[0] + FRAME_S == pytest.approx(screening.recorded_s, abs=0.2)
    captured = {number: moment_ms / 1000 for moment_ms, number in screening.seen["frames"]}
    offsets_s = [captured[number] - at_s for at_s, number in zip(time_s, numbers, strict=True) if number in captured]
    assert len(offsets_s) > 0.5 * len(numbers)
    assert np.std(offsets_s) < 0.002


def test_latency_and_gain_are_the_puppets(screening: Screening, camera: FakeCamera) -> None:
    """Latency within a frame of the truth, gain within 0.1, in each direction.

    The truth is on the page's clock, by the observer's own reading of the frame numbers.
    """
    frames = np.array([(number, moment_ms / 1000) for moment_ms, number in screening.seen["frames"]])
    frames = frames[np.argsort(frames[:, 0])]
    true_start_s = np.interp([s.start_s * RATE_HZ for s in camera.saccades], frames[:, 0], frames[:, 1])
    true_latency_s = true_start_s - shown_at_s(screening)[1:]
    responses = screening.document["events"]["target_responses"]
    assert len(responses) == len(camera.saccades)
    late_s = np.array([r["latency_s"] or np.nan for r in responses]) - true_latency_s
    assert np.isfinite(late_s).mean() >= 0.8
    assert abs(np.nanmedian(late_s)) < FRAME_S
    metrics = screening.document["summary"]["metrics"]
    for direction in ("up", "down", "left", "right"):
        these = [index for index, response in enumerate(responses) if response["direction"] == direction]
        assert len(these) >= 3
        gain = float(np.median([camera.saccades[i].amplitude_deg / responses[i]["size_deg"] for i in these]))
        latency_ms = metrics[f"latency_{direction}_ms"]["value"]
        assert latency_ms is not None, direction
        true_ms = 1000 * float(np.median(true_latency_s[these]))
        assert latency_ms == pytest.approx(true_ms, abs=1000 * FRAME_S), direction
        assert metrics[f"primary_gain_{direction}"]["value"] == pytest.approx(gain, abs=0.1), direction


def test_the_result_stands_there_in_words_with_the_response_to_the_target(screening: Screening) -> None:
    assert "not a diagnosis" in screening.text
    assert "The eyes followed" in screening.text
    assert screening.waited_s < RESULT_S
    latency = screening.document["summary"]["metrics"]["latency_up_ms"]
    assert (latency["value"] is None) != (latency["reason"] is None)


def test_the_camera_is_off_when_the_result_stands(screening: Screening) -> None:
    assert screening.camera_was_off


def test_nothing_of_a_visit_is_left_in_the_station(screening: Screening) -> None:
    assert screening.left_behind == []


def test_escape_stops_the_task_and_keeps_nothing(visitor: Page, dashboard_url: str, dashboard_data: Path) -> None:
    begin(visitor, dashboard_url)
    visitor.get_by_role("button", name="Start the task").and_(visitor.locator(":enabled")).wait_for()
    visitor.get_by_role("button", name="Start the task").press("Enter")
    visitor.locator(".target").wait_for(state="visible")
    visitor.keyboard.press("Escape")
    expect(visitor.get_by_text("Stopped. The recording was thrown away.")).to_be_visible()
    assert camera_is_off(visitor)
    assert visits(dashboard_data) == []


def test_leaving_the_camera_turns_it_off(visitor: Page, dashboard_url: str, dashboard_data: Path) -> None:
    begin(visitor, dashboard_url)
    visitor.locator(".face").wait_for(state="visible")
    visitor.get_by_role("button", name="Cancel").click()
    visitor.get_by_role("button", name="Begin").wait_for()
    assert camera_is_off(visitor)
    assert visits(dashboard_data) == []


def test_a_denied_camera_is_told_in_words(station: Browser, dashboard_url: str) -> None:
    context = station.new_context()
    page = _page(context)
    begin(page, dashboard_url)
    expect(page.get_by_text("The browser may not use the camera. Allow it beside the address")).to_be_visible()
    expect(page.get_by_role("button", name="Try the camera again")).to_be_visible()
    expect(page.get_by_role("button", name="Start the task")).to_be_disabled()
    context.close()
