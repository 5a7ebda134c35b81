"""How quickly the pages answer (ux checks 1, 3, 4, 7). Real time counts: run by ``make bench`` on a quiet machine."""

import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.benchmarks.review_page import FRAMES, RATE_HZ, figures, long_recording
from tests.benchmarks.upload import measured
from tests.e2e.conftest import running_dashboard
from tests.e2e.watching import DESK, watched

pytestmark = [pytest.mark.browser, pytest.mark.timed]
WAIT_MS = 120_000


def test_the_server_is_well_within_10_s_and_the_first_page_stands_there_within_5(
    browser: Browser, tmp_path: Path
) -> None:
    started = time.perf_counter()
    with running_dashboard(tmp_path / "store") as (url, _):
        assert time.perf_counter() - started < 10.0
        with watched(browser.new_context(viewport=DESK)) as page:
            started = time.perf_counter()
            page.goto(url)
            expect(page.get_by_role("heading", name="Patients", exact=True)).to_be_visible(timeout=WAIT_MS)
            expect(page.get_by_test_id("stApp")).to_have_attribute(
                "data-test-script-state", "notRunning", timeout=WAIT_MS
            )
            assert time.perf_counter() - started < 5.0


def test_ten_minutes_of_film_are_reviewed_without_waiting(browser: Browser) -> None:
    with long_recording() as url:
        found = figures(browser, url)
    assert found.window_s < 0.9 * FRAMES / RATE_HZ, "the wheel did not zoom"
    assert np.percentile(found.drawn_ms, 95) < 34.0
    assert max(found.tasks_ms, default=0.0) <= 200.0
    assert np.percentile(found.redraw_ms, 95) < 34.0
    assert max(found.decision_bytes) < 50_000
    assert max(found.jump_ms) < 1500.0
    assert max(found.decision_ms) < 1500.0


def test_a_large_upload_leaves_memory_and_other_people_alone(browser: Browser) -> None:
    cost = measured(browser, 500)
    assert cost.highest_mb - cost.before_mb < 50.0
    assert max(cost.reruns_s) < 1.0
