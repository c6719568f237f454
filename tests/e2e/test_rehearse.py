"""The verb ``rehearse``: any part of the history on a scratch database, and nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

BETWEEN = ("--from", "catalogue.0005", "--to", "catalogue.0007")


def rehearsed(done: Run) -> list[str]:
    (gate,) = [gate for gate in done.document["gates"] if gate["name"] == "rehearsal"]
    return [row["migration"] for row in gate.get("evidence", [])]


def test_what_is_pending_is_rehearsed_and_not_applied(shop: Shop) -> None:
    shop.add_migration()
    before, applied = shop.tree(), shop.applied()
    done = shop.json("rehearse")
    assert (done.code, rehearsed(done)) == (0, ["0011_more"])
    assert shop.tree() == before
    assert shop.applied() == applied


def test_up_to_one_of_what_is_pending(shop: Shop) -> None:
    shop.add_migration()
    shop.add_migration(name="0012_more", after="0011_more")
    assert rehearsed(shop.json("rehearse", "--to", "catalogue.0011_more")) == ["0011_more"]


def test_nothing_pending_is_skipped(shop: Shop) -> None:
    assert shop.json("rehearse").verdicts()["rehearsal"] == "skipped"


@pytest.mark.parametrize("verb", ["rehearse", "migrate-safe"])
@pytest.mark.parametrize("pending", [False, True])
def test_up_to_one_that_is_applied_is_skipped(verb: str, pending: bool, shop: Shop) -> None:
    if pending:
        shop.add_migration(app="orders", name="0005_more", after="0004_order_indexes")
    applied = shop.applied()
    done = shop.run(verb, "--to", "catalogue.0010")
    hint = "skipped: catalogue.0010 is applied; on an empty database: rehearse --from zero --to"
    assert (done.code, hint in done.said) == (0, True), done
    assert shop.applied() == applied


@pytest.mark.parametrize("verb", ["rehearse", "migrate-safe"])
@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("catalogue.0099", "there is no migration catalogue.0099"),
        ("nothing.0001", "there is no migration nothing.0001"),
        ("catalogue.0009", "catalogue.0009 is applied, and others after it: nothing leads back"),
    ],
)
def test_up_to_one_that_nothing_leads_to(
    verb: str, pending: bool, until: str, said: str, shop: Shop
) -> None:
    """Whether anything is pending is no matter."""
    if pending:
        shop.add_migration()
    applied = shop.applied()
    done = shop.run(verb, "--to", until)
    assert (done.code, said in done.said) == (2, True), done
    assert shop.applied() == applied


def test_between_two_migrations_that_are_applied(shop: Shop) -> None:
    before = shop.tree()
    done = shop.json("rehearse", *BETWEEN)
    assert (done.code, rehearsed(done)) == (0, ["0006_product_sku", "0007_fill_product_sku"])
    assert shop.tree() == before


def test_all_of_history(shop: Shop) -> None:
    shop.database.unlink()
    done = shop.json("rehearse", "--from", "zero")
    assert done.code == 0
    assert {"0001_initial", "0010_product_status_price_idx"} <= set(rehearsed(done))
    assert not shop.database.exists()


def test_what_fails_before_that_part_is_told(shop: Shop) -> None:
    shop.add_migration(
        "migrations.RunPython(fail)",
        head="def fail(apps, schema_editor):\n    raise ValueError('no')",
    )
    shop.add_migration(name="0012_more", after="0011_more")
    done = shop.json("rehearse", "--from", "catalogue.0011", "--to", "catalogue.0012")
    assert (done.code, done.codes) == (1, ["DAT101", "DAT206"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "catalogue"), "--from takes APP.NAME, not 'catalogue'"),
        (("--to", "zero"), "--to takes APP.NAME, not 'zero'"),
        (("--from", "catalogue.0099"), "there is no migration catalogue.0099"),
        (("--from", "nothing.0001"), "there is no migration nothing.0001"),
        (("--from", "catalogue.0002"), "several migrations begin with catalogue.0002"),
        (
            ("--from", "catalogue.0003"),
            "is replaced by catalogue.0002_tags_squashed_0004_widen_product_weight",
        ),
        (
            ("--from", "catalogue.0007", "--to", "catalogue.0005"),
            "catalogue.0005 does not come after catalogue.0007",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_words_that_name_no_part(words: tuple[str, ...], said: str, shop: Shop) -> None:
    done = shop.run("rehearse", *words)
    assert (done.code, said in done.said) == (2, True), done
