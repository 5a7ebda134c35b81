"""Two analyses of the same recording side by side: which events only one of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """Anything with a start and an end, s."""

    @property
    def start_s(self) -> float:
        """Start."""
        ...

    @property
    def end_s(self) -> float:
        """End."""
        ...


E = TypeVar("E", bound=Timed)


@dataclass(frozen=True)
class Differences(Generic[E]):
    """Events of A and of B by what they share; each list in order of time.

    Attributes:
        both: pairs (of A, of B) that overlap in time.
        only_a, only_b: events without a partner.
    """

    both: tuple[tuple[E, E], ...]
    only_a: tuple[E, ...]
    only_b: tuple[E, ...]


def differences(a: Sequence[E], b: Sequence[E]) -> Differences[E]:
    """Pair the events of two analyses one to one by overlap in time, the greatest overlap first.

    Args:
        a, b: events in any order. Two that merely touch do not overlap.
    """
    overlaps = sorted(
        ((_overlap_s(one, other), i, j) for i, one in enumerate(a) for j, other in enumerate(b)), reverse=True
    )
    partner: dict[int, int] = {}
    for overlap_s, i, j in overlaps:
        if overlap_s > 0.0 and i not in partner and j not in partner.values():
            partner[i] = j
    taken = set(partner.values())
    return Differences(
        both=tuple(sorted(((a[i], b[j]) for i, j in partner.items()), key=lambda pair: pair[0].start_s)),
        only_a=tuple(sorted((event for i, event in enumerate(a) if i not in partner), key=lambda e: e.start_s)),
        only_b=tuple(sorted((event for j, event in enumerate(b) if j not in taken), key=lambda e: e.start_s)),
    )


def _overlap_s(one: Timed, other: Timed) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
