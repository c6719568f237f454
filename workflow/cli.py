"""The console script ``migration-workflow``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workflow import __version__
from workflow.door import COMMAND, execute
from workflow.verbs import VERBS, Option

if TYPE_CHECKING:
    import argparse

    from workflow.door import Hook


def main(argv: Sequence[str] | None = None, *, hook: Hook | None = None) -> int:
    """Parse the command line, run the verb, return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    verb, values = _alone(words) or _parsed(words)
    door = os.environ.get("MIGRATION_WORKFLOW_DOOR") or COMMAND
    return execute(verb, values, door=door, hook=hook)


def _alone(words: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
    """Return a verb that stands alone: there is nothing to parse, and hooks call it so."""
    if len(words) == 1 and words[0] in {verb.name for verb in VERBS}:
        return words[0], {}
    return None


def _parsed(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    values = vars(_parser().parse_args(words))
    return values.pop("verb"), values


def _parser() -> argparse.ArgumentParser:
    import argparse

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
        if (word := verb.operand) is not None:
            number = "*" if word.many else "?"
            subparser.add_argument(word.name, nargs=number, metavar=word.value, help=word.help)
        for option in verb.flags:
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
