"""One fault: a run is struck at a point, and what is then there is judged."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.e2e.test_kills import expect_processes_gone
from tests.e2e.two_migrations import EVENTS, MIGRATIONS
from workflow.flows import FLOWS

if TYPE_CHECKING:
    from tests.e2e.shop import Run, Shop
    from tests.faults.stage import Stage

ROOT = Path(__file__).parents[2]

POINTS = [
    *(f"{when} {step.NAME}" for step in FLOWS["migrate-safe"].steps for when in ("begin", "end")),
    *EVENTS,
]

STRIKES = ("KILL", "KILL-AGENT", "KILL-BOTH", "SERVER")
"""What is killed: the program, what it runs in the project's Python, both, the server."""

UNQUOTED = str.maketrans("", "", '"`')

KILL_SERVER = """
import sys
sys.path.insert(0, {root!r})
from tests.faults.mortal import kill
kill({pid})
open("hold", "w").close()
"""


class Fault(NamedTuple):
    """Where a run was struck, and what came of it."""

    engine: str
    stepwise: bool
    at: str
    do: str
    state: int | None = None
    """How much of the plan is in the database; ``None`` where a migration was cut in two."""
    explained: bool = False
    rows_kept: bool = False
    whole: bool = False
    """Whether every row is there, and the next runs bring the database to the end of the plan."""
    leftovers: list[str] = []  # noqa: RUF012 - nobody changes it
    said: str = ""

    def is_right(self) -> bool:
        """Say whether nothing is lost, unexplained or left over."""
        return self.explained and self.whole and not self.leftovers


def play(stage: Stage, engine: str, at: str, do: str, *, stepwise: bool) -> Fault:
    """Strike once, and look. What hangs, or leaves processes behind, explains nothing."""
    try:
        return _judged(stage, Fault(engine, stepwise, at, do))
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return Fault(engine, stepwise, at, do, said=f"{type(error).__name__}: {error}")


def _judged(stage: Stage, fault: Fault) -> Fault:
    _, stepwise, at, do, *_ = fault
    shop = stage.fresh(stepwise=stepwise, at=at)
    struck = _strike(stage, shop, at, do)
    assert at in shop.points_reached(), struck
    expect_processes_gone(shop)
    held = stage.held(shop)
    state = stage.states.index(held) if held in stage.states else None
    rows_kept = not lost(stage.states[0], held)
    shop.write("hold", "")
    again = shop.run("migrate-safe")
    said = f"{struck.said}\n--- again: {again.said}"
    explained = state is not None or names_what_is_in(again.said)
    if state is None and explained:
        take_back(stage, again.said)
        shop.run("recover", "--yes")
        again = shop.run("migrate-safe")
        said += f"\n--- after recover: {again.said}"
    at_the_end = again.code == 0 and stage.held(shop) == stage.states[-1]
    whole = rows_kept and at_the_end
    said = "" if whole and explained else said
    return fault._replace(
        state=state,
        explained=explained,
        rows_kept=rows_kept,
        whole=whole,
        leftovers=stage.leftovers(shop),
        said=said,
    )


def _strike(stage: Stage, shop: Shop, at: str, do: str) -> Run:
    if do != "SERVER":
        return shop.sabotaged("migrate-safe", at=at, do=do)
    assert stage.server is not None
    code = KILL_SERVER.format(root=str(ROOT), pid=stage.server.pid)
    try:
        return shop.sabotaged("migrate-safe", at=at, do="RUN", run=code)
    finally:
        stage.server.start()


def lost(before: list[str], held: list[str]) -> set[str]:
    """Return the rows that were there before and are not now, in tables that no plan changes."""
    numbers = "sqlite_sequence "
    changed = (numbers, *(f"{app}_{model} " for app, _, model, *_ in MIGRATIONS))
    return {
        line
        for line in set(before) - set(held)
        if line.startswith("INSERT")
        and not any(name in line.translate(UNQUOTED) for name in changed)
    }


def names_what_is_in(said: str) -> bool:
    """Say whether a gate names what of a migration is in the database, or has what was before."""
    if "migration-workflow recover" not in said:
        return False
    return "HIS105" in said or ("HIS113" in said and "ADD COLUMN" in said)


def take_back(stage: Stage, said: str) -> None:
    """Do by hand what HIS113 says: drop the column that the named migration has added."""
    for app, name, model, field, _ in MIGRATIONS:
        if stage.server is not None and f"HIS113 error {app}.{name}" in said:
            stage.ask(f"ALTER TABLE {app}_{model} DROP COLUMN {field}")
