"""How quickly the pages answer (ux checks 1, 3, 4 and 7).

Whatever else the machine does only adds time. So a bound counts as kept when one of three tries keeps it: what the
pages need is under it, and a busy machine does not fail the test. The figures themselves: ``make bench``.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.benchmarks.review_page import FRAMES, RATE_HZ, figures, long_recording
from tests.benchmarks.upload import measured
from tests.e2e.conftest import running_dashboard
from tests.e2e.watching import DESK, watched

pytestmark = [pytest.mark.browser, pytest.mark.alone]
TRIES = 3
WAIT_MS = 120_000

Bounds = Mapping[str, tuple[float, float]]
"""What was measured, and the bound that it must stay under, by name."""


def assert_one_try_keeps(measure: Callable[[], Bounds]) -> None:
    """Measure up to three times, until all bounds are kept at once."""
    broken: list[Bounds] = []
    for _ in range(TRIES):
        found = measure()
        over = {name: pair for name, pair in found.items() if not pair[0] < pair[1]}
        if not over:
            return
        broken.append(over)
    pytest.fail(f"no try kept its bounds (measured, bound): {broken}")


def test_the_server_is_well_within_10_s_and_the_first_page_stands_there_within_5(
    browser: Browser, tmp_path: Path
) -> None:
    folders = (tmp_path / str(number) / "store" for number in range(TRIES))

    def start() -> Bounds:
        folder = next(folders)
        folder.parent.mkdir()
        started = time.perf_counter()
        with running_dashboard(folder) as (url, _):
            server_s = time.perf_counter() - started
            with watched(browser.new_context(viewport=DESK)) as page:
                started = time.perf_counter()
                page.goto(url)
                expect(page.get_by_role("heading", name="Patients", exact=True)).to_be_visible(timeout=WAIT_MS)
                expect(page.get_by_test_id("stApp")).to_have_attribute(
                    "data-test-script-state", "notRunning", timeout=WAIT_MS
                )
                return {"server, s": (server_s, 10.0), "first page, s": (time.perf_counter() - started, 5.0)}

    assert_one_try_keeps(start)


def test_ten_minutes_of_film_are_reviewed_without_waiting(browser: Browser) -> None:
    def review() -> Bounds:
        with long_recording() as url:
            found = figures(browser, url)
        assert found.window_s < 0.9 * FRAMES / RATE_HZ, "the wheel did not zoom"
        return {
            "between drawn pages, 95 %, ms": (float(np.percentile(found.drawn_ms, 95)), 34.0),
            "longest task, ms": (max(found.tasks_ms, default=0.0), 200.0),
            "redraw, 95 %, ms": (float(np.percentile(found.redraw_ms, 95)), 34.0),
            "next event, ms": (max(found.jump_ms), 1500.0),
            "decision, ms": (max(found.decision_ms), 1500.0),
            "sent for a decision, bytes": (max(found.decision_bytes), 50_000),
        }

    assert_one_try_keeps(review)


def test_a_large_upload_leaves_memory_and_other_people_alone(browser: Browser) -> None:
    def upload() -> Bounds:
        cost = measured(browser, 500)
        return {
            "growth of the server, MB": (cost.highest_mb - cost.before_mb, 50.0),
            "another page's run, s": (max(cost.reruns_s), 1.0),
        }

    assert_one_try_keeps(upload)
