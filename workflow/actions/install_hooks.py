"""Installs git's hooks with pre-commit or prek, and writes what they run where that is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.outcome import StepResult, Verdict

if TYPE_CHECKING:
    from workflow.context import Context
    from workflow.project.git import Git
    from workflow.setup.found import Found
    from workflow.setup.framework import Framework
    from workflow.setup.writing import Edit

NAME = "install-hooks"

TYPES = ("pre-commit", "pre-merge-commit", "pre-push")
"""The types of git's hooks that are installed."""

SECONDS = 900.0
"""How long the framework may take: it installs what the hooks need from the package index."""


def plan(context: Context) -> str:
    """Return what ``run`` would write, and the command that it would run."""
    import shlex

    from workflow.setup.writing import show

    found = _found(context)
    hooks = _hooks(context.git)
    diff = show(_edits(found), found.top)
    command = shlex.join(_framework(found, hooks).install(TYPES))
    return "\n".join((*([diff] if diff else []), *_kept(hooks), f"would run {command}"))


def run(context: Context) -> StepResult:
    """Install them. Raises CouldNotCheck where something is in the way; then nothing is changed."""
    from workflow.project import process
    from workflow.setup.writing import write_all

    found = _found(context)
    hooks = _hooks(context.git)
    framework, edits, kept = _framework(found, hooks), _edits(found), _kept(hooks)
    write_all(edits)
    context.talk.progress(f"{framework.name} makes the environments of the hooks")
    done = process.run(framework.install(TYPES), cwd=found.top, seconds=SECONDS)
    if done.code != 0:
        raise CouldNotCheck(
            f"{framework.name} could not install the hooks", f"{done.stdout}{done.stderr}".strip()
        )
    written = [f"wrote {found.shown(edit.path)}" for edit in edits]
    told = f"{framework.name} runs at {', '.join(TYPES)}"
    return StepResult(NAME, Verdict.PASSED, details="\n".join((*written, *kept, told)))


def _found(context: Context) -> Found:
    from workflow.setup.look import look

    if context.git.top is None:
        raise CouldNotCheck(f"{context.settings.project} is not under git: git init")
    return look(context)


def _hooks(git: Git) -> Mapping[str, Path]:
    """Return git's hooks by their types. Raises CouldNotCheck where they belong to others."""
    from workflow.setup.framework import aside, foreign

    if (folder := git.hooks_path) is not None:
        raise CouldNotCheck(
            f"core.hooksPath is set to {folder}: git runs the hooks in there, and no framework "
            f"installs any beside them. Add to {folder}/pre-commit and {folder}/pre-push the line: "
            "migration-workflow-hook validate-migration-dependencies || exit 1. Or give the "
            "setting up: git config --unset core.hooksPath"
        )
    hooks = {kind: git.hooks / kind for kind in TYPES}
    for path in foreign(hooks):
        if aside(path).exists():
            raise CouldNotCheck(
                f"{path} is somebody's own, and so is {aside(path).name} beside it, which would be "
                "lost. Make one of the two, then run: migration-workflow setup-pre-commit"
            )
    return hooks


def _kept(hooks: Mapping[str, Path]) -> list[str]:
    from workflow.setup.framework import aside, foreign

    return [
        f"the {path.name} that was there still runs, first: {aside(path).name}"
        for path in foreign(hooks)
    ]


def _framework(found: Found, hooks: Mapping[str, Path]) -> Framework:
    from workflow.project.interpreter import environments
    from workflow.setup.framework import find_framework
    from workflow.setup.manager import ADD

    settings = found.settings
    around = environments(settings.project, found.top, settings.variables)
    framework = find_framework(hooks, found.top, [folder for folder, _ in around])
    if framework is None:
        raise CouldNotCheck(
            "neither pre-commit nor prek is on this machine. Get one: "
            f"{ADD[found.manager.name]} pre-commit. Then run: migration-workflow setup-pre-commit"
        )
    return framework


def _edits(found: Found) -> list[Edit]:
    """Return what is to be written into the framework's file: nothing where our hooks are there."""
    from workflow.setup.pre_commit_config import NAME as CONFIG
    from workflow.setup.pre_commit_config import with_hooks
    from workflow.setup.writing import ByHand, Edit, NotReadable, read

    path = found.top / CONFIG
    try:
        before = read(path)
        after = with_hooks(before, found.manager, top=found.top, project=found.project_from_top)
    except NotReadable as error:
        raise CouldNotCheck(f"{CONFIG} can't be used: {error}. Nothing was changed") from error
    except ByHand as error:
        raise CouldNotCheck(
            f"{CONFIG} is left alone, because {error}. Add to it what follows", error.lines
        ) from error
    if before != after and path.exists() and not os.access(path, os.W_OK):
        raise CouldNotCheck(f"{CONFIG} may not be written by this user. Nothing was changed")
    return [] if before == after else [Edit(path, before, after)]
