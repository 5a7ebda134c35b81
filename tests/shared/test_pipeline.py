"""From film to result."""

import hashlib
import sys
from pathlib import Path

import pytest

from shared.analysis import analyse
from shared.errors import CancelledError, EmptyFileError
from shared.model import PspStatus, Task
from shared.parameters import Parameters
from shared.pipeline import VideoAnalysis, analyze_video, sha256_of
from shared.ports import Progress
from shared.tables import read_trace, trace_csv
from tests.shared.conftest import PuppetFilm


@pytest.fixture(scope="module")
def analysis(puppet_film: PuppetFilm) -> VideoAnalysis:
    return analyze_video(puppet_film.path, Parameters(task=Task.VERTICAL_HORIZONTAL))


def test_it_names_the_file_and_its_bytes_but_not_its_folder(puppet_film: PuppetFilm, analysis: VideoAnalysis) -> None:
    assert analysis.file_name == "puppet.mp4"
    assert analysis.sha256 == hashlib.sha256(puppet_film.path.read_bytes()).hexdigest()


def test_reanalysing_the_csv_gives_the_same_result(analysis: VideoAnalysis) -> None:
    again = analyse(read_trace(trace_csv(analysis.trace, analysis.result)), Parameters(task=Task.VERTICAL_HORIZONTAL))
    assert again.vertical_peak_to_peak == analysis.result.vertical_peak_to_peak
    assert again.psp_status == analysis.result.psp_status
    assert again.blinks == analysis.result.blinks
    assert again.metrics == analysis.result.metrics


def test_the_same_film_gives_the_same_table_however_its_threads_take_turns(
    puppet_film: PuppetFilm, analysis: VideoAnalysis
) -> None:
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        again = analyze_video(puppet_film.path, Parameters(task=Task.VERTICAL_HORIZONTAL))
    finally:
        sys.setswitchinterval(usual_s)
    assert trace_csv(again.trace, again.result) == trace_csv(analysis.trace, analysis.result)


def test_a_vertical_movement_is_seen(analysis: VideoAnalysis) -> None:
    assert analysis.result.vertical_peak_to_peak is not None
    assert analysis.result.vertical_peak_to_peak > 0.1
    assert analysis.result.frames_processed == len(analysis.trace) == 102


def test_film_without_a_face_is_inconclusive(faceless_film: Path) -> None:
    """Fault of the published original: "not suspected" where it saw no face at all."""
    result = analyze_video(faceless_film).result
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert result.psp_suspected is None
    assert result.vertical_peak_to_peak is None
    assert "NO_FACE" in {reason.code for reason in result.reasons}


def test_progress_goes_through_the_stages_in_order(faceless_film: Path) -> None:
    reports: list[Progress] = []
    analyze_video(faceless_film, progress=reports.append)
    stages = [report.stage for report in reports]
    assert list(dict.fromkeys(stages)) == ["reading", "tracking", "analysing"]


def test_cancelling_is_an_error_of_its_own(faceless_film: Path) -> None:
    with pytest.raises(CancelledError):
        analyze_video(faceless_film, cancelled=lambda: True)


def test_an_unreadable_file_raises(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(EmptyFileError):
        analyze_video(tmp_path / "empty.mp4")


def test_the_hash_of_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    (tmp_path / "large").write_bytes(data)
    assert sha256_of(tmp_path / "large") == hashlib.sha256(data).hexdigest()
