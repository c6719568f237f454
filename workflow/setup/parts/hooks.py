"""The hooks of pre-commit and prek."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.setup.framework import PREK_FILE
from workflow.setup.pre_commit_config import HOOKS, NAME, with_hooks
from workflow.setup.writing import ByHand

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the hooks of commit and push"


def targets(found: Found) -> Iterator[Target]:
    """Yield the file of the hooks, at the top of the repository; none outside git."""
    if (found.top / PREK_FILE).is_file():
        yield found.top / PREK_FILE, lambda text: _in_prek_file(text or "", found)
    elif found.git.top is not None:
        yield found.top / NAME, lambda text: _with_hooks(text, found)


def _with_hooks(text: str | None, found: Found) -> str:
    return with_hooks(text, found.manager, top=found.top, project=found.project_from_top)


def _in_prek_file(text: str, found: Found) -> str:
    """Return prek's own file where it has our hooks; raises ByHand where it has none."""
    if not any(verb in text for verb in HOOKS):
        raise ByHand("prek reads this file alone. In its words, add", _with_hooks(None, found))
    return text
