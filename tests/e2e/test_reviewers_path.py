"""From the answer to the printed page, as a clinician goes it (ux checks 12 and 13), and captions beside the film."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.report.data import METRICS_ON_PAGE
from dashboard.report.gather import report_data
from shared.adapters.local import LocalStore
from tests.e2e.reviewing import decisions, open_review, press, sign_in, span_of, wait_for_decisions
from tests.e2e.serving import serving
from tests.e2e.watching import watched

pytestmark = pytest.mark.browser
expect.set_options(timeout=90_000)

CASE = "demo-psp_like"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def test_a_reviewers_path_through_the_psp_like_case(page: Page, dashboard_url: str, store: LocalStore) -> None:
    """Status and reasons, the place of a finding, one event rejected, a blink added, other numbers, signed; then the
    report in Korean, whose numbers are the store's."""
    part = open_review(page, dashboard_url, CASE, bars=False)
    card = page.locator(".st-key-result")
    summary = store.results.document(CASE, CASE)["summary"]
    words = {"suspected": "PSP suspected", "not_suspected": "PSP not suspected", "inconclusive": "Inconclusive"}
    expect(card.get_by_role("heading", level=1)).to_contain_text(words[summary["psp_status"]])
    expect(card).to_contain_text("threshold 0.06 open lid gaps · landmark instrument")
    finding = next(item for item in summary["findings"] if item["start_s"] is not None)
    place_s = finding["start_s"]
    page.get_by_role("button", name=f"Show me, {place_s:.1f} s").first.click()
    expect(part).to_have_attribute("data-time", re.compile(f"^{place_s:.1f}|^{place_s - 0.04:.1f}"))
    start, end = span_of(part)
    assert start < place_s < finding["end_s"] < end
    assert end - start == pytest.approx(max(2.0, finding["end_s"] - place_s + 0.6), abs=0.1)
    sign_in(page)
    rates = page.locator(".st-key-measurements tr", has_text="Blink rate")
    before = rates.inner_text()
    press(page, "n", "x")
    wait_for_decisions(page, 1)
    press(page, "Home", *["Shift+ArrowRight"] * 3, "i", *["ArrowRight"] * 8, "o", "b")
    wait_for_decisions(page, 2)
    expect(page.get_by_text(re.compile("excluded, 1 added"))).to_be_visible()
    expect(rates).not_to_have_text(before)
    page.get_by_role("button", name="Sign the review").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign the review").click()
    expect(part).to_have_attribute("data-signed", "yes")
    assert [act for act, _ in decisions(store, CASE)] == ["reject", "add", "sign"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Events with decisions (CSV)").click()
    text = download.value.path().read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    events = store.results.document(CASE, CASE)["events"]
    assert len(text.decode("utf-8-sig").splitlines()) == 1 + sum(map(len, events.values())) + 1
    assert b"rejected" in text
    page.get_by_text("한국어", exact=True).click()
    expect(card.get_by_role("heading", level=1)).to_contain_text("PSP 의심")
    assert_prints_what_is_stored(printed_report(page, dashboard_url), store)


def printed_report(page: Page, url: str) -> PdfReader:
    """The report in Korean, as the page gives it to a person."""
    page.goto(f"{url}/report?analysis={CASE}&lang=ko")
    expect(page.get_by_text(re.compile("KJ.*서명")).first).to_be_visible()
    sheet = page.locator("canvas.react-pdf__Page__canvas")
    expect(sheet).to_have_count(1)
    is_drawn = "({canvas, ink}) => eval(ink)(canvas).slice(0, 9).every((share) => share > 0.003)"
    page.wait_for_function(is_drawn, arg={"canvas": sheet.element_handle(), "ink": INK})
    assert max(sheet.evaluate(INK)) < 0.5, "a tenth of the page is black"
    with page.expect_download() as download:
        page.get_by_role("button", name="보고서(PDF)").click()
    return PdfReader(io.BytesIO(download.value.path().read_bytes()))


def assert_prints_what_is_stored(report: PdfReader, store: LocalStore) -> None:
    """One page, fonts inside, the result as a Korean sentence, every number of its table that of the store."""
    (sheet,) = report.pages
    for font in sheet["/Resources"]["/Font"].values():  # type: ignore[index]
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in descendant["/FontDescriptor"].get_object()
    lines = [" ".join(line.split()) for line in sheet.extract_text().splitlines()]
    text = " ".join(lines)
    data = report_data(store, store.jobs.get(CASE))
    assert data.reviewed is not None
    assert "PSP 의심" in text
    assert "진단이 아닙니다" in text
    assert "초안" not in text, "the review is signed"
    assert re.search(r"KJ.*서명", text)
    for reason in data.summary["reasons"]:
        assert core(reason["message"], language="ko") in text
    rows = table_rows(lines)
    printed = [rows.pop(0) for name in METRICS_ON_PAGE if name in data.summary["metrics"]]
    again = data.reviewed["summary"]["metrics"]
    for name, row in zip(METRICS_ON_PAGE, printed, strict=True):
        metric = data.summary["metrics"][name]
        assert row.startswith(core(metric["label"], language="ko")), row
        assert_says(row, metric, again[name]["value"])
    assert sum(data.summary["metrics"][name]["value"] != again[name]["value"] for name in METRICS_ON_PAGE) >= 1
    assert data.summary["analysis_version"] in text
    assert str(data.document["sha256"])[:12] in text


def table_rows(lines: list[str]) -> list[str]:
    """Lines of the table of measurements, without its head."""
    head = next(i for i, line in enumerate(lines) if line.endswith(t("Unit, instrument", language="ko")))
    return lines[head + 1 :]


def assert_says(row: str, metric: Mapping[str, Any], reviewed: float | None) -> None:
    """A line of the table: what was measured, and what the review made of it where that differs."""
    said = row.removeprefix(core(metric["label"], language="ko"))
    if metric["value"] is None:
        assert said.strip().startswith(t("not measured", language="ko")), row
        return
    wanted = [metric["value"]] + ([] if reviewed in (None, metric["value"]) else [reviewed])
    figures = NUMBER.findall(said)
    for value, figure in zip(wanted, figures, strict=False):
        assert float(figure) == pytest.approx(value, rel=0.005, abs=1e-9), row
    assert len(figures) >= len(wanted)


INK = """(canvas) => {
    const {width, height} = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const tenths = Array(10).fill(0);
    for (let at = 0; at < width * height; at += 1)
        if (pixels[4 * at + 3] > 127 && Math.min(pixels[4 * at], pixels[4 * at + 1], pixels[4 * at + 2]) < 160)
            tenths[Math.floor((10 * at) / (width * height))] += 10 / (width * height);
    return tenths;
}"""
"""Share of each tenth of the drawn page, from the top, that is not paper."""
PLAYER = """<!doctype html><link rel=icon href="data:,"><title>captions</title>
<video src="/film.mp4" muted playsinline width=480><track default kind=captions src="/captions.vtt"></video>"""
CUES = """async () => {
    const video = document.querySelector("video");
    const track = document.querySelector("track");
    track.track.mode = "showing";
    if (track.readyState < 2) await new Promise((done) => track.addEventListener("load", done, {once: true}));
    if (video.readyState < 2) await new Promise((done) => video.addEventListener("loadeddata", done, {once: true}));
    return Array.from(track.track.cues, (cue) => [cue.startTime, cue.endTime, cue.text]);
}"""
AT = """async (time) => {
    const video = document.querySelector("video");
    const sought = new Promise((done) => video.addEventListener("seeked", done, {once: true}));
    video.currentTime = time;
    await sought;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return Array.from(document.querySelector("track").track.activeCues, (cue) => cue.text);
}"""
PLAYED = """async (until) => {
    const video = document.querySelector("video");
    const {track} = document.querySelector("track");
    const seen = [];
    video.currentTime = 0;
    track.addEventListener("cuechange", () => {
        for (const cue of track.activeCues) seen.push([video.currentTime, cue.startTime]);
    });
    await video.play();
    while (video.currentTime < until && !video.ended) await new Promise(requestAnimationFrame);
    video.pause();
    return seen;
}"""


def test_the_captions_play_beside_the_film(page: Page, browser: Browser, dashboard_url: str, store: LocalStore) -> None:
    """A page made of nothing but the film and the downloaded file: each caption stands there at its time."""
    page.goto(f"{dashboard_url}/report?analysis={CASE}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Captions for the film (WebVTT)").click()
    files = {
        "film.mp4": store.videos.playback_path(store.jobs.get(CASE).video),
        "captions.vtt": download.value.path(),
    }
    routes = [Route("/", lambda _: HTMLResponse(PLAYER)), *(_file(name, path) for name, path in files.items())]
    with serving(Starlette(routes=routes)) as url, watched(browser.new_context()) as player:
        player.goto(url)
        cues = player.evaluate(CUES)
        events = report_data(store, store.jobs.get(CASE)).events
        kept = [
            event
            for kind in ("blinks", "saccades", "square_wave_jerks")
            for event in events[kind]
            if event.get("status") != "rejected"
        ]
        starts_s = [start_s for start_s, _, _ in cues]
        assert len(kept) > 10
        for event in kept:
            assert min(abs(start_s - event["start_s"]) for start_s in starts_s) < 0.002
        for start_s, end_s, text in cues[:: len(cues) // 6]:
            assert text in player.evaluate(AT, (start_s + end_s) / 2)
        first_s = sorted(set(starts_s))[:3]
        seen = player.evaluate(PLAYED, first_s[-1] + 0.3)
    assert sorted({start_s for _, start_s in seen})[:3] == first_s
    assert all(now_s >= start_s - 0.05 for now_s, start_s in seen)


def _file(name: str, path: Path) -> Route:
    # A browser takes captions by their type, which the system's table may not know.
    media_type = "text/vtt" if name.endswith(".vtt") else None
    return Route(f"/{name}", lambda _: FileResponse(path, media_type=media_type))
