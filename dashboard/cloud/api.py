"""The deployed service, asked over HTTPS. What goes wrong on the way is said exactly: who, at which step, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from dashboard.backends import CloudError

_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 35.0
"""The gateway gives up after 29 s."""


class CloudApi:
    """The service at one address."""

    def __init__(self, url: str, key: str | None) -> None:
        """Point at a service; nothing is sent.

        Args:
            url: of the gateway's stage.
            key: sent as ``x-api-key``; never shown.
        """
        self._url = url
        self._host = urlsplit(url).netloc
        self._headers = {"x-api-key": key} if key else {}

    def health(self) -> None:
        """Return if the service answers. Raises CloudError."""
        self._send("GET", None)

    def ask(self, action: str, **body: Any) -> dict[str, Any]:
        """The service's answer to a request.

        Raises:
            CloudError: it could not be reached, refused, or broke down; the sentence says which.
        """
        return self._send("POST", {"action": action, **body})

    def _send(self, method: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            answer = requests.request(
                method, self._url, json=body, headers=self._headers, timeout=(_CONNECT_S, _ANSWER_S)
            )
        except requests.exceptions.ConnectTimeout:
            raise CloudError(
                f"The cloud service at {self._host} could not be reached: no connection within {_CONNECT_S:.0f} s."
            ) from None
        except requests.exceptions.Timeout:
            raise CloudError(
                f"The cloud service at {self._host} took the request but did not answer within {_ANSWER_S:.0f} s. "
                "It may still work on it: look into the history in a minute.",
                is_settled=False,
            ) from None
        except requests.exceptions.SSLError:
            raise CloudError(f"The cloud service at {self._host} has no valid certificate; nothing was sent.") from None
        except requests.exceptions.RequestException:
            raise CloudError(
                f"The cloud service at {self._host} could not be reached: the connection was refused or broke off. "
                "Check API_URL and the network."
            ) from None
        return self._content(answer)

    def _content(self, answer: requests.Response) -> dict[str, Any]:
        try:
            content = answer.json()
        except ValueError:
            content = {}
        if answer.ok and isinstance(content, dict):
            return content
        error = content.get("error") if isinstance(content, dict) else None
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            raise CloudError(
                f"The cloud service refused ({answer.status_code}, {error.get('code')}): {error['message']}",
                code=str(error.get("code")),
                is_settled=answer.status_code < 500,
            )
        raise CloudError(self._refusal(answer.status_code), is_settled=answer.status_code < 500)

    def _refusal(self, status: int) -> str:
        """What a status without a sentence of the service's own means: it comes from the gateway before it."""
        meanings = {
            401: "it does not accept this program's identity",
            403: "the API key is missing or not valid; check API_KEY",
            404: "there is no such service at this address; check API_URL",
            413: "the request is too large",
            429: "too many requests, or the day's quota is used up; try again later",
            502: "its function broke down",
            503: "it is out of service",
            504: "its function took longer than the gateway waits",
        }
        meaning = meanings.get(status, "no reason given")
        return f"The cloud service at {self._host} refused with status {status}: {meaning}."
