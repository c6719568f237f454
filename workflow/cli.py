"""The console script ``migration-workflow``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from workflow import __version__
from workflow.door import COMMAND, execute
from workflow.verbs import APP, COMMON, VERBS, Option


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, run the verb, return its exit code."""
    arguments = vars(_parser().parse_args(argv))
    verb = arguments.pop("verb")
    return execute(verb, arguments, door=os.environ.get("MIGRATION_WORKFLOW_DOOR") or COMMAND)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="A gated migration workflow for Django.",
        epilog="Exit codes: 0 passed, 1 a gate refused, 2 wrong usage or configuration, "
        "3 a gate could not be checked, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        subparser = subparsers.add_parser(
            verb.name, help=verb.help, description=verb.help, allow_abbrev=False
        )
        if verb.takes_apps:
            subparser.add_argument(APP.name, nargs="*", metavar=APP.value, help=APP.help)
        for option in (*verb.options, *COMMON):
            _add(subparser, option)
    return parser


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    flag = f"--{option.name}"
    if option.value is None:
        parser.add_argument(flag, action="store_true", help=option.help)
    else:
        parser.add_argument(
            flag,
            metavar=option.value,
            help=option.help,
            choices=option.choices or None,
            action="append" if option.many else "store",
        )
