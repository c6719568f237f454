"""DAT101: a data migration can't be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.history.values import Ref
from workflow.outcome import Severity
from workflow.rules.findings import finding
from workflow.rules.registry import over_operations
from workflow.rules.wording import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.outcome import Finding
    from workflow.rules.context import Context
    from workflow.rules.operations import Placed

CODE = "DAT101"


@over_operations(CODE, "RunPython without reverse_code", Severity.WARNING, kinds=["RunPython"])
def check(context: Context, migration: Migration, placed: Placed) -> Iterator[Finding]:
    """Yield a finding for each RunPython that certainly has no way back."""
    del context
    if placed.operation.argument("reverse_code") is None:
        yield _finding(migration, placed)


def _finding(migration: Migration, placed: Placed) -> Finding:
    code = placed.operation.argument("code")
    name = code.name if isinstance(code, Ref) else "the function"
    return finding(
        CODE,
        Severity.WARNING,
        migration,
        f"{migration.key} runs {name} without reverse_code: nobody can migrate {migration.key.app} "
        "back past this point (IrreversibleError).",
        instead(
            f"give RunPython({name}) a reverse_code, migrations.RunPython.noop where the data may "
            "stay as it is."
        ),
        line=placed.operation.line,
        operation=placed.place,
        function=name,
    )
