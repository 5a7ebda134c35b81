"""What a subcommand says to the person: results on standard output, errors on standard error."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

from shared.documents import dumps
from shared.errors import EyeReviewError

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_UNREADABLE = 3
EXIT_INTERRUPTED = 130


def say(line: str) -> None:
    """One line on standard output, above a progress bar where there is one."""
    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()


def complain(line: str) -> None:
    """One line on standard error, above a progress bar where there is one."""
    tqdm.write(line, file=sys.stderr)


def error_entry(file_name: str, error: EyeReviewError) -> dict[str, Any]:
    """An error as the JSON object that stands in for a result."""
    return {"file": file_name, "error": {"code": error.code, "message": error.user_message}}


def report_error(file_name: str, error: EyeReviewError, *, as_json: bool) -> None:
    """Say that a file could not be done: a sentence for the person and, where asked for, a line of JSON."""
    if as_json:
        say(dumps(error_entry(file_name, error)))
    complain(f"{file_name}: {error.user_message}")
