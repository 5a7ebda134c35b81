"""``python -m shared``: analyse videos, judge traces again, make clips of known truth, find events in gaze signals.

Exit codes: 0 all done (an inconclusive result counts as done), 2 wrong usage, 3 some file could not be read (the
rest are done), 130 stopped by the person.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from shared.commands import analyze, events, rescore, synth
from shared.commands.console import EXIT_INTERRUPTED, EXIT_UNREADABLE, EXIT_USAGE, complain
from shared.errors import EyeReviewError, InvalidRequestError
from shared.version import ANALYSIS_VERSION


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m shared",
        description="What the eyes did in a film of a face. Research and screening support, not a diagnosis.",
        epilog="Exit codes: 0 all done (inconclusive counts as done), 2 wrong usage, 3 some file could not be read, "
        "130 stopped. Each command explains itself with --help.",
    )
    parser.add_argument("--version", action="version", version=f"analysis {ANALYSIS_VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (analyze, rescore, synth, events):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parsed = build_parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except InvalidRequestError as error:
        complain(error.user_message)
        return EXIT_USAGE
    except EyeReviewError as error:
        complain(error.user_message)
        return EXIT_UNREADABLE
    except KeyboardInterrupt:
        complain("Stopped. What is done is kept; run the same command again to go on.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it (`| head`): nothing is wrong, but Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNREADABLE


if __name__ == "__main__":
    sys.exit(main())
