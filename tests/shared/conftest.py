"""Films made once a session."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from shared.synthetic.gaze import simulate
from shared.synthetic.gaze_script import BlinkStep, Camera, Script, steps_between
from shared.synthetic.portrait import load_portrait
from shared.synthetic.puppet import Puppet, PuppetTruth
from shared.synthetic.video_writer import write_video


@dataclass(frozen=True)
class PuppetFilm:
    """A rendered film and what it shows."""

    path: Path
    truth: PuppetTruth


@pytest.fixture(scope="session")
def puppet_film(tmp_path_factory: pytest.TempPathFactory) -> PuppetFilm:
    """3.4 s of uneven frames: looks down, up, to the patient's left and right, one blink."""
    looks = steps_between(0.4, [(0, 20), (0, -20), (20, 0), (-20, 0), (0, 0)], dwell_s=0.5)
    script = Script(duration_s=3.4, steps=looks, blinks=(BlinkStep(at_s=2.9),))
    puppet = Puppet(load_portrait(width_px=480, height_px=540))
    truth = puppet.truth(simulate(script, Camera(jitter=0.2), seed=1))
    path = tmp_path_factory.mktemp("films") / "puppet.mp4"
    return PuppetFilm(write_video(path, puppet.frames(truth), truth.gaze.time_s), truth)


@pytest.fixture(scope="session")
def faceless_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of a slowly changing pattern without a face."""
    rng = np.random.default_rng(0)
    pattern = rng.integers(0, 255, (9, 16, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    frames = (np.roll(pattern, shift, axis=1) for shift in range(60))
    return write_video(tmp_path_factory.mktemp("films") / "faceless.mp4", frames, np.arange(60) / 30)
