"""What is wrong with a waiver, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.codes import seen_whole_by, why_not_waived, why_unknown
from workflow.outcome import Finding, Severity
from workflow.rules.wording import instead
from workflow.waivers.comments import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.history.model import Migration
    from workflow.waivers.baseline import Row
    from workflow.waivers.comments import Remark
    from workflow.weighing import Waiver


def faults_of(migration: Migration, remark: Remark) -> Iterator[Finding]:
    """Yield what is wrong with a comment in itself."""
    app, name = migration.key
    if not remark.codes or not remark.reason:
        lacks = "gives no reason" if remark.codes else "says nothing that this tool knows"
        yield Finding(
            "CFG101",
            Severity.ERROR,
            f"The comment in {migration.key} {lacks}: it accepts nothing.",
            instead(f"write it like this: {SAMPLE}"),
            app=app,
            migration=name,
            path=migration.path,
            line=remark.line,
        )
        return
    for code in remark.codes:
        if (unknown := why_unknown(code)) is not None:
            yield Finding(
                "CFG102",
                Severity.ERROR,
                f"The comment in {migration.key} accepts what does not exist: {unknown}.",
                instead("write the code as the report shows it, or take the comment away."),
                app=app,
                migration=name,
                path=migration.path,
                line=remark.line,
                data={"code": code},
            )
        elif (reason := why_not_waived(code)) is not None:
            yield Finding(
                "CFG103",
                Severity.ERROR,
                f"{code} can't be accepted, as the comment in {migration.key} says: {reason}.",
                instead(f"take {code} out of the comment, and mend what is found."),
                app=app,
                migration=name,
                path=migration.path,
                line=remark.line,
                data={"code": code},
            )


def unused_comment(migration: Migration, remark: Remark, code: str) -> Finding:
    """Return the finding about a comment that accepts what is not there."""
    return Finding(
        "CFG104",
        Severity.WARNING,
        f"The comment in {migration.key} accepts {code}, and nothing of that code is found there. "
        "A waiver that waits hides what comes later.",
        instead(
            "take it away. If it was meant for something, write it on a line of that operation "
            "or right above it; above the class it speaks of the migration as a whole."
        ),
        app=migration.key.app,
        migration=migration.key.name,
        path=migration.path,
        line=remark.line,
        data={"code": code},
    )


def unused_waiver(waiver: Waiver, source: str) -> Finding:
    """Return the finding about a waiver of the configuration that accepts what is not there."""
    place = {"app": waiver.app, "migration": waiver.migration, "path": waiver.path}
    told = ", ".join(f"{key} {value!r}" for key, value in place.items() if value is not None)
    return Finding(
        "CFG104",
        Severity.WARNING,
        f"The configuration accepts {waiver.code} for {told}, and nothing of that code is found "
        "there. A waiver that waits hides what comes later.",
        instead(f"take the waiver out of {source}, or correct its place."),
        app=waiver.app,
        migration=waiver.migration,
        path=source,
        data={"code": waiver.code},
    )


def unused_row(row: Row, source: str) -> Finding:
    """Return the finding about a row of the baseline whose finding is gone."""
    is_static = seen_whole_by(row.code) == "dependencies"
    verb = "validate-migration-dependencies" if is_static else "validate-migrations"
    place = f"{row.app}.{row.migration}" if row.migration else row.app or row.path or "the project"
    return Finding(
        "CFG105",
        Severity.WARNING,
        f"The baseline has a row of {row.code} in {place}, and what it speaks of is not there any "
        "more. If it was mended, the row only waits to hide something else.",
        instead(
            f"take the row out of {source}; this does it for all of them.",
            then=f"{verb} --baseline",
        ),
        app=row.app,
        migration=row.migration,
        operation=row.operation,
        path=source,
        data={"code": row.code, "digest": row.digest},
    )
