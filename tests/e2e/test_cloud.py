"""The dashboard on the deployed service, in a real browser: a film goes up and its result comes back."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dashboard.demo_cases import DEMO_FOLDER
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.e2e.conftest import running_dashboard
from tests.e2e.test_dashboard import upload, wait_for_film
from tests.emulated_cloud import EmulatedCloud

pytestmark = [pytest.mark.cloud, pytest.mark.browser]

ANALYSIS_MS = 600_000
FRAMES = 450


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


def test_a_film_goes_through_the_cloud_and_its_result_stays(
    page: Page, cloud: EmulatedCloud, cloud_dashboard: str, film_of_fifteen_seconds: Path
) -> None:
    upload(page, cloud_dashboard, film_of_fifteen_seconds, "P-cloud")
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

    (row,) = [key for key in cloud.keys("users/P-cloud/") if key.endswith("manifest.json")]
    analysis_id = row.split("/")[3]
    assert analysis_id in page.url
    assert cloud.status(analysis_id) == "completed"

    page.reload()
    headline.wait_for(timeout=ANALYSIS_MS)
    assert headline.inner_text() == result

    page.get_by_role("button", name="All recordings of this patient").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.locator(".st-key-history-chart .js-plotly-plot")).to_be_visible()
