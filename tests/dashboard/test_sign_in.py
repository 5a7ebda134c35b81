"""Who gets in: on loopback everyone at the machine, on the network only those who signed in."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Scope
from streamlit.web.server.server_util import AUTH_COOKIE_NAME
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.__main__ import main
from dashboard.sign_in import SignedInOnly, secrets_of
from shared.adapters.settings import read_settings
from shared.adapters.sign_in import SignIn
from shared.errors import InvalidRequestError

SECRET = "s" * 40
ENVIRONMENT = {
    "OIDC_METADATA_URL": "https://id.clinic.org/.well-known/openid-configuration",
    "OIDC_CLIENT_ID": "eye-review",
    "OIDC_CLIENT_SECRET": "client-secret",
    "OIDC_REDIRECT_URL": "https://eye.clinic.org/oauth2callback",
    "OIDC_COOKIE_SECRET": SECRET,
    "OIDC_ALLOWED": "@clinic.org, guest@example.org",
}


@pytest.fixture
def sign_in() -> SignIn:
    found = read_settings(ENVIRONMENT).sign_in
    assert found is not None
    return found


@pytest.fixture
def site(sign_in: SignIn) -> Starlette:
    """One address of the dashboard's own and one of Streamlit's."""

    async def film(_: Request) -> PlainTextResponse:
        return PlainTextResponse("film")

    ours, theirs = Route("/films/{analysis_id}", film), Route("/_stcore/health", film)
    guard = Middleware(SignedInOnly, sign_in=sign_in, routes=[ours])
    return Starlette(routes=[ours, theirs], middleware=[guard])


def cookie(secret: str = SECRET, **claims: object) -> dict[str, str]:
    """What Streamlit leaves in the browser after a sign-in."""
    content = json.dumps({"is_logged_in": True, "email": "kim@clinic.org", **claims})
    return {AUTH_COOKIE_NAME: create_signed_value(secret, AUTH_COOKIE_NAME, content).decode()}


def status(site: Starlette, path: str, cookies: dict[str, str] | None = None) -> int:
    """Status of one GET."""
    header = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"cookie", header.encode())] if header else [],
    }
    answered: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    asyncio.run(site(scope, receive, send))
    return answered[0]


def test_films_are_shown_to_those_who_signed_in(site: Starlette) -> None:
    assert status(site, "/films/a1", cookie()) == 200
    assert status(site, "/films/a1", cookie(email="guest@example.org")) == 200


def test_films_are_not_shown_to_anyone_else(site: Starlette) -> None:
    assert status(site, "/films/a1") == 401
    assert status(site, "/films/a1", cookie(email="kim@elsewhere.org")) == 401
    assert status(site, "/films/a1", cookie(email_verified=False)) == 401
    assert status(site, "/films/a1", cookie(is_logged_in=False)) == 401
    assert status(site, "/films/a1", cookie(secret="another" * 6)) == 401
    assert status(site, "/films/a1", {AUTH_COOKIE_NAME: "nonsense"}) == 401


def test_the_health_check_needs_no_sign_in(site: Starlette) -> None:
    assert status(site, "/_stcore/health") == 200


def test_streamlit_gets_what_it_needs_for_the_sign_in_and_without_one_nothing(sign_in: SignIn) -> None:
    given = secrets_of(sign_in)["auth"]
    assert given["redirect_uri"] == ENVIRONMENT["OIDC_REDIRECT_URL"]
    assert given["server_metadata_url"] == ENVIRONMENT["OIDC_METADATA_URL"]
    assert secrets_of(None) == {}


def test_secrets_are_not_printed(sign_in: SignIn) -> None:
    assert SECRET not in repr(sign_in)
    assert "client-secret" not in repr(sign_in)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_CLIENT_SECRET", ""),
        ("OIDC_METADATA_URL", "http://id.clinic.org"),
        ("OIDC_REDIRECT_URL", "https://eye.clinic.org/"),
        ("OIDC_COOKIE_SECRET", "short"),
        ("OIDC_ALLOWED", "everyone"),
    ],
)
def test_half_a_configuration_is_refused_by_name_and_never_by_value(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError, match=name) as error:
        read_settings({**ENVIRONMENT, name: value})
    assert "client-secret" not in error.value.user_message


def test_without_sign_in_the_dashboard_does_not_listen_on_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--address", "0.0.0.0", "--port", "0"]) == 2  # noqa: S104 - what is refused
    assert "sign-in" in capsys.readouterr().out
