"""Tokens: what lies outside Streamlit's session is fetched by one, and by nothing else.

A token is unguessable, bound to one thing (a film, a job, a visit), minted by the page that shows it, and useless an
hour after its last use. Neither path nor key of a film ever reaches the browser.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

TOKEN_LIFETIME_S: Final = 3600.0

Opened = TypeVar("Opened")


class TokenRegistry(Generic[Opened]):
    """Tokens of this server process and what each opens. Thread-safe: pages mint, routes look up."""

    def __init__(self, *, lifetime_s: float = TOKEN_LIFETIME_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._grants: dict[str, tuple[Opened, float]] = {}
        self._lock = threading.Lock()

    def mint(self, opened: Opened) -> str:
        """A new token for one thing. Forgets those that have expired."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant[1] > now}
            self._grants[token] = (opened, now + self._lifetime_s)
        return token

    def open(self, token: str) -> Opened | None:
        """What ``token`` opens, its life prolonged; None for an unknown or expired one."""
        now = self._clock()
        with self._lock:
            opened, expires_at = self._grants.get(token, (None, now))
            if opened is None or expires_at <= now:
                self._grants.pop(token, None)
                return None
            self._grants[token] = (opened, now + self._lifetime_s)
            return opened

    def forget(self, token: str) -> None:
        """Make ``token`` open nothing from now on; no error where it never did."""
        with self._lock:
            self._grants.pop(token, None)

    def sweep(self) -> int:
        """Let go of what expired tokens opened; how many remain."""
        now = self._clock()
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant[1] > now}
            return len(self._grants)
