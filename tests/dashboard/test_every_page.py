"""Every page in both languages: for each who may ask, with nothing in store, with a visit that cannot be judged, and
with a cloud that cannot be reached (ux check 15)."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import user_info
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.language.texts import t
from dashboard.services import Services
from tests.dashboard.recordings import add_finished, known_trace
from tests.dashboard.test_pages import words
from tests.dashboard.test_sign_in import ENVIRONMENT
from tests.lambda_fn.conftest import Cloud

SCRIPT = Path(dashboard.__file__).with_name("app.py")
PAGES = ("patients", "new_recording", "review", "history", "report", "compare", "screening", "settings")
OF_A_RECORDING = ("review", "history", "report", "compare")
NEEDS_THE_STORE = ("patients", "new_recording", "review", "history", "report", "compare")
LANGUAGES = ("en", "ko")
NOWHERE = "http://127.0.0.1:9"

every_page = pytest.mark.parametrize("page", PAGES)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def open_page(page: str, language: str, **query: str) -> AppTest:
    """The page, opened as its address says."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.query_params["lang"] = language
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(f"views/{page}.py")
    app.run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return "\n".join([words(app), *(element.value for element in app.warning)]).replace("\\", "")


@every_page
@both_languages
def test_with_nothing_in_store_it_opens_and_says_what_it_is_not(services: Services, page: str, language: str) -> None:
    app = open_page(page, language)
    assert not app.error
    assert t("Research and screening support, not a diagnosis.", language=language) in text(app)


@pytest.mark.parametrize("page", OF_A_RECORDING)
@both_languages
def test_a_visit_that_cannot_be_judged_is_called_inconclusive(services: Services, page: str, language: str) -> None:
    job = add_finished(services, known_trace(iris_px=11.0))
    app = open_page(page, language, analysis=job.analysis_id, patient=job.user_id)
    assert not app.error
    tables = " ".join(str(table.value.to_numpy().tolist()) for table in app.dataframe)
    said = text(app) + tables
    for wrong in ("PSP suspected", "PSP not suspected"):
        assert t(wrong, language=language) not in said
    if page in ("review", "history"):
        assert t("Inconclusive", language=language) in said


@pytest.mark.parametrize("page", NEEDS_THE_STORE)
@both_languages
def test_a_cloud_that_cannot_be_reached_is_told_and_this_machine_offered(
    services: Services, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, page: str, language: str
) -> None:
    cloud.as_starter()
    monkeypatch.setenv("API_KEY", "key")
    monkeypatch.setenv("API_URL", NOWHERE)
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)
    app = open_page(page, language, analysis="a1", patient="P-1")
    (error,) = app.error
    assert error.value.startswith({"en": "The cloud storage could not be reached.", "ko": "클라우드"}[language])
    app.button(key="use-local-page").click().run()
    assert not app.exception


@pytest.fixture
def with_sign_in(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dashboard that others can reach."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def sign_in_as(monkeypatch: pytest.MonkeyPatch, **claims: object) -> None:
    """What the provider said of the person, as Streamlit reads it from the signed cookie."""
    monkeypatch.setattr(user_info, "_get_user_info", lambda: {"is_logged_in": bool(claims), **claims})


@pytest.mark.usefixtures("with_sign_in")
@every_page
@both_languages
def test_nobody_sees_a_page_before_signing_in_nor_a_stranger_after_it(
    monkeypatch: pytest.MonkeyPatch, page: str, language: str
) -> None:
    for claims, sentence in (
        ({}, "The recordings are shown to the clinic's own people only."),
        (
            {"email": "kim@elsewhere.org"},
            "This account may not see the recordings. Sign in with another one, or ask the clinic's office.",
        ),
    ):
        sign_in_as(monkeypatch, **claims)
        app = open_page(page, language)
        shown = text(app) + "".join(error.value for error in app.error)
        assert t(sentence, language=language) in shown
        assert len(app.button) == 1, "nothing but signing in or out"


@pytest.mark.usefixtures("with_sign_in")
@every_page
@both_languages
def test_the_clinics_people_see_every_page(monkeypatch: pytest.MonkeyPatch, page: str, language: str) -> None:
    sign_in_as(monkeypatch, email="kim@clinic.org")
    app = open_page(page, language)
    assert not app.error
    assert t("Research and screening support, not a diagnosis.", language=language) in text(app)
