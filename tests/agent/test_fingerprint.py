"""A fingerprint sees what means something, and passes over what does not."""

from __future__ import annotations

from typing import Any

import pytest
from _migration_workflow_agent.fingerprint import difference, fingerprint, row_changes

TABLE = "CREATE TABLE t (id integer PRIMARY KEY, a varchar(20) NOT NULL, b integer)"


def taken(connection: Any, *statements: str) -> dict[str, Any]:
    """The fingerprint after some statements, on tables that are new."""
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)}")
        for statement in statements:
            cursor.execute(statement)
    found: dict[str, Any] = fingerprint(connection)
    return found


def differences(connection: Any, one: str | list[str], other: str | list[str]) -> list[str]:
    before, after = (
        taken(connection, *([text] if isinstance(text, str) else text)) for text in (one, other)
    )
    lines: list[str] = difference(before["schema"], after["schema"])
    assert bool(lines) is (before["schema"] != after["schema"])
    return lines


class TestPassedOver:
    """Two ways to the same schema have the same fingerprint."""

    @pytest.mark.parametrize(
        ("reason", "one", "other"),
        [
            ("order of columns", "CREATE TABLE t (a int, b int)", "CREATE TABLE t (b int, a int)"),
            ("white space", "CREATE TABLE t (a int, b int)", "CREATE  TABLE t(a  int,\n b int)"),
            ("quotes around names", "CREATE TABLE t (a int)", 'CREATE TABLE "t" ("a" int)'),
            ("case of a type", "CREATE TABLE t (a int)", "CREATE TABLE t (a INT)"),
            (
                "a name that SQLite makes up",
                "CREATE TABLE t (a int UNIQUE, b int UNIQUE)",
                "CREATE TABLE t (b int UNIQUE, a int UNIQUE)",
            ),
            (
                "where a key is declared",
                "CREATE TABLE t (a int NOT NULL UNIQUE)",
                "CREATE TABLE t (a int NOT NULL, UNIQUE (a))",
            ),
            (
                "order of checks",
                "CREATE TABLE t (a int, CHECK (a > 1), CHECK (a < 9))",
                "CREATE TABLE t (a int, CHECK (a < 9), CHECK (a > 1))",
            ),
        ],
    )
    def test_it(self, connection: Any, reason: str, one: str, other: str) -> None:
        assert differences(connection, one, other) == [], reason

    def test_a_column_that_came_later(self, connection: Any) -> None:
        added = ["CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int", "ANALYZE"]
        assert differences(connection, "CREATE TABLE t (b int, a int)", added) == []

    def test_a_table_that_was_made_again_under_another_name(self, connection: Any) -> None:
        again = [
            TABLE.replace("TABLE t", "TABLE new__t"),
            'ALTER TABLE "new__t" RENAME TO "t"',
        ]
        assert differences(connection, TABLE, again) == []

    def test_rows(self, connection: Any) -> None:
        rows = [TABLE, "INSERT INTO t (a) VALUES ('x')"]
        assert differences(connection, TABLE, rows) == []


class TestSeen:
    @pytest.mark.parametrize(
        ("what", "one", "other", "line"),
        [
            (
                "not null",
                "CREATE TABLE t (a int)",
                "CREATE TABLE t (a int NOT NULL)",
                "t: column a int not null is left over",
            ),
            (
                "a type",
                "CREATE TABLE t (a varchar(20))",
                "CREATE TABLE t (a varchar(30))",
                "t: column a varchar(30) null is left over",
            ),
            (
                "a default",
                "CREATE TABLE t (a int DEFAULT 1)",
                "CREATE TABLE t (a int DEFAULT 2)",
                "t: column a int null default=1 is missing",
            ),
            (
                "a default that is gone",
                "CREATE TABLE t (a int DEFAULT 1)",
                "CREATE TABLE t (a int)",
                "t: column a int null default=1 is missing",
            ),
            (
                "a collation",
                "CREATE TABLE t (a text)",
                "CREATE TABLE t (a text COLLATE NOCASE)",
                "t: column a text null collate nocase is left over",
            ),
            (
                "the collation of a column with a space in its name",
                'CREATE TABLE t ("a b" text)',
                'CREATE TABLE t ("a b" text COLLATE NOCASE)',
                "t: column a b text null collate nocase is left over",
            ),
            (
                "keys that are not used again",
                "CREATE TABLE t (id integer PRIMARY KEY)",
                "CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT)",
                "t: column id integer null key=1 autoincrement is left over",
            ),
            (
                "a check",
                "CREATE TABLE t (a int CHECK (a > 1))",
                "CREATE TABLE t (a int CHECK (a > 2))",
                "t: CHECK (a > 2) is left over",
            ),
            (
                "a check with a comma and brackets",
                "CREATE TABLE t (a int, CONSTRAINT c CHECK (a IN (1, 2)))",
                "CREATE TABLE t (a int, CONSTRAINT c CHECK (a IN (1, 3)))",
                "t: CONSTRAINT c CHECK (a IN (1, 3)) is left over",
            ),
            (
                "a check with a quoted bracket",
                "CREATE TABLE t (a text CHECK (a <> ')'))",
                "CREATE TABLE t (a text CHECK (a <> '('))",
                "t: CHECK (a <> '(') is left over",
            ),
            (
                "the name of a constraint",
                "CREATE TABLE t (a int, CONSTRAINT one UNIQUE (a))",
                "CREATE TABLE t (a int, CONSTRAINT two UNIQUE (a))",
                "t: CONSTRAINT one UNIQUE (a) is missing",
            ),
            (
                "uniqueness",
                "CREATE TABLE t (a int)",
                "CREATE TABLE t (a int UNIQUE)",
                "t: unique a is left over",
            ),
            (
                "uniqueness of two",
                "CREATE TABLE t (a int, b int, UNIQUE (a, b))",
                "CREATE TABLE t (a int, b int, UNIQUE (b, a))",
                "t: unique a,b is missing",
            ),
            (
                "a primary key",
                "CREATE TABLE t (a int PRIMARY KEY)",
                "CREATE TABLE t (a int)",
                "t: primary key a is missing",
            ),
            (
                "a generated column",
                "CREATE TABLE t (a int, b int)",
                "CREATE TABLE t (a int, b int AS (a + 1) STORED)",
                "t: column b int null generated is left over",
            ),
            (
                "a column",
                "CREATE TABLE t (a, b)",
                "CREATE TABLE t (a)",
                "t: column b  null is missing",
            ),
        ],
    )
    def test_it(self, connection: Any, what: str, one: str, other: str, line: str) -> None:
        assert line in differences(connection, one, other), what

    @pytest.mark.parametrize(
        ("what", "reference", "line"),
        [
            ("its table", "b REFERENCES t (id)", "b references t.id"),
            ("its column", "b REFERENCES u (other)", "b references u.other"),
            ("what a delete does", "b REFERENCES u (id) ON DELETE CASCADE", "on delete CASCADE"),
        ],
    )
    def test_a_foreign_key_by(self, connection: Any, what: str, reference: str, line: str) -> None:
        tables = [TABLE, "CREATE TABLE u (id integer PRIMARY KEY, other int UNIQUE)"]
        one = [*tables, "CREATE TABLE v (b REFERENCES u (id))"]
        found = differences(connection, one, [*tables, f"CREATE TABLE v ({reference})"])
        assert any(line in one and one.endswith("is left over") for one in found), what
        assert "v: b references u.id on update NO ACTION on delete NO ACTION is missing" in found

    @pytest.mark.parametrize(
        ("what", "index"),
        [
            ("its condition", "CREATE INDEX i ON t (a) WHERE b > 2"),
            ("its columns", "CREATE INDEX i ON t (a, b) WHERE b > 1"),
            ("its order", "CREATE INDEX i ON t (a DESC) WHERE b > 1"),
            ("its expression", "CREATE INDEX i ON t (lower(a)) WHERE b > 1"),
            ("its uniqueness", "CREATE UNIQUE INDEX i ON t (a) WHERE b > 1"),
        ],
    )
    def test_an_index_by(self, connection: Any, what: str, index: str) -> None:
        one = "CREATE INDEX i ON t (a) WHERE b > 1"
        assert differences(connection, [TABLE, one], [TABLE, index]) == [
            f"index i: {one} is missing",
            f"index i: {index} is left over",
        ], what

    def test_a_view(self, connection: Any) -> None:
        one, two = (f"CREATE VIEW v AS SELECT {name} FROM t" for name in "ab")
        found = differences(connection, [TABLE, one], ["DROP VIEW v", TABLE, two])
        with connection.cursor() as cursor:
            cursor.execute("DROP VIEW v")
        assert found == [f"view v: {one} is missing", f"view v: {two} is left over"]

    def test_a_trigger(self, connection: Any) -> None:
        trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END"
        assert differences(connection, TABLE, [TABLE, trigger]) == ["trigger g is left over"]


class TestOddTables:
    def test_columns_without_a_type(self, connection: Any) -> None:
        assert taken(connection, "CREATE TABLE t (x, y)")["schema"]["t"] == [
            "column x  null",
            "column y  null",
        ]

    def test_a_full_text_index(self, connection: Any) -> None:
        found = taken(connection, "CREATE VIRTUAL TABLE search USING fts5(a, b)")
        assert found["schema"]["search"] == ["CREATE VIRTUAL TABLE search USING fts5(a, b)"]
        assert found["rows"]["search"] == 0

    @pytest.mark.parametrize("name", ["with space", "with'quote", "ünï", "sel%ct", "order"])
    def test_names(self, connection: Any, name: str) -> None:
        found = taken(connection, f'CREATE TABLE "{name}" (a int UNIQUE)')
        with connection.cursor() as cursor:
            cursor.execute(f'DROP TABLE "{name}"')
        assert name in found["schema"]
        assert found["rows"] == {name: 0}

    def test_an_empty_database(self, connection: Any) -> None:
        assert taken(connection) == {"schema": {}, "history": [], "rows": {}}


def test_the_recorded_history_is_sorted(connection: Any) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    recorder.record_applied("shop", "0002_b")
    recorder.record_applied("shop", "0001_a")
    found = fingerprint(connection)
    assert found["history"] == [["shop", "0001_a"], ["shop", "0002_b"]]
    assert found["rows"] == {"django_migrations": 2}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"t": ["a"]}, {"t": ["a"]}, []),
        ({}, {"t": ["a"]}, ["t is left over"]),
        ({"t": ["a"]}, {}, ["t is missing"]),
        ({"t": ["a", "b"]}, {"t": ["b", "c"]}, ["t: a is missing", "t: c is left over"]),
        ({"u": ["a"], "t": []}, {"t": ["x"]}, ["t: x is left over", "u is missing"]),
    ],
)
def test_differences_as_lines(
    before: dict[str, list[str]], after: dict[str, list[str]], lines: list[str]
) -> None:
    assert difference(before, after) == lines


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"t": 3}, {"t": 3}, {}),
        ({"t": 3}, {"t": 5}, {"t": 2}),
        ({"t": 3}, {"t": 1}, {"t": -2}),
        ({"t": 3}, {}, {"t": None}),
        ({}, {"t": 4}, {"t": 4}),
        ({}, {"t": 0}, {"t": 0}),
    ],
)
def test_changes_in_rows(
    before: dict[str, int], after: dict[str, int], changes: dict[str, int | None]
) -> None:
    assert row_changes(before, after) == changes
