import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings

from shared.analysis import analyse
from shared.errors import InvalidParameterError
from shared.model import PspStatus, Task, Trace
from shared.parameters import Parameters
from shared.sweep import sweep
from tests.shared.traces import damaged_traces, recording

VPP = (0.0, 0.03, 0.06, 0.1, 0.3, 2.0)
BLINK = (0.0, 0.05, 0.2, 0.4, 1.0)


def assert_cells_equal_analyse(trace: Trace, parameters: Parameters) -> None:
    grid = sweep(trace, VPP, BLINK, parameters)
    for row, blink_thresh in enumerate(BLINK):
        for column, vpp_thresh in enumerate(VPP):
            result = analyse(trace, replace(parameters, vpp_thresh=vpp_thresh, blink_thresh=blink_thresh))
            assert grid.status[row][column] is result.psp_status
            assert grid.suspected[row][column] is result.psp_suspected
            assert grid.vertical_peak_to_peak[row] == result.vertical_peak_to_peak
            assert grid.blink_count[row] == len(result.blinks)
            codes = [reason.code for reason in result.reasons[1:]]
            assert grid.blocked_by[row][column] == (codes[0] if codes else None)


@pytest.mark.parametrize("method", ["fixed", "adaptive"])
@pytest.mark.parametrize("amplitude_deg", [2.0, 5.0, 20.0])
def test_every_cell_is_what_analyse_says(method: Literal["fixed", "adaptive"], amplitude_deg: float) -> None:
    trace = recording(up_deg=amplitude_deg, down_deg=amplitude_deg, duration_s=24)
    assert_cells_equal_analyse(trace, Parameters(blink_method=method, task=Task.VERTICAL_HORIZONTAL))


@given(damaged_traces())
@settings(max_examples=10, deadline=None)
def test_every_cell_of_a_damaged_trace_is_what_analyse_says(trace: Trace) -> None:
    assert_cells_equal_analyse(trace, Parameters(blink_method="fixed"))


def test_the_status_flips_once_along_the_threshold_with_inconclusive_between() -> None:
    trace = recording(up_deg=6, down_deg=6, noise=0.0005)
    grid = sweep(trace, np.linspace(0.03, 0.15, 40), [0.18], Parameters(task=Task.VERTICAL_HORIZONTAL))
    statuses = list(grid.status[0])
    order = {PspStatus.NOT_SUSPECTED: 0, PspStatus.INCONCLUSIVE: 1, PspStatus.SUSPECTED: 2}
    ranks = [order[status] for status in statuses]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}
    vpp = grid.vertical_peak_to_peak[0]
    assert vpp is not None
    assert list(grid.suspected[0]) == [vpp < threshold for threshold in grid.vpp_thresholds]


def test_blink_thresholds_change_nothing_with_the_adaptive_method() -> None:
    grid = sweep(recording(duration_s=12), VPP, BLINK, Parameters())
    assert len(set(grid.status)) == 1
    assert len(set(grid.blink_count)) == 1


def test_an_empty_grid_and_an_empty_trace_are_no_errors() -> None:
    assert sweep(recording(duration_s=1), (), (), Parameters()).status == ()
    grid = sweep(recording(duration_s=0), (0.06,), (0.18,), Parameters())
    assert grid.status == ((PspStatus.INCONCLUSIVE,),)
    assert grid.suspected == ((None,),)


@pytest.mark.parametrize(("vpp", "blink"), [(-0.1, 0.2), (math.nan, 0.2), (0.06, 1.1)])
def test_thresholds_out_of_bounds_are_refused(vpp: float, blink: float) -> None:
    with pytest.raises(InvalidParameterError):
        sweep(recording(duration_s=1), [vpp], [blink], Parameters())
