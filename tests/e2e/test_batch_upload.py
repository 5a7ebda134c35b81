"""A folder of films in a real browser: codes from names, what is no film, one that fails, stop, reload."""

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.services import Services, day_of
from tests.dashboard.recordings import open_store
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

PIECE = 8 * 1024 * 1024


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Four small files that are called films, in two folders, and others that are not."""
    folder = tmp_path / "study"
    for name in ("A1/A1_2024-03-01.mp4", "A1/A1_copy.mp4", "B2/B2 20250302.mov", "B2/이름.mp4"):
        film = folder / name
        film.parent.mkdir(parents=True, exist_ok=True)
        film.write_bytes(b"no film at all, " + (b"the same" if "A1" in name else name.encode()))
    (folder / "B2" / "empty_1.mp4").touch()
    for name in ("notes.txt", ".DS_Store"):
        (folder / name).write_text("x")
    return folder


def open_batch(page: Page, url: str) -> None:
    page.goto(f"{url}/new_recording?films=several")
    page.get_by_role("button", name="Choose a folder").wait_for()
    task = page.get_by_role("radiogroup", name="What was the patient asked to do?")
    task.get_by_text("Not recorded").click()


def choose(page: Page, folder: Path) -> None:
    page.locator(".batch .folder-input").set_input_files(folder)


def line(page: Page, film: str) -> Locator:
    return page.get_by_role("row").filter(has_text=film)


def test_a_folder_is_filed_under_codes_and_dates_that_were_seen_and_corrected(
    page: Page, dashboard_url: str, dashboard_data: Path, study: Path
) -> None:
    open_batch(page, dashboard_url)
    choose(page, study)
    expect(page.get_by_text("Left out, because they are no films (2): .DS_Store, notes.txt")).to_be_visible()
    expect(line(page, "empty_1.mp4")).to_contain_text("The file is empty (0 bytes)")
    expect(line(page, "이름.mp4")).to_contain_text("Needs a patient code")
    expect(page.get_by_label("Patient code of study/B2/B2 20250302.mov")).to_have_value("B2")
    expect(page.get_by_label("Date of the recording of study/B2/B2 20250302.mov")).to_have_value("2025-03-02")
    expect(page.get_by_label("Date of the recording of study/A1/A1_copy.mp4")).to_have_value(date.today().isoformat())
    expect(line(page, "A1_copy.mp4")).to_contain_text("day of the file")
    page.get_by_label("Patient code from").select_option("folder")
    expect(page.get_by_label("Patient code of study/B2/이름.mp4")).to_have_value("B2")
    page.get_by_label("Patient code of study/B2/이름.mp4").fill("B3")
    page.get_by_role("button", name="Send and analyse: films 4, patients 3").click()
    expect(page.get_by_text("Films sent: 4 of 4.")).to_be_visible()
    expect(line(page, "A1_copy.mp4")).to_contain_text("Was here already")
    expect(line(page, "B2 20250302.mov")).to_contain_text("Not analysed: This file holds no video", timeout=90_000)
    services = Services(open_store(dashboard_data))
    assert [len(services.history(code)) for code in ("A1", "B2", "B3")] == [1, 1, 1]
    (job,) = services.history("B2")
    assert (day_of(job.recorded_at), job.parameters["task"]) == (date(2025, 3, 2), "unknown")
    page.reload()
    expect(page.get_by_text("sent before the page was loaded anew")).to_be_visible()
    choose(page, study)
    expect(line(page, "B2 20250302.mov")).to_contain_text("Not analysed")
    expect(page.get_by_label("Patient code of study/B2/B2 20250302.mov")).to_have_count(0)
    page.get_by_role("button", name="Clear the list").click()
    expect(page.get_by_role("row")).to_have_count(0)


def test_sending_can_be_stopped_and_goes_on_where_it_was(
    page: Page, dashboard_url: str, dashboard_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    for name in ("C1_a.mp4", "C1_b.mp4"):
        numbers = range(2 * PIECE // 32 + 5000)
        (folder / name).write_bytes(b"".join(hashlib.sha256(f"{name}{n}".encode()).digest() for n in numbers))
    open_batch(page, dashboard_url)
    choose(page, folder)
    line_speed = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4 * 1024 * 1024}
    line_speed.send("Network.emulateNetworkConditions", slow)
    with page.expect_response(lambda r: r.request.method == "PUT" and r.url.endswith("/0")):
        page.get_by_role("button", name="Send and analyse").click()
    page.get_by_role("button", name="Stop sending").click()
    expect(page.get_by_text("Sending was stopped")).to_be_visible()
    expect(line(page, "C1_b.mp4")).to_contain_text("Not sent")
    line_speed.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    with page.expect_request(lambda r: r.method == "PUT") as first:
        page.get_by_role("button", name="Send and analyse: films 2").click()
    assert first.value.url.endswith("/1"), "the first piece was sent twice"
    expect(page.get_by_text("Films sent: 2 of 2.")).to_be_visible(timeout=60_000)
    services = Services(open_store(dashboard_data))
    assert {job.video.file_name for job in services.history("C1")} == {"C1_a.mp4", "C1_b.mp4"}
    page.get_by_role("button", name="Cancel the analyses").click()
    wait_until(lambda: all(job.error for job in services.history("C1")), timeout_s=30)


def test_a_folder_can_be_dropped_and_films_chosen_one_by_one(page: Page, dashboard_url: str, study: Path) -> None:
    open_batch(page, dashboard_url)
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
                   for (const name of ['D1_2020-05-06.mp4', 'b.txt']) data.items.add(new File(['abc'], name));
                   return data; }"""
    )
    page.locator(".batch .zone").dispatch_event("drop", {"dataTransfer": data})
    expect(page.get_by_label("Patient code of D1_2020-05-06.mp4")).to_have_value("D1")
    expect(page.get_by_text(re.compile(r"no films \(1\): b.txt"))).to_be_visible()
    page.locator(".batch .films-input").set_input_files([study / "A1" / "A1_copy.mp4"])
    expect(page.get_by_label("Patient code of A1_copy.mp4")).to_have_value("A1")
    page.get_by_role("button", name="Take A1_copy.mp4 off the list").click()
    expect(page.get_by_label("Patient code of A1_copy.mp4")).to_have_count(0)
