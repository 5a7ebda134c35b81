"""The cursor goes with the film while it plays, in a real browser (ux check 2)."""

import numpy as np
import pytest
from playwright.sync_api import Page

from shared.model import FloatArray
from tests.e2e.barcodes import FILMS, READ_NUMBER
from tests.e2e.reviewing import open_review, settled

pytestmark = [pytest.mark.browser, pytest.mark.alone]


@pytest.mark.parametrize("name", list(FILMS))
def test_the_cursor_goes_with_the_film_while_it_plays(
    page: Page, dashboard_url: str, films: dict[str, FloatArray], name: str
) -> None:
    """At every frame that the browser reports as shown; on a machine too busy to report in time, its own lag aside."""
    time_s = films[name]
    part = open_review(page, dashboard_url, f"bars-{name}")
    ticks = part.evaluate(
        f"""async (part) => {{
            const video = part.querySelector("video");
            const read = {READ_NUMBER};
            const ticks = [];
            const ended = new Promise((done) => video.addEventListener("ended", () => done(null), {{ once: true }}));
            const shown = () => new Promise((done) => video.requestVideoFrameCallback((_, frame) => done(frame)));
            await video.play();
            while (video.currentTime < 6.4 || ticks.length < 40) {{
                const told = await Promise.race([shown(), ended]);
                if (!told) break;
                ticks.push([told.mediaTime, Number(part.dataset.frame), read(video)]);
            }}
            video.pause();
            return ticks;
        }}"""
    )
    told, cursor, drawn = (np.array(column) for column in zip(*ticks, strict=True))
    origin_s = float(np.median(told - time_s[drawn.astype(int)]))
    reported = np.searchsorted(time_s, told - origin_s + 1e-3, side="right") - 1
    assert np.abs(cursor - reported).max() <= 1
    in_time = drawn == reported
    assert in_time.sum() >= 3
    assert np.abs(cursor - drawn)[in_time].max() <= 1
    assert settled(page) > 150
