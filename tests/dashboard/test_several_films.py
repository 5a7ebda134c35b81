"""The page for a folder of films. Its part in the browser is tested in a browser."""

from streamlit.testing.v1 import AppTest

from dashboard.services import Services
from dashboard.uploading.batches import BATCHES
from tests.dashboard.test_pages import open_page, words


def several(app: AppTest) -> AppTest:
    app.segmented_control(key="new-kind").set_value("several").run()
    assert not app.exception
    return app


def test_a_folder_is_offered_beside_one_film(services: Services) -> None:
    app = several(open_page("new_recording"))
    assert app.get("bidi_component")
    assert "Stay on this page while films are being sent" in words(app)
    assert not [button for button in app.button if button.key == "new-send"]


def test_the_address_keeps_the_choice_over_a_reload(services: Services) -> None:
    app = several(open_page("new_recording"))
    assert app.query_params["films"] == ["several"]
    again = open_page("new_recording", films="several")
    assert again.segmented_control(key="new-kind").value == "several"
    again.segmented_control(key="new-kind").set_value("one").run()
    assert "films" not in again.query_params


def test_a_session_keeps_its_batch_while_settings_change(services: Services) -> None:
    app = several(open_page("new_recording"))
    place, token = app.session_state["new-batch"]
    app.radio(key="new-task").set_value("unknown").run()
    assert app.session_state["new-batch"] == (place, token)
    assert BATCHES.open(token) is not None


def test_a_batch_that_has_expired_is_replaced(services: Services) -> None:
    app = several(open_page("new_recording"))
    _, token = app.session_state["new-batch"]
    BATCHES.forget(token)
    app.run()
    assert app.session_state["new-batch"][1] != token
