"""Known gaze: where two healthy or slowed eyes look, when they blink, and when the camera saw it.

The signal is a sum of analytic saccades over a slow drift, evaluated at the camera's time stamps, so that one
seed gives the same eye at 30 and at 240 frames/s. Nothing here is measured from people: published relations
(named at each constant) shape it, and the same numbers are then the truth that detectors are tested against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import beta, betainc

from shared.model import BoolArray, FloatArray
from shared.synthetic.gaze_script import BlinkStep, Camera, Dynamics, Script

PEAK_TO_MEAN_VELOCITY: Final = 1.65
"""Peak over mean velocity of one saccade; near 1.6 in normal vertical ones (doi 10.1196/annals.1303.031)."""

BLINK_VISIBLE_CLOSURE: Final = 0.05
"""Closure from which a blink counts as begun: less cannot be seen in a film."""

COMPLETE_CLOSURE: Final = 0.95
"""Closure from which the lids count as met."""


def _profile_exponent() -> float:
    """Exponent k of the velocity profile (x (1 - x))**k with the wanted ratio of peak to mean."""
    return float(brentq(lambda k: 0.25**k / beta(k + 1, k + 1) - PEAK_TO_MEAN_VELOCITY, 1.0, 2.0))


_EXPONENT: Final = _profile_exponent()


@dataclass(frozen=True)
class TrueSaccade:
    """A saccade that was put in. ``direction_deg``: 0 left, 90 down, 180 right, 270 up (the patient's)."""

    start_s: float
    end_s: float
    h_deg: float
    v_deg: float
    peak_velocity_deg_s: float
    kind: Literal["shift", "correction", "square_wave"]

    @property
    def amplitude_deg(self) -> float:
        """Size of the displacement."""
        return float(np.hypot(self.h_deg, self.v_deg))

    @property
    def direction_deg(self) -> float:
        """Direction, as in :class:`shared.model.Saccade`."""
        return float(np.degrees(np.arctan2(self.v_deg, self.h_deg)) % 360)

    def displacement(self, time_s: FloatArray) -> FloatArray:
        """Share of the way gone at each time, 0 to 1."""
        x = np.clip((time_s - self.start_s) / (self.end_s - self.start_s), 0, 1)
        share: FloatArray = betainc(_EXPONENT + 1, _EXPONENT + 1, x)
        return share


@dataclass(frozen=True)
class TrueBlink:
    """A blink that was put in. Frames are inclusive: first and last with a closure that can be seen."""

    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    depth: float
    complete: bool
    eye: Literal["both", "left", "right"] = "both"


@dataclass(frozen=True)
class TrueSquareWaveJerk:
    """A square-wave jerk that was put in, fields as in :class:`shared.model.SquareWaveJerk`."""

    start_s: float
    end_s: float
    amplitude_deg: float
    direction_deg: float
    return_interval_s: float


@dataclass(frozen=True, eq=False)
class GazeTruth:
    """What the eyes did at each frame, eye in head, both eyes alike.

    Attributes:
        time_s: ``(N,)`` presentation times, s, from 0, strictly increasing.
        h_deg, v_deg: ``(N,)`` gaze; patient's left and down are positive.
        lid_closure_left, lid_closure_right: ``(N,)`` 0 = open, 1 = shut.
        dropped: ``(N,)`` frames that the camera lost; :meth:`recorded` leaves them out.
        saccades, blinks, square_wave_jerks: in order of time.
    """

    time_s: FloatArray
    h_deg: FloatArray
    v_deg: FloatArray
    lid_closure_left: FloatArray
    lid_closure_right: FloatArray
    dropped: BoolArray
    saccades: tuple[TrueSaccade, ...]
    blinks: tuple[TrueBlink, ...]
    square_wave_jerks: tuple[TrueSquareWaveJerk, ...]

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def lid_closure(self) -> FloatArray:
        """Mean closure of both eyes, ``(N,)``."""
        return (self.lid_closure_left + self.lid_closure_right) / 2

    def recorded(self) -> GazeTruth:
        """The frames that reach the file, with blinks renumbered to match."""
        keep = ~self.dropped
        number = np.cumsum(keep) - 1

        def renumber(blink: TrueBlink) -> TrueBlink:
            inside = np.flatnonzero(keep[blink.start_frame : blink.end_frame + 1]) + blink.start_frame
            if len(inside) == 0:
                return replace(blink, start_frame=-1, end_frame=-1)
            first, last = int(inside[0]), int(inside[-1])
            return replace(
                blink,
                start_frame=int(number[first]),
                end_frame=int(number[last]),
                start_s=float(self.time_s[first]),
                end_s=float(self.time_s[last]),
            )

        blinks = tuple(b for b in map(renumber, self.blinks) if b.start_frame >= 0)
        return replace(
            self,
            time_s=self.time_s[keep],
            h_deg=self.h_deg[keep],
            v_deg=self.v_deg[keep],
            lid_closure_left=self.lid_closure_left[keep],
            lid_closure_right=self.lid_closure_right[keep],
            dropped=np.zeros(int(keep.sum()), bool),
            blinks=blinks,
        )


def simulate(script: Script, camera: Camera | None = None, *, seed: int = 0) -> GazeTruth:
    """Run a script and look at it through a camera.

    Args:
        script: what the eyes do.
        camera: when frames are taken; by default 30 evenly spaced frames a second.
        seed: equal seeds give equal eyes, whatever the camera.

    Returns:
        All frames taken, with lost ones marked in ``dropped``.
    """
    camera = camera or Camera()
    time_s = _frame_times(script.duration_s, camera, np.random.default_rng([seed, 1]))
    shifts = _gaze_shifts(script)
    blinks = _plan_blinks(script, shifts, np.random.default_rng([seed, 2]))
    jerks = _plan_square_waves(script, shifts, blinks, np.random.default_rng([seed, 3]))
    saccades = sorted([*shifts, *(s for pair in jerks for s in pair)], key=lambda s: s.start_s)
    h_deg, v_deg = _drift(script, time_s, np.random.default_rng([seed, 4]))
    for saccade in saccades:
        share = saccade.displacement(time_s)
        h_deg = h_deg + saccade.h_deg * share
        v_deg = v_deg + saccade.v_deg * share
    left, right = np.zeros_like(time_s), np.zeros_like(time_s)
    for blink in blinks:
        closure = blink.closure(time_s)
        left = np.maximum(left, closure) if blink.eye != "right" else left
        right = np.maximum(right, closure) if blink.eye != "left" else right
    noise = np.random.default_rng([seed, 5]).normal(0, 1, (2, len(time_s))) * script.noise_sd_deg
    dropped = np.random.default_rng([seed, 6]).random(len(time_s)) < camera.dropped_fraction
    dropped[0] = False
    return GazeTruth(
        time_s=time_s,
        h_deg=h_deg + noise[0],
        v_deg=v_deg + noise[1] + script.blink_pull_deg * (left + right) / 2,
        lid_closure_left=left,
        lid_closure_right=right,
        dropped=dropped,
        saccades=tuple(saccades),
        blinks=tuple(b for b in (_true_blink(blink, time_s) for blink in blinks) if b is not None),
        square_wave_jerks=tuple(_true_jerk(pair) for pair in jerks),
    )


def _frame_times(duration_s: float, camera: Camera, rng: np.random.Generator) -> FloatArray:
    count = max(1, int(np.floor(duration_s * camera.rate_hz + 1e-9)))
    shift = np.clip(rng.normal(0, 1, count) * camera.jitter, -0.45, 0.45)
    shift[0] = 0
    times: FloatArray = (np.arange(count) + shift) / camera.rate_hz
    return times


def _saccade(
    start_s: float, h_deg: float, v_deg: float, dynamics: Dynamics, kind: Literal["shift", "correction", "square_wave"]
) -> TrueSaccade:
    peak = dynamics.peak_velocity_deg_s(h_deg, v_deg)
    duration_s = PEAK_TO_MEAN_VELOCITY * float(np.hypot(h_deg, v_deg)) / peak
    return TrueSaccade(start_s, start_s + duration_s, h_deg, v_deg, peak, kind)


def _gaze_shifts(script: Script) -> list[TrueSaccade]:
    """The saccades that follow the target: first the short one, then, if that fell short, the rest."""
    dynamics = script.dynamics
    limit = np.inf if dynamics.vertical_limit_deg is None else dynamics.vertical_limit_deg
    at = np.zeros(2)
    saccades: list[TrueSaccade] = []
    for step in script.steps:
        goal = np.array([step.h_deg, np.clip(step.v_deg, -limit, limit)])
        way = goal - at
        if np.hypot(*way) < 0.05:
            continue
        first = way * [dynamics.horizontal_gain, dynamics.vertical_gain]
        saccade = _saccade(step.at_s + dynamics.latency_s, float(first[0]), float(first[1]), dynamics, "shift")
        saccades.append(saccade)
        rest = way - first
        if np.hypot(*rest) > 0.2:
            start_s = saccade.end_s + dynamics.correction_delay_s
            saccades.append(_saccade(start_s, float(rest[0]), float(rest[1]), dynamics, "correction"))
            at = goal
        else:
            at = at + first
    return saccades


def _plan_blinks(script: Script, shifts: list[TrueSaccade], rng: np.random.Generator) -> list[BlinkStep]:
    """Blinks asked for, and random ones that stay clear of gaze shifts so that each truth can be seen."""
    planned = list(script.blinks)
    wanted = round(script.blink_rate_per_min * script.duration_s / 60)
    for _ in range(200 * wanted):
        if len(planned) - len(script.blinks) >= wanted:
            break
        blink = BlinkStep(
            at_s=float(rng.uniform(0.4, max(0.5, script.duration_s - 0.8))),
            depth=float(rng.choice([1.0, 1.0, 1.0, rng.uniform(0.6, 0.9)])),
            closing_s=float(rng.uniform(0.08, 0.12)),
            closed_s=float(rng.uniform(0.02, 0.07)),
            opening_s=float(rng.uniform(0.16, 0.24)),
        )
        near_saccade = any(s.start_s - 0.06 < blink.end_s and s.end_s + 0.06 > blink.at_s for s in shifts)
        near_blink = any(b.at_s - 0.5 < blink.end_s and b.end_s + 0.5 > blink.at_s for b in planned)
        if not near_saccade and not near_blink:
            planned.append(blink)
    return sorted(planned, key=lambda b: b.at_s)


def _plan_square_waves(
    script: Script, shifts: list[TrueSaccade], blinks: list[BlinkStep], rng: np.random.Generator
) -> list[tuple[TrueSaccade, TrueSaccade]]:
    """Pairs of opposite horizontal saccades, 200-300 ms apart (MDS-PSP criteria, O3), in quiet fixation."""
    jerks: list[tuple[TrueSaccade, TrueSaccade]] = []
    wanted = round(script.square_wave_rate_per_min * script.duration_s / 60)
    busy = [(s.start_s, s.end_s) for s in shifts] + [(b.at_s, b.end_s) for b in blinks]
    for _ in range(200 * wanted):
        if len(jerks) >= wanted:
            break
        start_s = float(rng.uniform(0.2, max(0.3, script.duration_s - 0.6)))
        size = float(rng.choice([-1, 1]) * script.square_wave_amplitude_deg * rng.uniform(0.75, 1.25))
        away = _saccade(start_s, size, 0.0, script.dynamics, "square_wave")
        back = _saccade(start_s + float(rng.uniform(0.2, 0.3)), -size, 0.0, script.dynamics, "square_wave")
        if all(end < start_s - 0.15 or begin > back.end_s + 0.15 for begin, end in busy):
            jerks.append((away, back))
            busy.append((away.start_s, back.end_s))
    return sorted(jerks, key=lambda pair: pair[0].start_s)


def _drift(script: Script, time_s: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Slow wandering with a memory of about half a second, on its own 100 Hz clock."""
    clock = np.arange(0, script.duration_s + 0.02, 0.01)
    keep = np.exp(-0.01 / 0.5)
    kick = rng.normal(0, 1, (2, len(clock))) * script.drift_sd_deg * np.sqrt(1 - keep**2)
    walk = np.zeros_like(kick)
    for i in range(1, len(clock)):
        walk[:, i] = keep * walk[:, i - 1] + kick[:, i]
    return np.interp(time_s, clock, walk[0]), np.interp(time_s, clock, walk[1])


def _true_blink(blink: BlinkStep, time_s: FloatArray) -> TrueBlink | None:
    seen = np.flatnonzero(blink.closure(time_s) > BLINK_VISIBLE_CLOSURE)
    if len(seen) == 0:
        return None
    first, last = int(seen[0]), int(seen[-1])
    complete = blink.depth >= COMPLETE_CLOSURE
    return TrueBlink(first, last, float(time_s[first]), float(time_s[last]), blink.depth, complete, blink.eye)


def _true_jerk(pair: tuple[TrueSaccade, TrueSaccade]) -> TrueSquareWaveJerk:
    away, back = pair
    amplitude = (away.amplitude_deg + back.amplitude_deg) / 2
    return TrueSquareWaveJerk(away.start_s, back.end_s, amplitude, away.direction_deg, back.start_s - away.start_s)
