"""What is kept of a film grows by a few hundred bytes a frame and by no objects."""

import gc
import sys
from collections.abc import Callable

import numpy as np

from shared.synthetic.landmarks import generic_face
from shared.synthetic.portrait import load_portrait
from shared.tracking.frame_records import FrameRecords
from shared.tracking.limbus import LidAwareLimbus
from shared.tracking.pose import HeadRotations
from shared.tracking.tracker import bytes_kept_per_frame


def objects_left_behind(work: Callable[[int], object], frames: range) -> int:
    gc.collect()
    before = sys.getallocatedblocks()
    for frame in frames:
        work(frame)
    gc.collect()
    return sys.getallocatedblocks() - before


def test_records_come_back_in_order_over_many_blocks() -> None:
    records = FrameRecords([("index", np.int64), ("place", np.float32, (2,))])
    for frame in range(2500):
        records.append((frame, (frame, -frame)))
    rows = records.hand_over()
    assert len(rows) == 2500
    assert rows["index"].tolist() == list(range(2500))
    assert (rows["place"] == np.arange(2500)[:, None] * [1, -1]).all()


def test_what_was_handed_over_is_not_kept() -> None:
    records = FrameRecords([("index", np.int64)])
    records.append((7,))
    records.hand_over()
    records.append((8,))
    assert len(records) == 1
    assert records.hand_over()["index"].tolist() == [8]


def test_no_records_are_an_empty_array() -> None:
    assert FrameRecords([("index", np.int64)]).hand_over()["index"].shape == (0,)


def test_one_value_fills_a_whole_field() -> None:
    records = FrameRecords([("place", np.float32, (2, 3))])
    records.append((np.nan,))
    assert np.isnan(records.hand_over()["place"]).all()


def test_a_frame_of_a_film_leaves_less_than_a_kilobyte() -> None:
    assert bytes_kept_per_frame() < 1024


def test_a_measured_eye_leaves_numbers_and_no_objects() -> None:
    portrait = load_portrait(width_px=320, height_px=360, iris_diameter_px=18.0)
    instrument = LidAwareLimbus()

    def observe(frame: int) -> None:
        instrument.observe(portrait.image_bgr, portrait.points_px, frame)

    for frame in range(64):
        observe(frame)
    # Packed it is next to none; kept as objects it would be seven a frame and more.
    assert objects_left_behind(observe, range(64, 144)) < 2 * 80


def test_a_head_leaves_angles_and_no_mesh() -> None:
    face = (generic_face() * 30 + [320, 360, 0]).astype(np.float32)
    head = HeadRotations()
    for _ in range(256):
        head.add(face)
    assert objects_left_behind(lambda _: head.add(face), range(640)) < 100
    assert len(head.finish().yaw_deg) == 896
