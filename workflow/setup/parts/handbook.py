"""``MIGRATION_WORKFLOW.md``: the daily path, in the commands that this team types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.setup.parts.make_targets import own_targets
from workflow.setup.parts.pipelines import TOOL, main_branch, static_command
from workflow.setup.parts.table import said_or_written

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the handbook of the team"

NAME = "MIGRATION_WORKFLOW.md"

TEXT = """\
# Migrations

A migration that was not checked is not written, and one that was not rehearsed is not applied.
Run from {folder}:

    {setup}

makes a machine ready: its Python, its `.env`, the hooks, the database.

## Each day

{dev}    {pre_check}
    {makemigrations}
    {migrate}

`makemigrations` checks a migration before it writes it; `migrate-safe` runs it on a copy of the
database before it runs it on the database. What refuses says why, and what to type next.

## Before others see it

At a commit and at a push the hooks look at what is about to leave the machine. The same by hand:

    {validate}
    {clean}

## In CI

    {tool}
{fetch}    {static}

It needs no database and none of the project's packages, but the whole history: a clone that is not
shallow. Exit codes: 0 passed, 1 a gate refused, 2 wrong usage or configuration, 3 a gate could not
be checked.

## When it went wrong

    {recover}

puts a database back that a killed `migrate-safe` left half changed. `{command} explain CODE` tells
what a code means, and `{command} VERB --help` what else a command takes.

`{command} setup --undo` takes back what `{command} setup` wrote, this file with it.
"""


def targets(found: Found) -> Iterator[Target]:
    """Yield the handbook. One that is there is left to its owner, whoever wrote it."""
    yield found.home / NAME, lambda text: handbook(found) if text is None else text


def handbook(found: Found) -> str:
    """Return the text."""
    branch = main_branch(found)
    fetch = "" if branch is None else f"    git fetch origin {branch}\n"
    in_container = said_or_written(found, "runs") == "container"
    return TEXT.format(
        folder="the top of the repository" if found.home == found.top else f"`{found.home.name}/`",
        setup=spelled(found, "setup"),
        dev=f"    {spelled(found, 'dev')}\n" if in_container else "",
        pre_check=spelled(found, "pre-check"),
        makemigrations=spelled(found, "makemigrations", "APP --name WHAT_IT_DOES"),
        migrate=spelled(found, "migrate-safe"),
        validate=spelled(found, "validate-migrations"),
        clean=spelled(found, "test-migrations-clean"),
        recover=spelled(found, "recover"),
        tool=TOOL,
        fetch=fetch,
        static=static_command(found),
        command=found.manager.command(found.home),
    )


def spelled(found: Found, verb: str, words: str = "") -> str:
    """Return a verb as this team types it: with make where it has a Makefile, else by its name."""
    if found.makefile is not None and verb not in own_targets(found):
        return f'make {verb} ARGS="{words}"' if words else f"make {verb}"
    return f"{found.manager.command(found.home)} {verb} {words}".rstrip()
