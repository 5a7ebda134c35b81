"""The screening page without a camera: nothing begins without consent, and nobody finds the one before."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.panels.target import target_rows
from dashboard.services import Services
from dashboard.station.visit import VISITS
from tests.dashboard.test_pages import open_page, words

SCRIPT = Path(dashboard.__file__).with_name("app.py")


def agree(app: AppTest) -> AppTest:
    app.checkbox(key="screening-consent-0").check().run()
    return app


def test_nothing_begins_without_consent(services: Services) -> None:
    app = open_page("screening")
    assert app.button(key="screening-begin").disabled
    assert "unless you agree to keep them" in words(app)
    assert "not a diagnosis" in words(app)
    assert not agree(app).button(key="screening-begin").disabled


def test_cancelling_ends_the_visit_and_the_next_person_starts_anew(services: Services, data_folder: Path) -> None:
    app = agree(open_page("screening"))
    app.radio(key="screening-glasses-0").set_value("glasses").run()
    app.number_input(key="screening-distance").set_value(42.0).run()
    app.button(key="screening-begin").click().run()
    token = app.session_state["screening"]["visit"]
    visit = VISITS.open(token)
    assert visit is not None
    assert visit.folder.is_dir()
    assert app.get("bidi_component")
    app.button(key="screening-cancel").click().run()
    assert VISITS.open(token) is None
    assert list((data_folder / "visits").iterdir()) == []
    assert app.button(key="screening-begin").disabled
    assert app.checkbox(key="screening-consent-1").value is False
    assert app.radio(key="screening-glasses-1").value == "none"
    assert app.number_input(key="screening-distance").value == 42.0


def test_a_visit_whose_measurement_died_is_told_in_words(services: Services) -> None:
    app = agree(open_page("screening"))
    app.button(key="screening-begin").click().run()
    visit = VISITS.open(app.session_state["screening"]["visit"])
    assert visit is not None
    visit.end()
    app.run()
    assert "nothing was kept" in words(app) or any("nothing was kept" in info.value for info in app.info)


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (-0.001, "0.00"), (0.846, "0.85")])
def test_gains_are_shown_with_two_digits_and_no_negative_zero(value: float | None, text: str) -> None:
    rows = target_rows({"metrics": {"primary_gain_up": {"value": value}}})
    assert rows[0]["First movement, share of the way"] == text
