"""What a clinician does, done in a real browser against a real server."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.demo_cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames

pytestmark = pytest.mark.browser

ANALYSIS_MS = 150_000
expect.set_options(timeout=30_000)
ROW_PX = 35
"""Height of a row of Streamlit's table, drawn on a canvas: its rows cannot be addressed otherwise."""


@pytest.fixture(scope="session")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first five seconds of a demo film."""
    frames = list(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=150))
    target = tmp_path_factory.mktemp("film") / "short.mp4"
    return write_video(target, [f.image_bgr for f in frames], np.array([f.time_s for f in frames]))


def film(page: Page) -> Locator:
    return page.locator("video")


def time_of_film(page: Page) -> float:
    return float(film(page).evaluate("video => video.currentTime"))


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
    patient = page.get_by_role("combobox", name=re.compile("Patient"))
    patient.fill(code)
    patient.press("Enter")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text(path.name).wait_for()
    page.get_by_text("Look up and down, and left and right").click()
    page.get_by_role("button", name="Analyse this film").click()
    page.wait_for_url("**/review?analysis=*")


def events_table(page: Page) -> Locator:
    return page.locator("[class*='st-key-review-events']")


def choose_event(page: Page, row: int) -> None:
    box = events_table(page).locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 150, box["y"] + ROW_PX * (row + 1) + ROW_PX / 2)


def first_event_time(page: Page) -> float:
    """Read from the table's own accessible copy."""
    return float(events_table(page).locator("[role=gridcell][aria-colindex='1']").first.inner_text())


def test_a_demo_case_opens_with_result_and_traces(page: Page, dashboard_url: str) -> None:
    page.goto(dashboard_url)
    card = page.locator(".st-key-demo-card-demo-healthy")
    expect(card.get_by_text("PSP not suspected")).to_be_visible(timeout=ANALYSIS_MS)
    card.get_by_role("button", name="Open").click()
    assert "PSP not suspected" in wait_for_result(page)
    expect(page.locator(".st-key-review-traces .js-plotly-plot .scatterlayer path.js-line").first).to_be_attached()
    expect(page.get_by_text("not a diagnosis").first).to_be_visible()
    wait_for_film(page)


def test_choosing_a_blink_takes_the_film_there_and_a_reload_finds_the_result(page: Page, dashboard_url: str) -> None:
    page.goto(f"{dashboard_url}/review?analysis=demo-healthy")
    headline = wait_for_result(page)
    wait_for_film(page)
    page.get_by_role("radio", name=re.compile("^Blinks")).or_(page.get_by_text(re.compile(r"^Blinks \d"))).first.click()
    events_table(page).locator("canvas").first.wait_for()
    start_s = first_event_time(page)
    assert start_s > 0.5
    choose_event(page, 0)
    page.wait_for_function(
        """target => {
            const search = root => { for (const element of root.querySelectorAll('*')) {
                if (element.tagName === 'VIDEO') return element;
                const inside = element.shadowRoot && search(element.shadowRoot);
                if (inside) return inside;
            } };
            const video = search(document);
            return !video.seeking && Math.abs(video.currentTime - target) < 0.06;
        }""",
        arg=start_s,
    )
    cursor = page.locator(".eye-cursor")
    expect(cursor).to_be_visible()
    page.reload()
    assert wait_for_result(page) == headline


def test_keys_step_one_frame_and_stay_in_the_player(page: Page, dashboard_url: str) -> None:
    page.goto(f"{dashboard_url}/review?analysis=demo-healthy")
    wait_for_result(page)
    wait_for_film(page)
    player = page.get_by_role("group", name="Film of the recording")
    player.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        film(page).evaluate("v => !v.seeking || new Promise(done => v.addEventListener('seeked', done, {once: true}))")
    expect(page.get_by_text(re.compile(r"^Frame 3 · "))).to_be_visible()
    assert math.isclose(time_of_film(page), 3.5 / 30, abs_tol=0.01)
    page.keyboard.press("r")
    page.keyboard.press("c")
    expect(page.get_by_text(re.compile(r"^Frame 3 · "))).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause (space)")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play (space)")).to_be_visible()


def test_an_uploaded_film_is_analysed_and_kept_in_the_history(page: Page, dashboard_url: str, short_film: Path) -> None:
    upload(page, dashboard_url, short_film, "P-upload")
    address = page.url
    page.reload()
    assert wait_for_result(page)
    assert page.url == address
    for name, head in (("Traces (CSV)", "frame_idx,"), ("Result (JSON)", "{")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.path().read_text().startswith(head)
    page.get_by_role("button", name="All recordings of this patient").click()
    expect(page.locator(".st-key-history-chart .js-plotly-plot")).to_be_visible()


def test_leaving_while_a_film_is_analysed_shows_the_other_page(page: Page, dashboard_url: str) -> None:
    upload(page, dashboard_url, DEMO_FOLDER / "too_poor.mp4", "P-leave")
    page.get_by_role("progressbar").wait_for()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_text("Choose a patient to see the recordings over time.")).to_be_visible()


def test_a_text_called_mp4_is_refused_in_words(page: Page, dashboard_url: str, tmp_path: Path) -> None:
    fake = tmp_path / "letter.mp4"
    fake.write_text("Dear colleague, " * 50)
    upload(page, dashboard_url, fake, "P-letter")
    expect(page.get_by_text("This film could not be analysed")).to_be_visible(timeout=ANALYSIS_MS)
    expect(page.locator(".st-key-failure")).to_contain_text("video")
    expect(page.locator(".st-key-failure")).not_to_contain_text("Traceback")


def test_an_analysis_can_be_cancelled_and_started_again(page: Page, dashboard_url: str) -> None:
    upload(page, dashboard_url, DEMO_FOLDER / "too_poor.mp4", "P-cancel")
    page.get_by_role("button", name="Cancel the analysis").click()
    page.get_by_role("heading", name="Cancelled").wait_for(timeout=ANALYSIS_MS)
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="This film is being analysed").wait_for()


def test_a_phone_shows_the_review_without_sideways_scrolling(page: Page, dashboard_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{dashboard_url}/review?analysis=demo-healthy")
    wait_for_result(page)
    width = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 390
