"""``synth``: clips of known truth, for demonstration, for trying things out, and for measuring the program."""

from __future__ import annotations

import argparse
from pathlib import Path

from shared.commands.console import EXIT_OK, EXIT_USAGE, complain, say
from shared.commands.files import make_folder


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe this subcommand."""
    parser = commands.add_parser(
        "synth",
        help="make clips of known truth",
        description="Make clips in which the movement of eyes and lids is known, each with its truth beside it. An "
        "unknown KIND prints the list of kinds.",
    )
    parser.add_argument("kind", metavar="KIND", help="what to make, e.g. demo")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the clips; made if missing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the clips of one kind."""
    from shared.synthetic.commands import KINDS, write_kind  # noqa: PLC0415 - loads the renderer, no other command does

    if arguments.kind not in KINDS:
        complain(f"{arguments.kind!r} is not a kind of clip. Kinds: {', '.join(sorted(KINDS))}.")
        return EXIT_USAGE
    make_folder(arguments.out)
    for path in write_kind(arguments.kind, arguments.out):
        say(str(path))
    return EXIT_OK
