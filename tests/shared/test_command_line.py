"""The command line, as a person or a script uses it: files in, files and lines out, exit codes."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shared.__main__ import main
from shared.analysis import analyse
from shared.commands.files import expand, output_names, write_whole
from shared.commands.settings import parameters_from
from shared.documents import read_document
from shared.errors import InvalidParameterError, StorageError
from shared.parameters import BOUNDS, GATE_BOUNDS, Parameters
from shared.synthetic.video_writer import write_video
from shared.tables import read_trace, write_trace
from shared.version import ANALYSIS_VERSION
from tests.conftest import REPOSITORY
from tests.shared.traces import recording


def faceless_film(path: Path, count: int = 20, seed: int = 0) -> Path:
    """A film that can be read and shows no face."""
    shade = np.random.default_rng(seed).integers(0, 255)
    return write_video(path, (np.full((64, 64, 3), shade, np.uint8) for _ in range(count)), np.arange(count) / 30)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return faceless_film(tmp_path / "film.mp4")


@pytest.fixture
def trace_csv(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    write_trace(recording(up_deg=2, down_deg=2), None, path)
    return path


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """A shell makes programs in its background deaf to Ctrl-C, and those that they start inherit it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


class TestAnalyze:
    def test_writes_csv_and_json_says_one_line_and_ends_with_0(
        self, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "new" / "folder"
        assert main(["analyze", str(film), "--out", str(out)]) == 0
        assert sorted(p.name for p in out.iterdir()) == ["film.csv", "film.json"]
        content = read_document(out / "film.json")
        assert content["file"] == "film.mp4"
        assert content["summary"]["psp_suspected"] is None
        assert content["events"] == {"blinks": [], "saccades": [], "square_wave_jerks": []}
        assert len(read_trace(out / "film.csv")) == 20
        (line,) = lines(capsys.readouterr().out)
        assert line.startswith("film.mp4: inconclusive because of NO_FACE")

    def test_unreadable_files_end_with_3_and_the_rest_are_done(
        self, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text, empty = tmp_path / "notes.txt", tmp_path / "empty.mp4"
        text.write_text("not a film")
        empty.write_bytes(b"")
        out = tmp_path / "out"
        code = main(["analyze", str(text), str(empty), str(tmp_path / "gone.mp4"), str(film), "--out", str(out)])
        assert code == 3
        assert sorted(p.name for p in out.iterdir()) == ["film.csv", "film.json"]
        said = capsys.readouterr()
        assert len(lines(said.out)) == 1
        for name in ("notes.txt", "empty.mp4", "gone.mp4"):
            assert sum(line.startswith(f"{name}: ") for line in lines(said.err)) == 1
        assert "Traceback" not in said.err
        assert str(tmp_path) not in said.err

    def test_json_prints_one_object_a_line_for_results_and_errors(
        self, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        gone = str(tmp_path / "gone.mp4")
        assert main(["analyze", str(film), gone, "--out", str(tmp_path / "out"), "--json"]) == 3
        result, error = map(json.loads, lines(capsys.readouterr().out))
        assert result == read_document(tmp_path / "out" / "film.json")
        assert error["file"] == "gone.mp4"
        assert error["error"]["code"] == "NOT_FOUND"
        assert error["error"]["message"]

    def test_a_second_run_keeps_what_is_there_and_a_changed_one_does_not(
        self, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"

        def run(*more: str) -> str:
            assert main(["analyze", str(film), "--out", str(out), *more]) == 0
            return capsys.readouterr().out

        assert "(kept)" not in run()
        before = (out / "film.json").stat().st_mtime_ns
        assert "(kept)" in run()
        assert (out / "film.json").stat().st_mtime_ns == before
        assert "(kept)" not in run("--param", "vpp_thresh=0.05")
        assert "(kept)" in run("--param", "vpp_thresh=0.05")
        faceless_film(film, seed=1)
        assert "(kept)" not in run("--param", "vpp_thresh=0.05")
        (out / "film.csv").unlink()
        assert "(kept)" not in run("--param", "vpp_thresh=0.05")
        stored = json.loads((out / "film.json").read_text(encoding="utf-8"))
        stored["summary"]["analysis_version"] = f"before {ANALYSIS_VERSION}"
        (out / "film.json").write_text(json.dumps(stored), encoding="utf-8")
        assert "(kept)" not in run("--param", "vpp_thresh=0.05")
        (out / "film.json").write_text('{"cut off', encoding="utf-8")
        assert "(kept)" not in run("--param", "vpp_thresh=0.05")

    def test_a_folder_stands_for_the_films_in_it_and_equal_stems_keep_their_ending(self, tmp_path: Path) -> None:
        films = tmp_path / "films"
        (films / "below").mkdir(parents=True)
        for name in ("a.mp4", "b.mp4", "b.mov", ".hidden.mp4", "below/c.webm"):
            faceless_film(films / name)
        (films / "readme.txt").write_text("no film")
        assert main(["analyze", str(films), str(films / "a.mp4"), "--out", str(tmp_path / "out")]) == 0
        assert {p.stem for p in (tmp_path / "out").glob("*.json")} == {"a", "b.mp4", "b.mov", "c"}

    def test_several_jobs_give_what_one_gives(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        films = [str(faceless_film(tmp_path / f"{n}.mp4", seed=n)) for n in range(3)]
        broken = tmp_path / "broken.mp4"
        broken.write_text("no film")
        for count in ("1", "2"):
            assert main(["analyze", *films, str(broken), "--out", str(tmp_path / count), "--jobs", count]) == 3
        capsys.readouterr()
        names = sorted(p.name for p in (tmp_path / "1").iterdir())
        assert names == sorted(p.name for p in (tmp_path / "2").iterdir())
        for name in names:
            assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()

    @pytest.mark.usefixtures("heeds_ctrl_c")
    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_ctrl_c_ends_with_130_and_keeps_what_is_done(self, jobs: str, tmp_path: Path) -> None:
        faceless_film(tmp_path / "a_short.mp4")
        shutil.copy(faceless_film(tmp_path / "b_long.mp4", 6000), tmp_path / "c_long.mp4")
        command = [sys.executable, "-m", "shared", "analyze", str(tmp_path), "--out", str(tmp_path / "out")]
        with subprocess.Popen(
            [*command, "--jobs", jobs],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline().startswith("a_short.mp4: ")
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "Stopped. What is done is kept" in errors
        assert "Traceback" not in errors
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a_short.csv", "a_short.json"]

    def test_an_empty_folder_is_wrong_usage(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["analyze", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
        assert "no video" in capsys.readouterr().err

    def test_an_out_that_is_a_file_is_said_in_a_sentence(
        self, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "out").write_text("a file")
        assert main(["analyze", str(film), "--out", str(tmp_path / "out")]) == 3
        assert "folder for the results" in capsys.readouterr().err


class TestRescore:
    def test_prints_what_analyse_says_of_the_trace(self, trace_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["rescore", str(trace_csv), "--param", "task=vertical_horizontal"]) == 0
        (content,) = map(json.loads, lines(capsys.readouterr().out))
        expected = analyse(read_trace(trace_csv), parameters_from(["task=vertical_horizontal"]))
        assert content["summary"]["vertical_peak_to_peak"] == expected.vertical_peak_to_peak
        assert content["summary"]["psp_status"] == expected.psp_status == "suspected"

    def test_writes_beside_nothing_that_analyze_wrote(self, trace_csv: Path, tmp_path: Path) -> None:
        assert main(["rescore", str(trace_csv), "--out", str(tmp_path)]) == 0
        assert sorted(p.name for p in tmp_path.iterdir()) == ["trace.csv", "trace.rescored.json"]

    def test_a_csv_that_is_no_trace_ends_with_3_and_the_rest_are_done(
        self, trace_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = tmp_path / "other.csv"
        other.write_text("a,b\n1,2\n")
        assert main(["rescore", str(other), str(trace_csv)]) == 3
        error, result = map(json.loads, lines(capsys.readouterr().out))
        assert error["error"]["code"] == "UNREADABLE_TABLE"
        assert result["file"] == "trace.csv"

    def test_a_duration_below_the_frame_interval_names_the_field(
        self, trace_csv: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["rescore", str(trace_csv), "--param", "blink_max_duration_s=0.02"]) == 3
        assert "blink_max_duration_s is 0.02 s" in capsys.readouterr().err

    @pytest.mark.parametrize("command", ["rescore", "events"])
    def test_does_not_load_the_face_tracker(self, command: str, trace_csv: Path, tmp_path: Path) -> None:
        gaze = tmp_path / "gaze.csv"
        gaze.write_text("time_sec,x_deg,y_deg\n" + "".join(f"{n / 60},0,0\n" for n in range(120)))
        file = trace_csv if command == "rescore" else gaze
        code = (
            "import sys; from shared.__main__ import main;"
            f"assert main([{command!r}, {str(file)!r}, '--out', {str(tmp_path / 'out')!r}]) == 0;"
            "loaded = {'mediapipe', 'cv2', 'av', 'streamlit'} & set(sys.modules); assert not loaded, loaded"
        )
        subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)


class TestEvents:
    def test_finds_saccades_in_a_gaze_table(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        time_s = np.arange(1000) / 250
        ramp = np.clip((time_s - 2) / 0.06, 0, 1)
        x_deg = 10 * (ramp**2 * (3 - 2 * ramp)) + np.random.default_rng(0).normal(0, 0.02, 1000)
        gaze = tmp_path / "gaze.csv"
        rows = (f"{t},{x},0.0\n" for t, x in zip(time_s, x_deg, strict=True))
        gaze.write_text("time_sec,x_deg,y_deg\n" + "".join(rows))
        assert main(["events", str(gaze), "--out", str(tmp_path / "out")]) == 0
        content = json.loads((tmp_path / "out" / "gaze.events.json").read_text())
        assert content["square_wave_jerks"] == []
        (saccade,) = content["saccades"]
        assert saccade["amplitude_deg"] == pytest.approx(10, abs=0.5)
        assert saccade["start_s"] == pytest.approx(2, abs=0.03)
        assert lines(capsys.readouterr().out) == ["gaze.csv: saccades 1, square-wave jerks 0"]

    def test_a_table_without_the_columns_ends_with_3_and_the_rest_are_done(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "bad.csv").write_text("t,x\n0,1\n")
        (tmp_path / "good.csv").write_text("time_sec,x_deg,y_deg\n0,0,0\n0.01,0,\n")
        assert main(["events", str(tmp_path), "--out", str(tmp_path / "out")]) == 3
        assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.events.json"]
        assert "bad.csv: " in capsys.readouterr().err


class TestSynth:
    def test_a_film_of_known_truth_is_analysed_and_its_csv_rescored_to_the_same(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["synth", "tiny", "--out", str(tmp_path)]) == 0
        assert lines(capsys.readouterr().out) == ["tiny.mp4", "tiny.truth.csv", "tiny.truth.json"]
        assert main(["analyze", str(tmp_path / "tiny.mp4"), "--out", str(tmp_path / "out"), "--json"]) == 0
        analysed = json.loads(capsys.readouterr().out)
        assert analysed["summary"]["vertical_peak_to_peak"] > 0.05
        assert main(["rescore", str(tmp_path / "out" / "tiny.csv")]) == 0
        rescored = json.loads(capsys.readouterr().out)
        # The CSV knows nothing of the file that it came from.
        for name in ("video_meta", "tracker"):
            del analysed["summary"][name], rescored["summary"][name]
        assert rescored["summary"] == analysed["summary"]
        assert rescored["events"] == analysed["events"]

    def test_an_unknown_kind_lists_the_kinds(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["synth", "unicorn", "--out", str(tmp_path / "out")]) == 2
        assert "demo" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


class TestUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["analyse-this"],
            ["analyze", "film.mp4"],
            ["analyze", "film.mp4", "--out", "out", "--jobs", "0"],
            ["analyze", "film.mp4", "--out", "out", "--jobs", "many"],
            ["events", "gaze.csv"],
            ["synth", "tiny"],
        ],
    )
    def test_wrong_usage_ends_with_2(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "usage: python -m shared" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("assignment", "named"),
        [
            ("vpp_thresh=9", "vpp_thresh is 9"),
            ("vpp_thresh=NaN", "vpp_thresh is nan"),
            ("vpp_thresh=low", "vpp_thresh is 'low'"),
            ("speed=1", "'speed' is not a parameter"),
            ("gates.speed=1", "gates.'speed'"),
            ("task=dance", "task is 'dance'"),
            ("vpp_thresh", "NAME=VALUE"),
            ("=1", "NAME=VALUE"),
            ("gates=3", "gates"),
        ],
    )
    def test_a_wrong_parameter_ends_with_2_and_names_it(
        self, assignment: str, named: str, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["analyze", str(film), "--out", str(tmp_path / "out"), "--param", assignment]) == 2
        assert named in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_parameters_are_json_or_plain_text_and_the_later_counts(self) -> None:
        parameters = parameters_from(
            [
                "vpp_thresh=0.05",
                "vpp_thresh=0.07",
                "task=vertical",
                "range_flag=true",
                "gates.min_frame_rate_hz=20",
                'gates.disabled=["G9"]',
                'segments=[{"start_s": 0, "end_s": 4, "label": "up"}]',
            ]
        )
        expected = {
            "vpp_thresh": 0.07,
            "task": "vertical",
            "range_flag": True,
            "gates": {"min_frame_rate_hz": 20, "disabled": ["G9"]},
            "segments": [{"start_s": 0, "end_s": 4, "label": "up"}],
        }
        assert parameters == Parameters.from_mapping(expected)

    def test_a_parameter_without_a_name_is_refused(self) -> None:
        with pytest.raises(InvalidParameterError):
            parameters_from(["=3"])

    @pytest.mark.parametrize("command", ["analyze", "rescore"])
    def test_help_lists_every_parameter(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        text = capsys.readouterr().out
        for name in (*BOUNDS, *(f"gates.{gate}" for gate in GATE_BOUNDS), "task", "segments", "blink_method"):
            assert f"  {name} (" in text

    def test_a_reader_that_closes_the_pipe_is_no_error_with_a_traceback(self, trace_csv: Path) -> None:
        command = f"{sys.executable} -m shared rescore {trace_csv} {trace_csv.parent} | head -c 10"
        run = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert "Traceback" not in run.stderr
        assert "Exception" not in run.stderr


def test_output_names_differ_even_where_only_case_or_folder_differ() -> None:
    paths = [Path(p) for p in ("x/a.mp4", "y/a.mp4", "y/A.mov", "z/y/a.mp4", "b.mp4", "b.mp4.mov")]
    names = output_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert names[-2:] == ["b", "b.mp4"]


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.txt").touch()
    given = [tmp_path / "a.mp4", tmp_path, tmp_path / "." / "a.mp4", tmp_path / "b.txt"]
    assert [p.name for p in expand(given, frozenset({".mp4"}))] == ["a.mp4", "b.txt"]


def test_writing_is_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "x.json", b"old")
    write_whole(tmp_path / "x.json", b"new")
    assert (tmp_path / "x.json").read_bytes() == b"new"
    with pytest.raises(StorageError):
        write_whole(tmp_path / "missing" / "x.json", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
