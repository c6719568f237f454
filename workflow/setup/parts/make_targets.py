"""The verbs as targets of make: a file of our own, and one line in their Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.setup.writing import appended
from workflow.verbs import VERBS

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the verbs as targets of make"

OWN_FILE = "migration-workflow.mk"

RULE = re.compile(r"^([^\s#=:][^#=:\n]*)::?(?![=:])", re.MULTILINE)
INCLUDE = re.compile(r"^(?:-|s)?include\s+(.+)$", re.MULTILINE)
VARIABLE = re.compile(r"^(\w+)\s*(?::{0,3}|\?|\+)=\s*(.*)$", re.MULTILINE)
NESTED = 5
"""How deep files and variables are followed into one another."""


def targets(found: Found) -> Iterator[Target]:
    """Yield our file and their Makefile; nothing for a team that does not use make."""
    makefile = found.makefile
    if makefile is not None:
        new = rules(found.manager.command(found.home), without=own_targets(found))
        yield found.home / OWN_FILE, lambda text: new if text is None else text
        yield makefile, with_include


def remarks(found: Found) -> Iterator[str]:
    """Yield which targets are the project's own, and stay."""
    own = sorted(own_targets(found))
    if own:
        yield (
            f"The Makefile has targets of its own called {', '.join(own)}: they stay, and the "
            f"verbs are {found.manager.command(found.home)} {own[0]} and the like."
        )


def own_targets(found: Found) -> set[str]:
    """Return the verbs that are names of targets of theirs already."""
    if found.makefile is None:
        return set()
    return targets_of(found.makefile) & {verb.name for verb in VERBS}


def rules(command: str, *, without: set[str]) -> str:
    """Return the text of our file."""
    names = " ".join(verb.name for verb in VERBS if verb.name not in without)
    return (
        "# Written by migration-workflow setup. Words for a verb go into ARGS:\n"
        '#   make makemigrations ARGS="shop --name add_colour"\n'
        "\n"
        f"MIGRATION_WORKFLOW ?= {command}\n"
        "\n"
        f".PHONY: {names}\n"
        f"{names}:\n"
        "\t@MIGRATION_WORKFLOW_DOOR=make $(MIGRATION_WORKFLOW) $@ $(ARGS)\n"
    )


def with_include(text: str | None) -> str:
    """Return the Makefile with the line that includes our file, last: their goal stays first."""
    if any(OWN_FILE in names.split() for names in INCLUDE.findall(text or "")):
        return text or ""
    return appended(text, f"\ninclude {OWN_FILE}\n")


def targets_of(makefile: Path, depth: int = NESTED) -> set[str]:
    """Return the names of a Makefile's targets, as far as its text and what it includes show.

    Our own file is not looked into, and nothing is run.
    """
    try:
        text = makefile.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    except OSError:
        return set()
    variables = dict(VARIABLE.findall(text))
    named = {name for names in RULE.findall(text) for name in _expanded(names, variables).split()}
    for names in INCLUDE.findall(text) if depth else ():
        for name in _expanded(names, variables).split():
            if name != OWN_FILE:
                named |= targets_of(makefile.parent / name, depth - 1)
    return named


def _expanded(text: str, variables: dict[str, str]) -> str:
    for _ in range(NESTED):
        text = re.sub(r"\$[({](\w+)[)}]", lambda found: variables.get(found[1], ""), text)
    return text
