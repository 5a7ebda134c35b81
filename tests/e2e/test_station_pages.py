"""Each step of a screening, in both languages and themes: nothing that axe calls serious, the camera off afterwards, a
film with its length and its clock (ux checks 8, 10 and 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.demo.cases import DEMO_FOLDER
from dashboard.language.texts import t
from shared.adapters.local import LocalStore
from shared.video import probe, read_frames
from tests.e2e.conftest import chromium_path
from tests.e2e.test_languages_and_access import WIDTH, serious
from tests.e2e.watching import DESK, watched

pytestmark = [pytest.mark.browser, pytest.mark.alone]
expect.set_options(timeout=60_000)

LOOP_FRAMES = 60
RESULT_MS = 180_000
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
STREAMS = """
    window.streams = [];
    const devices = navigator.mediaDevices;
    const open = devices && devices.getUserMedia.bind(devices);
    if (devices) devices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        window.streams.push(stream);
        return stream;
    };
"""
IS_OFF = "() => streams.length > 0 && streams.every((s) => s.getTracks().every((t) => t.readyState === 'ended'))"
THEME_SHOWN = """(dark) => {
    const [red] = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/\\d+/g);
    const running = (one) => one instanceof CSSTransition && one.playState === 'running';
    return (Number(red) < 128) === dark && !document.getAnimations().some(running);
}"""
"""The theme is shown, and no colour is on its way to it any more."""


@pytest.fixture(scope="module")
def station(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser before whose camera a demo case sits."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with path.open("wb") as file:
        for frame in read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=LOOP_FRAMES):
            height, width = frame.image_bgr.shape[:2]
            picture = cv2.resize(frame.image_bgr, (round(width * 720 / height), 720))
            file.write(cv2.imencode(".jpg", picture)[1].tobytes())
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={path}"]
    with_camera = browser.browser_type.launch(executable_path=chromium_path(), args=flags)
    yield with_camera
    with_camera.close()


def profile(station: Browser) -> BrowserContext:
    context = station.new_context(viewport=DESK, color_scheme="light")
    context.add_init_script(STREAMS)
    return context


def inspect(page: Page, step: str) -> list[str]:
    """What is wrong with a step in either theme, once nothing of the step before fades out any more."""
    found = []
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.wait_for_function(THEME_SHOWN, arg=theme == "dark")
        found += [f"{step}, {theme}: {what}" for what in serious(page)]
        if page.evaluate(WIDTH) > DESK["width"]:
            found.append(f"{step}, {theme}: too wide")
    page.emulate_media(color_scheme="light")
    return found


def consent(page: Page, language: str) -> None:
    page.get_by_text(t("I agree to be filmed for this test.", language=language)).click()
    page.get_by_role("button", name=t("Begin", language=language)).click()


def wait_for_face(page: Page, language: str) -> None:
    start = page.get_by_role("button", name=t("Start the task", language=language))
    start.and_(page.locator(":enabled")).wait_for()


def test_leaving_the_page_turns_the_camera_off_and_nothing_is_kept(
    station: Browser, dashboard_url: str, dashboard_data: Path
) -> None:
    """By the browser's own way back, which leaves the page that opened the camera in place; steps in English."""
    with watched(profile(station)) as page:
        page.goto(dashboard_url)
        page.get_by_role("link", name="Screening").click()
        page.get_by_role("button", name="Begin").wait_for()
        found = inspect(page, "consent")
        consent(page, "en")
        wait_for_face(page, "en")
        found += inspect(page, "camera check")
        page.get_by_role("button", name="Start the task").click()
        page.locator(".stage .target").wait_for(state="visible")
        found += inspect(page, "task")
        page.keyboard.press("Escape")
        page.get_by_text("Stopped. The recording was thrown away.").wait_for()
        found += inspect(page, "stopped")
        consent(page, "en")
        wait_for_face(page, "en")
        page.go_back()
        page.get_by_role("heading", name="Patients", exact=True).wait_for()
        page.wait_for_function(IS_OFF)
        assert page.evaluate("streams.length") == 2
    assert found == []


def test_a_screening_in_korean_keeps_a_film_of_its_own_length_with_its_clock(
    station: Browser, dashboard_url: str, store: LocalStore
) -> None:
    """How much of the task a busy machine's browser films is measured where the machine is quiet (``make bench``)."""
    with watched(profile(station)) as page:
        page.goto(f"{dashboard_url}/screening?lang=ko")
        page.get_by_text(t("Set up this station", language="ko")).click()
        page.get_by_text(re.compile("^자리 시험")).click()
        found = inspect(page, "consent")
        consent(page, "ko")
        wait_for_face(page, "ko")
        found += inspect(page, "camera check")
        page.get_by_role("button", name=t("Start the task", language="ko")).click()
        page.locator(".stage .target").wait_for(state="visible")
        found += inspect(page, "task")
        page.locator(".st-key-result h1").wait_for(timeout=RESULT_MS)
        page.wait_for_function(IS_OFF)
        found += inspect(page, "result")
        page.get_by_text(t("Keep this recording", language="ko")).click()
        page.get_by_role("textbox").fill("S-ko")
        found += inspect(page, "keeping")
        page.get_by_text(
            t("The person agrees that film and result are kept on this computer for research.", language="ko")
        ).click()
        page.get_by_role("button", name=t("Keep", language="ko"), exact=True).click()
        page.get_by_role("button", name=t("Next person", language="ko"), exact=True).wait_for()
        page.get_by_text("English", exact=True).click()
        page.get_by_text("Kept as recording of S-ko.").wait_for()
        found += inspect(page, "result in English")
    (job,) = store.jobs.history("S-ko", limit=2)
    film = store.videos.local_path(job.video)
    last_s = max(frame.time_s for frame in read_frames(film))
    log = store.results.document("S-ko", job.analysis_id)["summary"]["parameters"]["target_log"]
    assert probe(film).duration_s == pytest.approx(last_s, abs=0.2)
    assert log["clock_error_s"] is not None
    assert len(log["steps"]) > 10
    assert found == []
