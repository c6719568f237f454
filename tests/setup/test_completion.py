"""A shell is taught once, and left alone where it knows everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workflow.setup.completion import PLACES, completions, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("shell", PLACES)
def test_a_shell_gets_what_it_lacks_and_then_nothing(shell: str, tmp_path: Path) -> None:
    lacking = dict(completions(shell, {"HOME": str(tmp_path)}))
    assert tmp_path / PLACES[shell].format("migration-workflow") in lacking
    for path, text in lacking.items():
        write(path, text)
        assert path.is_file()
    assert list(completions(shell, {"HOME": str(tmp_path)})) == []


def test_another_version_is_replaced(tmp_path: Path) -> None:
    path, text = next(completions("bash", {"HOME": str(tmp_path)}))
    write(path, "old")
    assert next(completions("bash", {"HOME": str(tmp_path)})) == (path, text)
