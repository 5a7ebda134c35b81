"""Python values as DynamoDB keeps them, and back.

DynamoDB numbers are decimals of up to 38 digits; boto3 refuses floats. A float becomes the shortest decimal that
reads back as the same float. NaN and infinity cannot be stored and are refused, as they are in JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from shared.errors import InvalidRequestError

LARGEST_ITEM_BYTES: Final = 300_000
"""Well under DynamoDB's 400 KB for one item, names included."""
_SMALLEST_NUMBER: Final = 1e-125
"""DynamoDB keeps magnitudes from 1e-130 on; what is smaller is 0 for any measurement."""
_LARGEST_EXACT: Final = 2**53
"""Whole numbers beyond this were floats: only up to here is each of them one."""
_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as a DynamoDB item.

    >>> to_item({"vertical_peak_to_peak": 0.06, "psp_suspected": None})
    {'vertical_peak_to_peak': {'N': '0.06'}, 'psp_suspected': {'NULL': True}}

    Raises:
        ValueError: a number is not finite.
        InvalidRequestError: too large for one item.
    """
    item = {name: _SERIALIZER.serialize(_storable(value)) for name, value in values.items()}
    if len(json.dumps(item, ensure_ascii=False).encode()) > LARGEST_ITEM_BYTES:
        raise InvalidRequestError("The request holds too much data for one record. Send fewer segments or notes.")
    return item


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of a DynamoDB item.

    >>> from_item(to_item({"step": 1, "fps": 29.97, "reasons": [{"code": "BORDERLINE"}]}))
    {'step': 1, 'fps': 29.97, 'reasons': [{'code': 'BORDERLINE'}]}
    """
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("Out of range float values are not JSON compliant and cannot be stored")
        return Decimal(repr(value)) if abs(value) >= _SMALLEST_NUMBER else Decimal(0)
    if isinstance(value, Mapping):
        return {str(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        is_whole = value == value.to_integral_value() and abs(value) <= _LARGEST_EXACT
        return int(value) if is_whole else float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
