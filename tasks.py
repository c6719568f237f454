"""The workflow on the example project, and the chores of this repository, each defined once."""

import shlex
import sys
from pathlib import Path

from invoke import Context, task

from workflow.tasks import namespace

BIN = Path(sys.executable).parent


def run(context: Context, *argv: str) -> None:
    """Run a program of this environment, whether that is activated or not."""
    context.run(shlex.join((str(BIN / argv[0]), *argv[1:])), echo=True)


@task
def lint(context: Context) -> None:
    """Check style, types and import contracts."""
    run(context, "ruff", "check", ".")
    run(context, "ruff", "format", "--check", ".")
    run(context, "mypy")
    run(context, "lint-imports")


@task
def test(context: Context) -> None:
    """Run the tests that need no package from elsewhere."""
    run(context, "pytest", "-n", "auto", "-m", "not pypi")


@task(name="test-projects")
def test_projects(context: Context) -> None:
    """Run the flows on a real project from the package index, and the stories of adoption."""
    words = ("tests/projects", "tests/adoption", "-k", "wagtail or adoption")
    run(context, "pytest", "-m", "pypi", "-n", "auto", "--dist", "loadgroup", *words)


ns = namespace
for chore in (lint, test, test_projects):
    ns.add_task(chore)
