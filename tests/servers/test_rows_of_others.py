"""What others write while a plan is applied is no work of the plan's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.test_waiting import COLUMN, QUICK, finding, on_servers

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

ONLY_HERE = """
def code(apps, schema_editor):
    own = schema_editor.connection
    if "scratch" not in str(own.settings_dict["NAME"]):
        {}
"""
SOMEBODY = """other = own.copy()
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO catalogue_tag (name) VALUES ('somebody')")
        other.close()"""
RUN = "migrations.RunPython(code, migrations.RunPython.noop)"
LABEL = (
    'migrations.CreateModel("Label", [("id", models.BigAutoField('
    'auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))])'
)
MODEL = "\n\nclass Label(models.Model):\n    pass\n"


@pytest.fixture
def migrated(shop: Shop) -> Shop:
    shop.manage("migrate", "--verbosity=0")
    shop.manage("seed")
    shop.configure(*QUICK)
    return shop


@on_servers
def test_silent_where_somebody_adds_a_row_meanwhile(migrated: Shop) -> None:
    migrated.add_field("stock = models.IntegerField(null=True)")
    migrated.add_migration(RUN, head=ONLY_HERE.format(SOMEBODY))
    migrated.add_migration(COLUMN, name="0012_stock", after="0011_more")
    done = migrated.json("migrate-safe")
    assert done.code == 0, done.said


@on_servers
def test_rows_of_a_new_table_are_counted(migrated: Shop) -> None:
    migrated.append("catalogue/models.py", MODEL)
    more = "apps.get_model('catalogue', 'Label').objects.create()"
    migrated.add_migration(LABEL)
    migrated.add_migration(RUN, name="0012_rows", after="0011_more", head=ONLY_HERE.format(more))
    found = finding(migrated.json("migrate-safe"))
    assert found["code"] == "DAT203"
    assert "(catalogue_label: rows changed by 1, in the rehearsal by " in found["message"]
