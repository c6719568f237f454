"""Ctrl-C in the middle of an apply on a server: who reads it knows what stays, and what is next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.two_migrations import MIGRATIONS, NAMES, add_two
from tests.faults.stage import HELD

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop

FIRST, SECOND = NAMES
NEXT = "What is applied now, and what is to be done, says: migration-workflow pre-check"


def interrupted(shop: Shop, at: str, do: str, *, stepwise: bool) -> Run:
    """Interrupt an apply while a migration is in its middle."""
    shop.manage("migrate", "--verbosity=0")
    shop.write("hold", at)
    os.mkfifo(shop.meeting)
    add_two(shop, HELD, stepwise=stepwise)
    done = shop.sabotaged("migrate-safe", "--format", "json", at=at, do=do)
    shop.write("hold", "")
    assert (done.code, done.stdout) == (130, ""), done
    return done


@pytest.mark.parametrize(
    ("database_url", "do"),
    [("postgresql", "INT"), ("mariadb", "TERM")],
    indirect=["database_url"],
)
def test_what_was_applied_before_and_what_was_noted(shop: Shop, do: str) -> None:
    done = interrupted(shop, f"applying {SECOND}", do, stepwise=True)
    assert done.said.endswith(
        f"Interrupted. {SECOND} was being applied (database 'default'). What was applied before "
        f"that stays applied: {FIRST}. What the server can't take back of {SECOND} is noted in "
        f".workflow/half-applied-default.json. {NEXT}"
    )
    codes = shop.json("pre-check").codes
    assert "HIS113" in codes
    assert "HIS112" not in codes
    app, name, *_ = MIGRATIONS[0]
    shop.replace(f"{app}/migrations/{name}.py", "(null=True)", "(null=True, default=1)")
    assert "HIS112" in shop.json("pre-check").codes


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_that_is_a_transaction_leaves_nothing(shop: Shop) -> None:
    done = interrupted(shop, f"applying {FIRST}", "INT", stepwise=False)
    assert done.said.endswith(
        f"Interrupted. {FIRST} was being applied (database 'default'). Nothing is noted of "
        f"{FIRST} that the server can't take back. {NEXT}"
    )
    assert "HIS113" not in shop.json("pre-check").codes
