"""Drawn spectacles: they lie around the eyes, stand before the face, and turn with the head."""

import numpy as np
import pytest

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Script
from shared.synthetic.head_motion import HeadScript, Swing
from shared.synthetic.portrait import load_portrait
from shared.synthetic.puppet import Puppet
from shared.synthetic.spectacles import HORN, SMALL, THICK, THIN, SpectacledPuppet, Spectacles

QUARTER_TURN_S = 0.625


def difference(spectacles: Spectacles, head: HeadScript | None, frame: int) -> np.ndarray:
    """``(H, W)`` how far each pixel of a frame is changed by wearing them."""
    portrait = load_portrait()
    bare, worn = Puppet(portrait), SpectacledPuppet(portrait, spectacles)
    truth = bare.truth(simulate(Script(duration_s=1.0), seed=4), head)
    pictures = [puppet.frame(truth, frame).astype(int) for puppet in (bare, worn)]
    return np.abs(pictures[1] - pictures[0]).max(axis=2)


@pytest.mark.parametrize("spectacles", [THICK, THIN, HORN, SMALL])
def test_the_eyes_look_through_the_lenses_and_the_rims_surround_them(spectacles: Spectacles) -> None:
    changed = difference(spectacles, None, 0) > 12
    points, iris = load_portrait().points_px, load_portrait().iris_diameter_px
    for eye in (468, 473):
        x, y = np.rint(points[eye, :2]).astype(int)
        reach = round(0.3 * iris)
        assert not changed[y - reach : y + reach, x - reach : x + reach].any()
        assert changed[y, : x - reach].any()
        assert changed[y, x + reach :].any()
        assert changed[y + reach :, x].any()


def test_a_frame_slides_over_the_face_when_the_head_turns() -> None:
    shake = HeadScript(yaw=Swing(10.0, 0.25 / QUARTER_TURN_S))
    frame = round(QUARTER_TURN_S * 30)
    bare = Puppet(load_portrait())
    truth = bare.truth(simulate(Script(duration_s=1.0), seed=4), shake)
    eyes_px = np.mean([truth.iris_left_px, truth.iris_right_px], axis=0)
    between_rims_px = [between_rims(difference(THICK, shake, at), eyes_px[at]) for at in (0, frame)]
    moved_eyes_px, moved_frame_px = eyes_px[frame, 0] - eyes_px[0, 0], between_rims_px[1] - between_rims_px[0]
    before_cornea_px = 12 / 11.7 * load_portrait().iris_diameter_px * np.sin(np.deg2rad(10))
    assert before_cornea_px < abs(moved_frame_px - moved_eyes_px) < 2 * before_cornea_px


def between_rims(changed: np.ndarray, between_eyes_px: np.ndarray) -> float:
    """Middle between the two rims beside the nose, below the bridge, px from the left."""
    x, y = np.rint(between_eyes_px).astype(int)
    row = changed[y + round(0.5 * load_portrait().iris_diameter_px)] > 60
    return float(np.flatnonzero(row[:x])[-1] + x + np.flatnonzero(row[x:])[0]) / 2
