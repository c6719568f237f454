"""The console script ``migration-workflow``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workflow.door import execute
from workflow.verbs import COMMAND, VERBS

if TYPE_CHECKING:
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
    from workflow.parser import make_parser

    values = vars(make_parser().parse_args(words))
    return values.pop("verb"), values
