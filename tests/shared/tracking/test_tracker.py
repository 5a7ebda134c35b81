"""A film becomes a trace: times, gaze, both instruments, progress, cancel, and films with little in them."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.errors import CancelledError, NotAVideoError, TooShortError
from shared.model import BoolArray, FloatArray, Trace
from shared.parameters import Parameters
from shared.planar_picture import Picture
from shared.ports import Progress
from shared.synthetic.video_writer import write_video
from shared.tracking.instrument import LimbusArrays, LimbusFilm
from shared.tracking.limbus import LidAwareLimbus
from shared.tracking.tracker import track, track_frames
from shared.video import probe, read_frames
from tests.shared.conftest import PuppetFilm

DEFAULTS = Parameters()


@pytest.fixture(scope="module")
def trace(puppet_film: PuppetFilm) -> Trace:
    return track(puppet_film.path, DEFAULTS)


def slope(measured: FloatArray, true: FloatArray, use: BoolArray) -> float:
    return float(np.polyfit(true[use], measured[use], 1)[0])


@pytest.fixture
def open_eyed(puppet_film: PuppetFilm) -> BoolArray:
    return puppet_film.truth.gaze.lid_closure < 0.05


def test_times_are_those_of_the_frames(puppet_film: PuppetFilm, trace: Trace) -> None:
    true_s = puppet_film.truth.gaze.time_s
    assert np.abs(trace.time_s - (true_s - true_s[0])).max() < 1e-4
    assert trace.frame_idx.tolist() == list(range(len(true_s)))
    assert trace.meta is not None
    assert trace.meta.frame_count == len(true_s)
    assert trace.meta.frame_interval_jitter > 0.1


def test_gaze_has_the_signs_of_the_model_in_both_instruments(
    puppet_film: PuppetFilm, trace: Trace, open_eyed: BoolArray
) -> None:
    gaze = puppet_film.truth.gaze
    assert slope(trace.mean_of_eyes("v_offset"), gaze.v_deg, open_eyed) > 0.003
    assert slope(trace.mean_of_eyes("h_offset"), gaze.h_deg, open_eyed) > 0.006
    assert slope(trace.mean_of_eyes("limbus_v_deg"), gaze.v_deg, open_eyed) == pytest.approx(1, abs=0.15)
    assert slope(trace.mean_of_eyes("limbus_h_deg"), gaze.h_deg, open_eyed) == pytest.approx(1, abs=0.15)


def test_left_is_the_patients_left_eye(puppet_film: PuppetFilm, trace: Trace, open_eyed: BoolArray) -> None:
    for eye, true_px in (
        (trace.left, puppet_film.truth.iris_left_px),
        (trace.right, puppet_film.truth.iris_right_px),
    ):
        assert np.abs(eye.iris_x_px - true_px[:, 0])[open_eyed].max() < 0.1 * puppet_film.truth.iris_diameter_px


def test_an_upright_still_face_is_valid_throughout(trace: Trace) -> None:
    assert trace.valid.all()
    assert set(trace.face_count) == {1, -1}
    assert np.abs(trace.head_roll_deg).max() < 3


def test_the_trace_is_stamped_with_what_measured_it(trace: Trace) -> None:
    assert "mediapipe" in trace.tracker["landmarks"]
    assert "limbus" in trace.tracker


def test_measuring_twice_gives_the_same_numbers(puppet_film: PuppetFilm) -> None:
    once, again = (track(puppet_film.path, Parameters(max_frames=25), limbus=None) for _ in range(2))
    assert np.array_equal(once.left.v_offset, again.left.v_offset)


def live(film: PuppetFilm, max_frames: int, cancelled: Callable[[], bool] | None = None) -> Trace:
    """Measured as if the film were still being recorded."""
    frames = read_frames(film.path, max_frames=max_frames)
    return track_frames(frames, probe(film.path), Parameters(max_frames=max_frames), cancelled=cancelled, live=True)


def test_a_live_film_gives_the_same_numbers(puppet_film: PuppetFilm) -> None:
    at_once, as_it_comes = track(puppet_film.path, Parameters(max_frames=60)), live(puppet_film, 60)
    for eye in ("left", "right"):
        for name in ("iris_x_px", "iris_y_px", "limbus_h_deg", "limbus_v_deg"):
            ours, theirs = (getattr(getattr(trace, eye), name) for trace in (at_once, as_it_comes))
            assert np.array_equal(ours, theirs, equal_nan=True), name


def test_cancelling_a_live_film_ends_all_threads(puppet_film: PuppetFilm) -> None:
    threads_before = threading.active_count()
    with pytest.raises(CancelledError):
        live(puppet_film, 60, cancelled=lambda: True)
    assert threading.active_count() == threads_before


def test_without_the_second_instrument_its_arrays_are_empty(puppet_film: PuppetFilm) -> None:
    short = track(puppet_film.path, Parameters(max_frames=12), limbus=None)
    assert np.isnan(short.left.limbus_v_deg).all()
    assert np.isfinite(short.left.v_offset).all()


def test_step_and_max_frames_are_kept(puppet_film: PuppetFilm) -> None:
    short = track(puppet_film.path, Parameters(step=3, max_frames=20), limbus=None)
    assert short.frame_idx.tolist() == list(range(0, 60, 3))
    true_s = puppet_film.truth.gaze.time_s[:60:3]
    assert np.allclose(short.time_s, true_s - true_s[0], atol=1e-4)


def test_every_frame_is_shown_to_the_second_instrument_once_and_in_order(puppet_film: PuppetFilm) -> None:
    closed: list[bool] = []

    class Counting:
        name = "counting"

        def __init__(self) -> None:
            self.seen: list[int] = []
            closed.append(False)

        def observe(self, image_bgr: np.ndarray, landmarks: FloatArray | None, index: int) -> None:
            assert image_bgr.shape == (540, 480, 3)
            assert landmarks is not None
            self.seen.append(index)

        def finish(self, time_s: FloatArray, valid: BoolArray) -> LimbusFilm:
            assert self.seen == list(range(len(time_s)))
            one, two, nothing = np.full(len(valid), 1.0), np.full(len(valid), 2.0), np.zeros(len(valid))
            left, right = (LimbusArrays(*[value] * 5, nothing) for value in (one, two))
            return LimbusFilm(left, right, spectacles=True)

        def close(self) -> None:
            closed.append(True)

    measured = track(puppet_film.path, Parameters(max_frames=30), limbus=Counting)
    assert closed == [False, True]
    assert (measured.left.limbus_h_deg == 1).all()
    assert (measured.right.limbus_confidence == 2).all()
    assert measured.spectacles is True


def test_progress_counts_up_to_the_end(puppet_film: PuppetFilm) -> None:
    reports: list[Progress] = []
    measured = track(puppet_film.path, DEFAULTS, progress=reports.append, limbus=None)
    done = [report.frames_done for report in reports]
    assert {report.stage for report in reports} == {"tracking"}
    assert done == sorted(done)
    assert len(done) > 3
    assert done[-1] == reports[-1].frames_total == len(measured)


def test_cancelling_stops_soon_and_ends_all_threads(puppet_film: PuppetFilm) -> None:
    threads_before = threading.active_count()
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(CancelledError):
        track(puppet_film.path, DEFAULTS, cancelled=cancelled, limbus=None)
    assert asked == 6
    assert threading.active_count() == threads_before


def test_an_error_in_the_landmarks_comes_out_and_ends_all_threads(puppet_film: PuppetFilm) -> None:
    class Broken:
        name = "broken"

        def detect(self, image_bgr: np.ndarray, time_s: float) -> None:
            raise RuntimeError("model gone")

        def close(self) -> None:
            raise AssertionError("not the tracker's to close")

    threads_before = threading.active_count()
    with pytest.raises(RuntimeError, match="model gone"):
        track(puppet_film.path, DEFAULTS, landmarker=Broken(), limbus=None)
    assert threading.active_count() == threads_before


def test_an_error_in_the_second_instrument_comes_out_and_ends_all_threads(puppet_film: PuppetFilm) -> None:
    class Broken(LidAwareLimbus):
        def observe(self, image_bgr: Picture, landmarks: FloatArray | None, index: int) -> None:
            raise RuntimeError("rim gone")

    threads_before = threading.active_count()
    with pytest.raises(RuntimeError, match="rim gone"):
        track(puppet_film.path, DEFAULTS, limbus=Broken)
    assert threading.active_count() == threads_before


def test_a_film_without_a_face_gives_a_trace_without_a_valid_frame(faceless_film: Path) -> None:
    trace = track(faceless_film, DEFAULTS)
    assert len(trace) == 60
    assert not trace.valid.any()
    assert (trace.face_count == 0).all()
    assert np.isnan(trace.mean_of_eyes("v_offset")).all()
    assert np.isnan(trace.mean_of_eyes("limbus_v_deg")).all()


@pytest.mark.parametrize("frames", [1, 9])
def test_a_film_of_fewer_than_ten_frames_is_too_short(tmp_path: Path, frames: int) -> None:
    path = write_video(tmp_path / "short.mp4", [np.zeros((64, 64, 3), np.uint8)] * frames, np.arange(frames) / 30)
    with pytest.raises(TooShortError):
        track(path, DEFAULTS, limbus=None)


def test_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "face.mp4"
    path.write_bytes(cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    with pytest.raises(NotAVideoError):
        track(path, DEFAULTS)
