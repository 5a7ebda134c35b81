"""Every page in both themes and both languages: nothing that axe calls serious, no English of ours in Korean."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import message_catalogue

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
PATIENCE_MS = 60_000


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A fresh profile in each theme."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, color_scheme=request.param)
    visit = context.new_page()
    visit.set_default_timeout(30_000)
    yield visit
    context.close()


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


@pytest.mark.parametrize("language", ["en", "ko"])
def test_axe_finds_nothing_serious_on_any_page(themed: Page, dashboard_url: str, language: str) -> None:
    found = []
    for name, path in PAGES.items():
        open_settled(themed, dashboard_url + with_language(path, language))
        answer = Axe().run(themed, options={"runOnly": {"type": "tag", "values": RULES}})
        found += [
            f"{name}: {violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:160]}"
            for violation in answer.response["violations"]
            if violation["impact"] in {"serious", "critical"} and violation["id"] not in OF_STREAMLIT
        ]
    assert found == []


def test_no_sentence_of_ours_is_left_in_english_on_a_korean_page(page: Page, dashboard_url: str) -> None:
    english = {
        message.id
        for message in message_catalogue.read("ko")
        if isinstance(message.id, str) and message.id and message.string != message.id and "{" not in message.id
    }
    left = {}
    for name, path in PAGES.items():
        open_settled(page, dashboard_url + with_language(path, "ko"))
        shown = page.evaluate(
            """() => {
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
        )
        if remaining := english & set(shown):
            left[name] = remaining
    assert left == {}


def test_a_korean_page_says_that_it_is_korean(page: Page, dashboard_url: str) -> None:
    open_settled(page, dashboard_url + with_language("/", "ko"))
    expect(page.locator("html")).to_have_attribute("lang", "ko")


def test_the_choice_of_language_stays_on_the_next_page(page: Page, dashboard_url: str) -> None:
    open_settled(page, dashboard_url)
    page.get_by_text("한국어", exact=True).click()
    expect(page.get_by_role("link", name="환자")).to_be_visible()
    page.get_by_role("link", name="경과").click()
    expect(page.get_by_role("heading", name="경과")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_result_fits_on_a_phone(page: Page, dashboard_url: str, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_settled(page, dashboard_url + with_language(PAGES["review"], language))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
