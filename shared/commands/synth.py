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
        description="Make a film in which the movement of eyes and lids is known, with its truth beside it: KIND.mp4, "
        "KIND.truth.csv (one line a frame) and KIND.truth.json (events). An unknown KIND prints the list of kinds.",
    )
    parser.add_argument("kind", metavar="KIND", help="what to make, e.g. demo, healthy, psp, blinks, saccades, tiny")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the films; made if missing")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="another eye that does the same (default: the kind's own)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the films of one kind."""
    from shared.synthetic.commands import KINDS, write_kind  # noqa: PLC0415 - loads the renderer, no other command does

    if arguments.kind not in KINDS:
        complain(f"{arguments.kind[:40]!r} is not a kind of film. Kinds:")
        for kind, meaning in KINDS.items():
            complain(f"  {kind:12} {meaning}")
        return EXIT_USAGE
    make_folder(arguments.out)
    for path in write_kind(arguments.kind, arguments.out, seed=arguments.seed):
        say(path.name)
    return EXIT_OK
