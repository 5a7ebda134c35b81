"""Reviewing a recording in a real browser: the right frame, the right key, nothing lost (ux checks 2, 4, 5, 6)."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from shared.adapters.local import LocalStore
from shared.model import FloatArray
from tests.e2e.barcodes import FILMS, add_film, even_times
from tests.e2e.reviewing import decisions, open_review, press, settled, sign_in, span_of, wait_for_decisions

pytestmark = pytest.mark.browser
expect.set_options(timeout=90_000)


@pytest.fixture(scope="module", autouse=True)
def films_to_decide_on(store: LocalStore, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("decide")
    for name in ("decide", "sign", "keys", "blink"):
        add_film(store, folder, f"bars-{name}", even_times(300))


def click_lane(page: Page, share: float) -> None:
    """Click on the uppermost lane at a share of its width."""
    over = page.locator(".review .u-over").first
    box = over.bounding_box()
    assert box is not None
    over.click(position={"x": share * box["width"], "y": box["height"] / 2})


@pytest.mark.parametrize("name", list(FILMS))
def test_the_cursor_is_on_the_frame_that_the_film_shows(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], name: str
) -> None:
    time_s = films[name]
    part = open_review(page, dashboard_url, f"bars-{name}")
    press(page, "0")
    shown_s = float(part.get_attribute("data-to") or 0)
    for share in (0.10, 0.50, 0.77, 0.93):
        click_lane(page, share)
        expected = int(np.searchsorted(time_s, share * shown_s + 1e-3, side="right")) - 1
        page.wait_for_function(f"() => Math.abs(Number(window.__part().dataset.frame) - {expected}) <= 2")
        frame = settled(page)
        assert abs(time_s[frame] - share * shown_s) < 0.08  # half a pixel of the lane, and one frame
        press(page, "ArrowRight")
        page.wait_for_function(f"() => Number(window.__part().dataset.frame) === {frame + 1}")
        assert settled(page) == frame + 1
        press(page, "ArrowLeft", "ArrowLeft")
        page.wait_for_function(f"() => Number(window.__part().dataset.frame) === {frame - 1}")
        assert settled(page) == frame - 1


def test_decisions_are_written_at_once_stay_and_move_the_numbers(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], store: LocalStore
) -> None:
    received: list[int] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: received.append(len(payload)))

    page.on("websocket", watch)
    open_review(page, dashboard_url, "bars-decide")
    sign_in(page)
    expect(page.get_by_role("columnheader", name="Reviewed")).to_have_count(0)
    before = sum(received)
    press(page, "n", "a", "n", "x")
    wait_for_decisions(page, 2)
    assert decisions(store, "bars-decide") == [("accept", "KJ"), ("reject", "KJ")]
    expect(page.get_by_role("columnheader", name="Reviewed")).to_be_visible()
    expect(page.get_by_text("1 event excluded, 0 added")).to_be_visible()
    assert sum(received) - before < 2 * 50_000
    rows = page.locator(".review .event-rows button")
    expect(rows.nth(1)).to_contain_text("rejected: nothing happened here (KJ)")
    press(page, "2")
    expect(rows.nth(1)).to_contain_text("rejected: the iris was lost (KJ)")
    page.reload()
    expect(rows.nth(0)).to_contain_text("accepted (KJ)")
    expect(rows.nth(1)).to_contain_text("rejected: the iris was lost (KJ)")
    expect(page.get_by_text("1 event excluded, 0 added")).to_be_visible()
    page.locator(".review").focus()
    press(page, "u", "u")
    wait_for_decisions(page, 5)
    expect(page.get_by_text("1 event excluded")).to_have_count(0)
    assert [action for action, _ in decisions(store, "bars-decide")] == ["accept", "reject", "reject", "undo", "undo"]


def test_nobody_decides_without_initials(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], store: LocalStore
) -> None:
    open_review(page, dashboard_url, "bars-keys")
    press(page, "n", "a")
    expect(page.get_by_text("Type your initials and press Enter")).to_be_visible()
    expect(page.get_by_label("Reviewer")).to_be_focused()
    assert decisions(store, "bars-keys") == []
    page.keyboard.type("김철수")
    page.keyboard.press("Enter")
    wait_for_decisions(page, 1)
    assert decisions(store, "bars-keys") == [("accept", "김철수")]
    expect(page.locator(".review")).to_be_focused()


def test_a_blink_is_marked_added_and_shown(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], store: LocalStore
) -> None:
    part = open_review(page, dashboard_url, "bars-blink")
    sign_in(page)
    press(page, "b")
    expect(page.get_by_text("Mark the blink first")).to_be_visible()
    press(page, *["Shift+ArrowRight"] * 4)
    start = settled(page)
    press(page, "i", *["ArrowRight"] * 6)
    page.wait_for_function(f"() => Number(window.__part().dataset.frame) === {start + 6}")
    press(page, "o", "b")
    wait_for_decisions(page, 1)
    (decision,) = store.decisions.of("bars-blink")
    assert decision.payload["event"]["start_frame"] == start
    assert decision.payload["event"]["end_frame"] == start + 6
    expect(part).to_have_attribute("data-event", re.compile("^added-blinks@"))
    expect(page.locator(".event-rows [data-status=added]")).to_have_count(1)
    page.get_by_label("Decision", exact=True).select_option("added")
    expect(page.locator(".event-rows button")).to_have_count(1)


def test_a_signed_review_is_locked_until_it_is_reopened_with_a_reason(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], store: LocalStore
) -> None:
    part = open_review(page, dashboard_url, "bars-sign")
    sign_in(page, "MS")
    page.get_by_role("button", name="Sign the review").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign the review").click()
    expect(part).to_have_attribute("data-signed", "yes")
    expect(page.get_by_text("Review signed by MS")).to_be_visible()
    part.focus()
    press(page, "n", "a", "x", "u")
    expect(page.get_by_role("button", name="Accept (a)")).to_be_disabled()
    page.get_by_role("button", name="Reopen").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("one blink overlooked")
    page.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(part).to_have_attribute("data-signed", "no")
    part.focus()
    press(page, "a")
    wait_for_decisions(page, 3)
    assert [action for action, _ in decisions(store, "bars-sign")] == ["sign", "reopen", "accept"]


def test_letters_stay_in_the_part(page: Page, dashboard_url: str, films: dict[str, FloatArray]) -> None:
    sent: list[str | bytes] = []

    def note(payload: str | bytes) -> None:
        sent.append(payload)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    part = open_review(page, dashboard_url, "bars-constant")
    page.locator(".st-key-review-downloads").wait_for()
    page.wait_for_load_state("networkidle")
    sent.clear()
    press(page, *"cr1zqw")
    press(page, "ArrowRight")
    page.wait_for_function("() => Number(window.__part().dataset.frame) === 1")
    assert sent == []
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("accept the event")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(part).to_have_attribute("data-frame", "1")


def test_the_wheel_zooms_at_the_pointer_a_drag_to_its_ends_and_a_double_click_shows_all(
    page: Page, dashboard_url: str, films: dict[str, FloatArray]
) -> None:
    part = open_review(page, dashboard_url, "bars-constant")
    assert span_of(part) == (0.0, 10.0)
    box = page.locator(".review .u-over").first.bounding_box()
    assert box is not None
    at_quarter = (box["x"] + box["width"] / 4, box["y"] + 40)
    page.mouse.move(*at_quarter)
    page.mouse.wheel(0, -300)
    expect(part).not_to_have_attribute("data-to", "10.000")
    start, end = span_of(part)
    assert end - start < 9.0
    assert start + (end - start) / 4 == pytest.approx(2.5, abs=0.1)
    page.mouse.down()
    page.mouse.move(at_quarter[0] + box["width"] / 2, at_quarter[1], steps=5)
    page.mouse.up()
    expect(part).not_to_have_attribute("data-to", f"{end:.3f}")
    inner = span_of(part)
    assert inner == pytest.approx((2.5, 2.5 + (end - start) / 2), abs=0.1)
    page.mouse.dblclick(*at_quarter)
    expect(part).to_have_attribute("data-from", "0.000")
    assert span_of(part)[1] == pytest.approx(20.0, abs=0.1)
    press(page, "+")
    expect(part).not_to_have_attribute("data-to", "20.000")
    press(page, "0")
    expect(part).to_have_attribute("data-to", "20.000")


def test_traces_film_and_decisions_open_only_with_their_tokens(
    page: Page, dashboard_url: str, films: dict[str, FloatArray]
) -> None:
    asked: dict[str, str] = {}

    def note(url: str) -> None:
        found = re.search(r"/api/(video|traces|decisions)/", url)
        if found:
            asked[found[1]] = url

    page.on("request", lambda request: note(request.url))
    open_review(page, dashboard_url, "bars-constant")
    assert set(asked) == {"video", "traces", "decisions"}
    part = page.request.get(asked["video"], headers={"Range": "bytes=100-199"})
    assert (part.status, len(part.body())) == (206, 100)
    for url in asked.values():
        stranger = url[:-4] + "aaaa"
        assert page.request.get(stranger).status == 403
        assert page.request.get(url, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    swapped = asked["traces"].rsplit("/", 1)[1]
    assert page.request.get(asked["video"].rsplit("/", 1)[0] + "/" + swapped).status == 403


def test_the_other_instrument_and_what_the_tracker_saw_are_a_key_away(
    page: Page, dashboard_url: str, films: dict[str, FloatArray]
) -> None:
    open_review(page, dashboard_url, "bars-constant")
    expect(page.get_by_text("under-reads vertical movement about threefold")).to_be_visible()
    press(page, "g")
    expect(page.get_by_text("The threshold does not belong to it")).to_be_visible()
    expect(page.get_by_text("Vertical, approx. degrees, up")).to_be_visible()
    closeup = page.locator(".close-ups canvas").first
    expect(closeup).to_be_visible()
    press(page, "l")
    expect(closeup).to_be_hidden()
    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v > 0)"
    assert page.locator(".overlay").evaluate(drawn) is False
    press(page, "l")
    assert page.locator(".overlay").evaluate(drawn) is True


def test_an_event_in_the_list_takes_the_film_there_and_filters_narrow_it(
    page: Page, dashboard_url: str, films: dict[str, FloatArray]
) -> None:
    part = open_review(page, dashboard_url, "bars-constant")
    page.get_by_label("Kind of event").select_option("blinks")
    rows = page.locator(".event-rows button")
    expect(rows.first).to_contain_text("Blink")
    rows.nth(1).click()
    start_s = float(rows.nth(1).locator(".when").inner_text().removesuffix(" s"))
    expect(part).to_have_attribute("data-frame", str(round(start_s * 30)))
    assert settled(page) == round(start_s * 30)
    press(page, "n")
    expect(rows.nth(2)).to_have_attribute("aria-pressed", "true")
    press(page, "p", "p")
    expect(rows.nth(0)).to_have_attribute("aria-pressed", "true")
