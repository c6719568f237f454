"""What a rehearsal showed of locks, and what is said of it: fired, and silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workflow.gates import locks
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from tests.two_apps import Project

FEW, MANY = {"rows": 12, "bytes": 8192}, {"rows": 5_000_000, "bytes": 900_000_000}
STRONGEST, WRITES, ROWS = "AccessExclusiveLock", "ShareLock", "RowExclusiveLock"
INDEX = 'CREATE INDEX "product_name" ON "shop_product" ("name")'


def seen(lock: str, relation: str = "shop_product", **more: Any) -> dict[str, Any]:
    return {
        "relation": relation,
        "lock": lock,
        "rewrite": False,
        "scan": False,
        "rows": 0,
        "statement": "ALTER TABLE …",
        "work": None,
        "seconds": 0.25,
        "observed": "read",
        "locked_in": [1, 1],
        "worked_in": [1, 1],
        **more,
    }


def judge(
    project: Project,
    *relations: dict[str, Any],
    sizes: dict[str, Any],
    app: str = "shop",
    kind: str = "AlterField",
    **names: str,
) -> list[Finding]:
    """Judge one migration with one operation, whose strongest locks come first."""
    strongest: dict[str, Any] = {}
    for one in relations:
        strongest.setdefault(one["relation"], one["lock"])
    operation = {"operation": 0, "kind": kind, "names": names, "relations": list(relations)}
    row = {
        "app": app,
        "migration": "0002_change",
        "locks": [[name, lock] for name, lock in strongest.items() if lock],
        "operations": [operation],
    }
    answer = {"evidence": [row], "sizes": sizes, "scratch": {"engine": "postgresql 18.4"}}
    return list(locks.findings(project.context(), answer))


WORK = {
    "LCK101": seen(STRONGEST, rewrite=True, scan=True, work="ALTER TABLE …"),
    "LCK102": seen(STRONGEST, scan=True, work="ALTER TABLE …"),
    "LCK103": seen(WRITES, scan=True, work=INDEX),
}


@pytest.mark.parametrize("code", WORK)
def test_work_under_a_lock_refuses_where_the_table_is_big(project: Project, code: str) -> None:
    (finding,) = judge(project, WORK[code], sizes={"shop_product": MANY})
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert "shop_product (5,000,000 rows, 900.0 MB)" in finding.message


@pytest.mark.parametrize("code", WORK)
def test_work_under_a_lock_informs_where_it_is_small(project: Project, code: str) -> None:
    (finding,) = judge(project, WORK[code], sizes={"shop_product": FEW})
    assert (finding.code, finding.severity) == (code, Severity.INFO)


def test_few_rows_that_are_huge_are_not_small(project: Project) -> None:
    sizes = {"shop_product": {"rows": 12, "bytes": 900_000_000}}
    (finding,) = judge(project, WORK["LCK101"], sizes=sizes)
    assert finding.severity is Severity.ERROR


def test_no_table_is_small_where_the_project_says_so(project: Project) -> None:
    project.write("migration-workflow.toml", "small-rows = 0\n")
    (finding,) = judge(project, WORK["LCK102"], sizes={"shop_product": FEW})
    assert finding.severity is Severity.ERROR


def test_a_migration_of_an_installed_app_warns(project: Project) -> None:
    (finding,) = judge(project, WORK["LCK101"], sizes={"shop_product": MANY}, app="auth")
    assert finding.severity is Severity.WARNING
    assert finding.fix is not None
    assert finding.fix.startswith("It is the migration of an installed app")


def test_all_that_is_known_of_an_index(project: Project) -> None:
    sizes = {"shop_product": MANY}
    names = {"model": "product", "name": "product_name"}
    (finding,) = judge(project, WORK["LCK103"], sizes=sizes, kind="AddIndex", **names)
    assert finding == Finding(
        "LCK103",
        Severity.ERROR,
        "shop.0002_change goes through shop_product (5,000,000 rows, 900.0 MB) under ShareLock: "
        "nobody can write to it until that is over. The lock was held for 0.25 s in the "
        f"rehearsal, and that grows with the table. {INDEX}",
        "Use AddIndexConcurrently('product', …) of django.contrib.postgres.operations for "
        "product_name, in a migration with atomic = False. Then run: migration-workflow rehearse",
        app="shop",
        migration="0002_change",
        operation=0,
        data={
            "engine": "postgresql 18.4",
            "relation": "shop_product",
            "lock": WRITES,
            "rewrite": False,
            "scan": True,
            "rows": 0,
            "statement": "ALTER TABLE …",
            "seconds": 0.25,
            "observed": "read",
            "table_rows": 5_000_000,
            "table_bytes": 900_000_000,
        },
    )


def test_a_parent_that_is_locked_for_a_moment_informs(project: Project) -> None:
    (finding,) = judge(project, seen("ShareRowExclusiveLock", "shop_maker"), sizes={})
    assert (finding.code, finding.severity) == ("LCK104", Severity.INFO)


def test_a_parent_that_is_locked_while_the_child_is_gone_through_refuses(project: Project) -> None:
    parent = seen("ShareRowExclusiveLock", "shop_maker")
    found = judge(project, WORK["LCK102"], parent, sizes={"shop_product": MANY})
    assert {(one.code, one.severity) for one in found} == {
        ("LCK102", Severity.ERROR),
        ("LCK104", Severity.ERROR),
    }


def test_many_rows_in_one_transaction_warn(project: Project) -> None:
    (finding,) = judge(project, seen(ROWS, rows=10_001), sizes={"shop_product": MANY})
    assert (finding.code, finding.severity) == ("LCK105", Severity.WARNING)


def test_a_strong_lock_for_a_moment_informs_however_big_the_table(project: Project) -> None:
    (finding,) = judge(project, seen(STRONGEST), sizes={"shop_product": MANY})
    assert (finding.code, finding.severity) == ("LCK106", Severity.INFO)


def test_a_strong_lock_that_is_kept_while_others_work_refuses(project: Project) -> None:
    other = seen(ROWS, "shop_order", rows=2_000_000)
    found = judge(project, seen(STRONGEST), other, sizes={"shop_order": MANY})
    assert {(one.code, one.severity) for one in found} == {
        ("LCK107", Severity.ERROR),
        ("LCK105", Severity.WARNING),
    }


@pytest.mark.parametrize("lock", [STRONGEST, "ShareRowExclusiveLock"])
def test_a_lock_is_not_kept_beyond_its_transaction(project: Project, lock: str) -> None:
    """In a migration with ``atomic = False``, nobody waits for what comes afterwards."""
    other = seen(ROWS, "shop_order", rows=2_000_000, locked_in=[2, 9], worked_in=[2, 9])
    found = judge(project, seen(lock, worked_in=None), other, sizes={"shop_order": MANY})
    assert [(one.code, one.severity) for one in found] == [
        ("LCK106" if lock == STRONGEST else "LCK104", Severity.INFO),
        ("LCK105", Severity.WARNING),
    ]


def test_the_worst_of_several_transactions_is_told(project: Project) -> None:
    moment = seen(STRONGEST, worked_in=None)
    index = seen(WRITES, scan=True, work=INDEX, locked_in=[2, 2], worked_in=[2, 2])
    for size, severity in ((FEW, Severity.INFO), (MANY, Severity.ERROR)):
        (finding,) = judge(project, moment, index, sizes={"shop_product": size})
        assert (finding.code, finding.severity) == ("LCK103", severity)


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(seen("ShareUpdateExclusiveLock", scan=True), id="built concurrently"),
        pytest.param(seen(ROWS, rows=500, scan=True), id="few rows changed"),
        pytest.param(seen("AccessShareLock", scan=True), id="read only"),
        pytest.param(seen("EXCLUSIVE", rewrite=True, scan=True), id="a small table of SQLite"),
    ],
)
def test_silent_for(project: Project, harmless: dict[str, Any]) -> None:
    assert judge(project, harmless, sizes={}) == []
