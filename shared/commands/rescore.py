"""``rescore``: traces in, results under other parameters out. No video is needed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import shared
from shared.commands.analyze import sentence
from shared.commands.console import EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE, complain, report_error, say
from shared.commands.files import expand, make_folder, output_names, sha256_of, write_whole
from shared.commands.settings import add_parameter_option, parameters_from
from shared.documents import document, dumps
from shared.errors import EyeReviewError
from shared.parameters import Parameters


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe this subcommand."""
    parser = commands.add_parser(
        "rescore",
        help="judge stored traces again",
        description="Judge traces (the CSV files of analyze, or of the published original) again, with other "
        "parameters, without the videos. Prints one JSON object a line, or writes NAME.rescored.json into --out. "
        "step and max_frames have no effect: the frames were chosen when the video was measured.",
    )
    parser.add_argument("csv", nargs="+", type=Path, help="trace CSV, or folder: all CSV files in and below it")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write files there and print a sentence for each")
    add_parameter_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rescore all traces named; the rest are done when one cannot be read."""
    parameters = parameters_from(arguments.param)
    paths = expand(arguments.csv, frozenset({".csv"}))
    if not paths:
        complain("There is no CSV in that folder.")
        return EXIT_USAGE
    if arguments.out is not None:
        make_folder(arguments.out)
    unreadable = 0
    for path, name in zip(paths, output_names(paths), strict=True):
        try:
            content = rescore(path, parameters)
            if arguments.out is None:
                say(dumps(content))
            else:
                write_whole(arguments.out / f"{name}.rescored.json", dumps(content, indent=1).encode())
                say(f"{path.name}: {sentence(content)}")
        except EyeReviewError as error:
            unreadable += 1
            report_error(path.name, error, as_json=arguments.out is None)
    return EXIT_UNREADABLE if unreadable else EXIT_OK


def rescore(path: Path, parameters: Parameters) -> dict[str, Any]:
    """The document of a trace under these parameters; ``file`` and ``sha256`` are the CSV's.

    Raises:
        NotFoundError: there is no such file.
        UnreadableTableError: it is not a trace.
        InvalidParameterError: a duration is shorter than the trace's frame interval.
    """
    sha256 = sha256_of(path)
    result = shared.analyse(shared.read_trace(path), parameters)
    return document(result, file_name=path.name, sha256=sha256)
