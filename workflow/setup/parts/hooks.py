"""The hooks of pre-commit and prek."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.setup.pre_commit_config import NAME, with_hooks

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the hooks of commit and push"


def targets(found: Found) -> Iterator[Target]:
    """Yield the file of the hooks, at the top of the repository; none outside git."""
    if found.git.top is not None:
        yield (
            found.top / NAME,
            lambda text: with_hooks(
                text, found.manager, top=found.top, project=found.project_from_top
            ),
        )
