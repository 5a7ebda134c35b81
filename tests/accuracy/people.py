"""Simulated people: what published means say of their eyes, and what the bedside task makes of it.

Numbers with a source are published means and deviations, those marked [D] derived from them, those marked ours chosen:
for progressive supranuclear palsy the literature gives directions, not degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from shared.model import Task, Trace
from shared.parameters import Parameters
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Dynamics, Script, steps_between
from tests.simulated_traces import Instruments, trace_of

TARGET_DEG: Final = 25.0
"""MDS-PSP criteria, O2: more than 20 degrees from straight ahead."""

DWELL_S: Final = 1.6
FIXATION_S: Final = 10.0
VERTICAL_PAIRS, HORIZONTAL_PAIRS = 7, 5
DURATION_S: Final = 62.0

PARAMETERS: Final = Parameters(task=Task.VERTICAL_HORIZONTAL)


@dataclass(frozen=True)
class Spread:
    """A normal distribution, cut at ``low`` and ``high``."""

    mean: float
    sd: float
    low: float = 0.0
    high: float = np.inf

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(np.clip(rng.normal(self.mean, self.sd), self.low, self.high))


@dataclass(frozen=True)
class Group:
    """A kind of people. Every value is drawn anew for every person.

    Attributes:
        up_deg, down_deg, side_deg: how far the eyes can go.
        vertical_speed, horizontal_speed: factor on the mean main sequence (Hopf et al. 2018).
        vertical_gain, horizontal_gain: of the first saccade.
        jerks_per_min, jerk_deg: square-wave jerks.
        blinks_per_min: blinks.
        vertical_effort, horizontal_effort: share of the way to the target that the person cares to go.
        sources: of these numbers.
    """

    name: str
    up_deg: Spread
    down_deg: Spread
    vertical_speed: Spread
    jerks_per_min: Spread
    jerk_deg: Spread
    blinks_per_min: Spread
    sources: str
    side_deg: Spread = field(default_factory=lambda: Spread(45.5, 6.0, 30.0))
    horizontal_speed: Spread = field(default_factory=lambda: Spread(1.0, 0.14, 0.6))
    vertical_gain: Spread = field(default_factory=lambda: Spread(0.93, 0.05, 0.75, 1.0))
    horizontal_gain: Spread = field(default_factory=lambda: Spread(0.94, 0.04, 0.8, 1.0))
    vertical_effort: Spread = field(default_factory=lambda: Spread(1.0, 0.0))
    horizontal_effort: Spread = field(default_factory=lambda: Spread(1.0, 0.0))

    def person(self, number: int) -> Script:
        """The task as person ``number`` of this group does it; the same whatever the camera."""
        rng = np.random.default_rng([number, *self.name.encode()])
        up, down, side = (spread.draw(rng) for spread in (self.up_deg, self.down_deg, self.side_deg))
        dynamics = Dynamics(
            vertical_speed=self.vertical_speed.draw(rng),
            horizontal_speed=self.horizontal_speed.draw(rng),
            vertical_gain=self.vertical_gain.draw(rng),
            horizontal_gain=self.horizontal_gain.draw(rng),
        )
        vertical, horizontal = self.vertical_effort.draw(rng), self.horizontal_effort.draw(rng)
        targets: list[tuple[float, float]] = []
        for _ in range(VERTICAL_PAIRS):
            targets += [
                (0.0, -min(up, TARGET_DEG * vertical * rng.uniform(0.9, 1.1))),
                (0.0, min(down, TARGET_DEG * vertical * rng.uniform(0.9, 1.1))),
            ]
        targets.append((0.0, 0.0))
        for _ in range(HORIZONTAL_PAIRS):
            reach = min(side, TARGET_DEG * horizontal * rng.uniform(0.9, 1.1))
            targets += [(-reach, 0.0), (reach, 0.0)]
        targets.append((0.0, 0.0))
        return Script(
            DURATION_S,
            steps_between(FIXATION_S, targets, DWELL_S),
            dynamics,
            blink_rate_per_min=self.blinks_per_min.draw(rng),
            square_wave_rate_per_min=self.jerks_per_min.draw(rng),
            square_wave_amplitude_deg=self.jerk_deg.draw(rng),
        )


def measured_instruments(rng: np.random.Generator) -> Instruments:
    """Noise as measured on real clips with irises of 20 px and more: the limbus instrument, one eye, 0.2 to 0.55 deg
    vertically and 0.2 to 0.35 horizontally, the landmark one 0.003 to 0.008 lid gaps; degrees off by up to 20 %.
    """
    return Instruments(
        limbus_v_noise_deg=float(rng.uniform(0.2, 0.55)),
        limbus_h_noise_deg=float(rng.uniform(0.2, 0.35)),
        landmark_noise=float(rng.uniform(0.003, 0.008)),
        limbus_scale=float(np.clip(rng.normal(1.0, 0.1), 0.8, 1.2)),
        lid_gaps_per_deg_v=float(np.clip(rng.normal(0.006, 0.0007), 0.0045, 0.0075)),
    )


def filmed(group: Group, number: int, rate_hz: float) -> Trace:
    """Trace of person ``number`` of a group, filmed at this rate; the same camera and eyes at every rate."""
    rng = np.random.default_rng([number, 77, *group.name.encode()])
    return trace_of(
        simulate(group.person(number), Camera(rate_hz), seed=number), measured_instruments(rng), seed=number
    )


_YOUNG_UP, _YOUNG_DOWN = Spread(31.8, 6.0, 15.0), Spread(47.8, 6.0, 30.0)
_OLD_UP, _OLD_DOWN = Spread(23.7, 6.6, 8.0), Spread(47.1, 8.0, 25.0)
_HEALTHY_SPEED = Spread(1.0, 0.165, 0.6)
_FEW_JERKS, _SMALL_JERKS = Spread(4.3, 3.0), Spread(0.7, 0.15, 0.3)
_BLINKS = Spread(16.9, 10.5, 2.0)
_HEALTHY_SOURCES = (
    "range Lim 2014; speed mean and SD Hopf 2018; jerks Anagnostou 2020, below 1 deg MDS 2017; blinks Shew 2022"
)


def _palsy(name: str, remaining: tuple[float, float], speed: Spread, gain: float) -> Group:
    low, high = remaining
    middle, half = (low + high) / 2, (high - low) / 2
    return Group(
        f"PSP-like, {name}",
        Spread(23.7 * middle, 23.7 * half / 2, 23.7 * low, 23.7 * high),
        Spread(47.1 * middle, 47.1 * half / 2, 47.1 * low, 47.1 * high),
        speed,
        Spread(33.5, 12.0, 10.0),
        Spread(1.8, 0.5, 0.8, 4.0),
        Spread(3.0, 2.0, 0.5),
        f"{low:.0%} to {high:.0%} of the range of the elderly, speed {speed.mean:g} of the healthy mean (ours; "
        "published are directions); jerks Anagnostou 2020 and MDS 2017; blinks Golbe 1989",
        horizontal_speed=Spread(0.88, 0.12, 0.5),
        vertical_gain=Spread(gain, 0.08, 0.4, 1.0),
        horizontal_gain=Spread(0.88, 0.06, 0.6, 1.0),
    )


YOUNG: Final = Group(
    "healthy, young", _YOUNG_UP, _YOUNG_DOWN, _HEALTHY_SPEED, _FEW_JERKS, _SMALL_JERKS, _BLINKS, _HEALTHY_SOURCES
)
ELDERLY: Final = Group(
    "healthy, elderly",
    _OLD_UP,
    _OLD_DOWN,
    Spread(0.9, 0.16, 0.55),
    Spread(8.4, 8.3),
    _SMALL_JERKS,
    _BLINKS,
    "up-gaze at 75 years [D] and down-gaze Eye 2019; speed between Hopf 2018 (no effect of age) and Irving 2006 "
    "(slower); jerks Gitchel 2013; blinks Shew 2022",
    horizontal_speed=Spread(0.9, 0.14, 0.55),
)
PARKINSON: Final = Group(
    "Parkinson-like",
    Spread(0.85 * 23.7, 6.6, 6.0),
    _OLD_DOWN,
    Spread(0.9, 0.16, 0.55),
    Spread(10.3, 6.0),
    Spread(0.9, 0.25, 0.3),
    Spread(12.5, 7.0, 2.0),
    "speed as healthy (Pinkhardt 2008); up-gaze less (Parkinsonism Relat Disord 2022;99:84, by how much is ours); "
    "jerks Anagnostou 2020; blinks Golbe 1989; hypometria ours",
    horizontal_speed=Spread(0.9, 0.14, 0.55),
    vertical_gain=Spread(0.85, 0.07, 0.6, 1.0),
    horizontal_gain=Spread(0.88, 0.06, 0.6, 1.0),
)
MILD: Final = _palsy("mild", (0.50, 0.85), Spread(0.70, 0.10, 0.45, 0.9), 0.80)
MODERATE: Final = _palsy("moderate", (0.16, 0.50), Spread(0.50, 0.08, 0.3, 0.7), 0.70)
SEVERE: Final = _palsy("severe", (0.05, 0.15), Spread(0.32, 0.06, 0.2, 0.5), 0.60)


def _idle(name: str, vertical: Spread, horizontal: Spread) -> Group:
    return Group(
        f"healthy, {name}",
        _OLD_UP,
        _OLD_DOWN,
        _HEALTHY_SPEED,
        _FEW_JERKS,
        _SMALL_JERKS,
        _BLINKS,
        "eyes of the healthy; how little they try is ours",
        vertical_effort=vertical,
        horizontal_effort=horizontal,
    )


IDLE: Final = (
    _idle("tries neither way", Spread(0.08, 0.05, 0.0, 0.2), Spread(0.08, 0.05, 0.0, 0.2)),
    _idle("ignores up and down", Spread(0.0, 0.0), Spread(1.0, 0.0)),
    _idle("hardly looks up and down", Spread(0.13, 0.05, 0.04, 0.2), Spread(1.0, 0.0)),
)

GROUPS: Final = (YOUNG, ELDERLY, PARKINSON, MILD, MODERATE, SEVERE, *IDLE)
