"""The limbus measured in a second process: the same numbers, and nothing left behind whatever ends first."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from shared.errors import CancelledError, MeasuringStoppedError, StorageError
from shared.model import EyeTrace
from shared.parameters import Parameters
from shared.synthetic.portrait import Portrait, load_portrait
from shared.tracebacks import DescribedError, describe
from shared.tracking import limbus_process
from shared.tracking.instrument import LimbusFilm
from shared.tracking.limbus import LidAwareLimbus
from shared.tracking.limbus_child import send, serve
from shared.tracking.limbus_cut import LimbusCutter
from shared.tracking.limbus_process import LimbusInOwnProcess, quickest_limbus
from shared.tracking.tracker import track
from tests.conftest import REPOSITORY
from tests.shared.conftest import PuppetFilm
from tests.waiting import wait_until

LONG_FILM = 10_000
SHORT_FILM = 60
PARENT = """
import sys
from shared.synthetic.portrait import load_portrait
from shared.tracking.limbus_process import LimbusInOwnProcess
portrait = load_portrait(width_px=480, height_px=540, iris_diameter_px=26.0)
instrument = LimbusInOwnProcess()
print(instrument.process_id, flush=True)
for index in range(1_000_000):
    instrument.observe(portrait.image_bgr, portrait.points_px, index)
"""


@lru_cache
def portrait() -> Portrait:
    return load_portrait(width_px=480, height_px=540, iris_diameter_px=26.0)


def show(instrument: LidAwareLimbus | LimbusInOwnProcess, frames: range) -> None:
    for index in frames:
        instrument.observe(portrait().image_bgr, portrait().points_px, index)


def finish(instrument: LidAwareLimbus | LimbusInOwnProcess, count: int) -> LimbusFilm:
    return instrument.finish(np.arange(count) / 30, np.ones(count, dtype=bool))


def has_ended(process_id: int) -> bool:
    """Gone, or waiting for whoever adopted it to take note."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def is_gone(process_id: int) -> bool:
    """Ended, and no zombie either."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def instrument() -> Iterator[LimbusInOwnProcess]:
    with closing(LimbusInOwnProcess()) as started:
        yield started
    assert is_gone(started.process_id)


def test_a_film_gives_the_same_numbers_to_the_bit_in_one_process_and_in_two(puppet_film: PuppetFilm) -> None:
    one = track(puppet_film.path, Parameters(), limbus=LidAwareLimbus)
    two = track(puppet_film.path, Parameters(), limbus=LimbusInOwnProcess)
    assert np.isfinite(one.left.limbus_v_deg).mean() > 0.8
    assert one.tracker == two.tracker
    assert one.valid.tobytes() == two.valid.tobytes()
    assert one.spectacles is two.spectacles is False
    for eye, other in ((one.left, two.left), (one.right, two.right)):
        for field in fields(EyeTrace):
            assert getattr(eye, field.name).tobytes() == getattr(other, field.name).tobytes(), field.name


def test_a_film_without_eyes_comes_out_missing(instrument: LimbusInOwnProcess) -> None:
    for index in range(20):
        instrument.observe(portrait().image_bgr, None, index)
    found = finish(instrument, 20)
    assert np.isnan(found.left.v_deg).all()
    assert (found.right.confidence == 0).all()


def test_a_child_that_is_killed_is_told_in_a_clear_error(instrument: LimbusInOwnProcess) -> None:
    show(instrument, range(3))
    os.kill(instrument.process_id, signal.SIGKILL)
    with pytest.raises(MeasuringStoppedError, match="try again") as raised:
        show(instrument, range(3, 500))
    assert isinstance(raised.value, StorageError)
    assert raised.value.retryable


def test_a_child_that_is_killed_at_the_end_is_told_in_a_clear_error(instrument: LimbusInOwnProcess) -> None:
    show(instrument, range(3))
    os.kill(instrument.process_id, signal.SIGKILL)
    wait_until(lambda: has_ended(instrument.process_id))
    with pytest.raises(MeasuringStoppedError):
        finish(instrument, 3)


def test_what_the_child_raises_comes_out_with_its_place_and_without_its_text(instrument: LimbusInOwnProcess) -> None:
    instrument.observe(portrait().image_bgr, portrait().points_px, "P-17")  # type: ignore[arg-type]
    show(instrument, range(3))
    with pytest.raises(DescribedError, match=r"^ValueError at .*frame_records\.py:\d+ append$") as raised:
        finish(instrument, 4)
    assert "frame_records" in describe(raised.value)
    assert "P-17" not in str(raised.value)


def test_an_error_in_the_middle_of_a_film_stops_the_next_frames(instrument: LimbusInOwnProcess) -> None:
    eyes = portrait().points_px.copy()
    instrument.observe(portrait().image_bgr, eyes, "no number")  # type: ignore[arg-type]
    with pytest.raises(DescribedError, match="frame_records"):
        show(instrument, range(500))


def test_cancelling_a_film_ends_the_child(puppet_film: PuppetFilm) -> None:
    started: list[LimbusInOwnProcess] = []

    def start() -> LimbusInOwnProcess:
        started.append(LimbusInOwnProcess())
        return started[0]

    with pytest.raises(CancelledError):
        track(puppet_film.path, Parameters(), limbus=start, cancelled=lambda: True)
    assert is_gone(started[0].process_id)


def test_closing_ends_a_child_that_stands_still() -> None:
    with closing(LimbusInOwnProcess()) as stopped:
        os.kill(stopped.process_id, signal.SIGSTOP)
    assert is_gone(stopped.process_id)


def test_the_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=REPOSITORY, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child_id = int(parent.stdout.readline())
        assert not has_ended(child_id)
        parent.kill()
    wait_until(lambda: has_ended(child_id))


def test_frames_wait_for_a_child_that_does_not_take_them(instrument: LimbusInOwnProcess) -> None:
    count = 40
    os.kill(instrument.process_id, signal.SIGSTOP)
    shown: list[int] = []

    def show_all() -> None:
        for index in range(count):
            show(instrument, range(index, index + 1))
            shown.append(index)

    thread = threading.Thread(target=show_all)
    thread.start()
    thread.join(timeout=0.5)
    assert thread.is_alive()
    assert len(shown) < count / 2
    os.kill(instrument.process_id, signal.SIGCONT)
    thread.join()
    left = finish(instrument, count).left
    assert np.isfinite(left.v_deg).all()


def test_an_interrupt_from_the_terminal_is_left_to_the_parent(instrument: LimbusInOwnProcess) -> None:
    show(instrument, range(20))  # more than a pipe holds: the child is at work
    os.kill(instrument.process_id, signal.SIGINT)
    left = finish(instrument, 20).left
    assert np.isfinite(left.v_deg).all()


def test_a_child_whose_input_breaks_off_says_nothing() -> None:
    answers, frames = io.BytesIO(), io.BytesIO()
    send(frames, LimbusCutter().cut(portrait().image_bgr, portrait().points_px, 0))
    whole = frames.getvalue()
    for received in (b"", whole[:3], whole[:-3], whole):
        serve(io.BytesIO(received), answers)
    assert answers.getvalue() == b""


def test_the_child_is_started_for_long_films_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limbus_process, "usable_processors", lambda: 2)
    for frame_count, kind in (
        (LONG_FILM, LimbusInOwnProcess),
        (0, LimbusInOwnProcess),
        (SHORT_FILM, LidAwareLimbus),
    ):
        with closing(quickest_limbus(frame_count)) as chosen:
            assert type(chosen) is kind


def test_one_processor_or_no_leave_to_start_a_process_means_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limbus_process, "usable_processors", lambda: 1)
    assert isinstance(quickest_limbus(LONG_FILM), LidAwareLimbus)
    monkeypatch.setattr(limbus_process, "usable_processors", lambda: 2)
    monkeypatch.setattr(sys, "executable", str(REPOSITORY / "no such program"))
    assert isinstance(quickest_limbus(LONG_FILM), LidAwareLimbus)


def test_the_child_loads_no_face_tracker_and_no_decoder() -> None:
    code = (
        "import shared.tracking.limbus_child, sys; assert not {'mediapipe', 'av', 'pandas', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)
