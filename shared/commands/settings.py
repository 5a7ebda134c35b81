"""``--param NAME=VALUE`` on the command line, made into checked parameters."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import Any

from shared.bounds import Bound
from shared.errors import InvalidParameterError
from shared.parameters import BOUNDS, GATE_BOUNDS, Parameters


def add_parameter_option(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the option ``--param``, with all names, units and defaults in its help."""
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a parameter; may be given again. VALUE is JSON or plain text, e.g. vpp_thresh=0.05, task=vertical, "
        "gates.min_frame_rate_hz=20, 'gates.disabled=[\"G9\"]'. The list of parameters is at the end of this help",
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = textwrap.fill(parser.description or "", 79)
    parser.epilog = _parameter_list()


def parameters_from(assignments: Sequence[str]) -> Parameters:
    """Checked parameters from ``NAME=VALUE`` texts; of two for the same name the later counts.

    >>> parameters_from(["vpp_thresh=0.05", "task=vertical", "gates.min_frame_rate_hz=20"]).vpp_thresh
    0.05

    Raises:
        InvalidParameterError: no ``=``, or see :meth:`shared.parameters.Parameters.from_mapping`.
    """
    values: dict[str, Any] = {}
    gates: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise InvalidParameterError(f"--param {assignment!r} is not of the form NAME=VALUE, e.g. vpp_thresh=0.05.")
        if name.startswith("gates."):
            gates[name.removeprefix("gates.")] = _value(text)
        else:
            values[name.strip()] = _value(text)
    if gates:
        whole = values.get("gates", {})
        values["gates"] = {**whole, **gates} if isinstance(whole, dict) else whole
    return Parameters.from_mapping(values)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


def _parameter_list() -> str:
    defaults = Parameters()
    lines = ["parameters (default, unit):"]
    lines += [_line(name, getattr(defaults, name), bound) for name, bound in BOUNDS.items()]
    lines += [
        "  blink_method (adaptive)\n      adaptive, or fixed as in the guide. Setting blink_thresh means fixed.",
        "  task (unknown)\n      vertical, vertical_horizontal, fixation, free or unknown: what the patient was asked.",
        '  segments ([])\n      [{"start_s": 0, "end_s": 4, "label": "up", "target_deg": 20}, ...]',
        '  target_log (null)\n      {"steps": [{"time_s": 0, "x_deg": 0, "y_deg": -12}, ...]}: what was shown.',
    ]
    lines += [_line(f"gates.{name}", getattr(defaults.gates, name), bound) for name, bound in GATE_BOUNDS.items()]
    lines.append('  gates.disabled ([])\n      gates to switch off, e.g. ["G9"].')
    return "\n".join(lines)


def _line(name: str, default: Any, bound: Bound) -> str:
    unit = f" {bound.unit}" if bound.unit else ""
    return f"  {name} ({default}{unit})\n      {bound.meaning}"
