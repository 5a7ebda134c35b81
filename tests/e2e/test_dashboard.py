"""What a clinician does, done in a real browser against a real server."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.demo.cases import DEMO_FOLDER
from shared.adapters.job_rules import MAX_ATTEMPTS
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

ANALYSIS_MS = 150_000
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first five seconds of a demo film."""
    frames = list(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=150))
    target = tmp_path_factory.mktemp("film") / "short.mp4"
    return write_video(target, [f.image_bgr for f in frames], np.array([f.time_s for f in frames]))


def job_processes(analysis_id: str) -> set[int]:
    """Processes that analyse this recording, from the system's own table."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if analysis_id.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found


def cancel(page: Page) -> None:
    """Cancel the analysis on this page once its process runs; afterwards there is none."""
    analysis_id = page.url.rpartition("=")[2]
    wait_until(lambda: job_processes(analysis_id))
    page.get_by_role("button", name="Cancel the analysis").click()
    page.get_by_role("heading", name="Cancelled").wait_for(timeout=ANALYSIS_MS)
    wait_until(lambda: not job_processes(analysis_id))


def film(page: Page) -> Locator:
    return page.locator("video")


def wait_for_film(page: Page) -> None:
    film(page).wait_for()
    film(page).evaluate(
        "video => video.readyState >= 2 || "
        "new Promise(done => video.addEventListener('loadeddata', done, {once: true}))"
    )


def wait_for_result(page: Page) -> str:
    """The result in words, as soon as it stands there."""
    headline = page.locator(".st-key-result h1")
    headline.wait_for(timeout=ANALYSIS_MS)
    return headline.inner_text()


def upload(page: Page, url: str, path: Path, code: str) -> None:
    """A new recording of a new patient, as a person enters it."""
    page.goto(f"{url}/new_recording")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text(path.name).wait_for()
    fill_in(page, code)


def fill_in(page: Page, code: str) -> None:
    """Say whose film it is and what was asked for, and send it off."""
    patient = page.get_by_role("combobox", name=re.compile("Patient"))
    patient.fill(code)
    patient.press("Enter")
    page.get_by_text("Look up and down, and left and right").click()
    page.get_by_role("button", name="Analyse this film").click()
    page.wait_for_url("**/review?analysis=*")


def test_a_demo_case_opens_with_result_and_traces(page: Page, dashboard_url: str) -> None:
    page.goto(dashboard_url)
    card = page.locator(".st-key-demo-card-demo-healthy")
    expect(card.get_by_text("PSP not suspected")).to_be_visible(timeout=ANALYSIS_MS)
    card.get_by_role("button", name="Open").click()
    assert "PSP not suspected" in wait_for_result(page)
    expect(page.locator(".review[data-ready=yes] .lane canvas").first).to_be_visible()
    expect(page.get_by_text("not a diagnosis").first).to_be_visible()
    wait_for_film(page)


def test_an_uploaded_film_is_analysed_and_kept_in_the_history(page: Page, dashboard_url: str, short_film: Path) -> None:
    """Reloading and closing the page meanwhile loses nothing (ux check 9)."""
    upload(page, dashboard_url, short_film, "P-upload")
    address = page.url
    page.reload()
    page.get_by_role("progressbar").wait_for()
    profile = page.context
    page.close()
    page = profile.new_page()
    page.goto(address)
    assert wait_for_result(page)
    assert page.url == address
    for name, head in (("Traces (CSV)", "frame_idx,"), ("Result (JSON)", "{")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.path().read_text().startswith(head)
    page.get_by_role("button", name="All recordings of this patient").click()
    expect(page.locator(".st-key-history-chart .js-plotly-plot")).to_be_visible()


def test_a_film_whose_analysis_dies_every_time_is_told_in_words_and_can_be_tried_again(
    page: Page, dashboard_url: str, short_film: Path
) -> None:
    upload(page, dashboard_url, short_film, "P-crash")
    analysis_id = page.url.rpartition("=")[2]
    killed: set[int] = set()
    while len(killed) < MAX_ATTEMPTS:
        wait_until(lambda: job_processes(analysis_id) - killed, timeout_s=ANALYSIS_MS / 1000)
        for process in job_processes(analysis_id) - killed:
            os.kill(process, signal.SIGKILL)
            killed.add(process)
    failure = page.locator(".st-key-failure")
    expect(failure).to_contain_text("could not be analysed", timeout=ANALYSIS_MS)
    expect(failure).not_to_contain_text("Traceback")
    page.get_by_role("button", name="Try again").click()
    assert wait_for_result(page)


def test_a_text_called_mp4_is_refused_in_words(page: Page, dashboard_url: str, tmp_path: Path) -> None:
    fake = tmp_path / "letter.mp4"
    fake.write_text("Dear colleague, " * 50)
    upload(page, dashboard_url, fake, "P-letter")
    expect(page.get_by_text("This film could not be analysed")).to_be_visible(timeout=ANALYSIS_MS)
    expect(page.locator(".st-key-failure")).to_contain_text("video")
    expect(page.locator(".st-key-failure")).not_to_contain_text("Traceback")


def test_an_analysis_can_be_left_cancelled_and_started_again(page: Page, dashboard_url: str) -> None:
    """Leaving shows the other page at once; cancelling leaves no process behind (ux check 9)."""
    upload(page, dashboard_url, DEMO_FOLDER / "too_poor.mp4", "P-cancel")
    address = page.url
    page.get_by_role("progressbar").wait_for()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_text("Choose a patient to see the recordings over time.")).to_be_visible()
    page.goto(address)
    cancel(page)
    page.get_by_role("button", name="Try again").click()
    cancel(page)
