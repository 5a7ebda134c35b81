"""An eye behind a hand or a patch is not measured, though the mesh draws it."""

from pathlib import Path

import numpy as np
import pytest

from shared.analysis import analyse
from shared.model import PspStatus, Trace
from shared.parameters import Parameters
from shared.synthetic.portrait import load_portrait
from shared.synthetic.video_writer import write_video
from shared.tracking.covered import covered_frames
from shared.tracking.tracker import track

TIME_S = np.arange(120) / 30


def film_with_cover(path: Path, covered: range, frames: int) -> Path:
    """A still portrait whose left eye is behind a piece of cheek in the ``covered`` frames."""
    portrait = load_portrait(width_px=480, height_px=540)
    x, y = portrait.points_px[473, :2].astype(int)
    hidden = portrait.image_bgr.copy()
    hidden[y - 50 : y + 50, x - 55 : x + 55] = portrait.image_bgr[y + 85, x - 5]
    rng = np.random.default_rng(0)
    pictures = (
        np.clip((hidden if i in covered else portrait.image_bgr) + rng.normal(0, 2, hidden.shape), 0, 255)
        for i in range(frames)
    )
    return write_video(path, (picture.astype(np.uint8) for picture in pictures), np.arange(frames) / 30)


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return track(film_with_cover(tmp_path_factory.mktemp("films") / "patch.mp4", range(60), 60), Parameters())


def test_a_covered_eye_is_missing_and_the_other_measured(patched: Trace) -> None:
    assert np.isnan(patched.left.v_offset).all()
    assert np.isfinite(patched.right.v_offset).mean() > 0.9


def test_such_a_recording_is_inconclusive_and_says_that_one_eye_is_missing(patched: Trace) -> None:
    result = analyse(patched)
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert "ONE_EYE_ONLY" in {reason.code for reason in result.reasons}


def test_an_eye_covered_for_a_while_makes_those_frames_invalid(tmp_path: Path) -> None:
    trace = track(film_with_cover(tmp_path / "hand.mp4", range(90, 130), 130), Parameters())
    assert trace.valid[:75].all()
    assert not trace.valid[110:125].any()
    assert np.isfinite(trace.left.v_offset[:75]).all()


def test_blinks_and_winks_cover_no_eye() -> None:
    wink = np.where((TIME_S > 1) & (TIME_S < 1.3), 0.0, 1.0)
    assert not covered_frames(wink, np.ones(120), TIME_S).any()


def test_two_eyes_seen_badly_are_not_one_covered() -> None:
    assert not covered_frames(np.full(120, 0.1), np.full(120, 0.2), TIME_S).any()
    assert not covered_frames(np.full(120, np.nan), np.full(120, np.nan), TIME_S).any()


def test_an_eye_without_any_fit_beside_a_good_one_is_covered() -> None:
    assert covered_frames(np.full(120, np.nan), np.ones(120), TIME_S).all()
