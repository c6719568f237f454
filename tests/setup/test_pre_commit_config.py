"""The hooks get into ``.pre-commit-config.yaml`` and leave every other byte as it was."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest

from workflow import __version__
from workflow.setup.manager import Manager
from workflow.setup.pre_commit_config import HOOKS, with_hooks
from workflow.setup.writing import ByHand, NotReadable
from workflow.setup.yaml import load

TOP = Path("/repository")
UV = Manager("uv", "uv.lock", TOP)
PIP = Manager("pip", "requirements.txt", TOP / "backend", ".venv", "requirements.txt")

FLAT = """\
# Kept by the platform team.
default_language_version: {python: python3}   # all of them
repos:
- repo: https://example.org/style
  rev: "1.0"       # not newer
  hooks:
  - id:   style
    args: [ '--fast' ]

# What the service may do:
ci:
    autofix_prs: false
"""
INDENTED = """\
repos:
  - repo: https://example.org/style
    rev: '1.0'
    hooks:
      - id: style"""


def added(before: str, after: str) -> list[str]:
    """The lines that were added. None may have been taken away."""
    diff = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert not [line for line in diff if line.startswith("-")]
    return [line[2:] for line in diff if line.startswith("+")]


def hooks(text: str, manager: Manager = UV, project: str | None = None) -> Any:
    data = load(with_hooks(text, manager, top=TOP, project=project))
    return {hook["id"]: hook for hook in data["repos"][-1]["hooks"]}


@pytest.mark.parametrize("before", [FLAT, INDENTED, FLAT.replace("\n", "\r\n")])
def test_only_lines_are_added(before: str) -> None:
    after = with_hooks(before, UV, top=TOP, project=None)
    assert added(before, after)
    assert load(after)["repos"][:-1] == load(before)["repos"]
    assert list(hooks(before)) == list(HOOKS)


@pytest.mark.parametrize(("before", "dash"), [(FLAT, "- "), (INDENTED, "  - ")])
def test_they_are_indented_as_the_others_are(before: str, dash: str) -> None:
    after = with_hooks(before, UV, top=TOP, project=None)
    assert f"\n{dash}repo: local\n" in after


def test_windows_line_endings_stay() -> None:
    after = with_hooks(FLAT.replace("\n", "\r\n"), UV, top=TOP, project=None)
    assert after.count("\n") == after.count("\r\n")


def test_remarks_behind_the_list_stay_behind_it() -> None:
    after = with_hooks(FLAT, UV, top=TOP, project=None)
    assert after.index("test-migrations-clean") < after.index("# What the service may do")


@pytest.mark.parametrize("before", [None, "", "# nothing yet\n"])
def test_a_new_file_installs_hooks_for_commit_and_push(before: str | None) -> None:
    after = with_hooks(before, UV, top=TOP, project=None)
    data = load(after)
    assert after.startswith(before or "")
    assert data["default_install_hook_types"] == [
        "pre-commit",
        "pre-merge-commit",
        "pre-push",
    ]
    assert [hook["id"] for hook in data["repos"][0]["hooks"]] == list(HOOKS)


@pytest.mark.parametrize("before", [FLAT, INDENTED, ""])
def test_a_second_time_changes_nothing(before: str) -> None:
    after = with_hooks(before, UV, top=TOP, project=None)
    assert with_hooks(after, UV, top=TOP, project=None) == after


def test_hooks_that_a_team_wrote_itself_are_enough() -> None:
    own = FLAT.replace("id:   style", "id: check-migrations")
    assert with_hooks(own, UV, top=TOP, project=None) == own


def test_the_static_hook_needs_no_project_and_all_others_run_in_it() -> None:
    static, *live = hooks(FLAT, PIP, "backend").values()
    assert static["language"] == "python"
    assert static["entry"].startswith("migration-workflow-hook validate-migration-dependencies")
    assert f"django-migration-workflow=={__version__}" in static["additional_dependencies"]
    for hook in live:
        assert hook["language"] == "system"
        assert hook["entry"].startswith("backend/.venv/bin/migration-workflow-hook ")
        assert hook["entry"].endswith(" --project backend")


def test_what_takes_long_waits_for_the_push() -> None:
    stages = {name: list(hook["stages"]) for name, hook in hooks(FLAT).items()}
    assert "pre-push" not in stages["check-migrations"]
    assert stages["test-migrations-clean"] == ["pre-push"]


@pytest.mark.parametrize("text", ["repos: [", "- a\n- b\n", "repos: none\n", "fail_fast: true\n"])
def test_what_is_no_such_file_is_said(text: str) -> None:
    with pytest.raises(NotReadable, match=r"YAML|repos"):
        with_hooks(text, UV, top=TOP, project=None)


@pytest.mark.parametrize("text", ["repos: []\n", "repos: [{repo: meta, hooks: []}]\n"])
def test_a_list_in_brackets_is_left_to_its_owner(text: str) -> None:
    with pytest.raises(ByHand) as told:
        with_hooks(text, UV, top=TOP, project=None)
    assert "id: check-migrations" in told.value.lines
