"""Each kind of operation, with what it must be seen to do on each engine.

Every case is an app of its own with the models Product and Maker, a few rows in them, and one
pending migration. Names of relations are without the app's label in front.
"""

# ruff: noqa: E501 - an operation is one text

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import django

KEY = '("id", models.BigAutoField(primary_key=True))'

IMPORTS = """
from django.db import migrations, models
from django.db.models.functions import Now, Random
try:
    from django.contrib.postgres.operations import (
        AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint
    )
except ImportError:  # without a driver for PostgreSQL
    pass
"""

STATEFUL = """
{imports}

def rows(apps, schema_editor):
    maker = apps.get_model({app!r}, "Maker").objects.create(name="maker")
    Product = apps.get_model({app!r}, "Product")
    Product.objects.bulk_create(
        Product(name=f"name {{number}}", code=number, maker=maker) for number in range({rows})
    )

class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Maker", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=50)),
        ]),
        migrations.CreateModel("Product", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=50)),
            ("code", models.IntegerField(null=True)),
            ("text", models.TextField(default="")),
            ("maker", models.ForeignKey("Maker", models.CASCADE)),
        ]),
        migrations.RunPython(rows),
        {before}
    ]
"""

CHANGE = """
{imports}
{head}

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [({app!r}, "0001_initial")]
    operations = [
        {operations}
    ]
"""

ROWS = 20


class Seen(NamedTuple):
    """What was observed of one migration. ``rows`` are those that were touched."""

    locks: Mapping[str, str] = {}
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    rows: int = 0


class Case(NamedTuple):
    """One kind of operation. ``seen`` is by engine, or by vendor where versions agree."""

    name: str
    what: str
    operations: str
    seen: Mapping[str, Seen]
    head: str = ""
    before: str = ""
    """Operations that are applied unseen."""
    atomic: bool = True

    def files(self) -> dict[str, str]:
        """Return the migrations of the case's app."""
        change = CHANGE.format(
            app=self.name,
            operations=_spelled(self.operations.replace("{app}", self.name)),
            head=self.head.replace("{app}", self.name),
            atomic=self.atomic,
            imports=IMPORTS,
        )
        return {
            "0001_initial": STATEFUL.format(
                app=self.name,
                rows=ROWS,
                imports=IMPORTS,
                before=_spelled(self.before.replace("{app}", self.name)),
            ),
            "0002_change": change,
        }


def _spelled(operations: str) -> str:
    """Return operations as this Django spells them: a check was called that before 5.1."""
    if django.VERSION >= (5, 1):
        return operations
    return operations.replace("CheckConstraint(condition=", "CheckConstraint(check=")


STRONGEST = "AccessExclusiveLock"

EXCLUSIVE = "EXCLUSIVE"
MOMENT, WRITES, CHANGING = "MDL_EXCLUSIVE", "MDL_SHARED_NO_WRITE", "MDL_SHARED_WRITE"
CHILD, PARENT = "MDL_EXCLUSIVE of a child", "InnoDB X"
PG, MARIADB, SQLITE = "postgresql", "mariadb", "sqlite"
INDEXING, REFERRING, ROWS_ONLY = "ShareLock", "ShareRowExclusiveLock", "RowExclusiveLock"
CONCURRENTLY = "ShareUpdateExclusiveLock"
REBUILT = ("product", "product_maker_id", "product_pkey")
"""A table of PostgreSQL with its indexes, which are built anew when it is rewritten."""

CODE_IS_THERE = 'models.CheckConstraint(condition=models.Q(code__isnull=False), name="{app}_c")'
TIMESTAMP = "migrations.RunSQL('ALTER TABLE {app}_product ADD COLUMN made timestamp')"
TO_TIMESTAMPTZ = (
    "migrations.RunSQL(\"SET LOCAL TIME ZONE '{}'\"), "
    "migrations.RunSQL('ALTER TABLE {{app}}_product ALTER COLUMN made TYPE timestamptz')"
)

CASES = (
    Case(
        "nullable",
        "AddField, nullable",
        "migrations.AddField(\"product\", 'price', models.IntegerField(null=True))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(),
        },
    ),
    Case(
        "python_default",
        "AddField, a default of Python's",
        "migrations.AddField(\"product\", 'price', models.IntegerField(default=1))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "constant_db_default",
        "AddField, a constant db_default",
        "migrations.AddField(\"product\", 'price', models.IntegerField(db_default=1))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "volatile_db_default",
        "AddField, a volatile db_default",
        "migrations.AddField(\"product\", 'price', models.FloatField(db_default=Random()))",
        {
            PG: Seen({"product": STRONGEST}, rewrites=REBUILT, scans=("product",)),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "now_db_default",
        "AddField, db_default=Now()",
        "migrations.AddField(\"product\", 'made', models.DateTimeField(db_default=Now()))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "foreign_key",
        "AddField, a foreign key",
        'migrations.AddField("product", \'other\', models.ForeignKey("Maker", models.CASCADE, null=True, related_name="+"))',
        {
            PG: Seen({"maker": REFERRING, "product": STRONGEST}, scans=("product",)),
            MARIADB: Seen(
                {"maker": WRITES, "product": WRITES}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(),
        },
    ),
    Case(
        "foreign_key_of_new_model",
        "CreateModel with a foreign key",
        'migrations.CreateModel("Part", [("id", models.BigAutoField(primary_key=True)), ("product", models.ForeignKey("Product", models.CASCADE))])',
        {PG: Seen({"product": REFERRING}), MARIADB: Seen({"product": WRITES}), SQLITE: Seen()},
    ),
    Case(
        "foreign_key_of_new_table",
        "RunSQL, CREATE TABLE with a foreign key",
        'migrations.RunSQL("CREATE TABLE {app}_part (id bigint PRIMARY KEY, product bigint, FOREIGN KEY (product) REFERENCES {app}_product (id))")',
        {PG: Seen({"product": REFERRING}), MARIADB: Seen(), SQLITE: Seen()},
    ),
    Case(
        "referred_to",
        "AddField, nullable, to a table that another refers to",
        'migrations.AddField("maker", "city", models.IntegerField(null=True))',
        {
            PG: Seen({"maker": STRONGEST}),
            MARIADB: Seen({"maker": MOMENT, "product": PARENT}),
            SQLITE: Seen(),
        },
    ),
    Case(
        "removed",
        "RemoveField",
        'migrations.RemoveField("product", "text")',
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(),
        },
    ),
    Case(
        "deleted",
        "DeleteModel",
        'migrations.DeleteModel("Product")',
        {
            PG: Seen({"maker": STRONGEST, "product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen({"product": EXCLUSIVE}),
        },
    ),
    Case(
        "wider_text",
        "AlterField, varchar(50) to varchar(80)",
        "migrations.AlterField(\"product\", 'name', models.CharField(max_length=80))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "narrower_text",
        "AlterField, varchar(50) to varchar(20)",
        "migrations.AlterField(\"product\", 'name', models.CharField(max_length=20))",
        {
            PG: Seen({"product": STRONGEST}, rewrites=REBUILT, scans=("product",)),
            MARIADB: Seen(
                {"maker": CHILD, "product": WRITES}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "varchar_to_text",
        "AlterField, varchar to text",
        "migrations.AlterField(\"product\", 'name', models.TextField())",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen(
                {"maker": CHILD, "product": WRITES}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "wider_integer",
        "AlterField, int to bigint",
        "migrations.AlterField(\"product\", 'code', models.BigIntegerField(null=True))",
        {
            PG: Seen({"product": STRONGEST}, rewrites=REBUILT, scans=("product",)),
            MARIADB: Seen(
                {"maker": CHILD, "product": WRITES}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "not_null",
        "AlterField, null to not null",
        "migrations.AlterField(\"product\", 'code', models.IntegerField())",
        {
            PG: Seen({"product": STRONGEST}, scans=("product",)),
            MARIADB: Seen(
                {"maker": CHILD, "product": MOMENT}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    # SET NOT NULL looks for a NULL in all rows, except where a valid CHECK proves that there is
    # none: https://www.postgresql.org/docs/current/sql-altertable.html, under SET NOT NULL.
    Case(
        "not_null_after_check",
        "AlterField, null to not null, where a validated check says so",
        "migrations.AlterField(\"product\", 'code', models.IntegerField())",
        {PG: Seen({"product": STRONGEST})},
        before=f'AddConstraintNotValid("product", {CODE_IS_THERE}), ValidateConstraint("product", "{{app}}_c")',
    ),
    Case(
        "not_null_after_check_not_valid",
        "AlterField, null to not null, where a check that is not valid says so",
        "migrations.AlterField(\"product\", 'code', models.IntegerField())",
        {PG: Seen({"product": STRONGEST}, scans=("product",))},
        before=f'AddConstraintNotValid("product", {CODE_IS_THERE})',
    ),
    Case(
        "null",
        "AlterField, not null to null",
        "migrations.AlterField(\"product\", 'name', models.CharField(max_length=50, null=True))",
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen(
                {"maker": CHILD, "product": MOMENT}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "help_text",
        "AlterField, help_text only",
        'migrations.AlterField("product", \'code\', models.IntegerField(null=True, help_text="x"))',
        {PG: Seen(), MARIADB: Seen(), SQLITE: Seen()},
    ),
    Case(
        "renamed_column",
        "RenameField",
        'migrations.RenameField("product", "text", "words")',
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen(),
        },
    ),
    Case(
        "renamed_with_column",
        "RenameField with the same db_column",
        'migrations.AlterField("product", \'text\', models.TextField(default="", db_column="text")), migrations.RenameField("product", "text", "words")',
        {PG: Seen(), MARIADB: Seen(), SQLITE: Seen()},
    ),
    Case(
        "renamed_model",
        "RenameModel",
        'migrations.RenameModel("Product", "Article")',
        {
            PG: Seen({"product": STRONGEST}),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}),
            SQLITE: Seen({"product": EXCLUSIVE}),
        },
    ),
    Case(
        "renamed_model_with_table",
        "RenameModel with the same db_table",
        'migrations.AlterModelTable("product", "{app}_product"), migrations.RenameModel("Product", "Article")',
        {PG: Seen(), MARIADB: Seen(), SQLITE: Seen()},
    ),
    Case(
        "state_only",
        "SeparateDatabaseAndState, state alone",
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("product", "text")])',
        {PG: Seen(), MARIADB: Seen(), SQLITE: Seen()},
    ),
    Case(
        "index",
        "AddIndex",
        'migrations.AddIndex("product", models.Index(fields=["name"], name="{app}_name"))',
        {
            PG: Seen({"product": INDEXING}, scans=("product",)),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}, scans=("product",)),
            SQLITE: Seen(),
        },
    ),
    Case(
        "db_index",
        "AlterField, db_index",
        "migrations.AlterField(\"product\", 'code', models.IntegerField(null=True, db_index=True))",
        {
            PG: Seen({"product": INDEXING}, scans=("product",)),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}, scans=("product",)),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "index_concurrently",
        "AddIndexConcurrently",
        'AddIndexConcurrently("product", models.Index(fields=["name"], name="{app}_name"))',
        {PG: Seen({"product": CONCURRENTLY}, scans=("product",))},
        atomic=False,
    ),
    Case(
        "index_removed_concurrently",
        "RemoveIndexConcurrently",
        'RemoveIndexConcurrently("product", "{app}_t")',
        {PG: Seen({"product": CONCURRENTLY})},
        before='migrations.AddIndex("product", models.Index(fields=["text"], name="{app}_t"))',
        atomic=False,
    ),
    Case(
        "index_outside_a_transaction",
        "AddIndex with atomic = False",
        'migrations.AddIndex("product", models.Index(fields=["name"], name="{app}_name"))',
        {PG: Seen({"product": INDEXING}, scans=("product",))},
        atomic=False,
    ),
    Case(
        "unique",
        "AlterField, unique",
        "migrations.AlterField(\"product\", 'code', models.IntegerField(null=True, unique=True))",
        {
            PG: Seen({"product": STRONGEST}, scans=("product",)),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}, scans=("product",)),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "unique_constraint",
        "AddConstraint, unique",
        'migrations.AddConstraint("product", models.UniqueConstraint(fields=["name", "code"], name="{app}_u"))',
        {
            PG: Seen({"product": STRONGEST}, scans=("product",)),
            MARIADB: Seen({"maker": CHILD, "product": MOMENT}, scans=("product",)),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "check",
        "AddConstraint, check",
        'migrations.AddConstraint("product", models.CheckConstraint(condition=models.Q(code__gte=0), name="{app}_c"))',
        {
            PG: Seen({"product": STRONGEST}, scans=("product",)),
            MARIADB: Seen(
                {"maker": CHILD, "product": WRITES}, rewrites=("product",), scans=("product",)
            ),
            SQLITE: Seen(
                {"product": EXCLUSIVE}, rewrites=("product",), scans=("product",), rows=20
            ),
        },
    ),
    Case(
        "check_not_valid",
        "AddConstraintNotValid",
        'AddConstraintNotValid("product", models.CheckConstraint(condition=models.Q(code__gte=0), name="{app}_c"))',
        {PG: Seen({"product": STRONGEST})},
    ),
    Case(
        "check_validated",
        "ValidateConstraint, in a migration of its own",
        'ValidateConstraint("product", "{app}_c")',
        {PG: Seen({"product": CONCURRENTLY}, scans=("product",))},
        before='AddConstraintNotValid("product", models.CheckConstraint(condition=models.Q(code__gte=0), name="{app}_c"))',
    ),
    Case(
        "exclusion",
        "RunSQL, an exclusion constraint",
        "migrations.RunSQL(\"ALTER TABLE {app}_product ADD EXCLUDE USING gist (int4range(code, code, '[]') WITH &&)\")",
        {PG: Seen({"product": STRONGEST}, scans=("product",))},
    ),
    Case(
        "several_statements",
        "RunSQL of several statements",
        "migrations.RunSQL(\"ALTER TABLE {app}_product ADD COLUMN a integer; CREATE INDEX {app}_i ON {app}_product (code); UPDATE {app}_maker SET name = 'x'\")",
        {PG: Seen({"maker": ROWS_ONLY, "product": STRONGEST}, scans=("maker", "product"), rows=1)},
    ),
    # A change of type rewrites the table, except where the old values are valid as they stand
    # (https://www.postgresql.org/docs/current/sql-altertable.html, Notes). Here they are while the
    # session's time zone is UTC: https://www.postgresql.org/docs/release/12.0/
    Case(
        "time_zone_in_utc",
        "RunSQL, timestamp to timestamptz, in the time zone UTC",
        TO_TIMESTAMPTZ.format("UTC"),
        {PG: Seen({"product": STRONGEST})},
        before=TIMESTAMP,
    ),
    Case(
        "time_zone_elsewhere",
        "RunSQL, timestamp to timestamptz, in another time zone",
        TO_TIMESTAMPTZ.format("Asia/Tokyo"),
        {PG: Seen({"product": STRONGEST}, rewrites=REBUILT, scans=("product",))},
        before=TIMESTAMP,
    ),
    Case(
        "update",
        "RunSQL, UPDATE without WHERE",
        "migrations.RunSQL('UPDATE {app}_product SET code = 5')",
        {
            PG: Seen({"product": ROWS_ONLY}, scans=("product",), rows=20),
            MARIADB: Seen({"product": CHANGING}, rows=20),
            SQLITE: Seen({"product": EXCLUSIVE}, rows=20),
        },
    ),
    Case(
        "run_python",
        "RunPython, every row saved",
        "migrations.RunPython(save_all)",
        {
            PG: Seen({"product": ROWS_ONLY}, scans=("product",), rows=20),
            MARIADB: Seen({"product": CHANGING}, rows=20),
            SQLITE: Seen({"product": EXCLUSIVE}, rows=20),
        },
        head="def save_all(apps, schema_editor):\n    for product in apps.get_model('{app}', 'Product').objects.all():\n        product.save()",
    ),
)
