"""A plan that fails in its middle is taken back where nobody loses anything by that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.test_turns import recorded
from tests.servers.test_waiting import QUICK, finding, on_mariadb, session

if TYPE_CHECKING:
    from tests.e2e.shop import Shop

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

COLUMN = 'migrations.AddField("tag", "size", models.IntegerField({}))'
KEY = "models.BigAutoField(primary_key=True, serialize=False)"
TABLE = f'migrations.CreateModel("Label", [("id", {KEY})])'
WIDER = "models.CharField(max_length=99, unique=True)"
FAILS = """
def fails(apps, schema_editor):
    own = schema_editor.connection
    if "scratch" in str(own.settings_dict["NAME"]):
        return
    other = own.copy()
    with other.cursor() as cursor:
        {}
    raise ValueError("only here")
"""
SOMEBODY = "INSERT INTO catalogue_tag (name) VALUES ('somebody')"
NAMES = ["catalogue.0011_size", "catalogue.0012_label"]


@pytest.fixture
def migrated(migrated_shop: Shop) -> Shop:
    """The example, migrated to the end, with models that are ahead of its migrations."""
    shop = migrated_shop
    shop.manage("seed")
    shop.configure(*QUICK)
    shop.append(
        "catalogue/models.py",
        "\n\nclass Label(models.Model):\n    id = models.BigAutoField(primary_key=True)\n",
    )
    return shop


def pending(
    shop: Shop, meanwhile: str = "pass", *operations: str, size: str = "null=True", **first: Any
) -> None:
    """Add three migrations: a column, a table, and one that fails on the database itself.

    Before it fails, somebody else does something: ``meanwhile`` is code that has a ``cursor``.
    """
    shop.replace(
        "catalogue/models.py",
        "class Tag(models.Model):\n",
        f"class Tag(models.Model):\n    size = models.IntegerField({size})\n",
    )
    shop.add_migration(COLUMN.format(size), *operations, name="0011_size", **first)
    shop.add_migration(TABLE, name="0012_label", after="0011_size")
    shop.add_migration(
        "migrations.RunPython(fails, migrations.RunPython.noop)",
        name="0013_fails",
        after="0012_label",
        head=FAILS.format(meanwhile),
    )


def applied(shop: Shop) -> list[str]:
    return [name for name in recorded(shop) if name in {*NAMES, "catalogue.0013_fails"}]


def executing(sql: str) -> str:
    return f"cursor.execute({sql!r})"


@on_postgresql
class TestTakenBack:
    def test_all_of_it(self, migrated: Shop) -> None:
        pending(migrated)
        refused = migrated.json("migrate-safe")
        found = finding(refused)
        assert (found["code"], found["migration"]) == ("DAT204", "0013_fails")
        assert (
            "Taken back: catalogue.0012_label, catalogue.0011_size. The schema is as it was before."
        ) in found["message"]
        assert found["data"] == {"taken_back": NAMES[::-1], "stays": []}
        assert applied(migrated) == []
        end = (migrated.folder / ".workflow/journal.jsonl").read_text().splitlines()[-1]
        line = json.loads(end)
        assert line["applied"] == []
        assert [row["migration"] for row in line["taken_back"]] == ["0012_label", "0011_size"]

        migrated.add_migration(name="0013_fails", after="0012_label")
        assert migrated.json("migrate-safe").code == 0
        assert applied(migrated) == [*NAMES, "catalogue.0013_fails"]

    @pytest.mark.parametrize("size", ["null=True", "default=7"])
    def test_rows_of_the_running_release_stay(
        self, migrated: Shop, size: str, database_url: str
    ) -> None:
        sql = SOMEBODY if "null" in size else SOMEBODY.replace("name)", "name, size)")
        sql = sql if "null" in size else sql.replace("')", "', 7)")
        pending(migrated, executing(sql), size=size)
        refused = migrated.json("migrate-safe")
        assert "The schema is as it was before." in finding(refused)["message"]
        with session(database_url) as other:
            other.execute("SELECT count(*) FROM catalogue_tag WHERE name = 'somebody'")
            assert other.fetchone() == (1,)


@on_postgresql
class TestStays:
    """What somebody would lose by it stays, and so does what came before."""

    def test_a_table_that_somebody_wrote_into(self, migrated: Shop) -> None:
        pending(migrated, executing("INSERT INTO catalogue_label DEFAULT VALUES"))
        found = finding(migrated.json("migrate-safe"))
        assert (
            "What was applied before that stays applied: catalogue.0011_size, "
            "catalogue.0012_label. catalogue.0012_label was not taken back: catalogue_label may "
            "hold what others have written since, which would be lost."
        ) in found["message"]
        command = "manage.py migrate catalogue 0010_product_status_price_idx"
        assert f"What stays is taken back by: {command}. Run again" in found["fix"]
        assert found["data"] == {"taken_back": [], "stays": NAMES}
        assert applied(migrated) == NAMES

    @pytest.mark.parametrize("size", ["null=True", "default=7"])
    def test_a_column_that_somebody_wrote_into(self, migrated: Shop, size: str) -> None:
        pending(migrated, executing("UPDATE catalogue_tag SET size = 8"), size=size)
        found = finding(migrated.json("migrate-safe"))
        assert (
            "Taken back: catalogue.0012_label. What was applied before that stays applied: "
            "catalogue.0011_size. catalogue.0011_size was not taken back: catalogue_tag may hold"
        ) in found["message"]
        assert applied(migrated) == NAMES[:1]

    def test_what_somebody_has_built_upon(self, migrated: Shop, database_url: str) -> None:
        pending(migrated, executing("CREATE VIEW report AS SELECT size FROM catalogue_tag"))
        refused = migrated.json("migrate-safe")
        found = finding(refused)
        assert (
            "Taken back: catalogue.0012_label. What was applied before that stays applied: "
            "catalogue.0011_size. catalogue.0011_size was not taken back: others have built upon "
            "catalogue_tag since, and would lose: view report."
        ) in found["message"]
        assert applied(migrated) == NAMES[:1]
        [rows] = [gate["evidence"] for gate in refused.document["gates"] if gate["name"] == "apply"]
        assert [row["migration"] for row in rows if row["direction"] == "back"] == ["0012_label"]
        with session(database_url) as other:
            other.execute("SELECT size FROM report WHERE size IS NOT NULL")
            assert other.fetchall() == []

    @pytest.mark.parametrize(
        ("operation", "why"),
        [
            (
                "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)",
                "its way back has code or SQL",
            ),
            (
                f'migrations.AlterField("tag", "name", {WIDER})',
                "its way back changes the type of catalogue_tag.name",
            ),
        ],
    )
    def test_what_has_no_sure_way_back(self, migrated: Shop, operation: str, why: str) -> None:
        pending(migrated, "pass", operation)
        if WIDER in operation:
            migrated.replace("catalogue/models.py", WIDER.replace("99", "40"), WIDER)
        found = finding(migrated.json("migrate-safe"))
        assert f"catalogue.0011_size was not taken back: {why}" in found["message"]
        assert applied(migrated) == NAMES[:1]

    def test_what_comes_after_something_irreversible(self, migrated: Shop) -> None:
        """The rehearsal could not go back to where it had counted the rows."""
        pending(migrated, "pass", "migrations.RunPython(migrations.RunPython.noop)")
        found = finding(migrated.json("migrate-safe"))
        assert (
            "catalogue.0012_label was not taken back: the rehearsal did not prove its way back "
            "(the tables come back, rows were not compared)."
        ) in found["message"]
        assert "is taken back by: manage.py migrate catalogue 0011_size. Run" in found["fix"]
        assert applied(migrated) == NAMES

    def test_what_is_no_transaction(self, migrated: Shop) -> None:
        pending(migrated, body="atomic = False")
        found = finding(migrated.json("migrate-safe"))
        assert "catalogue.0011_size was not taken back: it is no transaction" in found["message"]

    def test_what_somebody_has_under_lock(self, migrated: Shop) -> None:
        """Nobody waits longer for it than the limits say."""
        code = "other.set_autocommit(False); "
        pending(migrated, code + executing("SELECT * FROM catalogue_tag") + "; kept.append(other)")
        path = migrated.folder / "catalogue/migrations/0013_fails.py"
        path.write_text(path.read_text().replace("def fails", "kept = []\n\ndef fails"))
        found = finding(migrated.json("migrate-safe"))
        assert "Taken back: catalogue.0012_label." in found["message"]
        assert "catalogue.0011_size was not taken back: taking it back failed:" in found["message"]
        assert "lock timeout" in found["message"]
        assert applied(migrated) == NAMES[:1]


@on_mariadb
def test_what_a_server_could_stop_in_the_middle_of_stays(migrated: Shop) -> None:
    pending(migrated)
    found = finding(migrated.json("migrate-safe"))
    said = "catalogue.0012_label was not taken back: MariaDB commits each change"
    assert said in found["message"]
    assert "manage.py migrate catalogue 0010_product_status_price_idx" in found["fix"]
    assert applied(migrated) == NAMES
