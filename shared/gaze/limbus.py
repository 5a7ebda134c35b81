"""What the limbus instrument saw: ranges and noise in degrees, and where they are lower bounds or not believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.calibration import calibrated_trace
from shared.gaze.binocular import binocular
from shared.gaze.fixation_area import annotated_fixation_area
from shared.gaze.noise import fixation_noise
from shared.gaze.ranges import GazeRange, gaze_range
from shared.model import AxisCalibration, BoolArray, Trace

LIMBUS_PERCENTILES: Final = (2.5, 97.5)
"""Metric set of the limbus instrument: P97.5 - P2.5."""


MIN_LIMBUS_COVERAGE: Final = 0.5
"""Share of the usable frames that must have a limbus fit for a range. Proposal."""


FULL_LIMBUS_COVERAGE: Final = 0.8
"""With a fit in fewer frames a range is a lower bound: fits fail most in extreme gaze. Proposal."""


HIDDEN_FRACTION: Final = 0.025
"""With the rim hidden in more of the usable frames than the percentile leaves out, the range is a lower bound."""


MAX_RANGE_DEG: Final = 110.0
"""No eye turns further from side to side: 47.4 + 46.4 deg in young adults (Lim et al., Ophthalmology 2014;121:870,
doi 10.1016/j.ophtha.2013.11.019), with room for the 20 % that degrees are uncertain by. More is a wrong fit."""


MOST_EYE_STEP_DEG: Final = 10.0
"""Where only larger steps are told from chance, by what the eyes do not have in common, the fits jump and no range is
given: half of the 20 deg below which a range counts as small. Proposal; computer-drawn faces have 0.8 to 6, films of
people 2 to 11, faces whose rims were mistaken 17 and 21."""


MIN_SACCADE_IRIS_PX: Final = 14.0
"""Smallest iris diameter in the film, px, with which single saccades are looked for: the smallest with which the rim
fit was measured against known truth. Below, a pixel is 5 deg and more."""


@dataclass(frozen=True)
class LimbusGaze:
    """What the limbus instrument saw, in approximate degrees; None where it could not be measured.

    Attributes:
        vertical, horizontal: mean of both eyes.
        vertical_noise, horizontal_noise: fixation noise (SD).
        coverage, horizontal_coverage: share of the usable frames with vertical, and with horizontal gaze.
        calibration: by which the degrees were made; see :func:`shared.calibration.degree_note`.
        hidden_up, hidden_down: share of the usable frames in which the lids hide the height of the iris, by the side
            of the median on which the landmark instrument sees gaze then. From ``HIDDEN_FRACTION`` on, the range on
            that side is a lower bound: gaze went at least so far.
        fixation_area_deg2: of annotated fixation (:mod:`shared.gaze.fixation_area`); None without enough of it.
        eye_step_deg: step of gaze that is told from chance by the difference of the eyes
            (:mod:`shared.events.conjugacy`); None where that is not known.
    """

    vertical: GazeRange | None
    horizontal: GazeRange | None
    vertical_noise: float | None
    horizontal_noise: float | None
    coverage: float
    calibration: tuple[AxisCalibration, ...] = ()
    fixation_area_deg2: float | None = None
    hidden_up: float = 0.0
    hidden_down: float = 0.0
    horizontal_coverage: float = 1.0
    eye_step_deg: float | None = None

    @property
    def up_is_bound(self) -> bool:
        """Whether gaze may have gone farther up than was measured."""
        return self.hidden_up > HIDDEN_FRACTION

    @property
    def down_is_bound(self) -> bool:
        """Whether gaze may have gone farther down than was measured."""
        return self.hidden_down > HIDDEN_FRACTION

    @property
    def vertical_is_bound(self) -> bool:
        """Whether the vertical range may be larger than measured: up or down is a bound, or rims are missing."""
        return self.up_is_bound or self.down_is_bound or self.explained < FULL_LIMBUS_COVERAGE

    @property
    def explained(self) -> float:
        """Share of the usable frames with vertical gaze or with lids that hide it; the rest are fits that failed."""
        return self.coverage + self.hidden_up + self.hidden_down

    @property
    def possible(self) -> bool:
        """Whether both ranges, as far as measured, are ones that an eye can have."""
        return all(g is None or g.peak_to_peak <= MAX_RANGE_DEG for g in (self.vertical, self.horizontal))

    @property
    def eyes_agree(self) -> bool:
        """Whether the eyes have so much in common that a range can be read from them; so too where that is unknown."""
        return self.eye_step_deg is None or self.eye_step_deg <= MOST_EYE_STEP_DEG

    @property
    def believable(self) -> bool:
        """Whether what was fitted can be the rims of two eyes that move together."""
        return self.possible and self.eyes_agree


def measure_limbus(
    trace: Trace, usable: BoolArray, fixation: BoolArray, calibration: tuple[AxisCalibration, ...] = ()
) -> LimbusGaze:
    """Ranges and noise of the limbus instrument over ``usable`` frames; arguments as in :func:`measure_landmark`.

    Args:
        trace: N frames, its degrees as measured.
        usable, fixation: ``(N,)``.
        calibration: what to calibrate them by.
    """
    trace = calibrated_trace(trace, calibration)
    time_s = trace.time_s
    vertical, entered = binocular(trace, "limbus_v_deg", usable)
    horizontal, horizontal_entered = binocular(trace, "limbus_h_deg", usable)
    count = int(usable.sum())
    hidden_up, hidden_down = _hidden_shares(trace, usable, entered)
    return LimbusGaze(
        vertical=gaze_range(time_s, vertical, entered, LIMBUS_PERCENTILES, fixation),
        horizontal=gaze_range(time_s, horizontal, horizontal_entered, LIMBUS_PERCENTILES, fixation),
        vertical_noise=fixation_noise(time_s, vertical, entered),
        horizontal_noise=fixation_noise(time_s, horizontal, horizontal_entered),
        coverage=float(entered.sum()) / count if count else 0.0,
        calibration=calibration,
        fixation_area_deg2=annotated_fixation_area(
            horizontal, vertical, fixation & entered & horizontal_entered, trace.frame_rate_hz
        ),
        horizontal_coverage=float(horizontal_entered.sum()) / count if count else 0.0,
        hidden_up=hidden_up,
        hidden_down=hidden_down,
    )


def rim_hidden(trace: Trace, usable: BoolArray, entered: BoolArray) -> BoolArray:
    """``(N,)`` usable frames without vertical limbus gaze because a lid hides the height of an iris.

    Args:
        trace: N frames.
        usable: ``(N,)``.
        entered: ``(N,)`` frames with vertical limbus gaze.
    """
    hidden = (trace.left.limbus_occluded == 1) | (trace.right.limbus_occluded == 1)
    return np.asarray(usable & ~entered & hidden)


def _hidden_shares(trace: Trace, usable: BoolArray, entered: BoolArray) -> tuple[float, float]:
    """Share of the usable frames in which the rim is hidden while gaze is above its median, and below it."""
    count, hidden = int(usable.sum()), rim_hidden(trace, usable, entered)
    if not hidden.any():
        return 0.0, 0.0
    landmark = trace.mean_of_eyes("v_offset")
    known = usable & np.isfinite(landmark)
    middle = float(np.median(landmark[known])) if known.any() else 0.0
    # Where even the landmarks say nothing it is taken for down: that is where lids cover the eye.
    up = int((hidden & (landmark < middle)).sum())
    return up / count, (int(hidden.sum()) - up) / count


def saccades_hidden_by_size(iris_diameter_px: float | None) -> str | None:
    """Why single saccades cannot be looked for in irises of this size (px in the film); None where they can."""
    if iris_diameter_px is None or iris_diameter_px >= MIN_SACCADE_IRIS_PX:
        return None
    return (
        f"IRIS_TOO_SMALL: The iris is {iris_diameter_px:.1f} px wide; single saccades are looked for from "
        f"{MIN_SACCADE_IRIS_PX:.0f} px. Film closer."
    )
