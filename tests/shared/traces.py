"""Traces made directly, for tests of what follows tracking: up and down, left and right, blinks, noise."""

from dataclasses import fields, replace

import numpy as np
from hypothesis import strategies as st

from shared.model import EyeTrace, FloatArray, Trace

DISTANCES = frozenset({"iris_diameter_px", "eye_open", "lid_opening", "limbus_confidence"})
LID_GAPS_PER_DEG = {"h": 0.018, "v": 0.006}


def recording(
    *,
    up_deg: float = 20.0,
    down_deg: float = 20.0,
    side_deg: float = 18.0,
    duration_s: float = 40.0,
    frame_rate_hz: float = 30.0,
    hold_s: float = 2.0,
    blink_every_s: float = 4.0,
    noise: float = 0.001,
    limbus: bool = True,
    saccade_s: float = 0.15,
    seed: int = 0,
) -> Trace:
    """A clean film: first half up and down, second half left and right, every hold ``hold_s`` long.

    A saccade of ``saccade_s`` is slow for a few degrees and brisk for forty.
    """
    rng = np.random.default_rng(seed)
    count = int(duration_s * frame_rate_hz)
    time_s = np.arange(count) / frame_rate_hz
    odd = (time_s // hold_s) % 2 == 1
    first_half = time_s < duration_s / 2
    v_deg = np.where(first_half, np.where(odd, down_deg, -up_deg), 0.0)
    h_deg = np.where(first_half, 0.0, np.where(odd, side_deg, -side_deg))
    v_deg, h_deg = (_smoothed(deg, round(saccade_s * frame_rate_hz)) for deg in (v_deg, h_deg))
    opening = np.full(count, 0.85)
    if blink_every_s:
        opening[(time_s + 1.0) % blink_every_s < 0.2] = 0.1

    def eye(offset: float) -> EyeTrace:
        def noisy(values: FloatArray, sd: float) -> FloatArray:
            return values + rng.normal(0, sd, count)

        degrees = (
            {"limbus_h_deg": noisy(h_deg, 0.1), "limbus_v_deg": noisy(v_deg, 0.1), "limbus_confidence": np.ones(count)}
            if limbus
            else {}
        )
        return EyeTrace.empty(
            count,
            iris_x_px=np.full(count, 300.0),
            iris_y_px=np.full(count, 200.0),
            iris_diameter_px=np.full(count, 40.0),
            eye_open=opening * 0.35,
            lid_opening=opening,
            h_offset=noisy(offset + h_deg * LID_GAPS_PER_DEG["h"], noise),
            v_offset=noisy(offset + v_deg * LID_GAPS_PER_DEG["v"], noise),
            **degrees,
        )

    return Trace(
        frame_idx=np.arange(count),
        time_s=time_s,
        left=eye(0.03),
        right=eye(-0.02),
        valid=np.ones(count, dtype=np.bool_),
        face_count=np.ones(count, dtype=np.int64),
        head_yaw_deg=np.zeros(count),
        head_pitch_deg=np.zeros(count),
        head_roll_deg=np.zeros(count),
        spectacles=False,
    )


def _smoothed(deg: FloatArray, frames: int) -> FloatArray:
    """Jumps made into bell-shaped movements of that many frames."""
    if frames < 2 or len(deg) <= frames:
        return deg
    bell = np.hanning(frames + 2)[1:-1]
    padded = np.pad(deg, (frames // 2, frames - 1 - frames // 2), mode="edge")
    return np.convolve(padded, bell / bell.sum(), mode="valid")


def at(trace: Trace, frames: object) -> Trace:
    """The trace with only those frames (a mask, a slice or positions)."""
    return replace(
        trace,
        frame_idx=trace.frame_idx[frames],
        time_s=trace.time_s[frames],
        left=_eye_at(trace.left, frames),
        right=_eye_at(trace.right, frames),
        valid=trace.valid[frames],
        face_count=trace.face_count[frames],
        head_yaw_deg=trace.head_yaw_deg[frames],
        head_pitch_deg=trace.head_pitch_deg[frames],
        head_roll_deg=trace.head_roll_deg[frames],
    )


def without_face(trace: Trace, frames: object) -> Trace:
    """The trace with no face in those frames."""
    valid, faces = trace.valid.copy(), trace.face_count.copy()
    valid[frames], faces[frames] = False, 0
    return replace(
        trace, valid=valid, face_count=faces, left=_blank(trace.left, frames), right=_blank(trace.right, frames)
    )


def with_both(trace: Trace, **arrays: FloatArray) -> Trace:
    """The trace with those arrays in both eyes."""
    return replace(trace, left=replace(trace.left, **arrays), right=replace(trace.right, **arrays))


def _eye_at(eye: EyeTrace, frames: object) -> EyeTrace:
    return EyeTrace(**{f.name: getattr(eye, f.name)[frames] for f in fields(eye)})


def _blank(eye: EyeTrace, frames: object) -> EyeTrace:
    arrays = {f.name: getattr(eye, f.name).copy() for f in fields(eye)}
    for values in arrays.values():
        values[frames] = np.nan
    return EyeTrace(**arrays)


@st.composite
def damaged_traces(draw: st.DrawFn) -> Trace:
    """Traces with anything missing anywhere, of any length from nothing on, at uneven times."""
    count = draw(st.integers(0, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lost = draw(st.sampled_from([0.0, 0.1, 0.6, 1.0]))
    scale = draw(st.sampled_from([0.0, 0.01, 0.2, 50.0]))
    strange = draw(st.sampled_from([np.nan, np.inf, -np.inf]))

    def values(middle: float) -> FloatArray:
        made = middle + scale * rng.normal(size=count)
        made[rng.random(count) < lost] = np.nan
        made[rng.random(count) < lost / 10] = strange
        return made

    def eye() -> EyeTrace:
        missing = draw(st.sampled_from([0.0, 0.3]))
        names = [f.name for f in fields(EyeTrace) if rng.random() >= missing]
        arrays = {name: values(0.3) for name in names}
        return EyeTrace.empty(count, **{n: np.abs(a) if n in DISTANCES else a for n, a in arrays.items()})

    return Trace(
        frame_idx=np.arange(count) * draw(st.integers(1, 4)),
        time_s=np.cumsum(rng.uniform(0.001, draw(st.sampled_from([0.01, 0.05, 2.0])), count)),
        left=eye(),
        right=eye(),
        valid=rng.random(count) >= lost,
        face_count=rng.integers(-1, 3, count),
        head_yaw_deg=values(0.0),
        head_pitch_deg=values(0.0),
        head_roll_deg=values(draw(st.sampled_from([0.0, 180.0]))),
        spectacles=draw(st.sampled_from([None, False, True])),
        legacy=draw(st.booleans()),
    )
