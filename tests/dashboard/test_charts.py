"""The figures: what must never be hidden, bridged or lost by drawing."""

from datetime import date

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.charts import (
    BLINK_FILL,
    INVALID_FILL,
    LEFT_COLOUR,
    MAX_POINTS,
    RIGHT_COLOUR,
    HistoryPoint,
    default_window_s,
    history_figure,
    thin,
    thin_around,
    traces_figure,
    vertical_band,
)
from dashboard.reviews import masks_of
from shared.analysis import analyse
from shared.documents import document
from shared.model import FloatArray, Trace
from shared.parameters import Parameters
from tests.dashboard.recordings import BLINKS_AT_S, known_trace


def figure_of(trace: Trace, **parameters: object) -> go.Figure:
    content = document(analyse(trace, Parameters.from_mapping(parameters)), file_name="f.mp4", sha256="0")
    masks = masks_of(trace, content["events"], content["summary"]["parameters"])
    return traces_figure(trace, content, masks)


def shapes(figure: go.Figure, name: str) -> list[go.layout.Shape]:
    return [shape for shape in figure.layout.shapes if shape.name == name]


def line(figure: go.Figure, name: str, axis: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name and trace.yaxis == axis)


def drawn_steps(x: FloatArray, y: FloatArray) -> list[tuple[float, float]]:
    """Times that a line joins without a gap between."""
    joined = np.isfinite(y[:-1]) & np.isfinite(y[1:])
    return list(zip(x[:-1][joined], x[1:][joined], strict=True))


def test_thinning_keeps_a_one_frame_peak() -> None:
    values = np.zeros(20_000)
    values[12_345] = 9.0
    _, kept = thin(np.arange(20_000) / 30, values)
    assert 9.0 in kept
    assert len(kept) <= MAX_POINTS + 2


def test_thinning_never_joins_across_a_gap() -> None:
    time_s = np.arange(20_000) / 30
    values = np.sin(time_s)
    values[5000:5003] = np.nan
    x, y = thin(time_s, values)
    assert not [step for step in drawn_steps(x, y) if step[0] < time_s[5000] and step[1] > time_s[5002]]


def test_thinning_spends_its_points_on_the_window() -> None:
    time_s = np.arange(60_000) / 60
    x, y = thin_around(time_s, np.sin(time_s), (500.0, 510.0))
    inside = (x >= 500) & (x <= 510)
    assert inside.sum() >= 600
    assert np.isfinite(y).sum() <= MAX_POINTS


def test_thinning_of_nothing_is_nothing() -> None:
    x, y = thin(np.arange(5.0), np.full(5, np.nan))
    assert len(x) == len(y) == 0


def test_every_blink_has_its_band_and_gaze_is_not_drawn_through_it() -> None:
    figure = figure_of(known_trace())
    bands = shapes(figure, "blink")
    assert len(bands) == len(BLINKS_AT_S)
    assert {band.fillcolor for band in bands} == {BLINK_FILL}
    gaze = line(figure, "Patient’s left eye", "y")
    for start_s in BLINKS_AT_S:
        middle = start_s + 0.1
        assert not [s for s in drawn_steps(np.array(gaze.x), np.array(gaze.y, float)) if s[0] < middle < s[1]]


def test_lids_are_drawn_through_a_blink() -> None:
    lids = line(figure_of(known_trace()), "Patient’s left eye", "y3")
    assert min(y for y in lids.y if y is not None) < 0.3


def test_a_lost_face_is_shaded_once_from_edge_to_edge() -> None:
    (stretch,) = shapes(figure_of(known_trace(lost_s=(8.0, 9.5))), "invalid")
    assert stretch.fillcolor == INVALID_FILL
    assert stretch.x0 == pytest.approx(8.0, abs=0.05)
    assert stretch.x1 == pytest.approx(9.5, abs=0.05)


def test_the_vertical_row_shows_measured_band_and_needed_width() -> None:
    trace = known_trace(vertical=0.2)
    result = analyse(trace, Parameters())
    figure = figure_of(trace)
    (band,) = shapes(figure, "vertical-band")
    lower, upper = (shape.y0 for shape in shapes(figure, "vpp-threshold"))
    assert band.y1 - band.y0 == pytest.approx(result.vertical_peak_to_peak)
    assert upper - lower == pytest.approx(0.06)


def test_the_band_is_what_the_rule_compares() -> None:
    trace = known_trace(vertical=0.11, lost_s=(2.0, 2.5))
    result = analyse(trace, Parameters())
    band = vertical_band(trace, result.usable)
    assert band is not None
    assert band[1] - band[0] == pytest.approx(result.vertical_peak_to_peak)


def test_the_fixed_blink_threshold_is_drawn_at_its_value() -> None:
    (threshold,) = shapes(figure_of(known_trace(), blink_method="fixed", blink_thresh=0.21), "blink-threshold")
    assert threshold.y0 == pytest.approx(0.21)


def test_eyes_differ_in_colour_and_in_dash() -> None:
    figure = figure_of(known_trace())
    left, right = (line(figure, f"Patient’s {side} eye", "y").line for side in ("left", "right"))
    assert (left.color, left.dash) == (LEFT_COLOUR, "solid")
    assert (right.color, right.dash) == (RIGHT_COLOUR, "dash")


def test_up_is_up_and_every_axis_names_unit_and_instrument() -> None:
    figure = figure_of(known_trace())
    low, high = figure.layout.yaxis.range
    assert low > high
    assert "open lid gaps" in figure.layout.yaxis.title.text
    assert "landmark" in figure.layout.yaxis.title.text
    assert "iris diameters" in figure.layout.yaxis3.title.text


def test_no_line_needs_a_graphics_card() -> None:
    assert {trace.type for trace in figure_of(known_trace()).data} == {"scatter"}


def test_a_trace_without_any_face_is_drawn_as_not_measurable() -> None:
    figure = figure_of(known_trace(lost_s=(-1.0, 99.0)))
    assert len(shapes(figure, "invalid")) == 1
    assert not shapes(figure, "vertical-band")


def test_a_long_film_opens_on_ten_seconds_with_an_overview() -> None:
    figure = figure_of(known_trace(duration_s=60.0))
    assert tuple(figure.layout.xaxis.range) == (0.0, 10.0)
    assert figure.layout.xaxis4.rangeslider.visible


def test_the_window_stays_inside_the_film() -> None:
    assert default_window_s(60.0, around_s=0.5) == (0.0, 10.0)
    assert default_window_s(60.0, around_s=59.9) == (50.0, 60.0)


def point(status: str, value: float | None, day: date = date(2026, 9, 1)) -> HistoryPoint:
    return HistoryPoint("a", day.isoformat(), status, status, value)


def test_history_tells_results_apart_by_shape_and_text() -> None:
    figure = history_figure([point("suspected", 0.04), point("not_suspected", 0.2)], label="Range", unit="gaps")
    marked = [trace for trace in figure.data if trace.customdata is not None]
    assert len({trace.marker.symbol for trace in marked}) == 2
    assert [trace.text[0] for trace in marked] == ["suspected", "not_suspected"]


def test_history_leaves_out_what_was_not_measured() -> None:
    figure = history_figure([point("inconclusive", None), point("suspected", 0.04)], label="Range", unit="")
    assert sum(len(trace.x) for trace in figure.data if trace.customdata is not None) == 1


def test_history_joins_only_recordings_that_could_be_judged() -> None:
    points = [
        point("suspected", 0.04, date(2026, 1, 1)),
        point("inconclusive", 0.5, date(2026, 2, 1)),
        point("suspected", 0.05, date(2026, 3, 1)),
    ]
    (joining,) = (t for t in history_figure(points, label="Range", unit="").data if t.mode == "lines")
    assert list(joining.y) == [0.04, 0.05]
