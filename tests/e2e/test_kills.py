"""Whatever is killed when: the tree holds whole files, the database is as it was or as rehearsed.

Every point of a run is struck: the begin and the end of each step, each event of the agent, and
the moments within the write action. Nothing here is a matter of luck. A migration that is to be
struck keeps the processor busy until it is, so a kill always falls into the middle of it.
"""

from __future__ import annotations

import os
import select
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import STRUCK
from tests.e2e.two_migrations import EVENTS, add_two
from workflow.flows import FLOWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.shop import Run, Shop

    Record = Callable[[str, object], None]

SIGNALS = ("INT", "TERM", "KILL-AGENT", "KILL")
CODES = {"INT": 130, "TERM": 130, "KILL": -9, "KILL-BOTH": -9}

DATABASE = "db.sqlite3"
TO_CLEAR_AWAY = {"db.sqlite3-migrating", "db.sqlite3-journal"}
"""What an agent that is killed leaves for the next run: its turn, and its transaction."""

COLOUR = "catalogue/migrations/0011_product_colour.py"
GIFT = "orders/migrations/0005_order_gift.py"

HELD = """
def work(apps, schema_editor):
    name = str(schema_editor.connection.settings_dict["NAME"])
    hold("rehearsing" if "scratch" in name else "applying")

def back(apps, schema_editor):
    hold("taking back")

def hold(doing):
    with open("hold") as file:
        if file.read() == f"{doing} MIGRATION":
            open("../meeting", "w").close()
            while True:
                pass
"""


def around(verb: str) -> list[str]:
    """The begin and the end of each step of a verb."""
    return [f"{when} {step.NAME}" for step in FLOWS[verb].steps for when in ("begin", "end")]


WRITE_POINTS = ["staged 1", "staged 2", "placing 1", "placed 1", "placing 2", "placed 2"]
MAKEMIGRATIONS = [*around("makemigrations"), *WRITE_POINTS]
MIGRATE_SAFE = [*around("migrate-safe"), *EVENTS]
STEPWISE = [*EVENTS, "begin apply", "end apply", "begin verify", "end verify"]
APPLIED = {"end apply", "begin verify", "end verify"}


def in_turn(points: list[str]) -> pytest.MarkDecorator:
    """Give each point with the signals that strike there, one run after the other, on one shop.

    A run that is struck before anything is applied leaves all as it was, which is looked at after
    each; so the next one finds what it would find in a shop of its own. Those that leave something
    to clear away come last: a killed agent its turn for the run after it, and a kill a scratch
    folder for the run that is struck by nothing.
    """
    alone: list[tuple[str, tuple[str, ...]]]
    alone = [(at, (do,)) for at in points if at in APPLIED for do in SIGNALS]
    cases = alone + [(at, SIGNALS) for at in points if at not in APPLIED]
    names = [f"{at}-{' '.join(signals)}" for at, signals in cases]
    return pytest.mark.parametrize(("at", "signals"), cases, ids=names)


def expect_processes_gone(shop: Shop) -> None:
    """Wait for the agents to end, and find nobody else in their sessions."""
    for agent in shop.agents():
        try:
            descriptor = os.pidfd_open(agent)
        except ProcessLookupError:
            continue
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        assert waiting.poll(30_000), f"the agent {agent} lives on"
        os.close(descriptor)
    sessions = set(shop.agents())
    assert sessions
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        assert state == "Z" or int(session) not in sessions, stat


def expect_no_scratch(shop: Shop) -> None:
    assert not (shop.folder / ".workflow/scratch").exists()


def struck(shop: Shop, verb: str, at: str, do: str) -> Run:
    """Run a verb, strike at a point, and see that the point was reached and nobody is left."""
    done = shop.sabotaged(verb, at=at, do=do)
    assert at in shop.points_reached()
    if do in CODES:
        assert done.code == CODES[do], done
        assert shop.points_reached()[-1] == at
    expect_processes_gone(shop)
    if CODES.get(do) == 130:
        assert "Interrupted" in done.stderr
    if do in {"INT", "TERM", "KILL-AGENT"}:
        expect_no_scratch(shop)
    return done


@pytest.fixture
def drafting(shop: Shop) -> Shop:
    """Two apps have changed models."""
    shop.add_field()
    shop.add_field("gift = models.BooleanField(default=False)", app="orders")
    return shop


def written_by(at: str, do: str) -> list[str]:
    """The files that must be there after a strike."""
    if do == "KILL-AGENT":
        drafted = MAKEMIGRATIONS.index(at) >= MAKEMIGRATIONS.index("end draft")
        return [COLOUR, GIFT] if drafted else []
    if at == "end write":
        return [COLOUR, GIFT]
    if do == "KILL":
        return {"placed 1": [COLOUR], "placing 2": [COLOUR], "placed 2": [COLOUR, GIFT]}.get(at, [])
    return []


@pytest.mark.parametrize("do", SIGNALS)
@pytest.mark.parametrize("at", MAKEMIGRATIONS)
def test_makemigrations_is_struck(
    at: str, do: str, drafting: Shop, record_property: Record
) -> None:
    record_property(STRUCK, 1)
    shop = drafting
    before, database = shop.tree(), shop.database.read_bytes()
    done = struck(shop, "makemigrations", at, do)
    if do == "KILL":
        assert shop.run("pre-check").code == 0
        expect_no_scratch(shop)
    expected = written_by(at, do)
    assert shop.new_files(before) == expected
    for name in expected:
        assert (shop.folder / name).read_text(encoding="utf-8").endswith("    ]\n")
    if do == "KILL-AGENT":
        assert done.code == (0 if expected else 3), done
    assert shop.database.read_bytes() == database


@pytest.mark.parametrize("at", ["placed 1", "placed 2"])
def test_a_killed_write_is_carried_on_by_the_next_run(at: str, drafting: Shop) -> None:
    struck(drafting, "makemigrations", at, "KILL")
    assert drafting.run("makemigrations").code == 0
    assert drafting.run("check-migrations").code == 0


def prepare(shop: Shop, *, stepwise: bool, at: str) -> None:
    """Add two migrations, of which the struck one waits in its middle for the strike."""
    shop.write("hold", at)
    os.mkfifo(shop.meeting)
    add_two(shop, HELD, stepwise=stepwise)


@pytest.fixture(scope="module")
def rehearsed(
    tmp_path_factory: pytest.TempPathFactory, make_shop: Callable[[Path], Shop]
) -> list[str]:
    """What the database holds once both migrations are applied."""
    shop = make_shop(tmp_path_factory.mktemp("rehearsed") / "shop")
    prepare(shop, stepwise=False, at="")
    assert shop.run("migrate-safe").code == 0
    return shop.dump()


def strike_migrate_safe(
    shop: Shop, rehearsed: list[str], at: str, signals: tuple[str, ...], *, stepwise: bool
) -> None:
    prepare(shop, stepwise=stepwise, at=at)
    tree, before = shop.tree(), shop.dump()
    applied = at in APPLIED
    for do in signals:
        content = shop.database.read_bytes()
        done = struck(shop, "migrate-safe", at, do)
        assert shop.dump() == (rehearsed if applied else before)
        if not applied and not at.startswith("applying"):
            assert shop.database.read_bytes() == content
        if do == "KILL-AGENT":
            assert done.code == (0 if at == "end verify" else 3), done
        if do == "KILL-AGENT" and at.startswith("applying"):
            assert "the database is as it was before" in done.said.lower(), done
        if do != "KILL" and not applied:
            left = TO_CLEAR_AWAY if do == "KILL-AGENT" else set()
            now = {**shop.tree(), DATABASE: tree[DATABASE]}  # whose content was looked at above
            assert {name: digest for name, digest in now.items() if name not in left} == tree
    shop.write("hold", "")
    done = shop.run("pre-check" if applied else "migrate-safe")
    assert done.code == 0, done
    assert shop.dump() == rehearsed
    assert shop.tree().keys() == tree.keys()


@in_turn(MIGRATE_SAFE)
def test_migrate_safe_is_struck(
    at: str, signals: tuple[str, ...], shop: Shop, rehearsed: list[str], record_property: Record
) -> None:
    record_property(STRUCK, len(signals))
    strike_migrate_safe(shop, rehearsed, at, signals, stepwise=False)


@in_turn(STEPWISE)
def test_a_stepwise_migrate_safe_is_struck(
    at: str, signals: tuple[str, ...], shop: Shop, rehearsed: list[str], record_property: Record
) -> None:
    record_property(STRUCK, len(signals))
    strike_migrate_safe(shop, rehearsed, at, signals, stepwise=True)


@pytest.mark.parametrize("at", EVENTS)
def test_a_power_cut_is_no_loss_in_one_transaction(
    at: str, shop: Shop, rehearsed: list[str], record_property: Record
) -> None:
    record_property(STRUCK, 1)
    prepare(shop, stepwise=False, at=at)
    before = shop.dump()
    struck(shop, "migrate-safe", at, "KILL-BOTH")
    assert shop.dump() == before
    shop.write("hold", "")
    assert shop.run("migrate-safe").code == 0
    assert shop.dump() == rehearsed
    expect_no_scratch(shop)


@pytest.mark.parametrize("at", EVENTS)
def test_a_power_cut_between_transactions_is_recovered_from(
    at: str, shop: Shop, rehearsed: list[str], record_property: Record
) -> None:
    record_property(STRUCK, 1)
    prepare(shop, stepwise=True, at=at)
    before = shop.dump()
    struck(shop, "migrate-safe", at, "KILL-BOTH")
    shop.write("hold", "")
    if at.startswith("applying"):
        half = shop.dump()
        assert half not in (before, rehearsed)
        for verb in ("pre-check", "makemigrations", "migrate-safe"):
            done = shop.run(verb)
            assert done.code == 1, done
            assert "HIS105" in done.said
            assert "migration-workflow recover" in done.said
        done = shop.run("recover")
        assert done.code == 2, done
        assert "Nothing was changed" in done.said
        assert shop.dump() == half
        done = shop.run("recover", "--dry-run")
        assert done.code == 0, done
        assert shop.dump() == half
        done = shop.run("recover", "--yes")
        assert done.code == 0, done
    assert shop.dump() == before
    assert shop.run("migrate-safe").code == 0
    assert shop.dump() == rehearsed
    expect_no_scratch(shop)


def test_every_point_is_struck(drafting: Shop) -> None:
    """The lists above are what a run passes, no less."""
    drafting.sabotaged("makemigrations", at="nowhere")
    assert sorted(drafting.points_reached()) == sorted(MAKEMIGRATIONS)
    for name in (COLOUR, GIFT):
        (drafting.folder / name).unlink()
    drafting.replace("catalogue/models.py", "    colour = ", "    # colour = ")
    drafting.replace("orders/models.py", "    gift = ", "    # gift = ")
    prepare(drafting, stepwise=True, at="")
    drafting.sabotaged("migrate-safe", at="nowhere")
    assert sorted(drafting.points_reached()) == sorted(MIGRATE_SAFE)


@pytest.mark.parametrize("at", ["begin environment", *EVENTS, "begin apply"])
@pytest.mark.parametrize("stepwise", [False, True], ids=["as one", "stepwise"])
def test_an_impatient_person_is_struck_by_nothing(
    at: str, shop: Shop, rehearsed: list[str], *, stepwise: bool
) -> None:
    """A second Ctrl-C, while the first is still being answered."""
    prepare(shop, stepwise=stepwise, at=at)
    before = shop.dump()
    done = shop.sabotaged("migrate-safe", at=at, do="INT", again="closing")
    assert done.code == 130, done
    expect_processes_gone(shop)
    assert shop.dump() == before
    shop.write("hold", "")
    assert shop.run("migrate-safe").code == 0
    assert shop.dump() == rehearsed
    expect_no_scratch(shop)
