"""Is this the development environment that the migration is meant for?

The place is looked at first, without booting anything: is the code there the code on disk?
Then Django boots, the database answers, the settings are not production's, and what Django
runs is this working tree.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.context import describe_database, show_path
from workflow.outcome import Finding, Severity, StepResult, Verdict, verdict_of
from workflow.project.cause import Cause
from workflow.project.production import is_named_for_production, named_environments

if TYPE_CHECKING:
    from workflow.context import Context

NAME = "environment"

UNAVAILABLE = {"ENV201", "ENV202", "ENV203", "ENV204", "ENV205"}
"""What keeps us from looking at all: nothing is known then, and so nothing is refused."""


def run(context: Context) -> StepResult:
    """Check the environment. Raises CouldNotCheck where the project or database is not there."""
    if context.starts_containers and context.words.dry_run:
        return StepResult(NAME, Verdict.SKIPPED, reason="dry run")
    try:
        of_the_place = context.of_the_place
    except Cause as error:
        return stopped(NAME, error)
    if verdict_of(of_the_place, strict=False) is Verdict.REFUSED:
        return StepResult(NAME, Verdict.REFUSED, of_the_place)
    facts = context.facts
    database = context.state["database"]
    findings = (
        *of_the_place,
        *_production(context, facts),
        *_other_copies(context, facts),
        *_model_checks(facts),
        *(_unwritable(context, facts) if context.writes else ()),
    )
    return context.judged(
        NAME,
        findings,
        details=_describe(context, facts, database),
    )


def stopped(name: str, error: Cause) -> StepResult:
    """Return what a cause comes to that nothing could be looked at behind."""
    finding = error.finding
    if finding.code not in UNAVAILABLE:
        return StepResult(name, Verdict.REFUSED, (finding,), details=error.details)
    reason = "the container could not be looked at"
    return StepResult(name, Verdict.ERRORED, (finding,), reason, details=error.details)


def production_facts(context: Context, facts: Mapping[str, Any]) -> list[str]:
    """Return what makes this environment look like production, each as one plain fact."""
    settings = context.settings
    found = []
    if is_named_for_production(facts["settings"], settings):
        found.append(f"the settings module is {facts['settings']}")
    found += named_environments(context.place.variables, settings)
    host = facts["databases"][settings.database]["host"]
    if host and host in settings.production_hosts:
        found.append(f"the database host is {host}")
    return found


def _production(context: Context, facts: Mapping[str, Any]) -> Iterator[Finding]:
    found = production_facts(context, facts)
    name = facts["databases"][context.settings.database]["name"]
    if not found or _is_meant(context, found, name):
        return
    yield Finding(
        "ENV101",
        Severity.ERROR,
        f"This looks like production: {'; '.join(found)}. "
        "A development command here would change what users depend on.",
        "Use the development settings (DJANGO_SETTINGS_MODULE, or 'settings' in the "
        f"configuration). To migrate this database on purpose: "
        f"migration-workflow migrate-safe --production {name}",
        data={"facts": found},
    )


def _is_meant(context: Context, found: list[str], name: str) -> bool:
    """Say whether a person spelled out the name of the database: as an option, or when asked."""
    spelled_out = context.words.production
    if spelled_out is None and context.asks_about_production:
        spelled_out = context.talk.ask(
            f"This looks like production: {'; '.join(found)}. To migrate it, type the name of "
            "the database; anything else stops here."
        )
    return spelled_out == name


def _other_copies(context: Context, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield apps that this tree holds, but that Django imported from somewhere else."""
    project = context.settings.project
    for app in facts["apps"]:
        there = Path(app["path"])
        copies = _packages(project, app["name"])
        if not copies or any(_same(here, there) for here in copies):
            continue
        here = copies[0]
        yield Finding(
            "ENV102",
            Severity.ERROR,
            f"Django runs the app {app['label']} from {there}, not from this working tree "
            f"({show_path(here, project)}). What is checked here is not the code you see.",
            "Take that copy out of Python's path: sys.path in manage.py, PYTHONPATH, or what is "
            f"installed ({facts['executable']} -m pip list). Then run: "
            "migration-workflow enforce-dev-environment",
            app=app["label"],
            path=show_path(here, project),
        )


def _packages(project: Path, name: str) -> list[Path]:
    """Return the folders of this tree that an import of ``name`` should lead to."""
    folders = [folder.joinpath(*name.split(".")) for folder in (project, project / "src")]
    return [folder for folder in folders if (folder / "__init__.py").is_file()]


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _model_checks(facts: Mapping[str, Any]) -> Iterator[Finding]:
    for check in facts["checks"]:
        yield Finding(
            "ENV103",
            Severity.ERROR,
            f"Django's system check of the models fails: {check['object']}: ({check['id']}) "
            f"{check['message']} Migrations made from broken models are broken.",
            check["hint"] or "Correct the model, then run the same command again.",
            data={"check": check["id"]},
        )


def _unwritable(context: Context, facts: Mapping[str, Any]) -> Iterator[Finding]:
    project = context.settings.project
    own = set(context.state.get("own", ()))
    for app in facts["apps"]:
        folder = Path(app["path"]) / "migrations"
        if app["label"] not in own or not folder.is_dir() or os.access(folder, os.W_OK | os.X_OK):
            continue
        yield Finding(
            "ENV104",
            Severity.ERROR,
            f"The folder {show_path(folder, project)} can't be written by this user, so a "
            f"migration of {app['label']} could not be saved.",
            f"Give the folder to yourself (chown, chmod) or mount it writable: {folder}",
            app=app["label"],
            path=show_path(folder, project),
        )


def _describe(context: Context, facts: Mapping[str, Any], database: Mapping[str, Any]) -> str:
    git = context.git
    tree = f"{git.branch or 'detached HEAD'} in {git.top}" if git.top else "not under git"
    place = describe_database(facts["databases"][context.settings.database])
    version = f" (version {database['version']})" if database["version"] else ""
    missing = "" if database["exists"] else ", not there yet"
    return "\n".join(
        (
            f"python    {facts['python']} ({context.place.origin})",
            f"django    {facts['django']}, settings {facts['settings']}",
            f"database  {place}{version}{missing}",
            f"tree      {tree}",
        )
    )
