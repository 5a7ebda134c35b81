"""A turned head's skin shows each point of the portrait where the camera sees it, and nowhere hides itself."""

import numpy as np
import pytest

from shared.model import FloatArray
from shared.synthetic.eye_geometry import PinholeCamera, head_rotation
from shared.synthetic.portrait import Portrait, load_portrait
from shared.synthetic.turned_skin import TurnedSkin

TURNS = [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (0.0, -10.0), (8.0, 7.0)]


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(iris_diameter_px=26.0)


@pytest.fixture(scope="module")
def skin(portrait: Portrait) -> TurnedSkin:
    return TurnedSkin(portrait, PinholeCamera.for_picture(640, 720))


def pose(yaw_deg: float, pitch_deg: float) -> tuple[FloatArray, FloatArray]:
    """About a neck 160 px below the picture's middle and 200 px behind it."""
    rotation, neck = head_rotation(yaw_deg, pitch_deg, 0.0), np.array([0.0, 160.0, 200.0])
    return rotation, neck - rotation @ neck


@pytest.mark.parametrize("turn", TURNS)
def test_the_way_back_ends_at_the_cell_it_began_from(skin: TurnedSkin, turn: tuple[float, float]) -> None:
    there = skin.portrait_positions(*pose(*turn))
    back = skin.picture_positions(*there, *pose(*turn))
    x, y = np.meshgrid(np.arange(320) * 2 + 0.5, np.arange(360) * 2 + 0.5)
    missed_px = np.hypot(back[0] - x, back[1] - y)
    assert np.percentile(missed_px, 99) < 0.02
    assert missed_px.max() < 0.5


@pytest.mark.parametrize("turn", TURNS)
def test_neighbours_stay_neighbours_in_their_order(skin: TurnedSkin, turn: tuple[float, float]) -> None:
    x, y = skin.portrait_positions(*pose(*turn))
    area = np.diff(x, axis=1)[:-1] * np.diff(y, axis=0)[:, :-1] - np.diff(x, axis=0)[:, :-1] * np.diff(y, axis=1)[:-1]
    assert area.min() > 0


def test_a_head_that_does_not_turn_shows_the_portrait(skin: TurnedSkin, portrait: Portrait) -> None:
    shown = skin.picture(skin.portrait_positions(*pose(0.0, 0.0)))
    inside = np.s_[2:-2, 2:-2]
    assert np.abs(shown.astype(int) - portrait.image_bgr)[inside].max() <= 10
