"""The simulated eyes do what the script says, at any camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.synthetic.gaze import BLINK_VISIBLE_CLOSURE, PEAK_TO_MEAN_VELOCITY, GazeTruth, simulate
from shared.synthetic.gaze_script import PSP_LIKE, BlinkStep, Camera, Dynamics, Script, Step, steps_between
from shared.synthetic.scripts import healthy, psp_like

STILL = {"drift_sd_deg": 0.0, "noise_sd_deg": 0.0}
angles = st.floats(-25, 25).filter(lambda a: abs(a) > 0.5)
cameras = st.builds(
    Camera,
    rate_hz=st.sampled_from([24.0, 29.97, 30.0, 60.0, 120.0, 240.0]),
    jitter=st.floats(0, 0.4),
    dropped_fraction=st.floats(0, 0.5),
)


def arrays(truth: GazeTruth) -> tuple[np.ndarray, ...]:
    return truth.time_s, truth.h_deg, truth.v_deg, truth.lid_closure_left, truth.lid_closure_right


@given(h=angles, v=angles)
@settings(max_examples=40, deadline=None)
def test_a_gaze_shift_ends_on_its_target(h: float, v: float) -> None:
    truth = simulate(Script(2.0, (Step(0.3, h, v),), **STILL))
    assert truth.h_deg[-1] == pytest.approx(h, abs=1e-6)
    assert truth.v_deg[-1] == pytest.approx(v, abs=1e-6)
    assert truth.h_deg[0] == truth.v_deg[0] == 0


@pytest.mark.parametrize(
    ("h", "v", "published"),
    [(0, 5, 208), (0, 10, 303), (0, 20, 391), (5, 0, 213), (15, 0, 352), (30, 0, 455)],
)
def test_peak_velocities_follow_the_published_main_sequence(h: float, v: float, published: float) -> None:
    assert Dynamics().peak_velocity_deg_s(h, v) == pytest.approx(published, rel=0.10)


def test_the_velocity_in_the_trace_peaks_at_the_stated_peak() -> None:
    truth = simulate(Script(1.0, (Step(0.2, 0, 20),), **STILL), Camera(4000.0))
    saccade = truth.saccades[0]
    velocity = np.gradient(truth.v_deg, truth.time_s)
    assert velocity.max() == pytest.approx(saccade.peak_velocity_deg_s, rel=0.01)
    mean = saccade.amplitude_deg / (saccade.end_s - saccade.start_s)
    assert saccade.peak_velocity_deg_s / mean == pytest.approx(PEAK_TO_MEAN_VELOCITY)


@given(camera=cameras, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_frame_times_rise_strictly_from_zero(camera: Camera, seed: int) -> None:
    truth = simulate(healthy(3.0), camera, seed=seed)
    for shown in (truth, truth.recorded()):
        assert shown.time_s[0] == 0
        assert (np.diff(shown.time_s) > 0).all()


@given(camera=cameras, seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_one_seed_gives_one_eye(camera: Camera, seed: int) -> None:
    first, again = (simulate(healthy(6.0), camera, seed=seed) for _ in range(2))
    for a, b in zip(arrays(first), arrays(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first.saccades, first.blinks) == (again.saccades, again.blinks)


def test_the_camera_does_not_change_what_the_eye_does() -> None:
    slow, fast = (simulate(healthy(), Camera(rate), seed=3) for rate in (30.0, 240.0))
    assert slow.saccades == fast.saccades
    assert len(slow.blinks) == len(fast.blinks)
    np.testing.assert_allclose(np.interp(slow.time_s, fast.time_s, fast.v_deg), slow.v_deg, atol=0.5)


@given(seed=st.integers(0, 999), rate=st.floats(0, 40))
@settings(max_examples=30, deadline=None)
def test_lids_stay_between_open_and_shut_and_blinks_do_not_meet(seed: int, rate: float) -> None:
    truth = simulate(Script(20.0, blink_rate_per_min=rate), seed=seed)
    assert truth.lid_closure.min() >= 0
    assert truth.lid_closure.max() <= 1
    for before, after in zip(truth.blinks, truth.blinks[1:], strict=False):
        assert before.end_frame < after.start_frame


def test_a_blink_covers_exactly_the_frames_in_which_it_can_be_seen() -> None:
    truth = simulate(Script(3.0, blinks=(BlinkStep(1.0),)))
    blink = truth.blinks[0]
    seen = np.flatnonzero(truth.lid_closure > BLINK_VISIBLE_CLOSURE)
    assert (blink.start_frame, blink.end_frame) == (seen[0], seen[-1])
    assert (blink.start_s, blink.end_s) == (truth.time_s[seen[0]], truth.time_s[seen[-1]])
    assert blink.complete


def test_a_shallow_blink_is_incomplete_and_a_wink_closes_one_eye() -> None:
    truth = simulate(Script(4.0, blinks=(BlinkStep(0.5, depth=0.6), BlinkStep(2.0, eye="left"))))
    shallow, wink = truth.blinks
    assert not shallow.complete
    assert truth.lid_closure_left[wink.start_frame : wink.end_frame].max() > 0.9
    assert truth.lid_closure_right[wink.start_frame : wink.end_frame].max() == 0


def test_lost_frames_leave_the_recording_and_blinks_are_renumbered() -> None:
    truth = simulate(Script(10.0, blink_rate_per_min=20), Camera(60.0, dropped_fraction=0.4), seed=4)
    shown = truth.recorded()
    assert len(shown) == (~truth.dropped).sum() < len(truth)
    for blink in shown.blinks:
        inside = shown.lid_closure[blink.start_frame : blink.end_frame + 1]
        assert inside.min() > BLINK_VISIBLE_CLOSURE
        assert shown.time_s[blink.start_frame] == blink.start_s


def test_psp_like_eyes_are_slow_and_short_vertically_and_full_horizontally() -> None:
    truth = simulate(psp_like(), seed=12)
    healthy_truth = simulate(healthy(), seed=12)
    assert np.ptp(truth.v_deg) < 5
    assert np.ptp(healthy_truth.v_deg) > 35
    assert np.ptp(truth.h_deg) > 30
    slowed = PSP_LIKE.peak_velocity_deg_s(0, 10) / Dynamics().peak_velocity_deg_s(0, 10)
    assert slowed == pytest.approx(PSP_LIKE.vertical_speed)


def test_a_short_saccade_is_followed_by_a_correction() -> None:
    script = Script(2.0, (Step(0.2, 20, 0),), Dynamics(horizontal_gain=0.8), **STILL)
    first, second = simulate(script).saccades
    assert (first.kind, second.kind) == ("shift", "correction")
    assert first.amplitude_deg == pytest.approx(16)
    assert second.start_s > first.end_s


def test_square_wave_jerks_go_out_and_back_within_a_third_of_a_second() -> None:
    truth = simulate(Script(30.0, square_wave_rate_per_min=30), seed=1)
    assert len(truth.square_wave_jerks) >= 10
    for jerk in truth.square_wave_jerks:
        assert 0.2 <= jerk.return_interval_s <= 0.3
        assert jerk.direction_deg in (0, 180)
    assert sum(s.h_deg for s in truth.saccades) == pytest.approx(0)


def test_saccade_directions_name_the_patients_sides() -> None:
    truth = simulate(Script(5.0, steps_between(0.5, [(10, 0), (10, 10), (0, 10), (0, 0)], 0.8)))
    assert [round(s.direction_deg) for s in truth.saccades] == [0, 90, 180, 270]
