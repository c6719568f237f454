"""test-migrations-clean: from nothing to head, back, and forward again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

ADD_STOCK = 'migrations.AddField("product", "stock", models.IntegerField(null=True))'
STOCK = "stock = models.IntegerField(null=True)"
PASS = "lambda apps, editor: None"


def clean(shop: Shop) -> tuple[Run, dict[str, Any]]:
    done = shop.json("test-migrations-clean")
    (gate,) = [gate for gate in done.document["gates"] if gate["name"] == "clean"]
    return done, gate


def backwards(gate: dict[str, Any]) -> list[str]:
    return [row["migration"] for row in gate["evidence"] if row["direction"] == "back"]


def codes(gate: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in gate["findings"]]


def test_the_shop_is_clean(shop: Shop) -> None:
    before, database = shop.tree(), shop.database.read_bytes()
    done, gate = clean(shop)
    assert done.code == 0, done
    assert {"0001_initial", "0010_product_status_price_idx"} <= set(backwards(gate))
    assert shop.new_files(before) == []
    assert shop.database.read_bytes() == database


def test_it_needs_no_database(shop: Shop) -> None:
    shop.database.unlink()
    assert clean(shop)[0].code == 0
    assert not shop.database.exists()


def test_a_branch_goes_back_to_where_it_left(shop: Shop) -> None:
    shop.commit_all()
    shop.git("checkout", "--quiet", "-b", "topic")
    shop.add_migration(ADD_STOCK, name="0011_stock")
    shop.add_field(STOCK)
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=Stock")
    shop.add_migration(name="0012_more", after="0011_stock")
    done, gate = clean(shop)
    assert done.code == 0, done
    assert backwards(gate) == ["0012_more", "0011_stock"]


def test_a_branch_that_main_has_moved_past_goes_back_to_where_it_left(shop: Shop) -> None:
    shop.commit_all()
    shop.git("checkout", "--quiet", "-b", "topic")
    shop.add_migration(ADD_STOCK, name="0011_stock")
    shop.add_field(STOCK)
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=Stock")
    shop.git("checkout", "--quiet", "main")
    shop.add_migration(app="orders", name="0005_more", after="0004_order_indexes")
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=More")
    shop.git("checkout", "--quiet", "topic")
    shop.git("merge", "--quiet", "--no-edit", "main")
    assert backwards(clean(shop)[1]) == ["0011_stock"]


def test_on_the_main_branch_it_goes_back_to_nothing(shop: Shop) -> None:
    shop.commit_all()
    assert "0001_initial" in backwards(clean(shop)[1])


@pytest.mark.parametrize("branch", ["trunk", "missing"])
def test_the_main_branch_is_configured(branch: str, shop: Shop) -> None:
    shop.commit_all()
    shop.git("branch", "trunk")
    shop.git("checkout", "--quiet", "-b", "topic")
    shop.add_migration(name="0011_more")
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=More")
    shop.configure(f'main-branch = "{branch}"')
    done, gate = clean(shop)
    if branch == "trunk":
        assert done.code == 0, done
        assert backwards(gate) == ["0011_more"]


def test_what_cannot_be_reversed_is_reported(shop: Shop) -> None:
    shop.add_migration(f"migrations.RunPython({PASS})")
    done, gate = clean(shop)
    assert done.code == 0, done
    assert codes(gate) == ["DAT207"]
    assert gate["findings"][0]["severity"] == "warning"
    assert "catalogue.0011_more can't be reversed" in gate["findings"][0]["message"]
    assert "0010_product_status_price_idx" not in backwards(gate)
    assert "0004_order_indexes" in backwards(gate)


def test_what_cannot_be_reversed_refuses_a_strict_run(shop: Shop) -> None:
    shop.add_migration(f"migrations.RunPython({PASS})")
    assert shop.run("test-migrations-clean", "--strict").code == 1


def test_a_reverse_that_raises_refuses(shop: Shop) -> None:
    shop.add_migration(
        f"migrations.RunPython({PASS}, work)",
        head="def work(apps, schema_editor):\n    raise ValueError('no way back')\n",
    )
    done, gate = clean(shop)
    assert (done.code, codes(gate)) == (1, ["DAT208"])
    assert "catalogue.0011_more fails on the way back" in gate["findings"][0]["message"]
    assert "ValueError: no way back" in gate["findings"][0]["message"]


def test_a_migration_that_fails_on_an_empty_database_refuses(shop: Shop) -> None:
    shop.add_migration(
        f"migrations.RunPython(work, {PASS})",
        head="def work(apps, schema_editor):\n"
        "    apps.get_model('catalogue', 'Product').objects.get(sku='P1')\n",
    )
    done, gate = clean(shop)
    assert (done.code, codes(gate)) == (1, ["DAT206"])
    assert "fails on an empty database" in gate["findings"][0]["message"]


def test_a_migration_that_cannot_be_applied_again_refuses(shop: Shop) -> None:
    create = 'migrations.RunSQL("CREATE TABLE extra (id integer)", migrations.RunSQL.noop)'
    shop.add_migration(create)
    done, gate = clean(shop)
    assert (done.code, codes(gate)) == (1, ["DAT208"])
    assert "fails when it is applied again" in gate["findings"][0]["message"]


@pytest.mark.parametrize(
    "reverse",
    [
        "DROP INDEX IF EXISTS order_status_created_idx",
        "CREATE TABLE IF NOT EXISTS extra (id integer)",
        "CREATE VIEW IF NOT EXISTS extra AS SELECT 1",
    ],
)
def test_a_reverse_that_leaves_another_schema_refuses(reverse: str, shop: Shop) -> None:
    shop.commit_all()
    shop.git("checkout", "--quiet", "-b", "topic")
    shop.add_migration(f'migrations.RunSQL("SELECT 1", "{reverse}")')
    shop.git("add", ".")
    shop.git("commit", "--quiet", "--message=More")
    done, gate = clean(shop)
    assert (done.code, codes(gate)) == (1, ["DRF105"])
    assert "another schema" in gate["findings"][0]["message"]


def test_drift_refuses_after_it(shop: Shop) -> None:
    shop.add_field()
    done = shop.json("test-migrations-clean")
    assert (done.code, done.codes) == (1, ["DRF101"])


def test_a_history_that_cannot_be_loaded_refuses(shop: Shop) -> None:
    shop.append("catalogue/migrations/0010_product_status_price_idx.py", "\ndef broken(:\n")
    done = shop.run("test-migrations-clean")
    assert done.code == 1, done
    assert "GRF114" in done.said
