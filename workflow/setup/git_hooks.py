"""Git's own hooks, which the framework installs: those that are missing on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.errors import CouldNotCheck
from workflow.project import process
from workflow.project.interpreter import environments
from workflow.setup.framework import PREK_FILE, find_framework, made_by
from workflow.setup.pre_commit_config import HOOKS, NAME, STATIC

if TYPE_CHECKING:
    from workflow.setup.found import Found


def lacking_hooks(found: Found) -> tuple[str, ...]:
    """Return the types of git's hooks that are missing, where the repository has hooks of ours.

    A folder that ``core.hooksPath`` names is the team's own affair: what is in there may call
    the verbs, too.
    """
    git = found.git
    if git.top is None or git.hooks_path is not None or not has_our_hooks(found):
        return ()
    return tuple(kind for kind in HOOKS[STATIC] if made_by(git.hooks / kind) is None)


def has_our_hooks(found: Found) -> bool:
    """Say whether the framework's file in the repository names one of our hooks."""
    text = found.text(found.top / NAME) or found.text(found.top / PREK_FILE) or ""
    return any(verb in text for verb in HOOKS)


def uninstall(found: Found) -> None:
    """Take away the hooks that the framework made: without its file they refuse every commit.

    Raises CouldNotCheck where the framework is not there to do it.
    """
    git, settings = found.git, found.settings
    hooks = {kind: git.hooks / kind for kind in HOOKS[STATIC]}
    made = [kind for kind, path in hooks.items() if made_by(path) is not None]
    if not made:
        return
    around = environments(settings.project, found.top, settings.variables)
    framework = find_framework(hooks, found.top, [folder for folder, _ in around])
    if framework is None or process.run(framework.uninstall(made), cwd=found.top).code != 0:
        raise CouldNotCheck(
            f"{NAME} is gone, and git's hooks that read it are still there: remove "
            + ", ".join(str(hooks[kind]) for kind in made)
        )
