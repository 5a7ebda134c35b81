from dataclasses import replace

import numpy as np

from shared.gaze.binocular import binocular
from tests.shared.gaze.frames import everything
from tests.shared.traces import recording


def test_one_eye_alone_is_measured_where_the_other_is_mostly_missing() -> None:
    trace = recording()
    gone = np.arange(len(trace)) % 10 != 0
    left = replace(trace.left, v_offset=np.where(gone, np.nan, trace.left.v_offset))
    signal, entered = binocular(replace(trace, left=left), "v_offset", everything(len(trace)))
    assert entered.all()
    assert np.array_equal(signal, trace.right.v_offset)
