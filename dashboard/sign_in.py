"""Letting in only those who signed in: the pages by Streamlit's own sign-in, films and uploads by the same cookie.

Streamlit guards its pages. The dashboard's own addresses (films, uploads, progress) are plain HTTP beside them, so
this module asks there for the cookie that the sign-in left, which is signed with the configured secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import AUTH_COOKIE_NAME
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from dashboard.language.texts import t
from shared.adapters.settings import read_settings
from shared.adapters.sign_in import SignIn


def secrets_of(sign_in: SignIn | None) -> dict[str, Any]:
    """What Streamlit's sign-in reads from a secrets file, which this program does not need."""
    if sign_in is None:
        return {}
    return {
        "auth": {
            "redirect_uri": sign_in.redirect_url,
            "cookie_secret": sign_in.cookie_secret,
            "client_id": sign_in.client_id,
            "client_secret": sign_in.client_secret,
            "server_metadata_url": sign_in.metadata_url,
        }
    }


def require_sign_in() -> None:
    """Show the page only to those who may see it; where no sign-in is configured, to everyone at this machine."""
    sign_in = read_settings().sign_in
    if sign_in is None or (st.user.is_logged_in and sign_in.admits(st.user.to_dict())):
        return
    st.title(t("Eye movement review"))
    if st.user.is_logged_in:
        st.error(t("This account may not see the recordings. Sign in with another one, or ask the clinic's office."))
        st.button(t("Sign out"), on_click=st.logout)
    else:
        st.write(t("The recordings are shown to the clinic's own people only."))
        st.button(t("Sign in"), on_click=st.login, type="primary")
    st.stop()


class SignedInOnly:
    """Middleware: the dashboard's own routes answer 401 to anyone who did not sign in."""

    def __init__(self, app: ASGIApp, *, sign_in: SignIn, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._sign_in = sign_in
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] == "http" and self._is_ours(scope) and not self._may(Request(scope)):
            await PlainTextResponse(t("Sign in first."), status_code=401)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)

    def _may(self, request: Request) -> bool:
        return self._sign_in.admits(claims_in(request.cookies, self._sign_in.cookie_secret))


def claims_in(cookies: Mapping[str, str], secret: str) -> Mapping[str, object]:
    """What the provider said of the person, from the signed cookie; empty where there is none or it is not ours."""

    def read(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1"))

    try:
        raw = get_cookie_with_chunks(read, AUTH_COOKIE_NAME)
        claims = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") is True else {}
