"""Traces made straight from known gaze, without pictures: what both instruments would report of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import EyeTrace, FloatArray, Trace
from shared.synthetic.gaze import GazeTruth

LID_GAPS_PER_DEG_H: Final = 0.018
LID_GAPS_PER_DEG_V: Final = 0.006
"""What one degree of gaze reads on the landmark instrument: the limbus instrument's 31 degrees read 0.18 to 0.20."""


@dataclass(frozen=True)
class Instruments:
    """How well eyes are measured.

    Attributes:
        limbus_h_noise_deg, limbus_v_noise_deg, landmark_noise: standard deviations from frame to frame, each eye on
            its own.
        limbus_scale: degrees read for one true degree; the ``+-20 %`` of uncalibrated degrees.
        lid_gaps_per_deg_v: what one degree of vertical gaze reads on the landmark instrument.
        lid_noise: of the lid opening, iris diameters.
        iris_diameter_px: of the film.
        pitch_sd_deg: slow nodding of the head that gaze does not show.
    """

    limbus_h_noise_deg: float = 0.2
    limbus_v_noise_deg: float = 0.2
    landmark_noise: float = 0.003
    limbus_scale: float = 1.0
    lid_gaps_per_deg_v: float = LID_GAPS_PER_DEG_V
    lid_noise: float = 0.01
    iris_diameter_px: float = 30.0
    pitch_sd_deg: float = 0.5


def trace_of(truth: GazeTruth, instruments: Instruments, *, seed: int = 0) -> Trace:
    """The trace of a recording in which the eyes did this."""
    seen = truth.recorded()
    count = len(seen)
    rng = np.random.default_rng([seed, 11])

    def eye(closure: FloatArray, rest: float) -> EyeTrace:
        # Lids follow gaze: an aperture of 9.7 mm goes to 6.4 mm in 40 degrees of down-gaze (Read et al. 2006).
        followed = np.clip(1 - 0.34 * seen.v_deg / 40, 0.5, 1.2)
        opening = 0.85 * followed * (1 - 0.85 * closure) + rng.normal(0, instruments.lid_noise, count)
        hidden = closure > 0.3

        def read(gaze: FloatArray, scale: float, noise: float, offset: float = 0.0) -> FloatArray:
            return offset + scale * gaze + rng.normal(0, noise, count)

        return EyeTrace.empty(
            count,
            iris_x_px=np.full(count, 300.0),
            iris_y_px=np.full(count, 200.0),
            iris_diameter_px=np.full(count, instruments.iris_diameter_px),
            eye_open=np.maximum(opening, 0.02) * 0.35,
            lid_opening=np.maximum(opening, 0.02),
            h_offset=read(seen.h_deg, LID_GAPS_PER_DEG_H, instruments.landmark_noise, rest),
            v_offset=read(seen.v_deg, instruments.lid_gaps_per_deg_v, instruments.landmark_noise, rest) + 0.3 * closure,
            limbus_h_deg=np.where(
                hidden, np.nan, read(seen.h_deg, instruments.limbus_scale, instruments.limbus_h_noise_deg)
            ),
            limbus_v_deg=np.where(
                hidden, np.nan, read(seen.v_deg, instruments.limbus_scale, instruments.limbus_v_noise_deg)
            ),
            limbus_confidence=np.where(hidden, 0.0, 1.0),
        )

    turns = 2 * np.pi * seen.time_s / 7.0 + rng.uniform(0, 2 * np.pi)
    return Trace(
        frame_idx=np.arange(count),
        time_s=seen.time_s,
        left=eye(seen.lid_closure_left, 0.03),
        right=eye(seen.lid_closure_right, -0.02),
        valid=np.ones(count, dtype=np.bool_),
        face_count=np.ones(count, dtype=np.int64),
        head_yaw_deg=np.zeros(count),
        head_pitch_deg=np.sqrt(2) * instruments.pitch_sd_deg * np.sin(turns),
        head_roll_deg=np.zeros(count),
    )
