"""Makes this machine ready, as far as a program may: ``.env`` from its example, git's hooks.

Where it was asked for, a shell also gets what completes the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.actions import install_hooks
from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.context import Context
    from workflow.setup.found import Found

NAME = "equip"


def plan(context: Context) -> str:
    """Return what ``run`` would copy and install."""
    from workflow.setup.git_hooks import lacking_hooks

    if context.words.undo:
        return "nothing to do on this machine"
    found, copies = _look(context)
    told = [_shown(example, found) for example in copies]
    if missing := lacking_hooks(found):
        told.append(f"install git's hooks: {', '.join(missing)}")
    told += [f"write {path}" for path, _ in _completions(context)]
    return "\n".join(told) or "nothing to do on this machine"


def run(context: Context) -> StepResult:
    """Do it. What can't be done is left to the next gate to name."""
    from workflow.setup.completion import write
    from workflow.setup.env_file import copy
    from workflow.setup.git_hooks import lacking_hooks

    if context.words.undo or context.words.check:
        reason = "--undo" if context.words.undo else "--check"
        return StepResult(NAME, Verdict.SKIPPED, reason=reason)
    found, copies = _look(context)
    done = []
    for example in copies:
        copy(example)
        done.append(f"{_shown(example, found)}: fill it in")
    if lacking_hooks(found):
        try:
            done.append(install_hooks.run(context).details or "")
        except CouldNotCheck as error:
            done.append(f"git's hooks: {error}")
    for path, text in _completions(context):
        write(path, text)
        done.append(f"wrote {path}, which a new shell reads")
    if not done:
        return StepResult(NAME, Verdict.SKIPPED, reason="nothing is missing")
    return StepResult(NAME, Verdict.PASSED, details="\n".join(done))


def _look(context: Context) -> tuple[Found, list[Path]]:
    from workflow.setup.env_file import lacking
    from workflow.setup.look import look

    found = look(context)
    return found, list(lacking(found))


def _completions(context: Context) -> list[tuple[Path, str]]:
    from workflow.setup.completion import completions

    shell = context.words.completion
    return [] if shell is None else list(completions(shell, context.settings.variables))


def _shown(example: Path, found: Found) -> str:
    return f"copy {found.shown(example)} to {found.shown(example.with_name('.env'))}"
