"""What a rehearsal breaks for the release that runs while it is migrated.

A part of the rehearsal gate. Where a database serves nobody but its developer, that is worth a
warning; in production it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflow.gates.environment import production_facts
from workflow.history.model import MigrationKey
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from workflow.context import Context

CONSEQUENCES = {
    "select": "can't read {model} any more. Until its last process has ended, every page that "
    "needs one fails.",
    "insert": "can't add a {model} any more. Every attempt fails until its last process has ended.",
    "update": "can't save a {model} any more. Every attempt fails until its last process has "
    "ended.",
    "delete": "can't delete a {model} any more. Every attempt fails until its last process has "
    "ended.",
}

FIXES = {
    "select": "Release first a version whose models do without it, and leave the database alone "
    "(SeparateDatabaseAndState with state_operations); drop or rename it in a later release.",
    "insert": "Give the new column a default in the database (db_default, from Django 5.0 on), or "
    "let it be NULL until the new release runs everywhere and make it required in a later one.",
    "update": "Let the column take both old and new values until the new release runs "
    "everywhere; change it in a later one.",
    "delete": "Let the table do without the new rule until the new release runs everywhere; add "
    "it in a later one.",
}


def broken_models(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each model that the running release can't use as before."""
    rows = answer.get("old_code", {}).get("broken", ())
    in_production = bool(rows and production_facts(context, context.facts))
    for row in rows:
        does, model = row["does"], row["model"]
        migration = context.history.migrations.get(MigrationKey(row["app"], row["migration"]))
        yield Finding(
            {"select": "CMP101", "insert": "CMP102", "update": "CMP103", "delete": "CMP104"}[does],
            Severity.ERROR if in_production else Severity.WARNING,
            f"After {row['app']}.{row['migration']} the release that runs now "
            f"{CONSEQUENCES[does].format(model=model)} The database said: {row['error']}",
            FIXES[does],
            app=row["app"],
            migration=row["migration"],
            path=None if migration is None else str(migration.path),
            data={key: row[key] for key in ("model", "does", "statement", "error")},
        )


def untried(answer: Mapping[str, Any]) -> list[str]:
    """Return what could not be tried with the models of the running release."""
    names: list[str] = answer.get("old_code", {}).get("untried", [])
    return names
