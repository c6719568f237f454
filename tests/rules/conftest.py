"""Small projects on disk, read and checked for real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rules.trees import Tree, write_tree
from workflow.history.reading import read_history
from workflow.rules import check

if TYPE_CHECKING:
    from workflow.outcome import Finding


@pytest.fixture
def findings(tmp_path: Path) -> Callable[..., list[Finding]]:
    """Write a project, check it, and return what one rule found."""

    def run(
        code: str, tree: Tree, *, vendor: str | None = None, packages: bool = True
    ) -> list[Finding]:
        write_tree(tmp_path, tree, packages=packages)
        history = read_history(tmp_path)
        return [one for one in check(history, vendor=vendor) if one.code == code]

    return run
