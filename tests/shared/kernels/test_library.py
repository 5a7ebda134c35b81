import ctypes

import numpy as np
import pytest

from shared.tracking.head_pose import _pose_equations


def call(shape: np.ndarray) -> None:
    _pose_equations(shape, 4, np.eye(3)[None].copy(), np.zeros((1, 3)), np.zeros((1, 4, 2)), 1, *map(np.zeros, (36, 6)))


@pytest.mark.parametrize("wrong", [np.zeros((4, 3), np.float32), np.zeros((3, 4)).T, np.zeros((8, 3))[::2]])
def test_an_array_of_another_type_or_order_never_reaches_a_kernel(wrong: np.ndarray) -> None:
    with pytest.raises(ctypes.ArgumentError):
        call(wrong)


def test_a_right_one_does() -> None:
    call(np.ones((4, 3)))
