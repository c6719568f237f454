"""What a rehearsal showed of locks, and what is said of it: fired, and silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from workflow.gates import locks
from workflow.gates.safe_forms import QUIET
from workflow.outcome import Finding, Severity

if TYPE_CHECKING:
    from tests.two_apps import Project

FEW, MANY = {"rows": 12, "bytes": 8192}, {"rows": 5_000_000, "bytes": 900_000_000}
STRONGEST, WRITES, ROWS = "AccessExclusiveLock", "ShareLock", "RowExclusiveLock"
INDEX = 'CREATE INDEX "product_name" ON "shop_product" ("name")'


def seen(lock: str, relation: str = "shop_product", rows: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "relation": relation,
        "lock": lock,
        "rewrite": False,
        "scan": False,
        "rows": rows,
        "most_rows": rows,
        "statement": "ALTER TABLE …",
        "work": None,
        "seconds": 0.25,
        "observed": "read",
        "locked_in": [1, 1],
        "worked_in": [1, 1],
        "worked_under": lock if more.get("rewrite") or more.get("scan") else None,
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


SHARED, MOMENTARY = "MDL_SHARED_NO_WRITE", "MDL_EXCLUSIVE"
BEFORE_IT = {
    "an index that is built before": (seen(STRONGEST, scan=True, worked_under=WRITES), "LCK103"),
    "a copy of MariaDB's": (seen(MOMENTARY, rewrite=True, worked_under=SHARED), "LCK101"),
    "a check that is validated": (
        seen(STRONGEST, scan=True, worked_under="ShareUpdateExclusiveLock"),
        "LCK106",
    ),
    "rows that are read": (seen(STRONGEST, scan=True, worked_under="AccessShareLock"), "LCK106"),
    "a copy that keeps nobody out": (seen(MOMENTARY, rewrite=True, worked_under=None), "LCK106"),
}


@pytest.mark.parametrize("case", BEFORE_IT)
def test_work_is_judged_by_the_lock_that_was_held_meanwhile(project: Project, case: str) -> None:
    """The strongest lock may be taken after the work, or in another transaction."""
    one, code = BEFORE_IT[case]
    one = {**one, "work": INDEX}
    (finding,) = judge(project, one, sizes={"shop_product": MANY})
    refused = code != "LCK106"
    assert (finding.code, finding.severity is Severity.ERROR) == (code, refused)
    assert finding.data["lock"] == (one["worked_under"] if refused else one["lock"])
    assert ("until that is over" in finding.message) is refused


def test_nobody_is_kept_from_writing_to_a_view(project: Project) -> None:
    """REFRESH MATERIALIZED VIEW CONCURRENTLY keeps nobody from reading; without that it does."""
    sizes = {"shop_product": MANY}
    refreshed = seen("ExclusiveLock", scan=True, materialized=True)
    assert judge(project, refreshed, sizes=sizes) == []
    (finding,) = judge(project, {**WORK["LCK101"], "materialized": True}, sizes=sizes)
    assert finding.severity is Severity.ERROR


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


def test_rows_that_are_changed_in_batches_do_not_warn(project: Project) -> None:
    for lock in (ROWS, "MDL_SHARED_WRITE"):
        batches = seen(lock, rows=1_000_000, most_rows=1000, worked_in=[1, 1000])
        assert judge(project, batches, sizes={"shop_product": MANY}) == []


def test_many_rows_of_mariadb_in_one_transaction_warn(project: Project) -> None:
    many = seen("MDL_SHARED_WRITE", rows=10_001, observed="inferred")
    (finding,) = judge(project, many, sizes={"shop_product": MANY}, kind="RunSQL")
    assert (finding.code, finding.severity) == ("LCK105", Severity.WARNING)
    assert finding.message.startswith("shop.0002_change changes 10,001 rows of shop_product (5,0")
    assert finding.fix is not None
    assert finding.fix.startswith("Change the rows of shop_product in batches")


@pytest.mark.parametrize("lock", ["MDL_EXCLUSIVE", *locks.OF_RELATED])
def test_many_rows_are_told_before_a_moment(project: Project, lock: str) -> None:
    moment = seen(lock, rows=10_001, worked_in=[2, 2])
    (finding,) = judge(project, moment, sizes={"shop_product": MANY})
    assert (finding.code, finding.severity) == ("LCK105", Severity.WARNING)


REWRITTEN = seen("MDL_SHARED_NO_WRITE", rewrite=True, scan=True, work="ALTER TABLE …")


@pytest.mark.parametrize("lock", locks.OF_RELATED)
@pytest.mark.parametrize("changed", [REWRITTEN, seen("MDL_EXCLUSIVE")], ids=["rewritten", "moment"])
def test_a_big_table_that_a_foreign_key_ties_to_the_changed_one_informs(
    project: Project, changed: dict[str, Any], lock: str
) -> None:
    """However long the other is worked on: it is out of the way before and after that only."""
    related = seen(lock, "shop_maker", worked_in=None, observed="inferred", seconds=0.0)
    found = judge(project, changed, related, sizes={"shop_product": MANY, "shop_maker": MANY})
    (finding,) = (one for one in found if one.data["relation"] == "shop_maker")
    assert finding == Finding(
        "LCK104",
        Severity.INFO,
        "shop.0002_change changes a table that a foreign key ties to shop_maker (5,000,000 rows, "
        "900.0 MB): nobody can write to it for a moment, which does not grow with the table; but "
        "it waits for every transaction that has written there, and all who want to write there "
        "wait behind it. ALTER TABLE …",
        QUIET,
        app="shop",
        migration="0002_change",
        operation=0,
        data={
            "engine": "postgresql 18.4",
            "relation": "shop_maker",
            "lock": lock,
            "rewrite": False,
            "scan": False,
            "rows": 0,
            "statement": "ALTER TABLE …",
            "seconds": 0.0,
            "observed": "inferred",
            "table_rows": 5_000_000,
            "table_bytes": 900_000_000,
        },
    )


def test_a_new_foreign_key_of_a_big_table_of_mariadb_refuses(project: Project) -> None:
    parent = seen("MDL_SHARED_NO_WRITE", "shop_maker", worked_in=None, observed="inferred")
    found = judge(project, REWRITTEN, parent, sizes={"shop_product": MANY, "shop_maker": FEW})
    assert {(one.code, one.severity) for one in found} == {
        ("LCK101", Severity.ERROR),
        ("LCK104", Severity.ERROR),
    }


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(seen("ShareUpdateExclusiveLock", scan=True), id="built concurrently"),
        pytest.param(seen(ROWS, rows=500, scan=True), id="few rows changed"),
        pytest.param(seen("AccessShareLock", scan=True), id="read only"),
        pytest.param(seen("EXCLUSIVE", rewrite=True, scan=True), id="a small table of SQLite"),
        pytest.param(seen("EXCLUSIVE", rows=10_001), id="SQLite has one writer anyway"),
        pytest.param(seen("MDL_SHARED_WRITE", rows=500), id="few rows of MariaDB changed"),
        pytest.param(seen("MDL_EXCLUSIVE of a child"), id="a small parent, for a moment"),
        pytest.param(seen("InnoDB X"), id="a small child, for a moment"),
    ],
)
def test_silent_for(project: Project, harmless: dict[str, Any]) -> None:
    assert judge(project, harmless, sizes={}) == []
