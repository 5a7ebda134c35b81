"""The pages on the cloud service: what they say of where films are, and what they offer when it cannot be reached."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.cloud.service import open_cloud_services
from dashboard.services import Services
from shared.adapters.settings import read_settings
from tests.dashboard.cloud.test_service import work
from tests.dashboard.test_pages import arrive, open_page, words
from tests.lambda_fn.conftest import Cloud
from tests.lambda_fn.gateway import API_KEY, gateway

NOWHERE = "http://127.0.0.1:9"


def badges(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown if ":gray-badge[" in element.value)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.fixture
def in_cloud(services: Services, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The environment of a dashboard on the cloud service; its folder on this machine is empty."""
    cloud.as_starter()
    monkeypatch.setenv("API_KEY", API_KEY)
    with gateway() as url:
        monkeypatch.setenv("API_URL", url)
        yield cloud


def test_each_page_says_where_films_go(in_cloud: Cloud) -> None:
    for page in ("patients", "new_recording", "settings"):
        app = open_page(page)
        assert not app.error
        assert "the cloud service at 127.0.0.1" in badges(app)
        assert "Change to this machine" in labels(app)
    assert in_cloud.place.bucket in app.code[0].value


def test_without_a_cloud_there_is_no_place_to_choose(services: Services) -> None:
    app = open_page("patients")
    assert badges(app) == ""
    assert not [label for label in labels(app) if label.startswith("Change to")]


def test_a_film_sent_from_the_page_is_analysed_in_the_cloud(in_cloud: Cloud, film: Path) -> None:
    cloud_services = open_cloud_services(read_settings())
    cloud_services.add_patient("P-3", "", now=1.0)
    app = open_page("new_recording", patient="P-3")
    arrive(app, film.read_bytes())
    app.radio(key="new-task").set_value("vertical")
    app.run()
    app.button(key="new-send").click().run()
    (job,) = cloud_services.history("P-3")
    assert "This film is being analysed" in words(app)
    work(in_cloud, job)
    app = open_page("review", analysis=job.analysis_id)
    assert not app.error
    assert "Computed by the cloud service" in badges(app)
    assert f"analysis version {job.analysis_version or ''}" in badges(app)


def test_a_cloud_that_cannot_be_reached_is_said_and_this_machine_offered(
    in_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)
    app = open_page("patients")
    (error,) = app.error
    assert "could not be reached" in error.value
    assert "the cloud service" in badges(app), "nothing changes over by itself"
    app.button(key="use-local-page").click().run()
    assert not app.error
    assert "this machine" in badges(app)
    assert "Open a demo case" in labels(app)


def test_a_service_that_refuses_a_film_is_said_and_the_film_analysed_here_when_asked(
    in_cloud: Cloud, services: Services, monkeypatch: pytest.MonkeyPatch, film: Path
) -> None:
    monkeypatch.setenv("API_URL", f"{NOWHERE}/dev")
    open_cloud_services(read_settings()).add_patient("P-3", "", now=1.0)
    services.add_patient("P-3", "", now=1.0)
    app = open_page("new_recording", patient="P-3")
    arrive(app, film.read_bytes())
    app.radio(key="new-task").set_value("vertical")
    app.run()
    app.button(key="new-send").click().run()
    (error,) = app.error
    assert "The cloud service at 127.0.0.1:9 could not be reached" in error.value
    assert services.history("P-3") == []
    app.button(key="use-local-page").click().run()
    app.button(key="new-send").click().run()
    assert [job.source for job in services.history("P-3")] == ["local"]
    assert app.query_params["place"] in (["local"], "local"), "a reload stays here"
