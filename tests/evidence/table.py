"""Writes ``docs/evidence.md``: what was observed of each kind of operation, on each engine.

Run it from the root of the repository: ``python -m tests.evidence.table``. It starts the servers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.evidence.cases import CASES, Case
from tests.evidence.observing import Observed, database_on, observe, short, sqlite_in
from tests.servers.engines import ENGINES
from tests.servers.fixtures import START

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"

INTRODUCTION = """\
# What migrations do to tables, observed

Each line is a migration that was run, watched as a rehearsal is, on a table `product` with twenty
rows that refers to a table `maker`. A cell names every table that was there before: the strongest
lock that was taken on it, whether it was rewritten, whether all its rows were read, and how many
rows were changed. A dash: the case is not for that engine, or not run on it.

PostgreSQL's locks are read inside the transaction, from `pg_locks`, rewrites from the file nodes in
`pg_class`, scans and rows from the server's counters: at each new statement and before each commit.
What can't run in one, such as `CONCURRENTLY`, or ends one itself, such as a procedure that commits,
is held up from a second connection until its locks were read; its rows are spread over as many
transactions as the server began meanwhile.

Of MariaDB the cell names the algorithm and the lock, found by demanding the gentlest first and
being refused; `MDL_EXCLUSIVE` is there for a moment at both ends, `MDL_SHARED_NO_WRITE` while rows
are copied or read. What reaches other tables through foreign keys is inferred (`"observed":
"inferred"`), since no server that is set up as usual shows it: its plugin `metadata_lock_info` is
for whoever may install it, and both that and `performance_schema` show only what is held at the
moment. A test holds rows of those tables, and sees which statements wait:

- `MDL_EXCLUSIVE of a child`, on a parent of the table that is changed: whoever writes to the parent
  takes a lock on the child as well, until the transaction is over. So any change of the child waits
  for who has written to the parent, and who wants to write there waits behind it; but not while the
  child is copied or its index is built.
- `InnoDB X`, on a child of the table that is changed: the change ends with it, for a moment, and
  waits for whoever has rows of the child locked. Nobody can read the changed table meanwhile.
- `MDL_SHARED_NO_WRITE`, on the table that a new foreign key leads to, for as long as that takes. In
  `CREATE TABLE` there is none; but Django adds the key of a new model afterwards.
- `MDL_SHARED_WRITE`, on a table whose rows were changed: those rows are locked until the commit.

MySQL is taken to do the same; that was not measured.

SQLite locks the whole file whatever is written. A cell names the tables that were made anew and
those whose rows were changed.

What is said about a lock depends on how big the table is: [LCK101](rules/LCK101.md) to
[LCK107](rules/LCK107.md).

This file is written by `python -m tests.evidence.table`.
"""


def render(observed: Mapping[str, Observed]) -> str:
    """Return the page, from what each engine showed."""
    head = ["migration", *(_heading(one.engine) for one in observed.values())]
    lines = [_line(head), _line(["---"] * len(head))]
    for case in CASES:
        cells = [_cell(one.rows.get(case.name)) for one in observed.values()]
        lines.append(_line([_named(case), *cells]))
    return "\n".join([INTRODUCTION, *lines, ""])


def _heading(engine: str) -> str:
    """Return an engine with the part of its version that changes what it does."""
    vendor, _, version = engine.partition(" ")
    names = {"postgresql": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
    parts = version.split(".")[: {"postgresql": 1, "mariadb": 2, "sqlite": 1}[vendor]]
    return f"{names[vendor]} {'.'.join(parts)}"


def _named(case: Case) -> str:
    return case.what.replace("|", r"\|")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "-"
    locks = dict(row["locks"])
    algorithms = {
        one["relation"]: one["algorithm"]
        for operation in row["operations"]
        for one in operation["relations"]
        if one.get("algorithm")
    }
    changed: dict[str, int] = {}
    for operation in row["operations"]:
        for one in operation["relations"]:
            changed[one["relation"]] = changed.get(one["relation"], 0) + one["rows"]
    indexes = {name for name in row["rewrites"] if name not in locks}
    parts = []
    for name in sorted(locks.keys() | {name for name, rows in changed.items() if rows}):
        words = [f"`{locks[name]}`"] if name in locks else []
        words += [algorithms[name]] if name in algorithms else []
        words += ["rewritten"] if name in row["rewrites"] else []
        words += ["scanned"] if name in row["scans"] else []
        words += [f"{changed[name]} rows"] if changed.get(name) else []
        parts.append(f"{short(row, name)}: {', '.join(words)}")
    if indexes:
        parts.append(f"{len(indexes)} indexes built anew")
    return "; ".join(parts) or "nothing"


def main() -> None:
    """Run every case on every engine, and write the page."""
    with ExitStack() as stack:
        observed = {}
        for engine in ENGINES:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if engine == "sqlite":
                observed[engine] = observe(folder, sqlite_in(folder), "sqlite")
                continue
            server = stack.enter_context(START[engine]())
            server.run("CREATE DATABASE evidence")
            observed[engine] = observe(folder, database_on(server), server.vendor)
        PAGE.write_text(render(observed), encoding="utf-8")


if __name__ == "__main__":
    main()
