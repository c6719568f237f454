"""What to write instead of an operation that locks a table for long, in the user's own names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

QUIET = "Apply it in a quiet time: migration-workflow migrate-safe gives up its place in the queue "
QUIET += "after lock-seconds, and tries again."
NEXT = " Then run: migration-workflow rehearse"
ROWS_ALONE = ("RowExclusiveLock", "MDL_SHARED_WRITE")
"""Locks of a statement that changes rows, on PostgreSQL and on MariaDB."""

CONTRIB = "django.contrib.postgres.operations"


def safe_form(kind: str, names: Mapping[str, str], seen: Mapping[str, Any], *, own: bool) -> str:
    """Return what to do instead, with the exact next command."""
    lock, work = seen["lock"], (seen["work"] or seen["statement"] or "").upper()
    if not own:
        return f"It is the migration of an installed app, which can't be rewritten. {QUIET}"
    if lock in ROWS_ALONE:
        return _in_batches(seen) + NEXT
    if not lock.endswith("Lock"):
        return QUIET
    if seen["worked_under"] != lock:
        return f"Keep it in a migration of its own, with nothing that takes long. {QUIET}"
    if seen["rewrite"]:
        return _without_rewrite(kind, names) + NEXT
    return _without_scan(kind, names, work) + NEXT


def _in_batches(seen: Mapping[str, Any]) -> str:
    return (
        f"Change the rows of {seen['relation']} in batches of some thousand, each in a transaction "
        "of its own: RunPython(…, atomic=False) in a migration with atomic = False."
    )


def _without_rewrite(kind: str, names: Mapping[str, str]) -> str:
    model, field = names.get("model", "the model"), names.get("field", "the column")
    if kind == "AddField":
        return (
            f"Add {model}.{field} with null=True and without that default, give it the default in "
            "a second migration (PostgreSQL then keeps it for new rows alone), and fill the old "
            "rows in batches."
        )
    if kind == "AlterField":
        return (
            f"Add a second field beside {model}.{field} with the new type and null=True, let the "
            "code write both, fill the old rows in batches, and change over in a later release."
        )
    return "Do it to a second column or table beside it, filled in batches, and change over later."


def _without_scan(kind: str, names: Mapping[str, str], work: str) -> str:
    if "CREATE UNIQUE" not in work and "CREATE INDEX" in work:
        return _index(kind, names)
    if "REFERENCES" in work:
        return _foreign_key(names)
    for word, form in (("UNIQUE", _unique), ("SET NOT NULL", _not_null), ("CHECK", _check)):
        if word in work:
            return form(names)
    return f"There is no gentler form of it that can be said in general. {QUIET}"


def _index(kind: str, names: Mapping[str, str]) -> str:
    model, field = names.get("model", "the model"), names.get("field", "its fields")
    if kind == "AddField":
        return _foreign_key(names)
    where = "" if kind == "AddIndex" else f"Leave db_index out of {model}.{field}. "
    index = names.get("name") or f"models.Index(fields=[{field!r}], …)"
    return (
        f"{where}Use AddIndexConcurrently({model!r}, …) of {CONTRIB} for {index}, in a migration "
        "with atomic = False."
    )


def _foreign_key(names: Mapping[str, str]) -> str:
    model, field = names.get("model", "the model"), names.get("field", "the column")
    return (
        f"Add {model}.{field} with db_constraint=False and db_index=False, build its index with "
        f"AddIndexConcurrently of {CONTRIB} in a migration with atomic = False, and add a foreign "
        "key as NOT VALID, to be validated in a migration of its own (RunSQL)."
    )


def _unique(names: Mapping[str, str]) -> str:
    what = names.get("name") or ".".join(filter(None, (names.get("model"), names.get("field"))))
    return (
        f"Build the index of {what or 'the constraint'} with CREATE UNIQUE INDEX CONCURRENTLY "
        "(RunSQL, atomic = False), and make it the constraint with ADD CONSTRAINT … UNIQUE USING "
        "INDEX in the next migration, with this operation among its state_operations."
    )


def _not_null(names: Mapping[str, str]) -> str:
    model, field = names.get("model", "the model"), names.get("field", "the column")
    return (
        f"Add a check that {field} is not NULL with AddConstraintNotValid of {CONTRIB}, validate "
        f"it with ValidateConstraint in the next migration, and only then make {model}.{field} "
        "NOT NULL: that goes through no row then."
    )


def _check(names: Mapping[str, str]) -> str:
    model, name = names.get("model", "the model"), names.get("name", "its name")
    return (
        f"Use AddConstraintNotValid({model!r}, …) of {CONTRIB} here, and "
        f"ValidateConstraint({model!r}, name={name!r}) in the next migration."
    )
