"""What a rehearsal showed of locks: which tables are kept from whom, for how long, and why.

A part of the rehearsal gate. What was observed is judged by how big the table is in the database
that is to be migrated: the same rewrite is over in a moment on a small one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.gates.safe_forms import safe_form
from workflow.history.model import MigrationKey
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from workflow.context import Context

BYTES_A_ROW = 1000
"""A table with few rows is small where they are not bigger than that."""

NOBODY_READS = "nobody can read or write it"
NOBODY_WRITES = "nobody can write to it"
SQLITE = "EXCLUSIVE"

BLOCKS = {
    "AccessExclusiveLock": NOBODY_READS,
    "ExclusiveLock": NOBODY_WRITES,
    "ShareRowExclusiveLock": NOBODY_WRITES,
    "ShareLock": NOBODY_WRITES,
    "MDL_SHARED_NO_WRITE": NOBODY_WRITES,
    SQLITE: "nobody can write to the database",
}
"""Whom a lock keeps out for as long as it is held; the others let rows be read and written.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES,
https://www.sqlite.org/lockingv3.html.
"""

OF_RELATED = ("MDL_EXCLUSIVE of a child", "InnoDB X")
"""What a change of another table takes, which a foreign key ties to this one. Rows can be read."""

MOMENTARY = ("MDL_EXCLUSIVE", *OF_RELATED)
"""Locks of MariaDB that are there for a moment, at the ends of a statement."""


class Held(NamedTuple):
    """What one migration did to one relation: its strongest lock and its heaviest work.

    ``rows`` and ``size`` are those of the table in the database that is to be migrated.
    """

    app: str
    migration: str
    operation: int
    kind: str
    names: Mapping[str, str]
    seen: Mapping[str, Any]
    rows: int
    size: int | None

    @property
    def blocks(self) -> str | None:
        """Whom the lock keeps out; nobody from writing to what nobody can write to."""
        kept_out = BLOCKS.get(self.seen["lock"])
        return None if kept_out is NOBODY_WRITES and self.seen.get("materialized") else kept_out

    @property
    def works(self) -> bool:
        """Whether the time that it takes grows with the table, under whatever lock."""
        return bool(self.seen["rewrite"] or self.seen["scan"])

    @property
    def works_under_it(self) -> bool:
        """Whether the time under the lock grows with the table."""
        return self.works and self.seen["worked_under"] == self.seen["lock"]

    def is_locked_while(self, other: Held) -> bool:
        """Say whether the lock may have been kept while the migration worked on ``other``."""
        locked, worked = self.seen["locked_in"], other.seen["worked_in"]
        return bool(worked) and overlap(locked, worked)

    @property
    def held(self) -> str:
        """How long the lock was held, as the begin of a sentence."""
        return f"The lock was held for {self.seen['seconds']:.3g} s in the rehearsal"

    @property
    def table(self) -> str:
        """The table, with how big it is."""
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        size = "" if self.size is None else f", {_megabytes(self.size)}"
        return f"{self.seen['relation']} ({rows}{size})"

    def is_small(self, small_rows: int) -> bool:
        """Say whether the whole table is gone through in a moment."""
        few = small_rows > 0 and self.rows <= small_rows
        return few and (self.size or 0) <= small_rows * BYTES_A_ROW

    def changes_many(self, small_rows: int) -> bool:
        """Say whether one transaction changes many rows of it."""
        most: int = self.seen["most_rows"]
        return most > small_rows > 0

    def takes_long(self, small_rows: int) -> bool:
        """Say whether the migration is long at work on it, under whatever lock."""
        return (self.works and not self.is_small(small_rows)) or self.changes_many(small_rows)


class Judged(NamedTuple):
    """What is to be said of one relation. ``does`` goes on after the migration's name."""

    code: str
    severity: Severity
    does: str


def findings(context: Context, answer: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each table that was there before and that somebody is kept from.

    A table that is locked in several transactions is judged in each: the worst of it is told.
    """
    small = context.settings.small_rows
    for row in answer["evidence"]:
        held = list(held_by(row, answer.get("sizes", {})))
        long = [one for one in held if one.takes_long(small)]
        worst: dict[str, tuple[Held, Judged]] = {}
        for one in held:
            relation = one.seen["relation"]
            beside = [
                other
                for other in long
                if other.seen["relation"] != relation and one.is_locked_while(other)
            ]
            judged = _judge(one, beside, small)
            if judged is not None:
                known = worst.get(relation, (one, judged))
                worst[relation] = max(known, (one, judged), key=_to_be_told)
        for one, judged in worst.values():
            yield _finding(context, one, judged, answer["scratch"]["engine"])


def _to_be_told(told: tuple[Held, Judged]) -> tuple[int, bool, bool]:
    """Return how much something is to be told before others."""
    one, judged = told
    severities = (Severity.INFO, Severity.WARNING, Severity.ERROR)
    return severities.index(judged.severity), one.seen["rewrite"], one.works


Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""An operation, and what it did to one relation."""


def held_by(row: Mapping[str, Any], sizes: Mapping[str, Any]) -> Iterator[Held]:
    """Yield what a migration did to each relation that it locked, as far as locks were kept.

    A migration with ``atomic = False`` has many transactions, and so has each on MariaDB.
    """
    for relation, strongest in row.get("locks", ()):
        pairs = [
            (operation, touched)
            for operation in row["operations"]
            for touched in operation["relations"]
            if touched["relation"] == relation
        ]
        for together in _together(pairs):
            locks = {touched["lock"] for _, touched in together} - {None}
            lock = strongest if strongest in locks else max(locks, key=_strength, default=None)
            while_working = {touched["worked_under"] for _, touched in together} & BLOCKS.keys()
            lock = max(while_working, key=_strength, default=lock)
            if lock is not None:
                yield _held(row, together, lock, sizes.get(relation, {}))


def _held(row: Mapping[str, Any], pairs: list[Pair], lock: str, size: Mapping[str, Any]) -> Held:
    """Return what several operations did to one relation while its locks were kept."""
    operation, heaviest = max(pairs, key=lambda pair: _weight(pair[1], lock))
    takers = [_taken(touched, lock) for _, touched in pairs if lock in _locks_of(touched)]
    return Held(
        row["app"],
        row["migration"],
        operation["operation"],
        operation["kind"],
        operation["names"],
        {
            **heaviest,
            "lock": lock,
            "statement": takers[0][0],
            "rewrite": any(touched["rewrite"] for _, touched in pairs),
            "scan": any(touched["scan"] for _, touched in pairs),
            "rows": sum(touched["rows"] for _, touched in pairs),
            "most_rows": sum(touched["most_rows"] for _, touched in pairs),
            "seconds": max(touched["seconds"] for _, touched in pairs),
            "locked_in": _hull(span for _, span in takers),
            "worked_in": _hull(touched["worked_in"] for _, touched in pairs),
            "worked_under": heaviest["worked_under"],
        },
        max(size.get("rows") or 0, 0),
        size.get("bytes"),
    )


def _locks_of(touched: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return touched["lock"], touched["worked_under"]


def _taken(touched: Mapping[str, Any], lock: str) -> tuple[str, Span | None]:
    """Return the statement that had a lock, and the transactions where it was."""
    if touched["lock"] == lock:
        return touched["statement"], touched["locked_in"]
    return touched["work"], touched["worked_in"]


def _together(pairs: list[Pair]) -> list[list[Pair]]:
    """Return what operations did to one relation, by the transactions that they may share."""
    groups: list[list[Pair]] = []
    for pair in pairs:
        span = _span(pair)
        if groups and overlap(_hull(map(_span, groups[-1])), span):
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return groups


Span = Sequence[int]
"""The first and the last of the transactions of a migration; none where it is empty."""


def _span(pair: Pair) -> Span:
    return _hull((pair[1]["locked_in"], pair[1]["worked_in"]))


def _hull(spans: Iterable[Span | None]) -> Span:
    known = [span for span in spans if span]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else ()


def overlap(one: Span, other: Span) -> bool:
    """Say whether both may have a transaction in common."""
    return not (one and other) or (one[0] <= other[1] and other[0] <= one[1])


def _strength(lock: str) -> int:
    return 2 if BLOCKS.get(lock) is NOBODY_READS else int(lock in BLOCKS)


def _weight(touched: Mapping[str, Any], lock: str) -> tuple[bool, bool, bool, bool]:
    under_it = touched["worked_under"] == lock
    return under_it, touched["rewrite"], touched["scan"], touched["lock"] == lock


def _finding(context: Context, one: Held, judged: Judged, engine: str) -> Finding:
    """Return the finding. Where nothing gentler can be written, it does not refuse."""
    own = context.is_own(one.app)
    stays = not own or one.seen["lock"] == SQLITE
    mild = judged.severity is Severity.ERROR and stays
    return Finding(
        judged.code,
        Severity.WARNING if mild else judged.severity,
        f"{one.app}.{one.migration} {judged.does}",
        safe_form(one.kind, one.names, one.seen, own=own),
        app=one.app,
        migration=one.migration,
        operation=one.operation,
        **_place(context, one),
        data=_data(one, engine),
    )


def _judge(one: Held, long: list[Held], small_rows: int) -> Judged | None:
    """Return what is to be said of one relation, if anything is."""
    if one.seen["lock"] == SQLITE and (one.is_small(small_rows) or not one.works):
        return None
    if one.blocks and one.works_under_it:
        return _while_working(one, small_rows)
    if one.blocks and long:
        return _beside_work(one, long)
    if one.changes_many(small_rows) and not one.blocks:
        return _rows_kept(one)
    return _for_a_moment(one, small_rows)


def _while_working(one: Held, small_rows: int) -> Judged:
    does = "rewrites" if one.seen["rewrite"] else "goes through"
    reads = one.blocks is NOBODY_READS
    return Judged(
        "LCK101" if one.seen["rewrite"] else "LCK102" if reads else "LCK103",
        Severity.INFO if one.is_small(small_rows) else Severity.ERROR,
        f"{does} {one.table} under {one.seen['lock']}: {one.blocks} until that is over. "
        f"{one.held}, and that grows with the table. {one.seen['work']}",
    )


def _beside_work(one: Held, long: list[Held]) -> Judged:
    others = ", ".join(other.table for other in long)
    return Judged(
        "LCK104" if one.blocks is NOBODY_WRITES else "LCK107",
        Severity.ERROR,
        f"takes {one.seen['lock']} on {one.table} and works on {others} as well: {one.blocks} "
        f"until that is over. {one.held}. {one.seen['statement']}",
    )


def _for_a_moment(one: Held, small_rows: int) -> Judged | None:
    """Return what is to be said of a lock under which nothing takes long, if anything is."""
    if one.seen["lock"] in OF_RELATED:
        return None if one.is_small(small_rows) else _of_related(one)
    if not one.blocks and one.seen["lock"] not in MOMENTARY:
        return None
    return Judged(
        "LCK104" if one.blocks is NOBODY_WRITES else "LCK106",
        Severity.INFO,
        f"takes {one.seen['lock']} on {one.table} and goes through none of its rows under it. "
        f"{one.held}, and that does not grow with the table; but while it waits for the lock, all "
        f"who come after it wait as well. {one.seen['statement']}",
    )


def _of_related(one: Held) -> Judged:
    return Judged(
        "LCK104",
        Severity.INFO,
        f"changes a table that a foreign key ties to {one.table}: {NOBODY_WRITES} for a moment, "
        "which does not grow with the table; but it waits for every transaction that has written "
        f"there, and all who want to write there wait behind it. {one.seen['statement']}",
    )


def _rows_kept(one: Held) -> Judged:
    return Judged(
        "LCK105",
        Severity.WARNING,
        f"changes {one.seen['most_rows']:,} rows of {one.table} in one transaction: whoever wants "
        f"to change one of them waits until that is over. {one.held}. {one.seen['statement']}",
    )


def _place(context: Context, one: Held) -> dict[str, Any]:
    """Return where the operation is written, as far as that is known."""
    migration = context.history.migrations.get(MigrationKey(one.app, one.migration))
    if migration is None:
        return {}
    lines = (
        operation.line
        for operation in migration.operations
        if operation.position == one.operation and operation.name == one.kind
    )
    return {"path": str(migration.path), "line": next(lines, None)}


def _data(one: Held, engine: str) -> dict[str, Any]:
    kept = ("relation", "lock", "rewrite", "scan", "rows", "statement", "seconds", "observed")
    measured = {key: one.seen[key] for key in kept}
    return {"engine": engine, **measured, "table_rows": one.rows, "table_bytes": one.size}


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 100_000 else f"{size / 1000:,.0f} kB"
