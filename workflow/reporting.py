"""Writes a report in the form that was asked for: to standard output, a file, a job's summary."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.errors import UsageError
from workflow.outcome import Checkout, Report

if TYPE_CHECKING:
    from workflow.config import Settings


def usual_form(variables: Mapping[str, str], output: Path | None) -> str:
    """Return the form of a report that nobody asked a form for.

    GitHub Actions says of itself that it is there, and reads its own form from the log.
    """
    in_actions = variables.get("GITHUB_ACTIONS") == "true"
    return "github" if in_actions and output is None else "text"


def write_report(report: Report, form: str, output: Path | None, settings: Settings) -> None:
    """Write a report in its form. Raises UsageError where it can't be written."""
    report = report._replace(checkout=checkout_of(settings), pages=_pages(report, form))
    write(render(report, form), output)
    # Not from the settings: those take in .env, and a stranger's branch may name any file there.
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == "github" and summary:
        _append(Path(summary), render(report, "markdown"))


def render(report: Report, form: str) -> str:
    """Return a report as text. Each form is a module of :mod:`workflow.report`."""
    rendered: str = import_module(f"workflow.report.{form}").render(report)
    return rendered


def checkout_of(settings: Settings) -> Checkout:
    """Return where the project is in its repository."""
    from workflow.config import repository_of

    project = settings.project
    whole = settings.manage or project
    return Checkout(str(repository_of(project)), str(project), str(whole))


def _pages(report: Report, form: str) -> dict[str, str]:
    if form != "sarif":
        return {}
    from workflow.rules.pages import texts_of

    return texts_of({finding.code for step in report.steps for finding in step.findings})


def write(rendered: str, output: Path | None) -> None:
    """Write what is for programs. Raises UsageError for a file that can't be written."""
    if output is None:
        # Whoever reads a form that is not for people expects this encoding, whatever the locale.
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
        sys.stdout.write(rendered)
        sys.stdout.flush()
        return
    try:
        output.write_text(rendered, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{output} can't be written: {error.strerror}") from error


def _append(summary: Path, rendered: str) -> None:
    """Append to the summary of the job. A verdict does not depend on it."""
    try:
        with summary.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{rendered}\n")
    except OSError as error:
        sys.stderr.write(f"the job's summary {summary} can't be written: {error.strerror}\n")
