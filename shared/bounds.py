"""Checks of single untrusted values, each with an error that names the field, the value and the bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidParameterError


@dataclass(frozen=True)
class Bound:
    """What one parameter may be, for validation, help texts and forms.

    Attributes:
        kind: ``int``, ``float`` or ``bool``.
        low, high: inclusive limits.
        unit: e.g. ``s``; ``""`` for a pure number.
        meaning: one sentence for people.
        source: where the default comes from.
    """

    kind: type
    low: float
    high: float
    unit: str
    meaning: str
    source: str


def quoted(value: object) -> str:
    """A value as it may stand in a message: at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def checked_number(name: str, value: Any, bound: Bound) -> Any:
    """``value`` as ``bound.kind``.

    Args:
        name: of the field, for the message and the error's ``field``.

    Raises:
        InvalidParameterError: wrong type, not finite, or out of bounds.
    """
    if bound.kind is bool:
        if not isinstance(value, bool):
            raise InvalidParameterError(f"{name} is {quoted(value)}; it must be true or false.", field=name)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidParameterError(f"{name} is {quoted(value)}; it must be a number.", field=name)
    if not math.isfinite(value):
        raise InvalidParameterError(f"{name} is {value}; it must be a finite number.", field=name)
    if bound.kind is int and value != int(value):
        raise InvalidParameterError(f"{name} is {value}; it must be a whole number.", field=name)
    if not bound.low <= value <= bound.high:
        unit = f" {bound.unit}" if bound.unit else ""
        raise InvalidParameterError(
            f"{name} is {value:g}; it must lie between {bound.low:g} and {bound.high:g}{unit}.", field=name
        )
    return bound.kind(value)
