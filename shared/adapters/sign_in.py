"""Who may use a dashboard that others can reach: sign-in at the clinic's own OpenID provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.errors import InvalidRequestError

_VARIABLES: Final = {
    "metadata_url": "OIDC_METADATA_URL",
    "client_id": "OIDC_CLIENT_ID",
    "client_secret": "OIDC_CLIENT_SECRET",
    "redirect_url": "OIDC_REDIRECT_URL",
    "cookie_secret": "OIDC_COOKIE_SECRET",
    "allowed": "OIDC_ALLOWED",
}
_SHORTEST_SECRET: Final = 32


@dataclass(frozen=True)
class SignIn:
    """An OpenID provider and whom of its people to let in.

    Attributes:
        metadata_url: the provider's ``.well-known/openid-configuration`` (``OIDC_METADATA_URL``).
        client_id, client_secret: this dashboard's registration there (``OIDC_CLIENT_ID``, ``OIDC_CLIENT_SECRET``).
        redirect_url: the dashboard's own address, ending in ``/oauth2callback`` (``OIDC_REDIRECT_URL``).
        cookie_secret: signs the browser's cookie, at least 32 characters (``OIDC_COOKIE_SECRET``).
        allowed: e-mail addresses, or ``@domain`` for everyone there (``OIDC_ALLOWED``, separated by commas).
    """

    metadata_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    cookie_secret: str = field(repr=False)
    allowed: tuple[str, ...]

    def admits(self, claims: Mapping[str, object]) -> bool:
        """Whether a person whom the provider knows by these claims may come in.

        >>> clinic = SignIn("https://id", "c", "s", "https://eye/oauth2callback", "k", ("@clinic.org", "a@b.org"))
        >>> clinic.admits({"email": "Kim@Clinic.org"}), clinic.admits({"email": "kim@evil-clinic.org"})
        (True, False)
        >>> clinic.admits({"email": "a@b.org", "email_verified": False}), clinic.admits({})
        (False, False)
        """
        email = str(claims.get("email") or "").casefold()
        if "@" not in email or claims.get("email_verified") is False:
            return False
        return email in self.allowed or f"@{email.rpartition('@')[2]}" in self.allowed


def read_sign_in(given: Mapping[str, str]) -> SignIn | None:
    """The provider from the environment's variables; None where none of them is set.

    Raises:
        InvalidRequestError: some are set and some not, or one is malformed.
    """
    found = {name: given[variable] for name, variable in _VARIABLES.items() if variable in given}
    if not found:
        return None
    for name, variable in _VARIABLES.items():
        if name not in found:
            raise InvalidRequestError(f"Sign-in needs {variable} too. Set all of {', '.join(_VARIABLES.values())}.")
    if not found["metadata_url"].startswith("https://"):
        raise InvalidRequestError("OIDC_METADATA_URL must begin with https://.", field="OIDC_METADATA_URL")
    if not found["redirect_url"].endswith("/oauth2callback"):
        raise InvalidRequestError("OIDC_REDIRECT_URL must end in /oauth2callback.", field="OIDC_REDIRECT_URL")
    if len(found["cookie_secret"]) < _SHORTEST_SECRET:
        raise InvalidRequestError(
            f"OIDC_COOKIE_SECRET must have {_SHORTEST_SECRET} characters or more.", field="OIDC_COOKIE_SECRET"
        )
    allowed = tuple(part.strip().casefold() for part in found.pop("allowed").split(",") if "@" in part)
    if not allowed:
        raise InvalidRequestError(
            "OIDC_ALLOWED must name e-mail addresses, or @domain for everyone there.", field="OIDC_ALLOWED"
        )
    return SignIn(**found, allowed=allowed)
