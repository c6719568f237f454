"""One migrator at a time, on each engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

AT_ONCE = 6

HISTORY = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    print(*("recorded %s.%s" % row for row in cursor.fetchall()), sep="\\n")
"""


def recorded(shop: Shop) -> list[str]:
    lines = shop.manage("shell", "-c", HISTORY).stdout.splitlines()
    return [line.split()[1] for line in lines if line.startswith("recorded ")]


def test_of_several_at_once_each_migration_is_applied_by_one(shop: Shop) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        runs: list[Run] = list(
            threads.map(lambda _: shop.json("migrate-safe", "--wait=100"), range(AT_ONCE))
        )
    assert [why(run) for run in runs if run.code] == []
    assert [run for run in runs if "Traceback" in run.said] == []
    applying = [run for run in runs if run.verdicts()["apply"] == "passed"]
    assert len(applying) == 1
    names, rows = recorded(shop), evidence(applying[0])
    assert len(names) == len(set(names))
    assert len(rows) == len(set(rows))
    assert set(rows) <= set(names)


def why(run: Run) -> str:
    """Return what the gates said of a run that failed, and what the project did."""
    gates = [gate for gate in run.document["gates"] if gate["verdict"] in {"refused", "errored"}]
    return "\n".join((f"code {run.code}", *map(str, gates), run.stderr))


def evidence(run: Run) -> list[str]:
    (step,) = [gate for gate in run.document["gates"] if gate["name"] == "apply"]
    return [f"{row['app']}.{row['migration']}" for row in step["evidence"]]


def test_who_changes_nothing_takes_no_turn(shop: Shop) -> None:
    assert shop.json("migrate-safe", "--dry-run").verdicts()["turn"] == "skipped"
