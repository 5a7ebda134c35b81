"""A stretch of the task marked in a real browser, with the keys of the review, and kept as a new result."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from dashboard.services import Services
from shared.deletion import delete_analysis
from tests.dashboard.recordings import open_store
from tests.e2e.test_languages_and_access import OF_STREAMLIT, RULES
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

ANALYSIS = "demo-no_vertical_task"


def settled(page: Page) -> None:
    """Wait until no part of the page is being drawn anew."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


@pytest.fixture
def services(dashboard_data: Path, dashboard_url: str) -> Iterator[Services]:
    """The store of the running dashboard; results that the test kept are removed from it."""
    opened = Services(open_store(dashboard_data))
    yield opened
    for job in opened.history(ANALYSIS):
        if job.analysis_id != ANALYSIS:
            delete_analysis(opened.store, job.analysis_id, now=time.time())


def test_a_stretch_is_marked_by_keys_judged_and_kept(page: Page, dashboard_url: str, services: Services) -> None:
    page.goto(f"{dashboard_url}/review?analysis={ANALYSIS}")
    review = page.locator(".review")
    expect(review).to_have_attribute("data-frame", "0", timeout=60_000)
    review.focus()
    review.press("i")
    for second in range(1, 4):
        review.press("Shift+ArrowRight")
        expect(review).to_have_attribute("data-time", f"{second:.6f}")
    review.press("o")
    review.press("t")
    form = page.locator(".st-key-segments-start, .st-key-segments-end").locator("input")
    expect(form.first).to_have_value("0.00")
    expect(form.last).to_have_value("3.00")
    settled(page)
    choice, left = page.get_by_role("combobox", name="Asked to look"), page.get_by_role("option", name="patient’s left")

    def chosen() -> bool:
        choice.click()
        with suppress(PlaywrightTimeoutError):  # a part of the page that is drawn anew meanwhile closes the list
            left.click(timeout=1000)
            return True
        return False

    wait_until(chosen)
    settled(page)
    page.locator(".st-key-segments-add button").click()
    expect(page.get_by_text("0.00 to 3.00 s")).to_be_visible()
    expect(page.get_by_text("Without the change: ▢ Inconclusive. With it: ▢ Inconclusive.")).to_be_visible()
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    assert [
        item["id"] for item in found if item["impact"] in {"serious", "critical"} and item["id"] not in OF_STREAMLIT
    ] == []
    assert len(services.history(ANALYSIS)) == 1, "nothing is kept before it is asked for"
    settled(page)
    initials = page.locator(".st-key-segments-reviewer").get_by_role("textbox", name="Reviewer")
    initials.fill("KJ")
    initials.press("Enter")
    page.get_by_role("button", name="Keep as a new result").click()
    expect(page.get_by_text("Marked by KJ")).to_be_visible()
    new, _ = sorted(services.history(ANALYSIS), key=lambda job: job.analysis_id == ANALYSIS)
    assert f"analysis={new.analysis_id}" in page.url
    assert [segment["label"] for segment in new.parameters["segments"]] == ["left"]
    page.get_by_role("button", name="Open the earlier result").click()
    expect(page.get_by_text("No stretch is marked.")).to_be_attached()
    assert f"analysis={ANALYSIS}" in page.url
