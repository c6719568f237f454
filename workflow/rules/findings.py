"""How a rule makes a finding: where it points, and what it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workflow.outcome import Finding

if TYPE_CHECKING:
    from workflow.history.model import Migration
    from workflow.outcome import Severity
    from workflow.rules.sight import Sight


def finding(  # noqa: PLR0913 - the parts of a finding
    code: str,
    severity: Severity,
    migration: Migration,
    message: str,
    fix: str,
    *,
    line: int | None = None,
    operation: int | None = None,
    **data: Any,
) -> Finding:
    """Return a finding about a migration, at its class where no line is given."""
    return Finding(
        code,
        severity,
        message,
        fix,
        app=migration.key.app,
        migration=migration.key.name,
        operation=operation,
        path=migration.path,
        line=line or migration.line or None,
        data=data,
    )


def at(step: Sight, code: str, severity: Severity, message: str, fix: str, **data: Any) -> Finding:
    """Return a finding about an operation, numbered by the outermost one that holds it."""
    outermost = step.parent or step.operation
    return finding(
        code,
        severity,
        step.migration,
        message,
        fix,
        line=step.operation.line,
        operation=outermost.position,
        **data,
    )
