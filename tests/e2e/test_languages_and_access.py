"""Every page in both themes and both languages: nothing that axe calls serious, no English of ours in
Korean, nothing to move sideways (ux checks 10 and 11)."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError, expect

from dashboard.charts.inks import DARK_INK, LIGHT_INK
from tests import message_catalogue
from tests.e2e.watching import DESK, PHONE, watched

pytestmark = pytest.mark.browser

PAGES = {
    "patients": "/",
    "new recording": "/new_recording",
    "review": "/review?analysis=demo-psp_like",
    "history": "/history?patient=demo-psp_like",
    "report": "/report?analysis=demo-psp_like",
    "compare": "/compare?analysis=demo-psp_like",
    "screening": "/screening",
    "about": "/settings",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_STREAMLIT = {"empty-table-header", "presentation-role-conflict"}
"""Minor findings in Streamlit's own parts."""
SETTLED_MS = 500
SETTLING_MS = 5_000
PATIENCE_MS = 60_000


WORDS = """() => {
    const texts = [];
    const walk = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent.trim());
            else if (node.shadowRoot) walk(node.shadowRoot);
        }
    };
    walk(document.body);
    return texts;
}"""
"""Every text on the page, those inside of parts too."""
WIDTH = """() => Math.max(document.documentElement.scrollWidth,
                          document.querySelector('[data-testid=stMain]').scrollWidth)"""


def open_settled(page: Page, url: str) -> None:
    """Open a page and wait until nothing on it changes any more."""
    page.goto(url)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(
        """() => {
            const now = document.body.innerText.length, last = window.lastLength;
            window.lastLength = now; window.calm = now === last ? (window.calm || 0) + 1 : 0; return window.calm > 3;
        }""",
        polling=SETTLED_MS / 4,
    )


def with_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    answer = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:160]}"
        for violation in answer.response["violations"]
        if violation["impact"] in {"serious", "critical"} and violation["id"] not in OF_STREAMLIT
    ]


def too_wide(page: Page, folder: Path, name: str) -> list[str]:
    """Screens on which the page would have to be moved sideways; leaves a picture of each in ``folder``."""
    found = []
    for screen in (DESK, PHONE):
        page.set_viewport_size(screen)
        width = screen["width"]
        try:
            page.wait_for_function(f"({WIDTH})() <= {width}", timeout=SETTLING_MS)
        except TimeoutError:
            found.append(f"{page.evaluate(WIDTH)} px on {width} px")
        page.screenshot(path=folder / f"{name}-{width}.png")
    page.set_viewport_size(DESK)
    return found


@cache
def english() -> set[str]:
    """Sentences of ours that have another form in Korean."""
    return {
        message.id
        for message in message_catalogue.read("ko")
        if isinstance(message.id, str) and message.id and message.string != message.id and "{" not in message.id
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_is_accessible_in_its_language_and_fits_the_screen(
    browser: Browser, dashboard_url: str, tmp_path: Path, theme: Any, language: str
) -> None:
    """One visit of each page serves all the questions: opening it is what takes time."""
    found: dict[str, list[str]] = {}
    with watched(browser.new_context(viewport=DESK, color_scheme=theme)) as page:
        for name, path in PAGES.items():
            open_settled(page, dashboard_url + with_language(path, language))
            expect(page.locator("html")).to_have_attribute("lang", language)
            found[name] = serious(page)
            if language == "ko":
                found[name] += [f"in English: {text}" for text in sorted(english() & set(page.evaluate(WORDS)))]
            if theme == "light":
                found[name] += too_wide(page, tmp_path, name)
    assert {name: what for name, what in found.items() if what} == {}


def test_the_choice_of_language_stays_on_the_next_page(page: Page, dashboard_url: str) -> None:
    open_settled(page, dashboard_url)
    page.get_by_text("한국어", exact=True).click()
    expect(page.get_by_role("link", name="환자")).to_be_visible()
    page.get_by_role("link", name="경과").click()
    expect(page.get_by_role("heading", name="경과")).to_be_visible()


def test_charts_are_written_in_ink_that_can_be_read_after_the_theme_changed(page: Page, dashboard_url: str) -> None:
    open_settled(page, dashboard_url + PAGES["history"])
    writing = page.locator(".st-key-history-chart .xtick text").first
    for theme, ink in (("dark", DARK_INK), ("light", LIGHT_INK)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        red, green, blue = (int(ink[at : at + 2], 16) for at in (1, 3, 5))
        expect(writing).to_have_css("fill", f"rgb({red}, {green}, {blue})")
