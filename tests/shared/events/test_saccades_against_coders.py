"""Agreement with human coders stays at the level that was reached (floors a little under it)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accuracy.labelled_gaze import andersson, gazecom, look_at_point
from tests.accuracy.saccade_detectors import ours
from tests.accuracy.saccade_scores import event_f1, masks_of, pooled_f1, pooled_kappa, strict_f1

pytestmark = pytest.mark.material


def test_agreement_on_images_dots_and_videos_is_near_that_between_coders(material: Path) -> None:
    trials = andersson(material)
    masks = masks_of(trials, ours)
    assert len(trials) == 13
    assert pooled_kappa(trials, masks) >= 0.86
    for kind in ("img", "dots", "video"):
        assert pooled_kappa([trial for trial in trials if trial.kind == kind], masks) >= 0.79
    assert event_f1(trials, masks) >= 0.92


def test_agreement_holds_on_held_out_participants(material: Path) -> None:
    held_out = [trial for trial in andersson(material) if trial.held_out]
    masks = masks_of(held_out, ours)
    assert pooled_kappa(held_out, masks) >= 0.83
    assert event_f1(held_out, masks) >= 0.92


def test_agreement_on_films_at_250_hz(material: Path) -> None:
    films = gazecom(material)
    masks = masks_of(films, ours)
    assert pooled_f1(films, masks, clean=False) >= 0.81
    held_out = [film for film in films if film.held_out]
    assert pooled_f1(held_out, masks, clean=False) >= 0.805


def test_agreement_at_1000_hz(material: Path) -> None:
    recording = look_at_point(material)
    assert pooled_f1(recording, masks_of(recording, ours), clean=True) >= 0.90


@pytest.mark.parametrize(("rate_hz", "noise_deg", "floor"), [(60.0, 0.5, 0.92), (60.0, 1.0, 0.81), (30.0, 1.0, 0.63)])
def test_large_saccades_are_found_at_camera_rates(
    material: Path, rate_hz: float, noise_deg: float, floor: float
) -> None:
    assert strict_f1(andersson(material), ours, rate_hz, noise_deg) >= floor
