"""Entry point of commit hooks: ``migration-workflow-hook VERB``.

It does what the console script does, for what git is about to commit or to push. It starts as
fast as it can, and takes the names of files that hooks are given and that no verb wants: what
is judged is the whole history.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from workflow.cli import main as console
from workflow.errors import CouldNotCheck
from workflow.project.commit import Commit, about_to

if TYPE_CHECKING:
    from workflow.context import Context

RELEVANT = re.compile(
    r"(^|/)([^/]*(migrations|models|settings)[^/]*(/.*)?|apps)\.py$"
    r"|(^|/)(migration-workflow\.toml|migrations\.lock)$"
)
"""The files whose change can change a verdict; ``.pre-commit-hooks.yaml`` has the same."""

AWAY = {"ENV201", "ENV202", "ENV203", "ENV204", "ENV205", "ENV208", "ENV209"}
"""There is no container to ask: no engine, no Compose, none that runs."""


class Hook(NamedTuple):
    """One run of a hook. ``names`` are the changed files that it was given."""

    verb: str
    commit: Commit
    names: Sequence[str]

    def leaves_out(self, context: Context) -> str | None:
        """Return why the verb need not be run, if that is so: a sentence, or nothing to say.

        Raises CouldNotCheck where the project can't be asked about what is to be committed.
        """
        changed = self.names or context.git.about_to_change()
        if changed and not any(RELEVANT.search(name) for name in changed):
            return ""
        if context.is_static:
            return None
        _expect_tree(self.verb, context)
        return _without_container(self.verb, context)


def _expect_tree(verb: str, context: Context) -> None:
    """Raise CouldNotCheck where the project would run other files than those of the commit."""
    others = [name for name in context.git.not_in_commit(["*.py"]) if RELEVANT.search(name)]
    if others:
        named = ", ".join(others[:3]) + (" and others" if len(others) > 3 else "")
        raise CouldNotCheck(
            f"{verb} was not run: it asks the project as it lies on disk, and that is not what git "
            f"is about to keep: {named}. Add it (git add), or put it away: "
            "git stash push --keep-index --include-untracked"
        )


def _without_container(verb: str, context: Context) -> str | None:
    """Return what to say where there is no container and that is to pass.

    Raises CouldNotCheck where it is to refuse.
    """
    from workflow.project.cause import Cause, expect_none

    try:
        expect_none(context.of_the_place)
    except Cause as found:
        if found.finding.code not in AWAY:
            return None  # the environment gate tells it
        context.close()
        said = f"{verb} was not run: {found.finding.message} {found.finding.fix}"
        if context.settings.hooks_without_container == "pass":
            return f"{said} (let pass: hooks-without-container)"
        raise CouldNotCheck(said) from found
    except CouldNotCheck:
        return None
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb for a hook, without the names of files after it."""
    words = list(sys.argv[1:] if argv is None else argv)
    names = []
    while len(words) > 1 and (words[-1].endswith(".py") or RELEVANT.search(words[-1])):
        names.append(words.pop())
    verb = words[0] if words else ""
    return console(words, hook=Hook(verb, about_to(os.environ), names))


if __name__ == "__main__":
    sys.exit(main())
