"""The dashboard on the deployed service, in a real browser: upload, result, review and history."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.demo.cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.cloud.films import film, start, wait_for
from tests.e2e.conftest import running_dashboard
from tests.e2e.reviewing import press, sign_in, wait_for_decisions
from tests.e2e.test_dashboard import fill_in, wait_for_film
from tests.e2e.test_upload import PIECE, broken_off_and_continued
from tests.e2e.watching import DESK, watched
from tests.emulated_cloud import EmulatedCloud

pytestmark = [pytest.mark.cloud, pytest.mark.browser]

ANALYSIS_MS = 600_000
FRAMES = 450
SHORT_FRAMES = 90


@pytest.fixture(scope="module")
def cloud_dashboard(cloud: EmulatedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard with the cloud in its environment."""
    data = tmp_path_factory.mktemp("cloud-dashboard") / "store"
    with running_dashboard(data, "--address", "127.0.0.1", environment=cloud.environment) as (url, _):
        yield url


@pytest.fixture(scope="module")
def film_of_fifteen_seconds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough for its progress to be seen."""
    frames = list(read_frames(DEMO_FOLDER / "healthy.mp4", max_frames=FRAMES))
    target = tmp_path_factory.mktemp("film") / "visit.mp4"
    return write_video(target, [f.image_bgr for f in frames], np.array([f.time_s for f in frames]))


def large(film: Path) -> Path:
    """The film with room at its end, which players skip, so that it goes up in two pieces."""
    room = PIECE
    with film.open("ab") as file:
        file.write((8 + room).to_bytes(4, "big") + b"free" + bytes(room))
    return film


def test_a_film_goes_through_the_cloud_and_is_reviewed_there(
    browser: Browser, cloud: EmulatedCloud, cloud_dashboard: str, film_of_fifteen_seconds: Path, tmp_path: Path
) -> None:
    """Upload over a line that breaks, analysis, decisions that a reload still shows, and a history of two visits."""
    earlier = start(cloud, film(tmp_path / "earlier.mp4", SHORT_FRAMES), "P-cloud")
    with watched(browser.new_context(viewport=DESK), expected="/api/upload/") as page:
        broken_off_and_continued(page, cloud_dashboard, large(film_of_fifteen_seconds))
        fill_in(page, "P-cloud")
        moving = page.get_by_text(re.compile(rf"frame [1-9]\d* of {FRAMES}"))
        moving.wait_for(timeout=ANALYSIS_MS)
        first = moving.inner_text()
        page.wait_for_function(
            "first => !document.body.innerText.includes(first)", arg=first, timeout=ANALYSIS_MS, polling=200
        )
        headline = page.locator(".st-key-result h1")
        headline.wait_for(timeout=ANALYSIS_MS)
        result = headline.inner_text()
        expect(page.get_by_text("Computed by the cloud service").first).to_be_visible()
        expect(page.locator("video")).to_be_visible(timeout=ANALYSIS_MS)
        wait_for_film(page)

        analysis_id = page.url.partition("analysis=")[2]
        kept = f"users/P-cloud/eye/{analysis_id}/manifest.json"
        assert kept in cloud.keys("users/P-cloud/")
        assert cloud.status(analysis_id) == "completed"

        page.reload()
        headline.wait_for(timeout=ANALYSIS_MS)
        assert headline.inner_text() == result
        review(page, cloud, analysis_id)

        wait_for(cloud, earlier, "completed")
        page.get_by_role("button", name="All recordings of this patient").click()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        chart = page.locator(".st-key-history-chart .js-plotly-plot")
        expect(chart).to_be_visible()
        expect(page.get_by_role("heading", name="Two recordings side by side")).to_be_visible()
        points = chart.evaluate("plot => plot.data.flatMap((line) => Array.from(line.customdata ?? [], String))")
        assert set(points) == {analysis_id, earlier}


def review(page: Page, cloud: EmulatedCloud, analysis_id: str) -> None:
    """One event accepted and one rejected: written at once, the numbers moved, all there after a reload."""
    part = page.locator(".review[data-ready=yes][data-decisions][data-frame]")
    part.wait_for(timeout=ANALYSIS_MS)
    sign_in(page)
    press(page, "n", "a", "n", "x")
    wait_for_decisions(page, 2)
    assert [(act["action"]["S"], act["reviewer"]["S"]) for act in stored_decisions(cloud, analysis_id)] == [
        ("accept", "KJ"),
        ("reject", "KJ"),
    ]
    expect(page.get_by_text("1 event excluded, 0 added")).to_be_visible()
    page.reload()
    rows = page.locator(".review .event-rows button")
    expect(rows.nth(0)).to_contain_text("accepted (KJ)", timeout=ANALYSIS_MS)
    expect(rows.nth(1)).to_contain_text("rejected: nothing happened here (KJ)")
    expect(page.get_by_text("1 event excluded, 0 added")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Reviewed")).to_be_visible()


def stored_decisions(cloud: EmulatedCloud, analysis_id: str) -> list[dict[str, Any]]:
    """What the table holds of them, oldest first."""
    answer = cloud.client("dynamodb").query(
        TableName=cloud.outputs["Table"],
        KeyConditionExpression="analysisId = :id",
        ExpressionAttributeValues={":id": {"S": analysis_id}},
        ConsistentRead=True,
    )
    rows = [row for row in answer["Items"] if "reviewer" in row]
    return sorted(rows, key=lambda row: str(row["testType"]["S"]))
