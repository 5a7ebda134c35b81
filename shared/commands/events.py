"""``events``: gaze signals of any tracker in, saccades and square-wave jerks out."""

from __future__ import annotations

import argparse
from pathlib import Path

from shared.commands.console import EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE, complain, report_error, say
from shared.commands.files import expand, make_folder, output_names
from shared.errors import EyeReviewError
from shared.events.gaze_table import detect_events, read_gaze, write_events


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe this subcommand."""
    parser = commands.add_parser(
        "events",
        help="find saccades in gaze signals",
        description="Find saccades and square-wave jerks in gaze signals of any tracker, 30 to 1000 Hz. Each CSV needs "
        "the columns time_sec, x_deg, y_deg; an empty cell is a lost sample. Writes NAME.events.json.",
    )
    parser.add_argument("gaze", nargs="+", type=Path, help="gaze CSV, or folder: all CSV files in and below it")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the results; made if missing"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find events in all tables named; the rest are done when one cannot be read."""
    paths = expand(arguments.gaze, frozenset({".csv"}))
    if not paths:
        complain("There is no CSV in that folder.")
        return EXIT_USAGE
    make_folder(arguments.out)
    unreadable = 0
    for path, name in zip(paths, output_names(paths), strict=True):
        try:
            saccades, jerks = detect_events(read_gaze(path))
            write_events(arguments.out / f"{name}.events.json", saccades, jerks)
            say(f"{path.name}: saccades {len(saccades)}, square-wave jerks {len(jerks)}")
        except EyeReviewError as error:
            unreadable += 1
            report_error(path.name, error, as_json=False)
    return EXIT_UNREADABLE if unreadable else EXIT_OK
