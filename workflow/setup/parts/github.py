"""The jobs of GitHub Actions, in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workflow.setup.parts.pipelines import (
    PYTHON,
    TOOL,
    folder_of,
    live_commands,
    main_branch,
    names_us,
    static_command,
)
from workflow.setup.yaml import dump

if TYPE_CHECKING:
    from workflow.setup.found import Found
    from workflow.setup.proposal import Target

ABOUT = "the gates in CI"

NAME = ".github/workflows/migrations.yml"


def targets(found: Found) -> Iterator[Target]:
    """Yield the file, unless a workflow of theirs runs a verb already."""
    if found.ci is None or found.ci.value != "GitHub":
        return
    path = found.top / NAME
    theirs = [one for one in path.parent.glob("*.y*ml") if one != path]
    if not names_us(found, theirs):
        yield path, lambda text: workflow(found) if text is None else text


def workflow(found: Found) -> str:
    """Return the text of the file."""
    branch = main_branch(found)
    push = {} if branch is None else {"push": {"branches": [branch]}}
    jobs = {"files": _job([TOOL, static_command(found)])}
    if live := live_commands(found):
        jobs["clean"] = _job(live)
    folder = folder_of(found)
    data: dict[str, Any] = {
        "name": "migrations",
        "on": {"pull_request": {}, "merge_group": {}, **push},
        "permissions": {"contents": "read"},
        **({} if folder is None else {"defaults": {"run": {"working-directory": folder}}}),
        "jobs": jobs,
    }
    return f"# Written by migration-workflow setup, once: it is yours to change.\n{dump(data)}"


def _job(commands: list[str]) -> dict[str, Any]:
    checkout = {"uses": "actions/checkout@v4", "with": {"fetch-depth": 0}}
    python = {"uses": "actions/setup-python@v5", "with": {"python-version": PYTHON}}
    runs = [{"run": command} for command in commands]
    return {"runs-on": "ubuntu-latest", "steps": [checkout, python, *runs]}
