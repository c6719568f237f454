"""SQL104: raw SQL ends the transaction in which Django runs its migration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.scripts import statements_in, texts_of
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.history.values import Value
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "SQL104"
IN_TRANSACTIONS = frozenset({None, "postgresql", "sqlite"})
"""Engines on which Django runs an atomic migration in a transaction, or may for all we know."""

ENDING = re.compile(
    r"(?P<word>COMMIT|END|ROLLBACK|ABORT)(?: (?:WORK|TRANSACTION))?(?: AND (?:NO )?CHAIN)?"
    r"|(?P<prepare>PREPARE TRANSACTION) ''",
)
"""A whole statement that ends a transaction; ``ROLLBACK TO`` and ``COMMIT PREPARED`` do not."""

HINT = re.compile(r"\b(?:COMMIT|END|ROLLBACK|ABORT|PREPARE)\b", re.IGNORECASE)
"""Where there is none of these, the time of taking the text apart is saved."""

KEPT = (
    "what came before it stays if the migration fails later on, and the migration is not recorded"
)
UNDONE = "what came before it is taken back, and is recorded as done all the same"
PREPARED = "what came before it waits, with its locks, until somebody says COMMIT PREPARED"
CONSEQUENCES = {
    "COMMIT": KEPT,
    "END": KEPT,
    "ROLLBACK": UNDONE,
    "ABORT": UNDONE,
    "PREPARE TRANSACTION": PREPARED,
}


@over_operations(
    CODE, "transaction control in an atomic migration", Severity.WARNING, kinds=["RunSQL"]
)
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding where SQL certainly ends the transaction of Django, forwards or back."""
    if context.vendor not in IN_TRANSACTIONS or migration.atomic is not True:
        return
    for parameter in ("sql", "reverse_sql"):
        ending = _ending(placed.operation.argument(parameter))
        if ending is not None:
            yield _finding(migration, placed, parameter, ending)
            return


def _ending(value: Value) -> str | None:
    """Return the first command that ends a transaction, in capitals."""
    for text in texts_of(value):
        if HINT.search(text):
            for statement in statements_in(text):
                match = ENDING.fullmatch(statement)
                if match:
                    return match["word"] or match["prepare"]
    return None


def _finding(migration: Migration, placed: Placed, parameter: str, ending: str) -> Finding:
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} says {ending} in the {parameter} of RunSQL, inside the transaction that "
        f"Django opens for it: {CONSEQUENCES[ending]}.",
        instead(
            f"leave BEGIN and {ending} out, for Django begins and ends the transaction itself; or "
            f"say atomic = False in {migration.key.name}, and leave nothing else in it that needs "
            "Django's."
        ),
        line=placed.operation.line,
        operation=placed.place,
    )
