"""``analyze``: videos in, a CSV and a JSON document for each out."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

import shared
from shared.commands.console import EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE, complain, report_error, say
from shared.commands.files import VIDEO_SUFFIXES, expand, make_folder, output_names, sha256_of, write_whole
from shared.commands.settings import add_parameter_option, parameters_from
from shared.documents import document, dumps, read_document
from shared.errors import EyeReviewError, StorageError, UnreadableTableError
from shared.parameters import Parameters
from shared.ports import Progress
from shared.processors import usable_processors
from shared.version import ANALYSIS_VERSION

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoJob:
    """One video to analyse; its results will be ``folder/name.csv`` and ``folder/name.json``."""

    path: Path
    folder: Path
    name: str
    parameters: Parameters

    @property
    def csv(self) -> Path:
        """Where the trace goes."""
        return self.folder / f"{self.name}.csv"

    @property
    def json(self) -> Path:
        """Where the document goes; written last."""
        return self.folder / f"{self.name}.json"


@dataclass(frozen=True)
class Outcome:
    """What became of a video: a document, or an error."""

    file_name: str
    document: dict[str, Any] | None = None
    error: EyeReviewError | None = None
    kept: bool = False


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe this subcommand."""
    parser = commands.add_parser(
        "analyze",
        help="analyse videos",
        description="Analyse videos of a face. For each, NAME.csv (the trace, one line a frame) and NAME.json (summary "
        "and events) are written. A video whose results are there already, from the same file with the same parameters "
        "and version, is not analysed again.",
    )
    parser.add_argument("video", nargs="+", type=Path, help="video file, or folder: all videos in and below it")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the results; made if missing"
    )
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="videos analysed at a time (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead of a sentence")
    parser.add_argument("--verbose", action="store_true", help="after an unexpected error, show where it came from")
    add_parameter_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Analyse all videos named; the rest are done when one cannot be read."""
    parameters = parameters_from(arguments.param)
    paths = expand(arguments.video, VIDEO_SUFFIXES)
    if not paths:
        complain("There is no video in that folder.")
        return EXIT_USAGE
    make_folder(arguments.out)
    names = output_names(paths)
    jobs = [VideoJob(path, arguments.out, name, parameters) for path, name in zip(paths, names, strict=True)]
    _show_details(verbose=arguments.verbose)
    if arguments.jobs == 1 or len(jobs) == 1:
        outcomes = one_by_one(jobs)
    else:
        outcomes = side_by_side(jobs, arguments.jobs, verbose=arguments.verbose)
    unreadable = 0
    for outcome in outcomes:
        unreadable += outcome.error is not None
        _report(outcome, as_json=arguments.json)
    return EXIT_UNREADABLE if unreadable else EXIT_OK


def one_by_one(jobs: Iterable[VideoJob]) -> Iterator[Outcome]:
    """Analyse in this process, with a bar of frames for each video."""
    for job in jobs:
        with _bar(unit=" frames", desc=job.path.name) as bar:
            yield analyse_one(job, progress=lambda done, bar=bar: _advance(bar, done))  # type: ignore[misc]


def side_by_side(jobs: list[VideoJob], count: int, *, verbose: bool = False) -> Iterator[Outcome]:
    """Analyse ``count`` videos at a time, each in a process of its own, with a bar of videos."""
    context = multiprocessing.get_context("spawn")
    count = min(count, len(jobs))
    second_process = 2 * count <= usable_processors()
    pool = ProcessPoolExecutor(count, context, _prepare_process, (verbose,))
    try:
        pending = {pool.submit(analyse_one, job, second_process=second_process): job for job in jobs}
        with _bar(unit=" videos", total=len(jobs)) as bar:
            for future in as_completed(pending):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield Outcome(pending[future].path.name, error=_process_died())
                bar.update()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    pool.shutdown()


def analyse_one(
    job: VideoJob, progress: Callable[[Progress], None] | None = None, *, second_process: bool = True
) -> Outcome:
    """Analyse one video and write its results, or find that they are there.

    Args:
        job: the video.
        progress: told how far it is.
        second_process: see :func:`shared.pipeline.analyze_video`.
    """
    name = job.path.name
    try:
        sha256 = sha256_of(job.path)
        stored = stored_document(job, sha256)
        if stored is not None:
            return Outcome(name, stored, kept=True)
        analysis = shared.analyze_video(job.path, job.parameters, progress=progress, second_process=second_process)
        content = document(analysis.result, file_name=analysis.file_name, sha256=analysis.sha256)
        write_whole(job.csv, _trace_csv(analysis))
        write_whole(job.json, dumps(content, indent=1).encode())
        return Outcome(name, content)
    except EyeReviewError as error:
        return Outcome(name, error=error)
    except Exception:  # one broken video must not end the run for the others
        log.debug("unexpected error in %s", name, exc_info=True)
        return Outcome(name, error=EyeReviewError())


def stored_document(job: VideoJob, sha256: str) -> dict[str, Any] | None:
    """The document of an earlier run if it is of the same bytes, parameters and version, and its CSV is there."""
    if not (job.csv.is_file() and job.json.is_file()):
        return None
    try:
        stored = read_document(job.json)
    except UnreadableTableError:
        return None
    summary = stored["summary"]
    same = (
        stored["sha256"] == sha256
        and stored["file"] == job.path.name
        and summary.get("parameters") == job.parameters.as_dict()
        and summary.get("analysis_version") == ANALYSIS_VERSION
    )
    return stored if same else None


def sentence(content: dict[str, Any]) -> str:
    """A document in one line: status, range, blinks and the reasons behind an inconclusive result."""
    summary = content["summary"]
    value, threshold = summary["vertical_peak_to_peak"], summary["parameters"]["vpp_thresh"]
    measured = "not measured" if value is None else f"{value:.3f} (threshold {threshold:g})"
    status = summary["psp_status"].replace("_", " ")
    codes = ", ".join(reason["code"] for reason in summary["reasons"][1:])
    because = f" because of {codes}" if codes else ""
    blinks = summary["blink_count"]
    return f"{status}{because}; vertical range {measured}; {blinks} blink{'' if blinks == 1 else 's'}"


def _report(outcome: Outcome, *, as_json: bool) -> None:
    if outcome.error is not None:
        report_error(outcome.file_name, outcome.error, as_json=as_json)
    elif outcome.document is not None and as_json:
        say(dumps(outcome.document))
    elif outcome.document is not None:
        say(f"{outcome.file_name}: {sentence(outcome.document)}{' (kept)' if outcome.kept else ''}")


def _trace_csv(analysis: Any) -> bytes:
    from shared.tables import trace_csv  # noqa: PLC0415 - pandas takes half a second, a resumed run does without

    return trace_csv(analysis.trace, analysis.result)


def _process_died() -> StorageError:
    return StorageError(
        "The process that analysed this video ended unexpectedly, perhaps for lack of memory. Run the same command "
        "again with fewer --jobs; what is done is kept."
    )


def _prepare_process(verbose: bool) -> None:
    """Leave interrupts to the parent, which ends its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _show_details(verbose=verbose)


def _show_details(*, verbose: bool) -> None:
    if verbose:
        logging.basicConfig()
        logging.getLogger("shared").setLevel(logging.DEBUG)


def _bar(*, unit: str, desc: str | None = None, total: int | None = None) -> tqdm[Any]:
    return tqdm(unit=unit, desc=desc, total=total, leave=False, file=sys.stderr, disable=not sys.stderr.isatty())


def _advance(bar: tqdm[Any], done: Progress) -> None:
    if done.frames_total is not None:
        bar.total = done.frames_total
        bar.update(done.frames_done - bar.n)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value
