"""Languages: every sentence is translated, places are kept, and the core's sentences are found again."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.language.core_texts import TEMPLATES, core
from dashboard.language.reader import session_language, speaking
from dashboard.language.texts import t, tn
from dashboard.services import Services
from tests import message_catalogue
from tests.dashboard.recordings import add_finished, known_trace
from tests.dashboard.test_pages import SCRIPT, words
from tests.shared.export.recordings import demo

PLACES = re.compile(r"\{([a-z_0-9]*)[^}]*\}")
KOREAN = re.compile("[가-힣]")
NUMBER = r"\d+\.?\d*"
ENGLISH = re.compile(r"\b(?!PSP\b|BCEA\b)[A-Za-z]{3,}")
"""A word that is no abbreviation of the field."""
ADVICE = "run: python -m tests.message_catalogue"


def korean_page(name: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=30)
    app.query_params["lang"] = "ko"
    app.run()
    app.switch_page(f"views/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def entries() -> list[tuple[str, str]]:
    """(English, Korean) of every sentence; of plurals the second form."""
    found = []
    for message in message_catalogue.read("ko"):
        if message.id:
            plural = not isinstance(message.id, str)
            found.append((message.id[1], message.string[0]) if plural else (message.id, message.string))
    return found


def test_the_catalogue_has_exactly_the_sentences_of_the_source() -> None:
    known = {message.id for message in message_catalogue.read("ko") if message.id}
    wanted = {message.id for message in message_catalogue.gathered() if message.id}
    assert known == wanted, ADVICE
    assert json.loads(TEMPLATES.read_text(encoding="utf-8")) == message_catalogue.core_templates(), ADVICE


def test_every_sentence_is_translated_and_keeps_its_places() -> None:
    for english, korean in entries():
        assert korean, english
        assert set(PLACES.findall(korean)) <= set(PLACES.findall(english)), english


def test_no_number_of_a_sentence_is_lost() -> None:
    for english, korean in entries():
        assert set(PLACES.findall(english)) <= set(PLACES.findall(korean)) | {"count"}, english


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = message_catalogue.po_path("ko").with_suffix(".mo").read_bytes()
    assert compiled == message_catalogue.compiled(message_catalogue.read("ko")), ADVICE


@pytest.mark.parametrize("name", ["psp_like", "healthy", "too_poor", "no_vertical_task"])
def test_every_sentence_of_a_result_has_a_korean_form(name: str) -> None:
    summary = demo(name)[0]["summary"]
    sentences = [item["message"] for kind in ("reasons", "quality", "findings") for item in summary[kind]]
    sentences += [metric["label"] for metric in summary["metrics"].values()]
    sentences += [metric["reason"].partition(": ")[2] for metric in summary["metrics"].values() if metric["reason"]]
    sentences += [metric["qualifier"] for metric in summary["metrics"].values() if metric["qualifier"]]
    for sentence in sentences:
        translated = core(sentence, language="ko")
        assert KOREAN.search(translated), sentence
        assert not ENGLISH.search(translated), translated
        if any(letter.isdigit() for letter in sentence):  # English writes "a third" where Korean has figures
            assert sorted(re.findall(NUMBER, translated)) == sorted(re.findall(NUMBER, sentence)), translated


@given(st.text("qxzj \u00e9한"))
def test_what_is_not_ours_stays_as_it_is(text: str) -> None:
    assert core(f"xyzzy {text}", language="ko") == f"xyzzy {text}"


def test_english_is_itself() -> None:
    assert core("The iris is 29 px wide.", language="en") == "The iris is 29 px wide."
    assert core("The iris is 29 px wide.", language="ko") == "홍채 너비가 29 px입니다."


def test_plurals_follow_the_language() -> None:
    assert tn("{count} patient", "{count} patients", 2, language="ko") == "환자 2명"


def test_outside_of_a_session_it_is_english_unless_said_otherwise() -> None:
    assert session_language() == "en"
    with speaking("ko"):
        assert t("Patients") == "환자"
    with speaking("xx"):
        assert session_language() == "en"


@pytest.mark.parametrize("page", ["patients", "new_recording", "review", "history", "compare", "report", "settings"])
def test_every_page_speaks_korean(services: Services, page: str) -> None:
    job = add_finished(services, known_trace())
    text = words(korean_page(page, analysis=job.analysis_id, patient="P-1"))
    assert "진단이 아닙니다" in text
    assert KOREAN.search(text)


def test_the_address_carries_the_language_for_reloads_links_and_requests(services: Services) -> None:
    assert korean_page("new_recording").query_params["lang"] == ["ko"]
    app = AppTest.from_file(str(SCRIPT), default_timeout=30).run()
    assert "lang" not in app.query_params
    app.segmented_control(key="lang").set_value("ko").run()
    assert app.query_params["lang"] == ["ko"], "the code, which all else reads, and not the language's own name"
    app.segmented_control(key="lang").set_value("en").run()
    assert app.query_params["lang"] == ["en"]
