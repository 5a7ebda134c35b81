"""The history's chart: what must never be joined, hidden or told by colour alone."""

from datetime import date

from dashboard.charts.history import HistoryPoint, history_figure


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
