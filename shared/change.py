"""When a difference between two recordings of one person may be called a change.

A measurement that is repeated differs from itself. The *repeatability coefficient* is the difference that two
measurements of the same thing stay within 95 times out of 100: ``1.96 * sqrt(2) * SD`` (Bland & Altman, Stat Methods
Med 1999;8:135). Only a difference outside it is called a change.

Where the SD comes from:

* Events that are counted (blinks, square-wave jerks) scatter by counting alone, whatever the instrument: the SD of
  a count is its square root (Poisson). A person's rate also differs by day and situation, which nobody has measured
  for this program, so the band is the least one.
* Ranges: films of the same rendered face doing the same thing, with other light, distance, noise and compression
  differ by 0.5 to 3 % of a full range and by 0.002 lid gaps or 0.15 deg in a small one
  (``python -m tests.accuracy --section repeatability``). Real films differ in more than that, so about twice to three
  times as much is taken: a proposal. How much a *person* differs from day to day is not in it.

Everything else has no known repeatability, and no change is called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

_COEFFICIENT: Final = 1.96 * math.sqrt(2.0)

Basis = Literal["counting", "instrument"]

RELATIVE_SD: Final[Mapping[str, float]] = {
    "vertical_range_lid_gaps": 0.06,
    "horizontal_range_lid_gaps": 0.06,
    "vertical_range_deg": 0.05,
    "horizontal_range_deg": 0.05,
}
"""SD of a repeated range as a share of it."""
LEAST_SD: Final[Mapping[str, float]] = {
    "vertical_range_lid_gaps": 0.005,
    "horizontal_range_lid_gaps": 0.005,
    "vertical_range_deg": 0.5,
    "horizontal_range_deg": 0.5,
}
"""SD of a small range, in its unit: noise does not vanish with the range."""
_COUNTED: Final = frozenset({"blink_rate_per_min", "square_wave_jerk_rate_per_min"})


@dataclass(frozen=True)
class Change:
    """A difference between two recordings of one quantity.

    Attributes:
        difference: later minus earlier, in the unit of the quantity.
        band: the repeatability coefficient; None where none is known.
        basis: what the band rests on; None without one.
    """

    difference: float
    band: float | None
    basis: Basis | None

    @property
    def is_change(self) -> bool | None:
        """Whether the difference is outside the band; None where there is no band to tell."""
        return None if self.band is None else abs(self.difference) > self.band


def standard_deviation(name: str, value: float, duration_s: float) -> tuple[float, Basis] | None:
    """SD of one measurement of a quantity when it is repeated, and what that rests on; None where unknown.

    Args:
        name: of the metric.
        value: as measured.
        duration_s: time that a counted rate was counted over.
    """
    if name in _COUNTED and duration_s > 0.0:
        minutes = duration_s / 60.0
        # One event at least: after none in a minute, one in the next is no surprise.
        return math.sqrt(max(value * minutes, 1.0)) / minutes, "counting"
    if name in RELATIVE_SD:
        return max(RELATIVE_SD[name] * abs(value), LEAST_SD[name]), "instrument"
    return None


def change(name: str, earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Change | None:
    """The difference of one metric between two summaries, with its band; None where either has no value.

    Args:
        name: of the metric.
        earlier, later: summaries of two recordings of one person, by the same analysis version.
    """
    before, after = _value(earlier, name), _value(later, name)
    if before is None or after is None:
        return None
    spread = [
        standard_deviation(name, value, float(summary["duration_sec_est"]))
        for value, summary in ((before, earlier), (after, later))
    ]
    if spread[0] is None or spread[1] is None:
        return Change(after - before, None, None)
    (first, basis), (second, _) = spread[0], spread[1]
    return Change(after - before, 1.96 * math.hypot(first, second), basis)


def band_around(name: str, value: float, duration_s: float) -> float | None:
    """Half the width of the band around one value: another measurement of the same lies within it, 95 of 100 times."""
    spread = standard_deviation(name, value, duration_s)
    return None if spread is None else _COEFFICIENT * spread[0]


def _value(summary: Mapping[str, Any], name: str) -> float | None:
    value = summary["metrics"].get(name, {}).get("value")
    return None if value is None else float(value)
