"""What the result page says about its degrees, with and without targets at known places."""

import pytest

from dashboard.panels.calibration import calibration_rows
from dashboard.review.reviews import load_review
from dashboard.review.segments import keep_result
from dashboard.services import Services
from shared.model import Segment
from shared.ports import Job
from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import Camera, Dynamics, Script, steps_between
from tests.dashboard.language.test_language import korean_page
from tests.dashboard.recordings import NOW, add_finished
from tests.dashboard.test_pages import open_page, words
from tests.simulated_traces import Instruments, trace_of

TARGETS = [(0.0, 0.0), *[(0.0, -12.0), (0.0, 0.0), (0.0, 12.0), (0.0, 0.0), (14.0, 0.0), (0.0, 0.0), (-14.0, 0.0)] * 3]
STEP_S = 1.5


def marked() -> list[Segment]:
    """The targets as a person would have marked them."""
    found = []
    for step in steps_between(0.9, TARGETS, STEP_S):
        names = {"up": step.v_deg < 0, "down": step.v_deg > 0, "left": step.h_deg > 0, "right": step.h_deg < 0}
        label = next((name for name, there in names.items() if there), "fixation")
        distance = max(abs(step.h_deg), abs(step.v_deg)) or None
        found.append(Segment(round(step.at_s, 2), round(step.at_s + STEP_S, 2), label, distance))
    return found


def recording(services: Services, dynamics: Dynamics | None = None) -> Job:
    """A person who followed the targets, measured 15 % short, with nothing on record; then with the targets marked."""
    script = Script(34.5, steps_between(0.9, TARGETS, STEP_S), dynamics or Dynamics(), blink_rate_per_min=8)
    trace = trace_of(simulate(script, Camera(60), seed=5), Instruments(limbus_scale=0.85), seed=5)
    review = load_review(services.store, add_finished(services, trace))
    return keep_result(services, review, marked(), reviewer="KJ", now=NOW)


def test_without_targets_the_page_says_that_degrees_are_not_calibrated(services: Services) -> None:
    script = Script(12.0, steps_between(0.9, TARGETS[:6], STEP_S), Dynamics())
    job = add_finished(services, trace_of(simulate(script, Camera(30), seed=5), Instruments(), seed=5))
    assert "not calibrated: no targets at known places" in words(open_page("review", analysis=job.analysis_id))


def test_marked_targets_calibrate_and_the_page_says_how_well(services: Services) -> None:
    job = recording(services)
    app = open_page("review", analysis=job.analysis_id)
    assert "Degrees are calibrated along both axes" in words(app)
    (table,) = [table.value for table in app.table if "Calibrated" in table.value.columns]
    assert len(table) == 4
    assert set(table["Calibrated"]) == {"yes"}
    slopes = [float(text.replace("\\", "").split(" ")[0]) for text in table["Degrees measured per degree of target"]]
    assert slopes == pytest.approx([0.85] * 4, abs=0.03)


def test_targets_that_were_not_reached_are_told_and_not_used(services: Services) -> None:
    job = recording(services, Dynamics(vertical_limit_deg=5.0))
    app = open_page("review", analysis=job.analysis_id)
    assert "Degrees left and right are calibrated" in words(app)
    assert job.summary is not None
    vertical = [row for row in calibration_rows(job.summary["calibration"]) if row["Axis"] == "up and down"]
    assert all("did not reach the targets" in row["Calibrated"] for row in vertical)
    korean = korean_page("review", analysis=job.analysis_id)
    (table,) = [table.value for table in korean.table if "보정됨" in table.value.columns]
    assert not any("targets" in text for text in table["보정됨"])
