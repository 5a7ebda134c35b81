"""Uploading in a real browser: by button, by dropping, across a broken line and a reload, and refused in words."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.watching import watched

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

MEBIBYTE = 1024 * 1024
PIECE = 8 * MEBIBYTE
UPLOADS = re.compile(r"/api/upload/")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A little over two pieces of bytes that no two places share."""
    path = tmp_path / "visit.mp4"
    path.write_bytes(b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(2 * PIECE // 32 + 5000)))
    return path


def open_uploader(page: Page, url: str) -> None:
    page.goto(f"{url}/new_recording")
    page.get_by_role("button", name="Choose a film").wait_for()


def choose(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a film").press("Enter")
    chooser.value.set_files(path)


def test_a_film_arrives_whole_and_can_be_removed(page: Page, dashboard_url: str, film: Path) -> None:
    open_uploader(page, dashboard_url)
    with page.expect_response(lambda r: UPLOADS.search(r.url) is not None and r.request.method == "POST") as end:
        choose(page, film)
    assert end.value.json()["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    expect(page.get_by_text(f"✓ {film.name}")).to_be_visible()
    expect(page.get_by_text("Still needed: the patient, the task.")).to_be_visible()
    page.get_by_role("button", name="Remove this film").click()
    expect(page.get_by_role("button", name="Choose a film")).to_be_visible()
    expect(page.get_by_text("Still needed: the patient, the film, the task.")).to_be_visible()


def test_a_broken_line_is_told_and_the_upload_goes_on_where_it_was_even_after_a_reload(
    browser: Browser, dashboard_url: str, film: Path
) -> None:
    """A browser reports each broken request to its console, which fails other tests."""
    with watched(browser.new_context(), expected="/api/upload/") as page:
        broken_off_and_continued(page, dashboard_url, film)
        expect(page.get_by_text("Still needed: the patient, the task.")).to_be_visible()


def broken_off_and_continued(page: Page, url: str, film: Path) -> None:
    """Send the film over a line that breaks after the first piece, reload, and send the rest."""
    open_uploader(page, url)
    page.route(re.compile(r"/api/upload/[^/]+/[12]$"), lambda route: route.abort())
    choose(page, film)
    expect(page.get_by_text("trying again")).to_be_visible()
    expect(page.get_by_role("button", name="Continue the upload")).to_be_focused()
    expect(page.get_by_text("What has arrived is kept")).to_be_visible()
    page.unroute_all()
    page.reload()
    page.get_by_role("button", name="Choose a film").wait_for()
    with page.expect_response(lambda r: UPLOADS.search(r.url) is not None and r.request.method == "POST") as end:
        with page.expect_request(lambda r: r.method == "PUT") as first:
            choose(page, film)
        assert first.value.url.endswith("/1"), "the first piece was sent twice"
    assert end.value.json()["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()


def test_a_cancelled_upload_keeps_nothing(page: Page, dashboard_url: str, film: Path) -> None:
    open_uploader(page, dashboard_url)
    slow_line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 * 1024 * 1024}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow_line)
    choose(page, film)
    page.get_by_role("button", name="Cancel the upload").wait_for()
    with page.expect_response(lambda r: r.request.method == "DELETE") as cancelled:
        page.get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_text("The upload was cancelled")).to_be_visible()
    assert page.request.get(cancelled.value.url).json()["size_bytes"] == 0
    expect(page.get_by_role("button", name="Choose a film")).to_be_focused()


def test_what_is_no_film_is_refused_in_words(page: Page, dashboard_url: str, tmp_path: Path) -> None:
    open_uploader(page, dashboard_url)
    for name, content, sentence in (
        ("notes.pdf", b"x", "not a film that can be measured"),
        ("empty.mp4", b"", "empty (0 bytes)"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        choose(page, path)
        expect(page.get_by_text(sentence)).to_be_visible()


def test_a_film_can_be_dropped(page: Page, dashboard_url: str) -> None:
    open_uploader(page, dashboard_url)
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
                   data.items.add(new File(['abc'], '../dropped.mp4')); return data; }"""
    )
    page.locator(".uploader .zone").dispatch_event("drop", {"dataTransfer": data})
    expect(page.get_by_text(re.compile("✓ .*dropped.mp4"))).to_be_visible()
