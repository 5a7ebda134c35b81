import io
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from dashboard.report.data import ReportData, Signature, metric_rows
from dashboard.report.pdf import number, report_pdf
from tests.shared.export.recordings import demo

NOW = 1_780_000_000.0


def data(name: str = "psp_like", **values: Any) -> ReportData:
    document, trace = demo(name)
    return ReportData("P-001", "visit 2", "abcdef0123456789", 1_760_000_000.0, document, trace, **values)


def page(report: bytes) -> str:
    reader = PdfReader(io.BytesIO(report))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


@pytest.mark.parametrize("name", ["psp_like", "healthy", "too_poor", "no_vertical_task"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_demo_case_fits_on_one_page_in_each_language(name: str, language: str) -> None:
    assert "P-001" in page(report_pdf(data(name), language=language, now=NOW))


def test_values_are_those_of_the_document() -> None:
    text = page(report_pdf(data(), now=NOW))
    for row in metric_rows(data()):
        if row.value is not None:
            assert number(row.value) in text


def test_a_value_that_is_missing_is_said_to_be_missing() -> None:
    missing = [row for row in metric_rows(data("healthy")) if row.value is None]
    assert missing
    assert page(report_pdf(data("healthy"), now=NOW)).count("not measured") >= len(missing)


def test_the_status_and_the_standing_sentence_are_in_words() -> None:
    text = page(report_pdf(data(), now=NOW))
    assert "PSP suspected" in text
    assert "not a diagnosis" in text


def test_unsigned_is_a_draft_and_signed_names_the_reviewer() -> None:
    assert "DRAFT" in page(report_pdf(data(), now=NOW))
    signed = page(report_pdf(data(signature=Signature("JK", NOW)), now=NOW))
    assert "DRAFT" not in signed
    assert "signed by JK" in signed


def test_reviewed_values_stand_beside_the_measured_ones() -> None:
    reviewed, _ = demo()
    reviewed["summary"]["metrics"]["blink_rate_per_min"]["value"] = 5.43
    rows = {row.name: row for row in metric_rows(data(reviewed=reviewed))}
    assert rows["blink_rate_per_min"].reviewed == 5.43
    assert rows["vertical_range_deg"].reviewed is None
    assert "5.43" in page(report_pdf(data(reviewed=reviewed), now=NOW))


def test_the_typeface_is_embedded() -> None:
    reader = PdfReader(io.BytesIO(report_pdf(data(), language="ko", now=NOW)))
    fonts = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    for font in fonts:
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in descendant["/FontDescriptor"].get_object()


def test_korean_text_of_the_clinic_is_printed() -> None:
    assert "두 번째 방문" in page(report_pdf(replace(data(), label="두 번째 방문"), language="ko", now=NOW))


def test_no_name_of_the_film_reaches_the_page() -> None:
    document, trace = demo()
    document["file"] = "Hong Gildong.mp4"
    report = ReportData("P-001", "", "abcdef0123456789", 0.0, document, trace)
    assert "Hong" not in page(report_pdf(report, now=NOW))
