"""The review part in a browser: opening it, working its keys, reading what it says of itself and what was stored."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Locator, Page, expect

from shared.ports import Store
from tests.e2e.barcodes import READ_NUMBER

WAIT_MS: Final = 90_000
FIND_PART: Final = """window.__part = () => {
    const search = (root) => {
        const found = root.querySelector(".review[data-ready]");
        if (found) return found;
        for (const element of root.querySelectorAll("*")) {
            const inside = element.shadowRoot && search(element.shadowRoot);
            if (inside) return inside;
        }
        return null;
    };
    return search(document);
};"""
"""``window.__part()`` finds the review part through shadow roots."""
LIES_STILL: Final = """async () => {
    const place = () => JSON.stringify(window.__part().getBoundingClientRect());
    for (let same = 0, last = place(); same < 10;) {
        await new Promise(requestAnimationFrame);
        same = place() === last ? same + 1 : 0;
        last = place();
    }
}"""
"""A page that is still being laid out moves and widens the part: a click on a measured place would miss it."""


def open_review(page: Page, url: str, analysis_id: str, *, bars: bool = True) -> Locator:
    """The review part, with its traces and the first frame there, and with the focus."""
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(FIND_PART)
    page.goto(f"{url}/review?analysis={analysis_id}")
    part = page.locator(".review")
    expect(part).to_have_attribute("data-ready", "yes")
    expect(part).to_have_attribute("data-decisions", re.compile(r"\d"))
    expect(part).to_have_attribute("data-frame", re.compile(r"\d"))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate(LIES_STILL)
    if bars:
        settled(page)
    part.focus()
    return part


def settled(page: Page) -> int:
    """Waits until the cursor's frame is the one that the film shows, and returns it.

    A wrong frame never becomes right by waiting: the film stands still.
    """
    page.wait_for_function(
        f"""() => {{
            const part = window.__part();
            const video = part && part.querySelector("video");
            if (!video || video.readyState < 2 || video.seeking) return false;
            return ({READ_NUMBER})(video) === Number(part.dataset.frame);
        }}"""
    )
    return int(page.locator(".review").get_attribute("data-frame") or -1)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def sign_in(page: Page, initials: str = "KJ") -> None:
    page.get_by_label("Reviewer").fill(initials)
    page.locator(".review").focus()


def decisions(store: Store, analysis_id: str) -> list[tuple[str, str]]:
    return [(decision.action, decision.reviewer) for decision in store.decisions.of(analysis_id)]


def wait_for_decisions(page: Page, count: int) -> None:
    expect(page.locator(".review")).to_have_attribute("data-decisions", str(count))


def span_of(part: Locator) -> tuple[float, float]:
    return float(part.get_attribute("data-from") or -1), float(part.get_attribute("data-to") or -1)
