"""The figures of movements: directions told by shape, durations where velocity cannot be had, ranges with sources."""

import numpy as np
import plotly.graph_objects as go

from dashboard.charts.movements import main_sequence_figure, ranges_figure, sector
from dashboard.panels.movements import direction_rows
from shared.events.main_sequence import normal_band
from shared.model import Saccade

FAST = [
    Saccade(1.0, 1.05, 10.0, 270.0, 300.0, 280.0, 320.0, 0.05),
    Saccade(2.0, 2.05, 8.0, 90.0, 250.0, 230.0, 270.0, 0.05),
    Saccade(3.0, 3.06, 15.0, 5.0, 350.0, 330.0, 370.0, 0.06),
    Saccade(4.0, 4.06, 12.0, 175.0, 340.0, 330.0, 350.0, 0.06),
    Saccade(5.0, 5.06, 12.0, 45.0, 340.0, 330.0, 350.0, 0.06),
]
SLOW_FILM = [Saccade(s.start_s, s.end_s, s.amplitude_deg, s.direction_deg, duration_s=0.05) for s in FAST]


def points(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.mode == "markers"]


def test_each_direction_has_its_own_shape() -> None:
    assert len({trace.marker.symbol for trace in points(main_sequence_figure(FAST))}) == 4


def test_a_point_knows_its_place_in_the_film() -> None:
    up = points(main_sequence_figure(FAST))[0]
    assert [list(place) for place in up.customdata] == [[1.0, 1.05]]


def test_oblique_saccades_belong_to_no_axis() -> None:
    assert sector(FAST[4]) is None
    assert sum(len(trace.x) for trace in points(main_sequence_figure(FAST))) == 4


def test_without_velocities_durations_are_shown_with_their_own_band() -> None:
    figure = main_sequence_figure(SLOW_FILM)
    assert "Duration" in figure.layout.yaxis.title.text
    assert {float(y) for trace in points(figure) for y in trace.y} == {50.0}


def test_the_band_is_the_published_one() -> None:
    band = next(trace for trace in main_sequence_figure(FAST).data if trace.fill == "toself")
    at_10 = normal_band(10.0, "vertical")
    assert at_10 is not None
    drawn = np.interp(10.0, band.x[:16], band.y[:16])
    assert abs(drawn - at_10.low_deg_s) < 2


def test_ranges_stand_with_the_published_range_and_missing_ones_are_named() -> None:
    metrics = {
        "up_range_deg": {"value": 2.0, "reference": {"low": 12.7, "high": 43.1}},
        "down_range_deg": {"value": None},
        "vertical_range_deg": {"value": 3.0, "reference": {"low": None, "high": 65.7}},
        "horizontal_range_deg": {"value": 37.0, "reference": None},
    }
    figure = ranges_figure(metrics)
    assert figure is not None
    assert list(figure.data[0].text) == ["2.0°", "not measured", "3.0°", "37.0°"]
    frames = [shape for shape in figure.layout.shapes if shape.name == "reference"]
    assert [(frame.x0, frame.x1) for frame in frames] == [(12.7, 43.1), (0.0, 65.7)]


def test_no_ranges_no_figure() -> None:
    assert ranges_figure({}) is None


def test_the_table_counts_every_saccade_once() -> None:
    rows = direction_rows(FAST)
    assert [row["Count"] for row in rows] == ["1", "1", "1", "1", "1"]
    assert rows[0]["Peak velocity, median"] == "300 °/s"
    assert direction_rows(SLOW_FILM)[0]["Peak velocity, median"] == "–"


def test_no_figure_brings_a_ground_of_its_own_into_a_dark_page() -> None:
    ranges = ranges_figure({"up_range_deg": {"value": 2.0}})
    assert ranges is not None
    for figure in (main_sequence_figure(FAST), ranges):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
