"""Each kind of operation, with what it must be seen to do on each engine.

Every case is an app of its own with the models Product and Maker, a few rows in them, and one
pending migration. Names of relations are without the app's label in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

KEY = '("id", models.BigAutoField(primary_key=True))'

STATEFUL = """
from django.db import migrations, models

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
    ]
"""

CHANGE = """
import datetime
import django.contrib.postgres.constraints
from django.contrib.postgres.operations import (
    AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint
)
from django.db import migrations, models
from django.db.models.functions import Now, Random

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
    atomic: bool = True

    def files(self) -> dict[str, str]:
        """Return the migrations of the case's app."""
        change = CHANGE.format(
            app=self.name,
            operations=self.operations.replace("{app}", self.name),
            head=self.head.replace("{app}", self.name),
            atomic=self.atomic,
        )
        return {
            "0001_initial": STATEFUL.format(app=self.name, rows=ROWS),
            "0002_change": change,
        }


STRONGEST = "AccessExclusiveLock"

CASES = (
    Case(
        "nullable",
        "AddField, nullable",
        'migrations.AddField("product", "price", models.IntegerField(null=True))',
        {"postgresql": Seen({"product": STRONGEST})},
    ),
    Case(
        "foreign_key",
        "AddField, a foreign key",
        'migrations.AddField("product", "other", models.ForeignKey("Maker", models.CASCADE, '
        'null=True, related_name="+"))',
        {
            "postgresql": Seen(
                {"product": STRONGEST, "maker": "ShareRowExclusiveLock"}, scans=("product",)
            )
        },
    ),
    Case(
        "wider_integer",
        "AlterField, int to bigint",
        'migrations.AlterField("product", "code", models.BigIntegerField(null=True))',
        {
            "postgresql": Seen(
                {"product": STRONGEST},
                rewrites=("product", "product_maker_id", "product_pkey"),
                scans=("product",),
            )
        },
    ),
    Case(
        "index",
        "AddIndex",
        'migrations.AddIndex("product", models.Index(fields=["name"], name="{app}_name"))',
        {"postgresql": Seen({"product": "ShareLock"}, scans=("product",))},
    ),
    Case(
        "state_only",
        "AlterField, help_text only",
        'migrations.AlterField("product", "code", models.IntegerField(null=True, help_text="x"))',
        {"postgresql": Seen()},
    ),
)
